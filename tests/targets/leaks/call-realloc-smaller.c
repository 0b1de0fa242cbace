/* A block becomes smaller by realloc(). */
#include "leaks.h"

APART static void lose(void)
{
    void *block = used(malloc(5000));
    used(realloc(block, 123)); /* LEAK 123 1 */
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
