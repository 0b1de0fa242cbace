/* _Exit() runs no handler either. */
#include "leaks.h"

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

int main(void)
{
    lose();
    scrub();
    _Exit(0);
}
