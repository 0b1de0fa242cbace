/* obstack: its chunk is freed with the program's own function, another one is lost. */
#include "leaks.h"
#include <obstack.h>

#define obstack_chunk_alloc malloc
#define obstack_chunk_free free

APART static void lose(void)
{
    struct obstack stack;
    obstack_init(&stack); /* KEPT */
    used(obstack_alloc(&stack, 100));
    obstack_free(&stack, NULL);
    obstack_begin(&stack, 5000); /* LEAK ? 1 */
    used(obstack_alloc(&stack, 100));
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
