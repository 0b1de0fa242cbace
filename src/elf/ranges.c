/* Lists of address ranges, and the growing arrays beneath. */

#include "elf/ranges.h"

#include <errno.h>
#include <stdlib.h>

void *array_reserve(void *items, size_t count, size_t *capacity, size_t item_bytes)
{
    if (items != NULL && count < *capacity)
        return items;
    const size_t wanted = count < 8 ? 16 : count * 2;
    void *moved = reallocarray(items, wanted, item_bytes);
    if (moved != NULL)
        *capacity = wanted;
    return moved;
}

int range_list_add(struct range_list *list, uint64_t low, uint64_t high)
{
    if (high <= low)
        return 0;
    struct range *items = array_reserve(list->items, list->count, &list->capacity, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    list->items = items;
    list->items[list->count++] = (struct range){low, high};
    return 0;
}

void range_list_fini(struct range_list *list)
{
    free(list->items);
    *list = (struct range_list){0};
}

bool range_list_has(const struct range_list *list, uint64_t address)
{
    for (size_t i = 0; i < list->count; i++)
        if (address >= list->items[i].low && address < list->items[i].high)
            return true;
    return false;
}

bool range_list_has_sorted(const struct range_list *list, uint64_t address)
{
    size_t low = 0, high = list->count; /* the first range that begins behind `address` */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (list->items[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && address < list->items[low - 1].high;
}

static int compare_ranges(const void *left, const void *right)
{
    const struct range *a = left, *b = right;
    return (a->low > b->low) - (a->low < b->low);
}

void range_list_normalize(struct range_list *list)
{
    if (list->count < 2)
        return;
    qsort(list->items, list->count, sizeof *list->items, compare_ranges);
    size_t kept = 0;
    for (size_t i = 1; i < list->count; i++) {
        struct range *last = &list->items[kept];
        if (list->items[i].low > last->high)
            list->items[++kept] = list->items[i];
        else if (list->items[i].high > last->high)
            last->high = list->items[i].high;
    }
    list->count = kept + 1;
}
