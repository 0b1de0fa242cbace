/* The rows of a function's block: each line of its source with what was measured there. */

#ifndef REPORT_ROWS_H
#define REPORT_ROWS_H

#include "collector/session.h"
#include "report/source.h"

struct row {
    uint32_t line;
    bool first;    /* shows the function's entry */
    bool measured; /* else only `line` and `text` mean anything */
    bool has_rss, has_time;
    int64_t rss_bytes, increment_bytes, heap_bytes;
    uint64_t occurrences;
    uint64_t time_ns;
    const char *text; /* in the source; NULL when it has no such line */
    size_t text_length;
};

struct rows {
    struct row *items; /* ascending by line */
    size_t count;
};

/* All lines of the function's block, and besides every measured line outside it (a constructor's member initialisers,
   code of a macro), so that the columns always sum to the function's totals. Without source lines, a block of
   unreasonable length has its measured lines only. `source` must outlive the rows. Returns 0 or -ENOMEM. */
int rows_build(const struct session_function *function, const struct source *source, struct rows *out);
void rows_free(struct rows *rows);

#endif
