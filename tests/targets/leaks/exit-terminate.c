/* SIGTERM without a handler ends the process.
   signal: TERM
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
    raise(SIGTERM);
}
