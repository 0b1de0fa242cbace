/* What libc keeps for threads: their stacks, their thread-local storage, the unwinder for cancelling them. */
#include "leaks.h"
#include <pthread.h>

static __thread char big[100000];

static void *run(void *data)
{
    big[5000] = 1;
    pause();
    return data;
}

int main(void)
{
    pthread_t threads[10];
    for (int i = 0; i < 10; i++)
        pthread_create(&threads[i], NULL, run, NULL);
    for (int i = 0; i < 10; i++) {
        pthread_cancel(threads[i]);
        pthread_join(threads[i], NULL);
    }
    scrub();
    return 0;
}
