/* One profiled run: what the default form and `run` have in common. */

#ifndef CLI_PROFILE_H
#define CLI_PROFILE_H

#include <stdbool.h>

#include "cli/options.h"
#include "cli/output.h"
#include "cli/program.h"
#include "cli/watch.h"
#include "collector/collector.h"
#include "harness/harness.h"
#include "report/report.h"
#include "sampler/sampler.h"
#include "symbols/symbols.h"

/* Exit statuses of our own. */
enum {
    PROFILE_USAGE = 2,
    PROFILE_FAILED = 125,
    PROFILE_NOT_EXECUTABLE = 126,
    PROFILE_NOT_FOUND = 127,
};

/* Say what is wrong with the user's input, or that memory is out. Returns the exit status for it. */
int profile_refuse(const struct err *err, int status);

struct profile;

/* What is made of the session instead of the line report. */
struct profile_view {
    /* The session is complete, and has at least one window. Returns the exit status. */
    int (*judge)(struct profile *profile, struct session *session, void *data);
    void *data;
    const char *obstacle; /* what is said of a program that cannot be profiled: "cannot be checked" */
    bool has_lines; /* lines are recorded as well, repeats are added up, and the program's exit status is passed on */
    bool looks_at_heap; /* what the program still refers to is found out */
};

struct profile {
    const struct options *options;
    const struct profile_view *view; /* NULL: the reports */
    struct program program;
    struct output output;
    struct watch *watch;
    struct collector *collector; /* NULL: the program runs unprofiled, for a reason that was said */
    struct harness *harness;
    struct sampler *sampler; /* NULL: CPU time is not measured, for `no_times_reason` if it was asked for */
    char *no_times_reason;
    bool window_is_open;
    struct symbols *symbols; /* made for the report */
    char **argv;             /* of the program, NULL-terminated; strings are the command line's */
    char *preload;
    uint64_t children_before_ns; /* CPU time of what we had started before the program */
    int wait_status;
    bool ended_by_us;
    bool interrupted;        /* a signal told us and the program to stop */
    bool has_dropped_window; /* `dropped_window` (from 0) belongs to an attempt that is not to be reported */
    size_t dropped_window;
};

/* Check the program, say what limits the report, and make everything ready to start it. Returns 0, or the exit status
   to end with, the reason said. In any case profile_fini follows. With a view, stacks are recorded, and a program that
   cannot be profiled is not started. */
int profile_init(struct profile *profile, const struct options *options, const struct profile_view *view);
void profile_fini(struct profile *profile);

/* Start the program. The same results. */
int profile_start(struct profile *profile);

/* Open and close a request window, of the whole run when `method` and `target` are NULL; nothing when the program runs
   unprofiled. 0, or PROFILE_FAILED, the reason said. */
int profile_begin_window(struct profile *profile, const char *method, const char *target);
void profile_end_window(struct profile *profile, int status, uint64_t elapsed_ns, bool finished);

/* The program is over: take the session, print the report and what belongs to it. Returns the exit status: `failure`
   when it is not 0 and the program's own is. With a view: what that returns, or `failure` when it is content. A session
   of which something was lost is a failure of ours, PROFILE_FAILED. */
int profile_report(struct profile *profile, int failure);

/* A report_lookup_fn by profile->symbols. */
size_t profile_look_up(void *data, const char *path, uint64_t address, bool wants_lines, struct symbols_frame *out,
                       size_t max);

/* What the command line says of a report, with names from profile->symbols. */
struct report_options profile_report_options(const struct profile *profile);

#endif
