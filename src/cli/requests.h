/* The requests to fire: from the command line and from -f. */

#ifndef CLI_REQUESTS_H
#define CLI_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "cli/options.h"

struct request {
    char *method;
    char *target;
};

struct requests {
    struct request *items;
    size_t count, capacity;
    char *body; /* of all, or NULL */
    size_t body_bytes;
};

/* Read -f and --data's @FILE, and parse every request. -EINVAL with a sentence that names file and line when a line is
   no request, -ENOENT and so on when a file cannot be read. */
int requests_read(const struct options_requests *options, struct requests *out, struct err *err);
void requests_fini(struct requests *requests);

#endif
