/* Futexes in memory shared with the traced processes. */

#ifndef COLLECTOR_FUTEX_H
#define COLLECTOR_FUTEX_H

#include <limits.h>
#include <linux/futex.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static inline void futex_wake(const void *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static inline void futex_wait(const void *word, uint32_t expected, long timeout_ns)
{
    struct timespec timeout = {.tv_nsec = timeout_ns};
    syscall(SYS_futex, word, FUTEX_WAIT, expected, &timeout, NULL, 0);
}

#endif
