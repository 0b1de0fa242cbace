/* A child starts threads of its own, which leak. */
#include "leaks.h"
#include <sys/wait.h>
#include <pthread.h>

APART static void lose(void)
{
    used(malloc(20)); /* LEAK 80 4 */
}

static void *run(void *data)
{
    lose();
    return data;
}

int main(void)
{
    if (fork() == 0) {
        pthread_t threads[4];
        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, run, NULL);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
        scrub();
        exit(0);
    }
    return wait(NULL) < 0;
}
