/* reallocarray(). */
#include "leaks.h"

APART static void lose(void)
{
    used(reallocarray(NULL, 41, 3)); /* LEAK 123 1 */
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
