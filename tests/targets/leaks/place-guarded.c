/* Two pages of a mapping that nobody can read, around one that holds the pointer. */
#include "leaks.h"
#include <sys/mman.h>

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

APART static void fill(void)
{
    char *pages = mmap(NULL, 3 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(pages + 4096, 4096, PROT_READ | PROT_WRITE);
    *(void **)(pages + 4096) = malloc(77); /* KEPT */
}

int main(void)
{
    fill();
    lose();
    scrub();
    return 0;
}
