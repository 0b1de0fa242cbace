/* The memory that held the pointer has been unmapped, and other such memory has been given back and is empty. */
#include "leaks.h"
#include <sys/mman.h>

APART static void **map(void)
{
    return mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

APART static void fill(void)
{
    void **first = map(), **second = map();
    *first = malloc(123); /* LEAK 123 1 */
    *second = malloc(45); /* LEAK 45 1 */
    munmap(first, 8192);
    madvise(second, 8192, MADV_DONTNEED);
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
