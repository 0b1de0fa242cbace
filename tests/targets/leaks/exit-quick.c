/* quick_exit() runs its own handlers, and one of them leaks too. */
#include "leaks.h"

static void *volatile table;

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

static void handler(void)
{
    used(malloc(45)); /* LEAK 45 1 */
    scrub();
}

int main(void)
{
    at_quick_exit(handler);
    table = malloc(77); /* KEPT */
    lose();
    scrub();
    quick_exit(0);
}
