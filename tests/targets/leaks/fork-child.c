/* A forked child leaks and ends by _exit(). */
#include "leaks.h"
#include <sys/wait.h>

static void *volatile table;

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

int main(void)
{
    table = malloc(77); /* KEPT */
    if (fork() == 0) {
        lose();
        scrub();
        _exit(0);
    }
    return wait(NULL) < 0;
}
