/* A hundred threads hold a block each on their stacks, and wait while main returns. */
#include "leaks.h"
#include <pthread.h>

static pthread_barrier_t barrier;

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

static void *run(void *data)
{
    void *volatile local = malloc(10); /* KEPT */
    pthread_barrier_wait(&barrier);
    pause();
    free(local);
    return data;
}

int main(void)
{
    pthread_t thread;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 << 10);
    pthread_barrier_init(&barrier, NULL, 101);
    for (int i = 0; i < 100; i++)
        pthread_create(&thread, &attributes, run, NULL);
    lose();
    pthread_barrier_wait(&barrier);
    scrub();
    return 0;
}
