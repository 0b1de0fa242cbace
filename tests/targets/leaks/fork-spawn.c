/* posix_spawn() and system(), then a leak. */
#include "leaks.h"
#include <sys/wait.h>
#include <spawn.h>

extern char **environ;

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

int main(void)
{
    char *arguments[] = {"true", NULL};
    pid_t child;
    if (posix_spawn(&child, "/bin/true", NULL, NULL, arguments, environ) != 0 || waitpid(child, NULL, 0) < 0)
        return 1;
    if (system("true") != 0)
        return 1;
    lose();
    scrub();
    return 0;
}
