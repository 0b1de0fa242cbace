/* One line loses blocks of two callers, and another caller frees what it gets. */
#include "leaks.h"

APART static void *get(size_t bytes)
{
    return used(malloc(bytes)); /* LEAK 300 3 */
}

APART static void one(void)
{
    get(100);
}

APART static void other(void)
{
    get(50);
    get(150);
}

APART static void polite(void)
{
    free(get(77));
}

int main(void)
{
    one();
    other();
    polite();
    scrub();
    return 0;
}
