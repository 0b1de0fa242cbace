/* What a line stop costs, by the program's own clock: three loops of known numbers of stops and of getppid(2), in turn, and
   the median of each in nanoseconds, one word and one number a line. Run it under `syseng-mem run`; alone, the loops cost
   next to nothing. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "syseng_mem.h"

enum { ROUNDS = 15, CALLS = 2000, STOPS = 10 /* in each of the two functions, entry and way out included */ };

static volatile int sink;
static void *volatile block;

/* Nothing changes: no page, no allocation. */
SYSENG_MEM_PROFILE void idle(void)
{
    sink = 1;
    sink = 2;
    sink = 3;
    sink = 4;
    sink = 5;
    sink = 6;
    sink = 7;
} /* with entry, closing brace and return: 10 stops */

/* Every line allocates or frees, so that the resident set has to be read each time. */
SYSENG_MEM_PROFILE void busy(void)
{
    block = malloc(16);
    free(block);
    block = malloc(16);
    free(block);
    block = malloc(16);
    free(block);
    sink = 7;
}

static void system_call(void)
{
    for (int i = 0; i < STOPS; i++)
        syscall(SYS_getppid);
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, by_value);
    return values[ROUNDS / 2];
}

int main(void)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } loops[] = {{"getppid", system_call}, {"idle", idle}, {"busy", busy}};
    static double ns[3][ROUNDS];
    for (int round = 0; round < ROUNDS; round++) {
        for (int loop = 0; loop < 3; loop++) {
            int64_t start = now_ns();
            for (int i = 0; i < CALLS; i++)
                loops[loop].run();
            ns[loop][round] = (double)(now_ns() - start) / CALLS / STOPS;
        }
    }
    for (int loop = 0; loop < 3; loop++)
        printf("%s %.1f\n", loops[loop].name, median(ns[loop]));
    return 0;
}
