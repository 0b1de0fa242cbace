/* A thread leaks, ends and is joined. */
#include "leaks.h"
#include <pthread.h>

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

static void *run(void *data)
{
    lose();
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
