/* A coroutine that has been left in its middle holds the pointer on its stack, which is a block from malloc. */
#include "leaks.h"
#include <ucontext.h>

static ucontext_t outer, inner;

static void run(void)
{
    void *volatile local = malloc(77); /* KEPT */
    swapcontext(&inner, &outer);
    free(local);
}

APART static void start(void)
{
    getcontext(&inner);
    inner.uc_stack.ss_size = 64 << 10;
    inner.uc_stack.ss_sp = malloc(inner.uc_stack.ss_size); /* KEPT */
    inner.uc_link = &outer;
    makecontext(&inner, run, 0);
    swapcontext(&outer, &inner);
}

int main(void)
{
    start();
    scrub();
    return 0;
}
