/* posix_memalign(). */
#include "leaks.h"

APART static void lose(void)
{
    void *block = NULL;
    if (posix_memalign(&block, 256, 123) != 0) /* LEAK 123 1 */
        exit(1);
    used(block);
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
