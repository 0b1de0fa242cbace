/* realloc() fails, and its result has overwritten the only pointer. */
#include "leaks.h"

APART static void lose(void)
{
    void *block = malloc(123); /* LEAK 123 1 */
    block = realloc(block, PTRDIFF_MAX);
    if (used(block) != NULL)
        exit(1);
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
