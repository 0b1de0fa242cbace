/* A library with functions of its own that use CPU time: see time-truth.c. */

#include <stdint.h>
#include <stdio.h>
#include <time.h>

static volatile unsigned long sum;

static uint64_t thread_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

__attribute__((noinline)) void library_hot(void)
{
    for (unsigned long i = 0; i < 60000000ul; i++)
        sum += i * i;
}

void work_there(void)
{
    uint64_t before = thread_ns();
    library_hot();
    printf("library_hot %llu\n", (unsigned long long)(thread_ns() - before));
}
