/* A thread forks: in the child there is only that thread, but what the others held on their stacks is not the child's
   doing. */
#include "leaks.h"
#include <sys/wait.h>
#include <pthread.h>

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

static void *run(void *data)
{
    void *volatile local = malloc(66); /* KEPT */
    if (fork() == 0) {
        lose();
        scrub();
        exit(0);
    }
    wait(NULL);
    free(local);
    return data;
}

int main(void)
{
    pthread_t thread;
    void *volatile local = malloc(77); /* KEPT */
    pthread_create(&thread, NULL, run, NULL);
    pthread_join(thread, NULL);
    free(local);
    return 0;
}
