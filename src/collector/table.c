#include "collector/table.h"

#include <sys/mman.h>

#define HUGE_BYTES ((size_t)2 << 20)

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

void *table_grow(void *table, size_t old_bytes, size_t bytes)
{
    if (table == NULL)
        return table_new(bytes);
    return with_huge_pages(mremap(table, old_bytes, bytes, MREMAP_MAYMOVE), bytes);
}
