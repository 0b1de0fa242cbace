/* A hundred threads leak the same, all alive at the same time. */
#include "leaks.h"
#include <pthread.h>

static pthread_barrier_t barrier;

APART static void lose(void)
{
    used(malloc(10)); /* LEAK 1000 100 */
}

static void *run(void *data)
{
    lose();
    pthread_barrier_wait(&barrier);
    return data;
}

int main(void)
{
    pthread_t threads[100];
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 256 << 10);
    pthread_barrier_init(&barrier, NULL, 100);
    for (int i = 0; i < 100; i++)
        pthread_create(&threads[i], &attributes, run, NULL);
    for (int i = 0; i < 100; i++)
        pthread_join(threads[i], NULL);
    scrub();
    return 0;
}
