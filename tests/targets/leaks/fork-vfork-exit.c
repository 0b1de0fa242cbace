/* A vfork child leaves by _exit(): the memory is its parent's, which is still there and drops its pointer later. */
#include "leaks.h"
#include <sys/wait.h>

static void *volatile table, *volatile other;

APART static void fill(void)
{
    other = malloc(123); /* LEAK 123 1 */
}

int main(void)
{
    table = malloc(77); /* KEPT */
    fill();
    if (vfork() == 0)
        _exit(0);
    wait(NULL);
    other = NULL;
    scrub();
    return 0;
}
