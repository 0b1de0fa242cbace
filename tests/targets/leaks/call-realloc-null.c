/* realloc() without an old block. */
#include "leaks.h"

APART static void lose(void)
{
    used(realloc(NULL, 123)); /* LEAK 123 1 */
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
