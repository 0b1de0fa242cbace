/* The lost blocks' neighbours have been freed, and the allocator's lists of free memory point to their shared words. */
#include "leaks.h"

static void *volatile neighbours[10];

APART static void lose(void)
{
    for (int i = 0; i < 10; i++) {
        used(malloc(2008));           /* LEAK 20080 10 */
        neighbours[i] = malloc(2008); /* KEPT */
    }
    for (int i = 0; i < 10; i++) {
        free(neighbours[i]);
        neighbours[i] = NULL;
    }
    used(malloc(100000)); /* LEAK 100000 1 */
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
