/* A recursion 200 levels deep left a pointer on each level. */
#include "leaks.h"

APART static int dive(int depth, void *block)
{
    void *volatile local = block != NULL ? block : malloc(123); /* LEAK 123 1 */
    return depth > 0 ? dive(depth - 1, local) + 1 : 0;
}

int main(void)
{
    return dive(200, NULL) != 200;
}
