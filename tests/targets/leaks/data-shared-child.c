/* What a lost block points to is still known elsewhere. */
#include "leaks.h"

static void *volatile known;

APART static void lose(void)
{
    void **block = malloc(123); /* LEAK 123 1 */
    known = malloc(77);         /* KEPT */
    *block = known;
    used(block);
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
