/* exit() is called on a coroutine's stack: what main's own stack holds is in use as well. */
#include "leaks.h"
#include <ucontext.h>

static ucontext_t outer, inner;

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

static void run(void)
{
    void *volatile local = malloc(66); /* KEPT */
    lose();
    fill_dead_stack(NULL, 16384);
    exit(0);
    free(local);
}

int main(void)
{
    void *volatile local = malloc(77); /* KEPT */
    getcontext(&inner);
    inner.uc_stack.ss_size = 128 << 10;
    inner.uc_stack.ss_sp = malloc(inner.uc_stack.ss_size); /* KEPT */
    makecontext(&inner, run, 0);
    swapcontext(&outer, &inner);
    free(local);
}
