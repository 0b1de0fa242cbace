/* A detached thread leaks and is gone before main returns. */
#include "leaks.h"
#include <pthread.h>
#include <signal.h>

static volatile pid_t tid;

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

static void *run(void *data)
{
    lose();
    scrub();
    tid = gettid();
    return data;
}

int main(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, run, NULL);
    pthread_detach(thread);
    while (tid == 0 || tgkill(getpid(), tid, 0) == 0)
        usleep(100);
    scrub();
    return 0;
}
