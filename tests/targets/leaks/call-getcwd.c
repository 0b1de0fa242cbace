/* getcwd() that allocates. */
#include "leaks.h"

APART static void lose(void)
{
    used(getcwd(NULL, 0)); /* LEAK ? 1 */
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
