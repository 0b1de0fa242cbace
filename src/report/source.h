/* Source files as the reports show them: their lines, and which of them belong to a function. */

#ifndef REPORT_SOURCE_H
#define REPORT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "collector/session.h"
#include "report/lexer.h"
#include "report/report.h"

struct source {
    char *text;
    size_t length;
    size_t *line_offsets; /* of line 1 .. line_count, then one that ends the last */
    uint32_t line_count;
    struct lexer_token *tokens;
    size_t token_count;
};

/* Read `path`, a regular file. 0 or a negative errno; *out is zero then, which is a source without lines. */
int source_open(const char *path, struct source *out);
void source_close(struct source *source);

/* The sources that were read last, those that cannot be read among them: stacks go to and fro between a few files. */
#define SOURCE_CACHE_FILES 16
struct source_cache {
    struct {
        char *path; /* NULL: free */
        struct source source;
    } files[SOURCE_CACHE_FILES];
    unsigned last, next;    /* found last; to be replaced next */
    report_source_fn *read; /* NULL: files are read */
    void *data;
};

/* An empty cache that reads sources in the way that the report's options say. */
struct source_cache source_cache_of(const struct report_options *options);

/* The source at `path`; one without lines when it cannot be read or `path` is NULL. Valid until the next call. */
const struct source *source_cache_get(struct source_cache *cache, const char *path);
void source_cache_fini(struct source_cache *cache);

/* Line `line` (from 1) as it is in the file, without its newline; NULL when the file has no such line. */
const char *source_line(const struct source *source, uint32_t line, size_t *length);

/* Append a line as part of a longer one: without the blanks at its ends, with a blank for each control character, and cut
   at `most` bytes, which "..." then tells. */
void source_add_trimmed(struct text *out, const char *line, size_t length, size_t most);

/* The lines of a function, both included. */
struct source_block {
    uint32_t first;
    uint32_t last;
};

/* From the annotation (or, when it has none, from the beginning of its declaration) to its closing brace; at least the
   declaration's line to function->last_line, never beyond the end of the file. A source without lines gives just the
   declaration to last_line. */
struct source_block source_find_block(const struct source *source, const struct session_function *function);

/* The same for a function that is no session's: its name stands in `line`, `last_line` is the highest line with code that
   is known. */
struct source_block source_find_named(const struct source *source, const char *name, uint32_t line, uint32_t last_line);

/* Append the name under which a file is shown: relative to the current directory when it is below it, as it is
 * otherwise. */
void source_add_name(struct text *out, const char *path);

#endif
