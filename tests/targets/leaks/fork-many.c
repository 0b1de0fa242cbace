/* Twenty children leak the same line. */
#include "leaks.h"
#include <sys/wait.h>

APART static void lose(void)
{
    used(malloc(10)); /* LEAK 200 20 */
}

int main(void)
{
    for (int i = 0; i < 20; i++)
        if (fork() == 0) {
            lose();
            scrub();
            exit(0);
        }
    while (wait(NULL) > 0)
        ;
    return 0;
}
