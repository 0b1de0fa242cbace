/* A thread is cancelled while it holds a block, and has no clean-up handler. */
#include "leaks.h"
#include <pthread.h>

static pthread_barrier_t barrier;

APART static void work(void)
{
    void *volatile local = malloc(123); /* LEAK 123 1 */
    pthread_barrier_wait(&barrier);
    pause();
    free(local);
}

static void *run(void *data)
{
    work();
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
