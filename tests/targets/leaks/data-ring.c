/* A ring of a thousand blocks, of which the head was dropped. */
#include "leaks.h"

struct node {
    struct node *next, *last;
};
static struct node *volatile head;

APART static void add(void)
{
    struct node *node = malloc(sizeof *node), *first = head; /* LEAK 16000 1000 */
    node->next = first != NULL ? first : node;
    node->last = first != NULL ? first->last : node;
    node->next->last = node->last->next = node;
    head = node;
}

int main(void)
{
    for (int i = 0; i < 1000; i++)
        add();
    head = NULL;
    scrub();
    return 0;
}
