/* Constructor and destructor of the program: the one allocates, the other frees the half of it and leaks. */
#include "leaks.h"

static void *volatile first, *volatile second;

__attribute__((constructor)) static void begin(void)
{
    first = malloc(11);  /* KEPT */
    second = malloc(22); /* KEPT */
}

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

__attribute__((destructor)) static void end(void)
{
    free(first);
    lose();
    scrub();
}

int main(void)
{
    return 0;
}
