/* The only pointer is in a block that has been freed, and nobody has overwritten it. */
#include "leaks.h"

static void **volatile holder;

APART static void fill(void)
{
    holder = malloc(800);
    holder[50] = malloc(123); /* LEAK 123 1 */
}

int main(void)
{
    fill();
    free(holder);
    scrub();
    return 0;
}
