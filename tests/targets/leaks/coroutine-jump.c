/* longjmp() leaves functions without their clean-up. */
#include "leaks.h"
#include <setjmp.h>

static jmp_buf place;

APART static void inner(void)
{
    void *volatile local = malloc(123); /* LEAK 123 1 */
    longjmp(place, 1);
    free(local);
}

int main(void)
{
    if (setjmp(place) == 0)
        inner();
    scrub();
    return 0;
}
