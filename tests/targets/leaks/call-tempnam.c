/* tempnam(). */
#include "leaks.h"

APART static void lose(void)
{
    used(tempnam("/tmp", "abc")); /* LEAK ? 1 */
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
