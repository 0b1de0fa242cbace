/* A handler of atexit() overwrites the only pointer: the end of main was too early to look. */
#include "leaks.h"

static void *volatile table;

static void handler(void)
{
    table = NULL;
    scrub();
}

APART static void fill(void)
{
    table = malloc(123); /* LEAK 123 1 */
}

int main(void)
{
    atexit(handler);
    fill();
    scrub();
    return 0;
}
