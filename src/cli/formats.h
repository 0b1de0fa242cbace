/* The formats of a profile: what --as names, and the files of a snapshot. */

#ifndef CLI_FORMATS_H
#define CLI_FORMATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/err.h"
#include "report/model.h"
#include "report/report.h"

/* One request, as a session of its own, and its model. */
struct formats_input {
    const struct session *session;
    const struct model *model;
    const struct report_options *options;
    const char *measure; /* of --measure: what folded stacks and graphs are of; NULL: allocated bytes, or CPU time */
    const char *scratch; /* a folder for what is in between; NULL: one of its own below TMPDIR */
};

/* Returns 0 or a negative errno with a sentence. */
typedef int formats_write_fn(const struct formats_input *input, FILE *out, struct err *err);

struct format {
    const char *name; /* of --as */
    const char *file; /* in a snapshot's request folder; NULL: it is in none */
    formats_write_fn *write;
    bool takes_several;  /* requests one after another make one report */
    bool needs_graphviz; /* -ENOENT says that it is not installed */
    bool spells_stacks;  /* each in full: a large profile's file is not worth its room in a snapshot */
};
extern const struct format formats[];
extern const size_t formats_count;

/* NULL when there is none of that name. */
const struct format *format_named(const char *name);

#endif
