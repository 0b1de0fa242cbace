/* Freed objects are kept in a list of the program's own, by pointers in themselves. */
#include "leaks.h"

static void **volatile list;

APART static void release(void **object)
{
    *object = list;
    list = object;
}

int main(void)
{
    for (int i = 0; i < 100; i++)
        release(malloc(48)); /* KEPT */
    scrub();
    return 0;
}
