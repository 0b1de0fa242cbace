#include "collector/table.h"

#include <sys/mman.h>

#include "collector/budget.h"

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
    if (!budget_take(bytes))
        return NULL;
    void *table = with_huge_pages(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), bytes);
    if (table == NULL)
        budget_give(bytes);
    return table;
}

void table_free(void *table, size_t bytes)
{
    if (table == NULL)
        return;
    munmap(table, bytes);
    budget_give(bytes);
}

void *table_grow(void *table, size_t *room, size_t item_bytes)
{
    size_t grown_room = table != NULL ? 2 * *room : FIRST_ROOM, bytes = grown_room * item_bytes;
    size_t more = bytes - *room * item_bytes;
    if (table == NULL) {
        table = table_new(bytes);
        *room = table != NULL ? grown_room : *room;
        return table;
    }
    if (!budget_take(more))
        return NULL;
    void *grown = with_huge_pages(mremap(table, *room * item_bytes, bytes, MREMAP_MAYMOVE), bytes);
    if (grown == NULL)
        budget_give(more);
    else
        *room = grown_room;
    return grown;
}
