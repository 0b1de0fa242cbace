/* Line stops: breakpoints in the program's text with displaced execution, and what a stop samples. */

#ifndef PRELOAD_STOPS_H
#define PRELOAD_STOPS_H

#include <signal.h>
#include <ucontext.h>

#include "preload/guest.h"

/* Called by the constructor once the process is registered: list the modules, ask for their plans, arm the stops. */
GUEST_HIDDEN void stops_start(void);

/* Called by the destructor: the last sample of this thread. */
GUEST_HIDDEN void stops_end(void);

/* Tell the collector of something beside a line stop that moves a thread's activations, with or without a sample.
   Nothing happens in a thread that has met no line stop yet. Not for the SIGTRAP handler. */
GUEST_HIDDEN void stops_note(struct wire_record *record, bool sample);

/* A SIGTRAP: does what is to be done for one of ours, and makes the thread go on behind it. Returns false when it is
 * none. */
GUEST_HIDDEN bool stops_trapped(const siginfo_t *info, ucontext_t *context);

/* A SIGSEGV that the program's handler is about to be called for: is it that there was no room on the stack for a stop,
   be it for the frame of its signal or for our handler? Then the sample is taken here, on the alternate stack, or
   counted as lost when there is no room either, and the thread goes on: its own fault will come in its own place. A
   SIGSEGV that somebody sent while a stop was under way is sent again, for when that is over. Returns whether it was
   one of these. */
GUEST_HIDDEN bool stops_escape(siginfo_t *info, ucontext_t *context);

/* Whether any stop is armed in this process. */
GUEST_HIDDEN bool stops_are_armed(void);

/* Resident bytes of the process as the kernel tells now, ours not subtracted; 0 when it cannot be read.
 * Async-signal-safe. */
GUEST_HIDDEN uint64_t sample_rss(void);

/* A seccomp filter is about to be installed: make no system call from a stop any more, heap counters only. */
GUEST_HIDDEN void stops_no_system_calls(void);

#endif
