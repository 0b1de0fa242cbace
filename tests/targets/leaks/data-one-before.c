/* Only the address of an element before the first one is kept, for indices that begin at 1. */
#include "leaks.h"

static volatile uintptr_t base;

APART static void fill(void)
{
    base = (uintptr_t)malloc(800) - 1000; /* LIMIT 800 1 */
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
