/* How long a thread has been about its own business since its first line stop: elapsed time, without what line stops
   took. */

#ifndef PRELOAD_RUN_CLOCK_H
#define PRELOAD_RUN_CLOCK_H

#include "preload/guest.h"
#include "wire/record.h"

/* The time-stamp counter, when times are wanted; else 0, as the functions below then have nothing to do. */
static inline uint64_t run_clock_now(void)
{
    return guest.wants_times ? __builtin_ia32_rdtsc() : 0;
}

/* A line stop has begun at `now`: the time is ours from then on, or, with `by_trap`, from the breakpoint on. What the
   thread had until then is added up in its ring; nothing when this is its first stop. */
GUEST_HIDDEN void run_clock_pause(uint64_t now, bool by_trap);

/* It ends: the time is the program's again, or will be once the handler of the trap has returned. */
GUEST_HIDDEN void run_clock_resume(bool by_trap);

/* Measure the way into the handler of a trap and back. Its handler asks run_clock_is_trial of each trap first. */
GUEST_HIDDEN void run_clock_calibrate(void);

/* Is the trap at `pc`, whose handler began at `now`, the calibration's? Then that is all that there is to it. */
GUEST_HIDDEN bool run_clock_is_trial(uint64_t pc, uint64_t now);

#endif
