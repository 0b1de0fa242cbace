/* Offsets from a kept block, 32 bits each, in the place of pointers. */
#include "leaks.h"

static char *volatile base;
static volatile int32_t offsets[4];

APART static void fill(void)
{
    base = malloc(16); /* KEPT */
    for (int i = 0; i < 4; i++)
        offsets[i] = (int32_t)((char *)malloc(77) - base); /* LIMIT 308 4 */
}

int main(void)
{
    fill();
    scrub();
    return 0;
}
