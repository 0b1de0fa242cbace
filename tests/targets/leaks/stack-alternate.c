/* exit() in a handler that runs on an alternate signal stack: its variables, and those of what it interrupted. */
#include "leaks.h"
#include <signal.h>

static void *volatile memory;

APART static void lose(void)
{
    used(malloc(123)); /* LEAK 123 1 */
}

static void handler(int number)
{
    void *volatile local = malloc(66); /* KEPT */
    lose();
    fill_dead_stack(NULL, 16384);
    exit(0);
    free(local);
    (void)number;
}

APART static void work(void)
{
    void *volatile local = malloc(77); /* KEPT */
    raise(SIGUSR1);
    free(local);
}

int main(void)
{
    stack_t stack = {.ss_size = 128 << 10};
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_ONSTACK};
    memory = stack.ss_sp = malloc(stack.ss_size); /* KEPT */
    sigaltstack(&stack, NULL);
    sigaction(SIGUSR1, &action, NULL);
    work();
    return 0;
}
