/* The dead stack is full of old pointers to the block when main returns, and again when handlers run. */
#include "leaks.h"

static void *volatile passed;

static void handler(void)
{
    fill_dead_stack((void *)((uintptr_t)passed ^ 0x5555), 32768);
}

APART static void lose(void)
{
    void *block = malloc(123); /* LEAK 123 1 */
    passed = (void *)((uintptr_t)block ^ 0x5555);
    fill_dead_stack(block, 32768);
}

int main(void)
{
    atexit(handler);
    lose();
    return 0;
}
