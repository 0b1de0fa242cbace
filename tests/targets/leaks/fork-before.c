/* The parent leaks, then forks: the child's copy of the lost block is not counted again. */
#include "leaks.h"
#include <sys/wait.h>

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

int main(void)
{
    lose();
    scrub();
    if (fork() == 0)
        exit(0);
    wait(NULL);
    scrub();
    return 0;
}
