/* Thread-local variables of main and of a thread that waits. */
#include "leaks.h"
#include <pthread.h>

static __thread void *volatile held, *volatile other;
static pthread_barrier_t barrier;

APART static void fill(void)
{
    held = malloc(50);     /* KEPT */
    other = calloc(1, 60); /* KEPT */
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
    pthread_create(&thread, NULL, run, NULL);
    fill();
    pthread_barrier_wait(&barrier);
    scrub();
    return 0;
}
