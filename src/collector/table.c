#include "collector/table.h"

#include <sys/mman.h>

#define HUGE_BYTES ((size_t)2 << 20)
#define FIRST_ROOM 64 /* items */

static void *with_huge_pages(void *table, size_t bytes)
{
    if (table == MAP_FAILED)
        return NULL;
    /* A table of one huge page would be mostly slack. */
    if (bytes >= 2 * HUGE_BYTES)
        madvise(table, bytes, MADV_HUGEPAGE);
    return table;
}

void *table_new(size_t bytes)
{
    return with_huge_pages(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), bytes);
}

void table_free(void *table, size_t bytes)
{
    if (table != NULL)
        munmap(table, bytes);
}

void *table_grow(void *table, size_t *room, size_t item_bytes)
{
    size_t grown_room = table != NULL ? 2 * *room : FIRST_ROOM, bytes = grown_room * item_bytes;
    void *grown = table != NULL ? with_huge_pages(mremap(table, *room * item_bytes, bytes, MREMAP_MAYMOVE), bytes)
                                : table_new(bytes);
    if (grown != NULL)
        *room = grown_room;
    return grown;
}
