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
#include "symbols/symbols.h"

/* Exit statuses of our own. */
enum {
    PROFILE_USAGE = 2,
    PROFILE_FAILED = 125,
    PROFILE_NOT_EXECUTABLE = 126,
    PROFILE_NOT_FOUND = 127,
};

struct profile {
    const struct options *options;
    struct program program;
    struct output output;
    struct watch *watch;
    struct collector *collector; /* NULL: the program runs unprofiled, for a reason that was said */
    struct harness *harness;
    struct symbols *symbols; /* made for the report */
    char **argv; /* of the program, NULL-terminated; strings are the command line's */
    char *preload;
    int wait_status;
    bool ended_by_us;
    bool interrupted;        /* a signal told us and the program to stop */
    bool has_dropped_window; /* `dropped_window` (from 0) belongs to an attempt that is not to be reported */
    size_t dropped_window;
};

/* Check the program, say what limits the report, and make everything ready to start it. Returns 0, or the exit status
   to end with, the reason said. In any case profile_fini follows. */
int profile_init(struct profile *profile, const struct options *options);
void profile_fini(struct profile *profile);

/* Start the program. The same results. */
int profile_start(struct profile *profile);

/* The program is over: take the session, print the report and what belongs to it. Returns the exit status: `failure`
   when it is not 0 and the program's own is. */
int profile_report(struct profile *profile, int failure);

#endif
