/* A tree with parent pointers, of which only the root was known. */
#include "leaks.h"

struct node {
    struct node *left, *right, *parent;
};
static struct node *volatile root;

APART static struct node *grow(struct node *parent, int depth)
{
    struct node *node = malloc(sizeof *node); /* LEAK 360 15 */
    node->parent = parent;
    node->left = depth > 1 ? grow(node, depth - 1) : NULL;
    node->right = depth > 1 ? grow(node, depth - 1) : NULL;
    return node;
}

int main(void)
{
    root = grow(NULL, 4);
    scrub();
    root = NULL;
    return 0;
}
