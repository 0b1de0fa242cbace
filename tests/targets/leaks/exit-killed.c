/* SIGKILL: nothing is left to look at, so what is reachable cannot be told from what is lost.
   signal: KILL
   evidence: still-live */
#include "leaks.h"
#include <signal.h>

static void *volatile table;

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

int main(void)
{
    table = malloc(77); /* LIMIT 77 1 */
    lose();
    scrub();
    raise(SIGKILL);
}
