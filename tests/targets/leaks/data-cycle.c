/* Two blocks know each other, and nobody else knows them. */
#include "leaks.h"

APART static void lose(void)
{
    void **a = malloc(100), **b = malloc(23); /* LEAK 123 2 */
    *a = b;
    *b = a;
    used(a);
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
