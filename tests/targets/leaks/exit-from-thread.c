/* A thread calls exit() while the main thread waits for it; what that one has on its stack is in use.
   exit: 5 */
#include "leaks.h"
#include <pthread.h>

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

static void *run(void *data)
{
    lose();
    scrub();
    exit(5);
    return data;
}

int main(void)
{
    pthread_t thread;
    void *volatile local = malloc(77); /* KEPT */
    scrub();
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
    free(local);
    return 0;
}
