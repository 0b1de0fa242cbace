/* A variable of a function that has not returned, and an array of main's, when exit() is called further down. */
#include "leaks.h"

APART static void leave(void)
{
    scrub();
    exit(0);
}

APART static void work(void)
{
    void *volatile local = malloc(77); /* KEPT */
    leave();
    free(local);
}

int main(void)
{
    void *volatile locals[20];
    for (int i = 0; i < 20; i++)
        locals[i] = malloc(10); /* KEPT */
    work();
    free(locals[0]);
}
