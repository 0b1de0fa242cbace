/* Session -> files and text. One model, one file per format. */

#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "collector/session.h"
#include "symbols/symbols.h"

/* What says where an address comes from: symbols_lookup or, when no lines are wanted, symbols_name, `data` being its
   symbols. */
typedef size_t report_lookup_fn(void *data, const char *path, uint64_t address, bool wants_lines,
                                struct symbols_frame *out, size_t max);

/* The text of a source file, in memory that the caller frees; NULL when there is none. */
typedef char *report_source_fn(void *data, const char *path, size_t *length);

/* What a profile is of, beside its session: shown by those formats that have a place for it. Strings may be NULL. */
struct report_origin {
    const char *path;    /* of the file that is written, as its readers type it */
    int64_t time_s;      /* since 1970: when the request was sent */
    const char *commit;  /* of the program's sources */
    const char *subject; /* of that commit */
    const char *const *files; /* names of those beside it, NULL at the end; NULL: it stands alone */
    const char *graph_svg;    /* the call graph, as dot draws it */
};

enum report_style { REPORT_STYLE_SYSENG, REPORT_STYLE_MEMORY_PROFILER };

struct report_options {
    enum report_style style;
    int precision;     /* digits after the point, 0..9 */
    bool time;         /* the columns of what lines took */
    bool only_changed; /* rows whose Increment or Heap is not 0, and each function's first row */
    bool color;
    bool source;              /* false: --no-source */
    report_lookup_fn *lookup; /* NULL: stacks are shown as addresses */
    void *lookup_data;
    report_source_fn *read_source; /* NULL: sources are read from where the debug information says they are */
    void *source_data;
    const struct report_origin *origin; /* NULL: nothing is known */
};

/* What the first request of the session did, in one line, and an empty one: the title of a report that stands for itself.
   Returns 0 or a negative errno of the write. */
int report_title(const struct session *session, const struct report_options *options, FILE *out, struct err *err);

/* The first line: which allocator the program has. Nothing when it is the C library's and there is no heap report, and
   in the style of memory_profiler. Returns 0 or a negative errno of the write. */
int report_head(const struct session *session, const struct report_options *options, FILE *out, struct err *err);

/* What jemalloc says of itself after each request and at exit; nothing when nobody was asked. The same results. */
int report_allocator(const struct session *session, const struct report_options *options, FILE *out, struct err *err);

/* The line report (docs/line-report.md). Returns 0 or a negative errno of the write. Missing source files leave the
   text column empty. */
int report_lines(const struct session *session, const struct report_options *options, FILE *out, struct err *err);

/* The heap by allocation sites (docs/heap-report.md), a block per request window. Prints nothing when the session has
   no sites, and in the style of memory_profiler. The same results. */
int report_heap(const struct session *session, const struct report_options *options, FILE *out, struct err *err);

/* What a report says line by line: `emit` is called per line, without a newline. */
typedef void report_emit_fn(const char *line, void *data);

/* Emit the names of at most `max` functions that have lines in the program's own sources, those that allocated most in
   the first window first. Nothing when there are none. Returns 0 or -ENOMEM. */
int report_heap_functions(const struct session *session, const struct report_options *options, size_t max,
                          report_emit_fn *emit, void *data);

/* What the session's stacks lack, a sentence each: outer frames cut at the depth limit, walks that ended before the
   root, frames that were found by the frame pointer. Nothing when all are whole. Returns 0 or -ENOMEM. */
int report_stack_ends(const struct session *session, report_emit_fn *emit, void *data);

/* One sentence on what watching the program took: our CPU time and memory, what was recorded, waited for and cut short.
   Returns 0 or -ENOMEM. It matters, without being asked for, when it was more than the program itself took. */
int report_overhead(const struct session *session, report_emit_fn *emit, void *data);
bool report_overhead_matters(const struct session *session);

/* Was all recorded? Not when records were lost, or could not be put in order: then no figure is to be relied on. */
bool report_is_complete(const struct session *session);

/* Everything of the session as one JSON object; bytes and nanoseconds as integers. Schema: docs/json.md. */
int report_json(const struct session *session, const struct report_options *options, FILE *out, struct err *err);

/* What goes to standard error after the report, one line each, without the "syseng-mem: " prefix: `emit` is called per
   line. */
void report_summary(const struct session *session, report_emit_fn *emit, void *data);

/* The part of it that limits what the numbers mean: losses, what could not be watched, what is not exact. */
void report_warnings(const struct session *session, report_emit_fn *emit, void *data);

#endif
