/* calloc(). */
#include "leaks.h"

APART static void lose(void)
{
    used(calloc(41, 3)); /* LEAK 123 1 */
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
