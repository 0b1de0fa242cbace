/* Thread-specific data without a destructor, and with one that frees. */
#include "leaks.h"
#include <pthread.h>

static pthread_key_t without, with;

APART static void fill(void)
{
    pthread_setspecific(without, malloc(123)); /* LEAK 123 1 */
    pthread_setspecific(with, malloc(77));     /* KEPT */
}

static void *run(void *data)
{
    fill();
    return data;
}

int main(void)
{
    pthread_t thread;
    pthread_key_create(&without, NULL);
    pthread_key_create(&with, free);
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
    scrub();
    return 0;
}
