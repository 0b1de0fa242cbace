/* _exit() runs no handler.
   exit: 3 */
#include "leaks.h"

static void *volatile table;

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

int main(void)
{
    table = calloc(1, 77); /* KEPT */
    lose();
    scrub();
    _exit(3);
}
