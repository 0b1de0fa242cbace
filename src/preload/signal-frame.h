/* The entry of the program's signal handlers through us. */

#ifndef PRELOAD_SIGNAL_FRAME_H
#define PRELOAD_SIGNAL_FRAME_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/guest.h"

/* How a handler is called, and what is kept until it returns. */
struct signal_frame {
    int number;
    siginfo_t *info;
    void *context;
    uint64_t displaced; /* the copy that the signal landed in, 0 when it landed in none */
    uint32_t before;    /* what the thread believed before */
};

typedef void signal_frame_handler_fn(int number, siginfo_t *info, void *context);

/* The handler that the kernel is given in place of the program's. */
GUEST_HIDDEN void signal_frame_enter(int number, siginfo_t *info, void *context);

/* Defined by signal-hooks.c: what comes before the program's handler, which it returns, NULL when none is to run; what
   comes after it, given what was kept. */
GUEST_HIDDEN signal_frame_handler_fn *signal_frame_begin(int number, siginfo_t *info, void *context,
                                                         struct signal_frame *frame);
GUEST_HIDDEN void signal_frame_end(void *context, uint64_t displaced, uint32_t before);

#endif
