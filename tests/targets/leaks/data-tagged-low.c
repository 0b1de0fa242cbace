/* Flags are kept in the lowest bits of the only pointers. */
#include "leaks.h"

static volatile uintptr_t words[8];

APART static void fill(void)
{
    for (unsigned i = 0; i < 8; i++)
        words[i] = (uintptr_t)malloc(77) | i; /* KEPT */
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
