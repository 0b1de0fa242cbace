/* exit() is called two functions deep.
   exit: 7 */
#include "leaks.h"

static void *volatile table;

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

APART static void leave(void)
{
    table = malloc(77); /* KEPT */
    scrub();
    exit(7);
}

int main(void)
{
    lose();
    leave();
}
