/* A look at the process's memory: syseng-mem stops the process and reads which blocks are still referred to. */

#ifndef PRELOAD_LOOK_H
#define PRELOAD_LOOK_H

#include "preload/guest.h"

/* Tell what in the process is ours, and let syseng-mem stop it. Called when the process registers. */
GUEST_HIDDEN void look_describe(void);

/* Whether the caller may ask: looks are wanted, and this is neither a vfork child nor a process in a sandbox. */
GUEST_HIDDEN bool look_is_possible(void);

/* Ask for a look and wait for its end. Of the calling thread's stack everything from `sp` upwards is the program's;
   `registers` (of `bytes`) are registers that it had there and that do not lie there. Bounded: does not wait for a
   syseng-mem that is gone. Async-signal-safe, keeps errno. */
GUEST_HIDDEN void look_ask(uint64_t sp, const void *registers, size_t bytes);

/* The process did not leave after the last look. */
GUEST_HIDDEN void look_was_in_vain(void);

/* The stack that is the program's in a hook that it has called: from the registers on that the caller keeps across
   calls. The hook has put them right below its saved rbp, which is all of its frame that has been written to for
   certain: what lies below may still be what was there before. Kept by tests/e2e/check-run.test. */
#define LOOK_KEPT_BYTES 40 /* r15, r14, r13, r12, rbx */
#define LOOK_SP() (__builtin_unwind_init(), (uint64_t)__builtin_frame_address(0) - LOOK_KEPT_BYTES)

#define LOOK_FROM_HERE() look_ask(LOOK_SP(), NULL, 0)

/* An allocator other than libc's has mapped memory for itself, or with libc's, the program has moved the break itself;
   memory was unmapped, perhaps some of that. */
GUEST_HIDDEN void look_add_area(const void *start, size_t bytes);
GUEST_HIDDEN void look_drop_area(const void *start, size_t bytes);

#endif
