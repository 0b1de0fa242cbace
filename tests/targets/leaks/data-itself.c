/* A block that only knows itself. */
#include "leaks.h"

APART static void lose(void)
{
    void **block = malloc(123); /* LEAK 123 1 */
    *block = block;
    used(block);
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
