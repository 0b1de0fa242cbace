/* exit() in a signal handler: the interrupted function's variables are in use.
   exit: 6 */
#include "leaks.h"
#include <signal.h>

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

static void handler(int number)
{
    (void)number;
    lose();
    scrub();
    exit(6);
}

APART static void work(void)
{
    void *volatile local = malloc(77); /* KEPT */
    scrub();
    raise(SIGUSR1);
    free(local);
}

int main(void)
{
    signal(SIGUSR1, handler);
    work();
    return 0;
}
