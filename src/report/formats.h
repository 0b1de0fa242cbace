/* The files that other people's tools open, each written from a model; docs/formats.md tells what they hold and what
   opens them. All of one model have the same sums: those of model->totals. */

#ifndef REPORT_FORMATS_H
#define REPORT_FORMATS_H

#include <stdio.h>

#include "base/err.h"
#include "report/model.h"
#include "report/report.h"

/* Each returns 0; -ENODATA with a sentence when neither allocations nor CPU time were recorded in the window; -ENOMEM,
   or the negative errno of the write. Of the options, `origin` is used. A window in which nothing happened gives a file
   that is as valid as any other. */

/* Python's pstats text: a table of CPU time, when that was measured, and one of allocations. */
int report_callstack(const struct model *model, const struct report_options *options, FILE *out, struct err *err);

/* pprof's profile.proto, gzipped. */
int report_pprof(const struct model *model, const struct report_options *options, FILE *out, struct err *err);

/* Callgrind's format, version 1. */
int report_callgrind(const struct model *model, const struct report_options *options, FILE *out, struct err *err);

/* A call graph for graphviz, and folded stacks, "root;...;leaf 4096": of the bytes allocated or, where no allocations
   were recorded, of CPU time. */
int report_dot(const struct model *model, const struct report_options *options, FILE *out, struct err *err);
int report_folded(const struct model *model, const struct report_options *options, FILE *out, struct err *err);

/* The same of any measure; -ENODATA when it was not recorded. */
int report_dot_of(const struct model *model, enum model_measure measure, const struct report_options *options,
                  FILE *out, struct err *err);
int report_folded_of(const struct model *model, enum model_measure measure, const struct report_options *options,
                     FILE *out, struct err *err);

/* speedscope's file format: a profile per measure. */
int report_speedscope(const struct model *model, const struct report_options *options, FILE *out, struct err *err);

/* Valgrind's massif.out: the heap over time, with what held it at the peak. Without allocations -ENODATA. */
int report_massif(const struct model *model, const struct report_options *options, FILE *out, struct err *err);

/* Have graphviz make a picture of a file that report_dot wrote: `type` is "png", "svg", or any other that dot's -T
   takes. A picture that fails leaves no file. Returns 0; -ENOENT when graphviz is not installed, -ETIMEDOUT when it
   takes longer than half a minute, or another negative errno; with a sentence. Waits for a child process. */
int report_dot_render(const char *dot_path, const char *picture_path, const char *type, struct err *err);

#endif
