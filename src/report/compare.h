/* Two versions of a program, compared: requests, functions, lines and stacks of an old snapshot beside those of a new
   one. Changes are always new minus old. How things are matched is told in docs/compare.md. */

#ifndef REPORT_COMPARE_H
#define REPORT_COMPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text.h"
#include "collector/session.h"
#include "report/model.h"
#include "report/report.h"

enum { COMPARE_OLD, COMPARE_NEW, COMPARE_SIDES };

/* One request of a snapshot. */
struct compare_input {
    const struct model *model;
    const struct report_options *options; /* where source text comes from */
    const char *folder;                   /* of the request, as its readers type it; or NULL */
};

struct compare_snapshot {
    const char *name;     /* "2014-02-17_18:20:37" */
    int64_t time_s;       /* since 1970; 0: not known */
    const char *commit;   /* or NULL */
    const char *subject;  /* of the commit; or NULL */
    bool is_dirty;        /* there were changes that are not in the commit */
    const char *compiler; /* with its flags: "GNU C17 12.2.0 -O2 -g"; or NULL */
    const struct compare_input *inputs;
    size_t input_count;
};

/* A figure that is a sum over so many firings of a request. */
struct compare_number {
    bool is_known;
    int64_t sum;
    uint32_t firings; /* at least 1 */
};

struct compare_pair {
    struct compare_number sides[COMPARE_SIDES];
};

enum compare_metric {
    COMPARE_PEAK,      /* bytes; of several firings, the highest */
    COMPARE_ALLOCATED, /* bytes */
    COMPARE_ALLOCS,    /* calls */
    COMPARE_NOT_FREED, /* bytes */
    COMPARE_RSS,       /* bytes by which the resident set grew; not exact */
    COMPARE_TIME,      /* ns, the median of the firings; not exact */
    COMPARE_METRIC_COUNT
};

extern const char *const compare_metric_names[COMPARE_METRIC_COUNT]; /* as --fail-on has them: "not-freed" */

enum compare_verdict {
    COMPARE_TIME_UNKNOWN, /* of several firings of a side only the sum is known */
    COMPARE_TIME_SINGLE,  /* one firing on a side: nothing is known of the noise */
    COMPARE_TIME_TOO_FEW, /* so few firings that no difference could be told from noise */
    COMPARE_TIME_NOISE,
    COMPARE_TIME_SLOWER,
    COMPARE_TIME_FASTER,
};

struct compare_time {
    enum compare_verdict verdict;
    uint64_t median_ns[COMPARE_SIDES];
    size_t runs[COMPARE_SIDES];
    double noise; /* by how much of the median the firings differ, of the noisier side; 0.12 is 12 % */
};

/* A function, however often it was moved. */
struct compare_function {
    const char *name;
    struct compare_definition {
        const struct model_function *function; /* NULL: not there */
        const struct compare_input *input;     /* one that has it */
        uint32_t last_line;                    /* the highest line of it that is in a stack */
        bool allocates;                        /* in some request that both sides have */
        uint64_t alloc_bytes;                  /* by it and what it calls, per firing, all those requests together */
    } sides[COMPARE_SIDES];
    bool is_moved; /* to another file */
};

/* A line of a function. */
struct compare_place {
    uint32_t function;                /* index in the result's functions */
    const char *files[COMPARE_SIDES]; /* NULL when unknown */
    uint32_t lines[COMPARE_SIDES];    /* 0: not on this side, or not known */
    bool by_offset;                   /* there is no source text: found by its distance from the function's beginning */
};

/* What was allocated at one line: the blamed line of its stacks. */
struct compare_line {
    struct compare_place place;
    uint64_t measures[COMPARE_SIDES][MODEL_MEASURE_COUNT]; /* sums over the firings */
};

/* A line of a watched function, as in the line report. */
struct compare_watched {
    struct compare_place place;
    uint64_t occurrences[COMPARE_SIDES]; /* 0: it did not run, and the figures mean nothing */
    int64_t heap_bytes[COMPARE_SIDES];   /* sums over the firings, as the next */
    bool has_rss[COMPARE_SIDES];
    int64_t increment_bytes[COMPARE_SIDES];
};

/* A chain of functions. */
struct compare_stack {
    size_t frame_first, frame_count; /* in the request's frames, innermost first: indices of functions */
    uint64_t measures[COMPARE_SIDES][MODEL_MEASURE_COUNT]; /* sums over the firings */
};

struct compare_work;

struct compare_request {
    char *name;                                        /* "GET /memory", "GET /memory #2", "run" */
    const struct compare_input *inputs[COMPARE_SIDES]; /* NULL: only on the other side */
    struct compare_pair metrics[COMPARE_METRIC_COUNT];
    bool by_stacks; /* they are sums over the stacks; else of the allocator's counters, as one side has no stacks, or
                       not all */
    struct compare_time time;
    bool has_memory[COMPARE_SIDES], has_time[COMPARE_SIDES]; /* which measures mean anything */
    bool totals_differ; /* of those that are exact, or time beyond noise, or how it was answered */
    bool lines_differ;
    struct compare_line *lines; /* those that changed most in bytes allocated come first */
    size_t line_count;
    struct compare_watched *watched; /* in the order of their functions' names, and of their lines */
    size_t watched_count;
    uint32_t *frames;
    size_t frame_count;
    struct compare_stack *stacks;
    size_t stack_count;
};

struct compare_result {
    struct compare_snapshot sides[COMPARE_SIDES];
    struct compare_request *requests; /* in the old one's order, then those only in the new one */
    size_t request_count, common_count;
    struct compare_function *functions;
    size_t function_count;
    bool looks_swapped;           /* the old one was made later */
    bool has_offsets;             /* some lines are compared by_offset */
    struct compare_work *private; /* what the above points into */
};

/* Compare; what `snapshots` (old, new) point to must outlive the result. 0, or -ENOMEM with a sentence. Requests in
   common there may be none. */
int compare_build(const struct compare_snapshot snapshots[COMPARE_SIDES], struct compare_result *out, struct err *err);
void compare_fini(struct compare_result *result);

/* Do both sides have the request? */
static inline bool compare_is_common(const struct compare_request *request)
{
    return request->inputs[COMPARE_OLD] != NULL && request->inputs[COMPARE_NEW] != NULL;
}

/* Are both sides known? */
bool compare_is_known(const struct compare_pair *pair);

/* The sign of new minus old per firing, exactly. Both must be known. */
int compare_sign(const struct compare_pair *pair);

/* New minus old per firing: true when that is a whole number, else it is rounded towards 0. */
bool compare_change(const struct compare_pair *pair, int64_t *out);

/* A figure per firing, likewise. */
bool compare_per_firing(const struct compare_number *number, int64_t *out);

/* New minus old in percent of old; false when old is 0. */
bool compare_percent(const struct compare_pair *pair, double *out);

/* A measure of a line or stack of a request, as a pair. */
struct compare_pair compare_measure(const struct compare_request *request,
                                    const uint64_t measures[COMPARE_SIDES][MODEL_MEASURE_COUNT],
                                    enum model_measure measure);

/* The change of the heap while a watched line ran. */
struct compare_pair compare_heap(const struct compare_request *request, const struct compare_watched *watched);

/* "peak>10%,not-freed>0": by how much a request may grow. */
#define COMPARE_LIMITS_MOST 32
#define COMPARE_LIMITS_DEFAULT "not-freed>0,peak>10%"
struct compare_limit {
    enum compare_metric metric;
    bool is_percent;
    double percent;
    uint64_t amount;  /* bytes or calls */
    const char *text; /* in what was parsed: "peak>10%" */
    int text_length;
};
struct compare_limits {
    struct compare_limit items[COMPARE_LIMITS_MOST];
    size_t count;
};

/* Parse --fail-on; "none" is no limit at all. `spec` must outlive the result. -EINVAL with a sentence that tells the
   position. */
int compare_limits_parse(const char *spec, struct compare_limits *out, struct err *err);

/* Is the request worse by that limit? Time only beyond noise; what was not measured on both sides is not worse. */
bool compare_exceeds(const struct compare_request *request, const struct compare_limit *limit);

/* Is anything? */
bool compare_is_worse(const struct compare_result *result, const struct compare_limits *limits);

struct compare_print {
    const struct compare_limits *limits;
    bool color, source;
};

/* One function per format. Return 0 or a negative errno of the write. */
typedef int compare_print_fn(const struct compare_result *result, const struct compare_print *print, FILE *out,
                             struct err *err);
compare_print_fn compare_text, compare_markdown, compare_json, compare_folded, compare_html;

/* Why the two builds may differ for reasons that are not in the source: "old was built with ... and new with ...";
   false when they are the same or not known. */
bool compare_add_builds(struct text *out, const struct compare_result *result);

#endif
