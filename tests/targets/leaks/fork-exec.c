/* fork and exec: what the child had inherited is not lost, what it lost itself is. */
#include "leaks.h"
#include <sys/wait.h>

static void *volatile table;

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

int main(void)
{
    table = malloc(77); /* KEPT */
    if (fork() == 0) {
        lose();
        scrub();
        execl("/bin/true", "true", NULL);
        _exit(1);
    }
    wait(NULL);
    return 0;
}
