/* The stack of a thread that has ended is kept by libc for the next one, pointers included. */
#include "leaks.h"
#include <pthread.h>

APART static void work(void)
{
    void *volatile local = malloc(123); /* LEAK 123 1 */
    (void)local;
    pthread_exit(NULL);
}

static void *run(void *data)
{
    work();
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
