/* Time as the harness counts it: nanoseconds of CLOCK_MONOTONIC. */

#ifndef HARNESS_CLOCK_H
#define HARNESS_CLOCK_H

#include <stdint.h>
#include <time.h>

#define CLOCK_MS UINT64_C(1000000)
#define CLOCK_SECOND (1000 * CLOCK_MS)

static inline uint64_t clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * CLOCK_SECOND + (uint64_t)now.tv_nsec;
}

/* A moment `ns` from now; never, when that lies beyond the clock. */
static inline uint64_t clock_after(uint64_t ns)
{
    uint64_t now = clock_now();
    return ns > UINT64_MAX - now ? UINT64_MAX : now + ns;
}

/* What is left until `deadline`, 0 when it has passed. */
static inline uint64_t clock_left(uint64_t deadline)
{
    uint64_t now = clock_now();
    return deadline > now ? deadline - now : 0;
}

#endif
