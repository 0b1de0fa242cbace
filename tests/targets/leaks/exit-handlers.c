/* A handler of atexit() frees what main left, and leaks something else. */
#include "leaks.h"

static void *volatile table;

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

static void handler(void)
{
    free(table);
    lose();
    scrub();
}

int main(void)
{
    atexit(handler);
    table = malloc(77); /* KEPT */
    return 0;
}
