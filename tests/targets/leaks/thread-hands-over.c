/* One thread allocates and hands over, the other frees half of it and loses the rest. */
#include "leaks.h"
#include <pthread.h>

static void *volatile slots[10];

static void *produce(void *data)
{
    for (int i = 0; i < 10; i++)
        slots[i] = malloc(100); /* LEAK 500 5 */
    return data;
}

static void *consume(void *data)
{
    for (int i = 0; i < 10; i++) {
        if (i % 2 == 0)
            free(slots[i]);
        slots[i] = NULL;
    }
    return data;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, produce, NULL);
    pthread_join(thread, NULL);
    pthread_create(&thread, NULL, consume, NULL);
    pthread_join(thread, NULL);
    scrub();
    return 0;
}
