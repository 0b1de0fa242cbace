/* The thread waits, and its argument is known to nobody else. */
#include "leaks.h"
#include <pthread.h>

static pthread_barrier_t barrier;

static void *run(void *data)
{
    pthread_barrier_wait(&barrier);
    pause();
    return data;
}

APART static void start(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, run, malloc(77)); /* KEPT */
}

int main(void)
{
    pthread_barrier_init(&barrier, NULL, 2);
    start();
    pthread_barrier_wait(&barrier);
    scrub();
    return 0;
}
