/* memalign() and valloc(). */
#include "leaks.h"
#include <malloc.h>

APART static void lose(void)
{
    used(memalign(128, 123)); /* LEAK 123 1 */
    used(valloc(5000));       /* LEAK 5000 1 */
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
