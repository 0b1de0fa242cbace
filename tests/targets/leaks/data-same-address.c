/* A block is freed, and the next one gets its address: only the second line has lost something. */
#include "leaks.h"

APART static void first(void)
{
    void *block = used(malloc(123)); /* KEPT */
    free(block);
}

APART static void second(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

int main(void)
{
    for (int i = 0; i < 100; i++)
        first();
    second();
    scrub();
    return 0;
}
