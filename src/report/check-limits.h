/* What a request may use: .syseng-mem.conf.

       # for all requests
       peak = 1 MiB
       [limit "GET /memory"]
       peak = 500 KiB
       allocs = 100 */

#ifndef REPORT_CHECK_LIMITS_H
#define REPORT_CHECK_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum limits_key {
    LIMITS_PEAK,      /* highest live heap above what was live at the start */
    LIMITS_ALLOCATED, /* bytes */
    LIMITS_ALLOCS,    /* calls */
    LIMITS_NOT_FREED, /* bytes obtained minus freed */
    LIMITS_RSS,       /* growth of the resident set */
    LIMITS_KEY_COUNT
};

extern const char *const limits_key_names[LIMITS_KEY_COUNT];

struct limits;

struct limits *limits_new(void);
void limits_free(struct limits *limits);

/* Read a file. -EINVAL with "FILE:LINE: what; cure" when it is malformed; -ENOENT and so on when it cannot be read. */
int limits_read(struct limits *limits, const char *path, struct err *err);
int limits_parse(struct limits *limits, const char *path, const char *text, struct err *err);

/* The limit on `key` of the request "GET /memory?x=1", or of "run": its own section's, else one for all. A section
   without a query holds for every query, `*` in it for any text; of several that match, the last counts. */
struct limits_value {
    uint64_t value;
    const char *text; /* as it is written */
    const char *path; /* owned by the limits, as `text` is */
    uint32_t line;
};
bool limits_find(struct limits *limits, const char *method, const char *target, enum limits_key key,
                 struct limits_value *out);

/* The first section from number *at on that no request asked for; false when there is none. *at is set for the next
   call. */
bool limits_next_unused(const struct limits *limits, size_t *at, const char **name, const char **path, uint32_t *line);

/* "500 KiB", "1.5MB", "64": KiB, MiB and GiB are powers of 1024, kB, MB and GB of 1000. */
bool limits_parse_bytes(const char *text, uint64_t *out);

#endif
