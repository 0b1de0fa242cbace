/* What a line stop measures. */

#ifndef PRELOAD_SAMPLE_H
#define PRELOAD_SAMPLE_H

#include "preload/guest.h"

/* Open the kernel's figure of our resident set, on a descriptor far above those that the program uses. Called before the
   program's first line, and in a forked child, where the old descriptor still tells the parent's. */
GUEST_HIDDEN void sample_open(void);

/* Leave no descriptor in a program that needs no samples. */
GUEST_HIDDEN void sample_close(void);

/* How late the kernel's figure can be, in bytes: pages are touched one by one and counted. 0 when it is exact. */
GUEST_HIDDEN uint64_t sample_granularity(void);

/* Fill in everything that is measured. Async-signal-safe. Makes no system call after stops_no_system_calls. */
GUEST_HIDDEN void sample_take(struct wire_thread *thread, struct wire_record *record);

#endif
