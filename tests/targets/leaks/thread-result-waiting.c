/* The thread has ended, and its result can still be fetched: nobody has joined it yet. */
#include "leaks.h"
#include <pthread.h>
#include <signal.h>

static volatile pid_t tid;
static pthread_t thread;

static void *run(void *data)
{
    (void)data;
    tid = gettid();
    return malloc(77); /* KEPT */
}

int main(void)
{
    pthread_create(&thread, NULL, run, NULL);
    while (tid == 0 || tgkill(getpid(), tid, 0) == 0)
        usleep(100);
    scrub();
    return 0;
}
