/* A variable-length array and alloca() 100 KiB above the stack pointer. */
#include "leaks.h"
#include <alloca.h>

APART static void leave(int count)
{
    char volatile space[count];
    space[0] = space[count - 1] = 1;
    scrub();
    exit(0);
}

int main(void)
{
    void *volatile *blocks = alloca(10 * sizeof *blocks);
    for (int i = 0; i < 10; i++)
        blocks[i] = malloc(10); /* KEPT */
    leave(100 << 10);
}
