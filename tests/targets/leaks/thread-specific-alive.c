/* pthread_setspecific() in threads that are there at the end, with more keys than the thread's own structure has room
 * for. */
#include "leaks.h"
#include <pthread.h>

static pthread_key_t keys[100];
static pthread_barrier_t barrier;

APART static void fill(void)
{
    for (int i = 0; i < 100; i++)
        pthread_setspecific(keys[i], malloc(20)); /* KEPT */
}

static void *run(void *data)
{
    fill();
    scrub();
    pthread_barrier_wait(&barrier);
    pause();
    return data;
}

int main(void)
{
    pthread_t thread;
    pthread_barrier_init(&barrier, NULL, 2);
    for (int i = 0; i < 100; i++)
        pthread_key_create(&keys[i], NULL);
    pthread_create(&thread, NULL, run, NULL);
    fill();
    pthread_barrier_wait(&barrier);
    scrub();
    return 0;
}
