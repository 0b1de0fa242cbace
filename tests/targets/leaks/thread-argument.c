/* Each thread is given its argument in a block that it should free, and forgets to. */
#include "leaks.h"
#include <pthread.h>

struct argument {
    int number, text[10];
};

static void *run(void *data)
{
    struct argument *argument = data;
    return (void *)(long)argument->number;
}

APART static void start(pthread_t *thread, int number)
{
    struct argument *argument = malloc(sizeof *argument); /* LEAK 132 3 */
    argument->number = number;
    pthread_create(thread, NULL, run, argument);
}

int main(void)
{
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        start(&threads[i], i);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    scrub();
    return 0;
}
