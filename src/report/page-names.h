/* Strings that a page has many times over: told once, and then by number. */

#ifndef REPORT_PAGE_NAMES_H
#define REPORT_PAGE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "report/json-build.h"

/* Begin with a zeroed one; names_add all of them, then names_seal, then names_find. */
struct names {
    const char **items; /* the caller's strings; in order once sealed */
    size_t count, room;
    bool failed; /* no memory: sticky */
};

/* NULL is no name, and is left out. The string must outlive the names. */
void names_add(struct names *names, const char *name);

/* Put the names in order, each once. Returns 0, or -ENOMEM if any was not added. */
int names_seal(struct names *names);

/* The number of a name that was added; -1 for NULL. */
long names_find(const struct names *names, const char *name);

/* How a name is shown: adds it to a text. */
typedef void names_show_fn(struct text *out, const char *name);

/* An array of strings by their numbers; `show` may be NULL: as they are. */
json_t *names_build(const struct names *names, names_show_fn *show, struct json_build *build);

void names_fini(struct names *names);

#endif
