/* The same tree, but a pointer to one leaf is left: by its parents, everything can be reached. */
#include "leaks.h"

struct node {
    struct node *left, *right, *parent;
};
static struct node *volatile leaf;

APART static struct node *grow(struct node *parent, int depth)
{
    struct node *node = malloc(sizeof *node); /* KEPT */
    node->parent = parent;
    node->left = depth > 1 ? grow(node, depth - 1) : NULL;
    node->right = depth > 1 ? grow(node, depth - 1) : NULL;
    leaf = node;
    return node;
}

int main(void)
{
    grow(NULL, 4);
    scrub();
    return 0;
}
