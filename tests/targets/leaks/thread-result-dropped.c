/* pthread_join() throws away what the thread returned. */
#include "leaks.h"
#include <pthread.h>

static void *run(void *data)
{
    (void)data;
    return malloc(123); /* LEAK 123 1 */
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
    scrub();
    return 0;
}
