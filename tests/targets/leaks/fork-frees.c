/* A child frees what it inherited, and the parent loses its own copy. */
#include "leaks.h"
#include <sys/wait.h>

static void *volatile table;

APART static void fill(void)
{
    table = malloc(123); /* LEAK 123 1 */
}

int main(void)
{
    fill();
    if (fork() == 0) {
        free(table);
        table = NULL;
        exit(0);
    }
    wait(NULL);
    table = NULL;
    scrub();
    return 0;
}
