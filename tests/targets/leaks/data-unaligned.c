/* The only pointer is in a packed structure, at an odd address. */
#include "leaks.h"

static struct __attribute__((packed)) {
    char kind;
    void *volatile block;
} record __attribute__((aligned(16)));

APART static void fill(void)
{
    record.block = malloc(77); /* LIMIT 77 1 */
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
