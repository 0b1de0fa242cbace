/* aligned_alloc() with a large alignment. */
#include "leaks.h"

APART static void lose(void)
{
    used(aligned_alloc(4096, 8192)); /* LEAK 8192 1 */
    used(aligned_alloc(64, 128));    /* LEAK 128 1 */
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
