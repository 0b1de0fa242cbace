/* A child is killed by a signal that it sends itself.
   evidence: unreachable|still-live */
#include "leaks.h"
#include <sys/wait.h>
#include <signal.h>

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

int main(void)
{
    if (fork() == 0) {
        lose();
        scrub();
        raise(SIGKILL);
    }
    return wait(NULL) < 0;
}
