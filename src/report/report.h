/* Session -> files and text. One model, one file per format. */

#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "collector/session.h"

enum report_style { REPORT_STYLE_SYSENG, REPORT_STYLE_MEMORY_PROFILER };

struct report_options {
    enum report_style style;
    int precision;     /* digits after the point, 0..9 */
    bool only_changed; /* rows whose Increment or Heap is not 0, and each function's first row */
    bool color;
    bool source; /* false: --no-source */
};

/* The line report (docs/line-report.md). Returns 0 or a negative errno of the write. Missing source files leave the
   text column empty. */
int report_lines(const struct session *session, const struct report_options *options, FILE *out, struct err *err);

/* Everything of the session as one JSON object; bytes and nanoseconds as integers. Schema: docs/json.md. */
int report_json(const struct session *session, const struct report_options *options, FILE *out, struct err *err);

/* What goes to standard error after the report, one line each, without the "syseng-mem: " prefix: `emit` is called per
   line. */
typedef void report_emit_fn(const char *line, void *data);
void report_summary(const struct session *session, report_emit_fn *emit, void *data);

#endif
