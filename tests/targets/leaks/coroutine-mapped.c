/* A coroutine that has been left in its middle holds the pointer on its stack, which the program mapped. */
#include "leaks.h"
#include <ucontext.h>
#include <sys/mman.h>

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
    inner.uc_stack.ss_sp = mmap(NULL, 64 << 10, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    makecontext(&inner, run, 0);
    swapcontext(&outer, &inner);
}

int main(void)
{
    start();
    scrub();
    return 0;
}
