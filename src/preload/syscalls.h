/* Raw system calls: they neither set errno nor are cancellation points, and nobody interposes them. Each returns what
   the kernel returned, a negative errno on failure. */

#ifndef PRELOAD_SYSCALLS_H
#define PRELOAD_SYSCALLS_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

static inline long raw_syscall6(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static inline long raw_syscall4(long number, long a, long b, long c, long d)
{
    long result;
    register long r10 __asm__("r10") = d;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
    return result;
}

static inline long raw_syscall3(long number, long a, long b, long c)
{
    return raw_syscall4(number, a, b, c, 0);
}

/* CLOCK_MONOTONIC in nanoseconds, also where the time-stamp counter is forbidden. */
static inline uint64_t raw_monotonic_ns(void)
{
    struct timespec now = {0, 0};
    raw_syscall3(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Whether there is memory at `address`: a program may hand over an address of nothing, and has to get EFAULT for it. */
static inline bool raw_is_readable(const void *address)
{
    return raw_syscall3(SYS_access, (long)address, 0, 0) != -EFAULT;
}

#endif
