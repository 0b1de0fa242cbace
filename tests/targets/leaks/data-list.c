/* A list whose head is lost, and one whose head is kept. */
#include "leaks.h"

struct node {
    struct node *next;
    int number;
};
static struct node *volatile kept, *volatile lost;

APART static void add(void)
{
    struct node *node = malloc(sizeof *node); /* KEPT */
    node->next = kept;
    kept = node;
}

APART static void add_lost(void)
{
    struct node *node = malloc(sizeof *node); /* LEAK 160 10 */
    node->next = lost;
    lost = node;
}

int main(void)
{
    for (int i = 0; i < 10; i++) {
        add();
        add_lost();
    }
    lost = NULL;
    scrub();
    return 0;
}
