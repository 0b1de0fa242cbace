/* The variable's page, and a page within a kept block, cannot be read at the end. */
#include "leaks.h"
#include <sys/mman.h>

static void *volatile page[512] __attribute__((aligned(4096)));
static void **volatile block;

APART static void fill(void)
{
    page[100] = malloc(77); /* KEPT */
    mprotect((void *)page, 4096, PROT_NONE);
    block = aligned_alloc(4096, 3 * 4096); /* KEPT */
    block[700] = malloc(66);               /* KEPT */
    mprotect((char *)block + 4096, 4096, PROT_NONE);
}

int main(void)
{
    fill();
    scrub();
    _exit(0);
}
