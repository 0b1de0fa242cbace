/* The pool's list is lost, but one object of the first chunk is still in use, and with it that chunk. */
#include "leaks.h"

struct chunk {
    struct chunk *older;
    char bytes[992];
};
static struct chunk *volatile pool;
static char *volatile object;

APART static void enlarge(void)
{
    struct chunk *chunk = malloc(sizeof *chunk); /* LEAK 4000 4 */
    chunk->older = pool;
    pool = chunk;
}

int main(void)
{
    enlarge();
    object = pool->bytes + 100;
    for (int i = 0; i < 4; i++)
        enlarge();
    pool = NULL;
    scrub();
    return 0;
}
