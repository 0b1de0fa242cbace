/* Where the report goes: standard output, or the file of -o. */

#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"

struct output {
    const char *path; /* NULL or "-": standard output */
    FILE *stream;
    bool to_file;
};

/* Open it before the program starts, so that a path that cannot be written is known at once. An existing file keeps its
   contents until output_begin. -errno with a sentence. */
int output_open(struct output *output, const char *path, struct err *err);

/* The report follows: empty the file. */
int output_begin(struct output *output, struct err *err);

/* Everything is written: flush, close, and tell whether it really arrived. `status` is what the writer returned. */
int output_close(struct output *output, int status, struct err *err);

#endif
