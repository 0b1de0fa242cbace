/* In a thread's own arena, the allocator's pointer to what is free begins within the last word of the lost block. */
#include "leaks.h"
#include <pthread.h>

APART static void lose(void)
{
    used(malloc(24)); /* LEAK 24 1 */
}

static void *run(void *data)
{
    lose();
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
