/* A block grows by realloc(), and moves. */
#include "leaks.h"

APART static void lose(void)
{
    char *block = malloc(10);
    void *between = malloc(10);
    block = realloc(block, 5000);
    block = realloc(block, 123456); /* LEAK 123456 1 */
    used(block);
    free(between);
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
