/* The program gave the thread its stack, from malloc: only the thread knows it, and what lies on it. */
#include "leaks.h"
#include <pthread.h>

static pthread_barrier_t barrier;

static void *run(void *data)
{
    void *volatile local = malloc(66); /* KEPT */
    pthread_barrier_wait(&barrier);
    pause();
    free(local);
    return data;
}

APART static void start(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, aligned_alloc(4096, 256 << 10), 256 << 10); /* KEPT */
    pthread_create(&thread, &attributes, run, NULL);
    pthread_attr_destroy(&attributes);
}

int main(void)
{
    pthread_barrier_init(&barrier, NULL, 2);
    start();
    pthread_barrier_wait(&barrier);
    scrub();
    return 0;
}
