/* Child and parent both return from main, having leaked different lines. */
#include "leaks.h"
#include <sys/wait.h>

static void *volatile table;

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

APART static void lose_more(void)
{
    used(malloc(45)); /* LEAK 45 1 */
}

int main(void)
{
    pid_t child = fork();
    if (child == 0) {
        table = malloc(77); /* KEPT */
        lose();
    } else {
        table = malloc(88); /* KEPT */
        waitpid(child, NULL, 0);
        lose_more();
    }
    scrub();
    return 0;
}
