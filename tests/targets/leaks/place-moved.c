/* The memory that holds the pointer has been moved by mremap. */
#include "leaks.h"
#include <sys/mman.h>

APART static void fill(void)
{
    void **memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memory[600] = malloc(77); /* KEPT */
    mremap(memory, 8192, 64 << 20, MREMAP_MAYMOVE);
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
