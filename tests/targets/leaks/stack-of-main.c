/* main's own variable held the block, and main has returned. */
#include "leaks.h"

int main(void)
{
    void *volatile local = malloc(123); /* LEAK 123 1 */
    scrub();
    return local == NULL;
}
