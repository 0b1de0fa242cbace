/* The dead stack is full of old pointers to the block when another program takes over. */
#include "leaks.h"

APART static void lose(void)
{
    fill_dead_stack(used(malloc(123)), 32768); /* LEAK 123 1 */
}

int main(void)
{
    lose();
    execl("/bin/true", "true", NULL);
    return 1;
}
