/* Growing arrays, without a type of their own: a pointer, a count and a capacity in the caller's struct. */

#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H

#include <stddef.h>

/* Make room for at least `needed` items of `item_bytes` each. Returns the array, moved or not, and updates *capacity;
   NULL when there is no memory or the size overflows: `items` and *capacity are then as they were. The growth is
   geometric, so that adding one item at a time takes linear time altogether. */
void *array_grow(void *items, size_t *capacity, size_t needed, size_t item_bytes);

#endif
