/* vfork and exec: the child is in the parent's memory, and the parent goes on. */
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
    if (vfork() == 0) {
        execl("/bin/true", "true", NULL);
        _exit(1);
    }
    wait(NULL);
    lose();
    scrub();
    return 0;
}
