/* A thread is cancelled, and its clean-up handler frees the block. */
#include "leaks.h"
#include <pthread.h>

static pthread_barrier_t barrier;

static void *run(void *data)
{
    void *volatile local = malloc(77); /* KEPT */
    pthread_cleanup_push(free, local);
    pthread_barrier_wait(&barrier);
    pause();
    pthread_cleanup_pop(1);
    return data;
}

int main(void)
{
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    pthread_create(&thread, NULL, run, NULL);
    pthread_barrier_wait(&barrier);
    pthread_cancel(thread);
    pthread_join(thread, NULL);
    scrub();
    return 0;
}
