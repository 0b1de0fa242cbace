/* Allocates and frees as fast as it can until it is killed, and keeps count in a file that outlives it.

   kill-counter FILE run THREADS [CHILDREN]   does that, in so many threads of each of 1 + CHILDREN processes
   kill-counter FILE kill COUNT [group]       waits until it has counted COUNT allocations, then kills it, or its whole
                                              process group
   kill-counter FILE show                     prints what it had counted when it was killed, and in how many threads:
                                              "allocations frees threads" */

#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define THREADS 64

static struct counts {
    _Atomic int pid;
    _Atomic int threads;
    struct {
        _Atomic uint64_t allocs, frees;
        char pad[48];
    } of[THREADS];
} * counts;

/* The two sites that are counted. */
static __attribute__((noinline)) void *obtain(uint64_t i)
{
    return malloc(16 + i % 100);
}

static __attribute__((noinline)) void release(void *block)
{
    free(block);
}

static void *churn(void *unused)
{
    void *blocks[16] = {NULL};
    int self = atomic_fetch_add(&counts->threads, 1);
    (void)unused;
    for (uint64_t i = 0;; i++) {
        void **place = &blocks[i % 16];
        if (*place != NULL) {
            release(*place);
            atomic_fetch_add_explicit(&counts->of[self].frees, 1, memory_order_relaxed);
        }
        *place = obtain(i);
        atomic_fetch_add_explicit(&counts->of[self].allocs, 1, memory_order_relaxed);
    }
    return NULL;
}

static int run(int threads, int children)
{
    counts->pid = getpid();
    for (int i = 0; i < children; i++)
        if (fork() == 0)
            break;
    for (int i = 1; i < threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, churn, NULL) != 0)
            return 1;
    }
    churn(NULL);
    return 0;
}

static uint64_t sum(int what)
{
    uint64_t all = 0;
    for (int i = 0; i < counts->threads; i++)
        all += what == 0 ? counts->of[i].allocs : counts->of[i].frees;
    return all;
}

int main(int argc, char **argv)
{
    int fd = argc > 2 ? open(argv[1], O_RDWR | O_CREAT, 0600) : -1;
    if (fd < 0 || ftruncate(fd, sizeof *counts) != 0)
        return 2;
    counts = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (counts == MAP_FAILED)
        return 2;
    if (strcmp(argv[2], "run") == 0 && argc > 3)
        return run(atoi(argv[3]), argc > 4 ? atoi(argv[4]) : 0);
    if (strcmp(argv[2], "kill") == 0 && argc > 3) {
        while (sum(0) < strtoull(argv[3], NULL, 10))
            sched_yield();
        return kill(argc > 4 ? -counts->pid : counts->pid, SIGKILL) != 0;
    }
    printf("%" PRIu64 " %" PRIu64 " %d\n", sum(0), sum(1), counts->threads);
    return 0;
}
