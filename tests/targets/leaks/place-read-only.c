/* The variable's page has been made read-only, as the loader does with what it has relocated. */
#include "leaks.h"
#include <sys/mman.h>

static void *volatile page[512] __attribute__((aligned(4096)));

APART static void fill(void)
{
    page[100] = malloc(77); /* KEPT */
    mprotect((void *)page, 4096, PROT_READ);
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
