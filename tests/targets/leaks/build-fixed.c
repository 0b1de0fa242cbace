/* Not position-independent.
   flags: -no-pie -fno-pie */
#include "leaks.h"

static void *volatile kept;

static void *get(size_t bytes)
{
    return used(malloc(bytes)); /* LEAK 123 1 */
}

APART static void lose(void)
{
    kept = malloc(77); /* KEPT */
    get(123);
    used(strdup("12345678901234567890")); /* LEAK 21 1 */
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
