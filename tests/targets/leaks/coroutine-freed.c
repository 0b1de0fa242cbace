/* A coroutine is given up half-way: its stack is freed, with the pointer that lay on it. */
#include "leaks.h"
#include <ucontext.h>

static ucontext_t outer, inner;

static void run(void)
{
    void *volatile local = malloc(123); /* LEAK 123 1 */
    swapcontext(&inner, &outer);
    free(local);
}

APART static void start(void)
{
    void *stack = malloc(64 << 10);
    getcontext(&inner);
    inner.uc_stack.ss_size = 64 << 10;
    inner.uc_stack.ss_sp = stack;
    makecontext(&inner, run, 0);
    swapcontext(&outer, &inner);
    memset(&inner, 0, sizeof inner);
    memset(&outer, 0, sizeof outer);
    free(stack);
}

int main(void)
{
    start();
    scrub();
    return 0;
}
