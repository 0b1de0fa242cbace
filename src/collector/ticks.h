/* The time-stamp counter in terms of time. Its frequency is not known; it is measured over the run itself. */

#ifndef COLLECTOR_TICKS_H
#define COLLECTOR_TICKS_H

#include <stdint.h>
#include <time.h>
#include <x86intrin.h>

/* One moment by both clocks. */
struct ticks {
    uint64_t ticks, ns; /* CLOCK_MONOTONIC */
};

static inline struct ticks ticks_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (struct ticks){.ticks = __rdtsc(), .ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec};
}

/* Nanoseconds of a tick, between two moments that are some milliseconds apart. */
static inline double ticks_ns(struct ticks first, struct ticks last)
{
    return last.ticks > first.ticks ? (double)(last.ns - first.ns) / (double)(last.ticks - first.ticks) : 0;
}

#endif
