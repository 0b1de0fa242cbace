/* The main thread ends by pthread_exit(), and another one goes on and leaks. */
#include "leaks.h"
#include <pthread.h>

static void *volatile table;
static pthread_t first;

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

APART static void lose_later(void)
{
    used(malloc(45)); /* LEAK 45 1 */
}

static void *run(void *data)
{
    pthread_join(first, NULL);
    table = malloc(77); /* KEPT */
    lose_later();
    scrub();
    return data;
}

int main(void)
{
    pthread_t thread;
    first = pthread_self();
    pthread_create(&thread, NULL, run, NULL);
    pthread_detach(thread);
    lose();
    scrub();
    pthread_exit(NULL);
}
