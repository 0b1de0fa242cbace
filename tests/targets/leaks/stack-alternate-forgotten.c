/* Only the kernel knows the alternate signal stack, which is from malloc. */
#include "leaks.h"
#include <signal.h>

APART static void set(void)
{
    stack_t stack = {.ss_size = 64 << 10};
    stack.ss_sp = malloc(stack.ss_size); /* LIMIT 65536 1 */
    sigaltstack(&stack, NULL);
}

int main(void)
{
    set();
    scrub();
    return 0;
}
