/* exec fails, and the program goes on: what it had is judged at its end, not then. */
#include "leaks.h"

static void *volatile table;

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

APART static void drop(void)
{
    table = NULL;
}

int main(void)
{
    table = malloc(45); /* LEAK 45 1 */
    scrub();
    execl("/nonexistent/program", "program", NULL);
    drop();
    lose();
    table = malloc(77); /* KEPT */
    scrub();
    return 0;
}
