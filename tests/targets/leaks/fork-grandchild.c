/* A grandchild leaks after its parent has gone; main waits for it by a pipe that nobody writes to. */
#include "leaks.h"
#include <sys/wait.h>

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

int main(void)
{
    int ends[2];
    char byte;
    if (pipe(ends) < 0)
        return 1;
    pid_t child = fork();
    if (child == 0) {
        pid_t parent = getpid();
        if (fork() != 0)
            _exit(0);
        while (getppid() == parent)
            usleep(100);
        lose();
        scrub();
        exit(0);
    }
    close(ends[1]);
    waitpid(child, NULL, 0);
    return (int)read(ends[0], &byte, 1);
}
