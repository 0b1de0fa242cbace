#include "collector/ranges.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

/* Ranges of one process; sixteen times what Linux lets it have in mappings of their own (vm.max_map_count). */
#define RANGES_LIMIT ((size_t)1 << 20)

void ranges_fini(struct ranges *ranges)
{
    free(ranges->items);
    *ranges = (struct ranges){0};
}

/* The first range that ends behind `address`. */
static size_t find(const struct ranges *ranges, uint64_t address)
{
    size_t low = 0, high = ranges->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ranges->items[middle].end > address)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static int make_room(struct ranges *ranges)
{
    struct range *grown = ranges->count < RANGES_LIMIT
                              ? array_grow(ranges->items, &ranges->room, ranges->count + 1, sizeof *grown)
                              : NULL;
    if (grown == NULL)
        return -ENOMEM;
    ranges->items = grown;
    return 0;
}

static void insert(struct ranges *ranges, size_t at, struct range range)
{
    memmove(&ranges->items[at + 1], &ranges->items[at], (ranges->count - at) * sizeof range);
    ranges->items[at] = range;
    ranges->count++;
}

int ranges_remove(struct ranges *ranges, uint64_t start, uint64_t end, ranges_visit_fn *visit, void *data)
{
    if (make_room(ranges) != 0)
        return -ENOMEM;
    size_t first = find(ranges, start), kept = first, i = first;
    for (; i < ranges->count && ranges->items[i].start < end; i++) {
        struct range range = ranges->items[i];
        uint64_t from = range.start > start ? range.start : start, to = range.end < end ? range.end : end;
        bool has_head = range.start < from, has_tail = to < range.end;
        visit(range.site, to - from, (unsigned)has_head + has_tail, data);
        if (has_head)
            ranges->items[kept++] = (struct range){.start = range.start, .end = from, .site = range.site};
        if (!has_tail)
            continue;
        /* The last one; with a head it was the only one, and what follows has to make way. */
        struct range tail = {.start = to, .end = range.end, .site = range.site};
        if (has_head) {
            insert(ranges, kept, tail);
            return 0;
        }
        ranges->items[kept++] = tail;
    }
    memmove(&ranges->items[kept], &ranges->items[i], (ranges->count - i) * sizeof *ranges->items);
    ranges->count -= i - kept;
    return 0;
}

int ranges_add(struct ranges *ranges, uint64_t start, uint64_t end, uint32_t site)
{
    if (make_room(ranges) != 0)
        return -ENOMEM;
    insert(ranges, find(ranges, start), (struct range){.start = start, .end = end, .site = site});
    return 0;
}
