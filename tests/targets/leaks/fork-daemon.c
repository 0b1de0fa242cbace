/* daemon(): main's process is gone at once, its grandchild leaks.
   evidence: unreachable|still-live */
#include "leaks.h"
#include <sys/wait.h>
#include <fcntl.h>

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

int main(void)
{
    if (daemon(1, 1) < 0)
        return 1;
    lose();
    scrub();
    return 0;
}
