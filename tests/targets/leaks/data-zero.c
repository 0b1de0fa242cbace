/* Blocks of no size: one lost, one kept. */
#include "leaks.h"

static void *volatile kept;

APART static void fill(void)
{
    used(malloc(0));  /* LEAK 0 1 */
    kept = malloc(0); /* KEPT */
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
