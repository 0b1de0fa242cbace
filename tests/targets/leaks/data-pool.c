/* A pool hands out parts of blocks that it keeps in a list; the parts are not the allocator's business. */
#include "leaks.h"

struct chunk {
    struct chunk *next;
    size_t used;
    char bytes[4000];
};
static struct chunk *volatile pool;
static void *volatile objects[200];

APART static void *take(size_t bytes)
{
    struct chunk *chunk = pool;
    if (chunk == NULL || chunk->used + bytes > sizeof chunk->bytes) {
        chunk = malloc(sizeof *chunk); /* KEPT */
        chunk->next = pool;
        chunk->used = 0;
        pool = chunk;
    }
    chunk->used += bytes;
    return chunk->bytes + chunk->used - bytes;
}

int main(void)
{
    for (int i = 0; i < 200; i++)
        objects[i] = take(100);
    memset((void *)objects, 0, sizeof objects);
    scrub();
    return 0;
}
