/* abort() after a leak: what is reachable is as in a living process.
   signal: ABRT
   evidence: unreachable|still-live */
#include "leaks.h"

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

int main(void)
{
    lose();
    scrub();
    abort();
}
