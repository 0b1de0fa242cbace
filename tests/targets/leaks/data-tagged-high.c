/* Flags are kept in the highest byte of the only pointer, which is therefore no address. */
#include "leaks.h"

static volatile uintptr_t word;

APART static void fill(void)
{
    word = (uintptr_t)malloc(77) | (uintptr_t)0xab << 56; /* LIMIT 77 1 */
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
