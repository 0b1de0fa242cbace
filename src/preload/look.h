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

/* A look from a hook's own frame: registers that the caller keeps across calls are on the stack then. */
#define LOOK_FROM_HERE()                                                                                               \
    do {                                                                                                               \
        __builtin_unwind_init();                                                                                       \
        uint64_t look_sp_;                                                                                             \
        __asm__ volatile("movq %%rsp, %0" : "=r"(look_sp_));                                                           \
        look_ask(look_sp_, NULL, 0);                                                                                   \
    } while (0)

/* An allocator other than libc's has mapped memory for itself; memory was unmapped, perhaps some of that. */
GUEST_HIDDEN void look_add_area(const void *start, size_t bytes);
GUEST_HIDDEN void look_drop_area(const void *start, size_t bytes);

#endif
