/* Shared memory that the program mapped itself, whose address is kept nowhere, holds the pointer. */
#include "leaks.h"
#include <sys/mman.h>

APART static void fill(void)
{
    void **memory = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memory[100000] = malloc(77); /* KEPT */
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
