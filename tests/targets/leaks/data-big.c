/* A hundred megabytes that were never touched are lost, and another hundred hold a pointer in their last words. */
#include "leaks.h"

static void **volatile sparse;

APART static void fill(void)
{
    used(malloc(100 << 20));                  /* LEAK 104857600 1 */
    sparse = calloc(1, 100 << 20);            /* KEPT */
    sparse[(100 << 20) / 8 - 2] = malloc(77); /* KEPT */
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
