/* A thread-local variable held the block; the thread, and with it the variable, is gone. */
#include "leaks.h"
#include <pthread.h>

static __thread void *volatile held;

APART static void fill(void)
{
    held = malloc(123); /* LEAK 123 1 */
}

static void *run(void *data)
{
    fill();
    scrub();
    return data;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
    scrub();
    return 0;
}
