/* The destructor of thread-specific data allocates: a new value that the next round frees, and something it loses. */
#include "leaks.h"
#include <pthread.h>

static pthread_key_t key;

static void destroy(void *value)
{
    static int rounds;
    free(value);
    used(malloc(10)); /* LEAK 20 2 */
    if (rounds++ == 0)
        pthread_setspecific(key, malloc(77)); /* KEPT */
}

static void *run(void *data)
{
    pthread_setspecific(key, malloc(88)); /* KEPT */
    return data;
}

int main(void)
{
    pthread_t thread;
    pthread_key_create(&key, destroy);
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
    scrub();
    return 0;
}
