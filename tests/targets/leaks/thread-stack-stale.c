/* A waiting thread's stack is full of old pointers to the block, all of them 1 KiB and more below its stack pointer. */
#include "leaks.h"
#include <pthread.h>

static pthread_barrier_t barrier;

APART static void lose(void)
{
    fill_dead_stack(used(malloc(123)), 32768); /* LEAK 123 1 */
}

static void *run(void *data)
{
    lose();
    fill_dead_stack(NULL, 1024);
    pthread_barrier_wait(&barrier);
    fill_dead_stack(NULL, 1024);
    pause();
    return data;
}

int main(void)
{
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, run, NULL);
    pthread_barrier_wait(&barrier);
    scrub();
    return 0;
}
