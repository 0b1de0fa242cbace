/* A started program, as the files of this directory share it. All of them run in one thread, the one that called
   harness_start. */

#ifndef HARNESS_PROGRAM_H
#define HARNESS_PROGRAM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "harness/harness.h"
#include "harness/proc.h"

struct harness {
    pid_t pid;
    bool ended; /* the first process was waited for: `pid` may be anybody's now */
    int wait_status;
    int stdin_fd; /* write end of the pipe that is the program's stdin, or -1 */
    bool was_subreaper;
    struct pids strangers;  /* children that we had before the program; they are not its family */
    int interrupted;        /* the last signal that told us to stop, or 0 */
    unsigned interruptions; /* how many came */
    bool answered;          /* some request got an answer */
    bool tls;               /* the endpoint that was found turned out to speak TLS */
};

/* Pass on what signals came for the program, and wait for those of its family that have ended. */
void program_attend(struct harness *harness);

/* Sleep for `ns`, or shorter when a signal comes or a process of the family ends; then attend. */
void program_nap(struct harness *harness, uint64_t ns);

/* -EINTR and its sentence. */
int program_was_interrupted(const struct harness *harness, struct err *err);

#endif
