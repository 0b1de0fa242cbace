/* tsearch() and hsearch_r(): a tree whose root is lost, and a table that is kept. */
#include "leaks.h"
#include <search.h>

static int compare(const void *a, const void *b)
{
    return (a > b) - (a < b);
}

APART static void lose(void)
{
    static struct hsearch_data table;
    void *root = NULL;
    hcreate_r(10, &table); /* KEPT */
    for (long i = 1; i <= 5; i++)
        tsearch((void *)i, &root, compare); /* LEAK ? 5 */
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
