/* realpath() that allocates. */
#include "leaks.h"

APART static void lose(void)
{
    used(realpath("/proc/self/../self/exe", NULL)); /* LEAK ? 1 */
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
