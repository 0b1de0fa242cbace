/* The allocator's pointer to its free memory begins within the last word of the lost block. */
#include "leaks.h"

APART static void lose(void)
{
    used(malloc(24)); /* LEAK 24 1 */
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
