/* Only pointers into the middle of the blocks are left. */
#include "leaks.h"

static char *volatile middle, *volatile last, *volatile big;

APART static void fill(void)
{
    middle = (char *)malloc(100) + 40;             /* KEPT */
    last = (char *)malloc(100) + 99;               /* KEPT */
    big = (char *)malloc(3 << 20) + (2 << 20) + 1; /* KEPT */
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
