/* Leaks and limits: what a session shows against a program, as findings that every format of `check` prints. How the
   verdicts are reached is told in docs/leaks.md. */

#ifndef REPORT_CHECK_H
#define REPORT_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/text.h"
#include "collector/session.h"
#include "report/check-limits.h"
#include "report/check-suppressions.h"
#include "report/report.h"

enum check_kind {
    CHECK_LEAK,
    CHECK_LIMIT,
    CHECK_FAILED, /* the request or the program did not do what it should, so that nothing can be said of its memory */
};

enum check_evidence {
    CHECK_GROWING,     /* live again after every repeat */
    CHECK_UNREACHABLE, /* nothing in the program's memory refers to it any more */
    CHECK_STILL_LIVE,  /* not freed when the program ended */
    CHECK_KEPT,        /* live from the first repeats only, or replaced by each other: no finding, unless asked for */
};

/* Whether the program's memory still has pointers to the blocks when they are judged. */
enum check_reach { CHECK_REACH_UNKNOWN, CHECK_REACH_ALL, CHECK_REACH_SOME, CHECK_REACH_NONE };

/* One request of the command line with all its repeats, or the whole run. */
struct check_request {
    char *name; /* "GET /memory", "GET /memory #2" for the second of that name, "run" */
    bool is_run;
    size_t first;   /* index in the session's requests */
    uint32_t count; /* of windows */
    uint64_t elapsed_ns;
    bool failed;
    unsigned limits; /* bit n: it has a limit on key n */
};

struct check_finding {
    enum check_kind kind;
    size_t request; /* index in the result's requests */

    /* Of a leak. `bytes` and `blocks` are what one window left, lowest and highest of those windows that left some. */
    enum check_evidence evidence;
    enum check_reach reach;
    uint64_t bytes_low, bytes_high, blocks_low, blocks_high;
    uint64_t bytes_total, blocks_total;
    uint64_t lost_bytes, lost_blocks;         /* of them, unreachable */
    uint64_t indirect_bytes, indirect_blocks; /* of those, what other lost blocks lead to */
    uint64_t led_bytes, led_blocks;           /* of other stacks, what only these lost blocks lead to */
    uint32_t windows;                         /* that left some */
    struct check_frame *frames;               /* innermost first, inlined functions among them */
    size_t frame_count;
    size_t blamed; /* index of the frame to show the finding at; frame_count when there is none */

    /* Of a limit. */
    enum limits_key key;
    uint64_t value, limit;
    const char *limit_text; /* as it is written; the limits', as the next is */
    const char *limit_file;
    uint32_t limit_line;

    size_t row_from, row_to; /* private */
    char fingerprint[17];    /* identifies the finding from run to run */

    char *text; /* of a failure: "answered 404 (expected below 400)" */
};

struct stacks;

struct check_result {
    const struct session *session;
    struct check_request *requests;
    size_t request_count;
    struct check_finding *findings; /* leaks by bytes, most first, within their request; then limits; then failures */
    size_t finding_count;
    struct check_finding *kept;
    size_t kept_count;
    struct check_finding *indirect; /* unreachable, but only because lost blocks lead to it: told with those */
    size_t indirect_count;
    struct check_finding *still_live; /* of a whole run: reachable at exit, and no finding */
    size_t still_live_count;
    enum session_look unknown_why; /* why some finding does not tell what is reachable; SESSION_LOOK_DONE: all do */
    size_t suppressed_count;
    size_t leak_count, limit_count, failed_count; /* among the findings */
    struct stacks *stacks;                        /* private: owns the frames' strings */
};

struct check_options {
    uint32_t repeat;      /* windows per request */
    bool finds_reachable; /* of a whole run, what is still live at exit is a finding though it is reachable */
    bool finds_kept;      /* what a request leaves is a finding though it may not grow: of a stored profile no more is known */
    report_lookup_fn *lookup;
    void *lookup_data;
    struct suppressions *suppressions;               /* or NULL; those that match are marked as used */
    struct limits *limits;                           /* or NULL; likewise, and outlives the result */
    bool (*status_is_right)(int status, void *data); /* of a response; NULL: any below 400 */
    void *status_data;
};

/* Judge the session, which must outlive the result. Returns 0 or -ENOMEM. */
int check_session(const struct session *session, const struct check_options *options, struct check_result **out,
                  struct err *err);
void check_free(struct check_result *result);

struct check_print {
    const char *program; /* as it is called, for titles */
    bool verbose;        /* text: what is kept, and stacks to their end */
    bool color;
    bool source;
    report_source_fn *read_source; /* as in the report's options */
    void *source_data;
};

/* One function per format. Return 0 or a negative errno of the write. */
typedef int check_print_fn(const struct check_result *result, const struct check_print *print, FILE *out,
                           struct err *err);
check_print_fn check_text, check_json, check_sarif, check_junit, check_github, check_gitlab;

/* Why it is not known of some process what it refers to, as the end of a sentence: "it was killed"; NULL when it is
 * known. */
const char *check_why_unknown(const struct check_result *result);

/* "2 findings in 3 requests (1 leak, 1 limit), 0 suppressed" */
void check_add_totals(struct text *out, const struct check_result *result);

#endif
