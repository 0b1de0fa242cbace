/* The process dies of a wrong address.
   signal: SEGV
   evidence: unreachable|still-live */
#include "leaks.h"
#include <signal.h>

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

int main(void)
{
    lose();
    scrub();
    *(volatile int *)8 = 1;
}
