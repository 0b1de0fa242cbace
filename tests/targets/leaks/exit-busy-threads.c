/* Four threads allocate and free while main returns: what they hold at that moment is in their registers or on their
   stacks, wherever they are. */
#include "leaks.h"
#include <pthread.h>

static volatile unsigned long rounds[4];

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

static void *run(void *data)
{
    for (volatile unsigned long *count = data;; ++*count) {
        void *block = used(malloc(50 + *count % 100)); /* KEPT */
        free(block);
    }
    return NULL;
}

int main(void)
{
    pthread_t thread;
    lose();
    scrub();
    for (int i = 0; i < 4; i++)
        pthread_create(&thread, NULL, run, (void *)&rounds[i]);
    for (int i = 0; i < 4; i++)
        while (rounds[i] < 1000)
            usleep(100);
    return 0;
}
