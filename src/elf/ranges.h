/* Lists of address ranges. */

#ifndef ELF_RANGES_H
#define ELF_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range {
    uint64_t low, high; /* [low, high) */
};

struct range_list {
    struct range *items;
    size_t count;
    size_t capacity;
};

/* Append; empty ranges are ignored. 0 or -ENOMEM. */
int range_list_add(struct range_list *list, uint64_t low, uint64_t high);
void range_list_fini(struct range_list *list);
bool range_list_has(const struct range_list *list, uint64_t address);

/* The same for a normalized list, in logarithmic time. */
bool range_list_has_sorted(const struct range_list *list, uint64_t address);

/* Sort ascending and merge what touches or overlaps. */
void range_list_normalize(struct range_list *list);

/* Make room for one more item of a growing array: returns the array, moved perhaps, or NULL when memory is out (the old
   one is then still valid). */
void *array_reserve(void *items, size_t count, size_t *capacity, size_t item_bytes);

#endif
