/* A list is cut in its middle: the second half is lost. */
#include "leaks.h"

struct node {
    struct node *next;
};
static struct node *volatile head;

APART static void add(void)
{
    struct node *node = malloc(sizeof *node); /* LEAK 40 5 */
    node->next = head;
    head = node;
}

APART static void cut(void)
{
    struct node *node = head;
    for (int i = 1; i < 5; i++)
        node = node->next;
    node->next = NULL;
}

int main(void)
{
    for (int i = 0; i < 10; i++)
        add();
    cut();
    scrub();
    return 0;
}
