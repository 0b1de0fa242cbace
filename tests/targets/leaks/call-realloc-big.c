/* A large block, mapped by the allocator, grows by realloc(). */
#include "leaks.h"

APART static void lose(void)
{
    char *block = malloc(1 << 20);
    block = used(realloc(block, 64 << 20)); /* LEAK 67108864 1 */
    block[100] = 1;
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
