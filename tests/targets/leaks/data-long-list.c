/* A list of 200000 blocks is kept: following it must not need a stack. */
#include "leaks.h"

static void *volatile head;

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

APART static void add(void)
{
    void **block = malloc(16); /* KEPT */
    *block = head;
    head = block;
}

int main(void)
{
    for (int i = 0; i < 200000; i++)
        add();
    lose();
    scrub();
    return 0;
}
