/* Line stops: breakpoints in the program's text with displaced execution, and what a stop samples. */

#ifndef PRELOAD_STOPS_H
#define PRELOAD_STOPS_H

#include "preload/guest.h"

/* Called by the constructor once the process is registered: list the modules, ask for their plans, arm the stops. */
GUEST_HIDDEN void stops_start(void);

/* Called by the destructor: the last sample of this thread. */
GUEST_HIDDEN void stops_end(void);

/* Tell the collector of something beside a line stop that moves a thread's activations, with or without a sample. Nothing
   happens in a thread that has met no line stop yet. Not for the SIGTRAP handler. */
GUEST_HIDDEN void stops_note(struct wire_record *record, bool sample);

/* Whether any stop is armed in this process. */
GUEST_HIDDEN bool stops_are_armed(void);

/* Resident bytes of the process as the kernel tells now, ours not subtracted; 0 when it cannot be read. Async-signal-safe. */
GUEST_HIDDEN uint64_t sample_rss(void);

/* A seccomp filter is about to be installed: make no system call from a stop any more, heap counters only. */
GUEST_HIDDEN void stops_no_system_calls(void);

#endif
