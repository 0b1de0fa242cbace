/* realloc() to no size frees. */
#include "leaks.h"

APART static void lose(void)
{
    if (realloc(used(malloc(77)), 0) != NULL) /* KEPT */
        exit(1);
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
