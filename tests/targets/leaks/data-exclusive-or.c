/* A list that keeps, in each node, the exclusive or of its neighbours' addresses. */
#include "leaks.h"

struct node {
    uintptr_t both;
};
static struct node *volatile head;

APART static void build(void)
{
    struct node *last = NULL, *node = malloc(sizeof *node); /* KEPT */
    head = node;
    for (int i = 0; i < 5; i++) {
        struct node *next = malloc(sizeof *next); /* LIMIT 40 5 */
        node->both = (uintptr_t)last ^ (uintptr_t)next ^ (i == 0 ? 0x5555 : 0);
        last = node;
        node = next;
    }
    node->both = (uintptr_t)last ^ 0x5555;
}

int main(void)
{
    build();
    scrub();
    return 0;
}
