/* Another program takes the process over: what was reachable until then is not lost. */
#include "leaks.h"

static void *volatile table;

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

int main(void)
{
    table = malloc(77); /* KEPT */
    lose();
    scrub();
    execl("/bin/true", "true", NULL);
    return 1;
}
