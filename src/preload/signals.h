/* Signal dispositions and masks as the program believes them to be, and as they really are. */

#ifndef PRELOAD_SIGNALS_H
#define PRELOAD_SIGNALS_H

#include <signal.h>

#include "preload/guest.h"

struct __jmp_buf_tag; /* <setjmp.h> declares what jump-hooks.c defines otherwise */

typedef void signals_trap_fn(int number, siginfo_t *info, void *context);

/* From now on SIGTRAP is ours and never blocked, and the program's handlers are called through ours. Called before the
   program's first line. */
GUEST_HIDDEN void signals_take_over(signals_trap_fn *on_trap);

/* Line stops are in place: also watch for the signals that end the program, to take a last sample. */
GUEST_HIDDEN void signals_watch_fatal(void);

/* A filter is about to forbid system calls: signals that end the program by default do so by themselves again. */
GUEST_HIDDEN void signals_leave_ending(void);

/* longjmp to `environment` is about to happen: the mask that setjmp saved comes back, and when a handler leaves a hook of ours
   that its signal had interrupted, that hook is over. */
GUEST_HIDDEN void signals_note_jump(const struct __jmp_buf_tag *environment);

/* Run `emit` with all signals blocked, so that no handler's record can come in between. */
GUEST_HIDDEN void signals_block_all(uint64_t *old);
GUEST_HIDDEN void signals_restore(const uint64_t *old);

#endif
