/* The program moves the break itself, between the allocator's pieces, and keeps the pointer there. */
#include "leaks.h"

APART static void fill(void)
{
    void **memory = sbrk(8192);
    memory[600] = malloc(77); /* KEPT */
    used(malloc(100000));     /* LEAK 100000 1 */
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
