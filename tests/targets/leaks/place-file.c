/* A mapped file holds the pointer: privately, and shared with whoever else maps it. */
#include "leaks.h"
#include <sys/mman.h>

APART static void fill(int file, int flags)
{
    void **memory = mmap(NULL, 8192, PROT_READ | PROT_WRITE, flags, file, 0);
    memory[flags == MAP_SHARED ? 1000 : 10] = malloc(77); /* KEPT */
}

int main(void)
{
    int file = memfd_create("file", 0);
    if (ftruncate(file, 8192) < 0)
        return 1;
    fill(file, MAP_SHARED);
    fill(file, MAP_PRIVATE);
    close(file);
    scrub();
    return 0;
}
