/* Growing arrays. */

#include "base/array.h"

#include <stdint.h>
#include <stdlib.h>

#define ARRAY_FIRST_CAPACITY 16

void *array_grow(void *items, size_t *capacity, size_t needed, size_t item_bytes)
{
    if (needed <= *capacity && items != NULL)
        return items;
    size_t wanted = *capacity < ARRAY_FIRST_CAPACITY ? ARRAY_FIRST_CAPACITY : *capacity;
    while (wanted < needed) {
        if (wanted > SIZE_MAX / 2)
            return NULL;
        wanted *= 2;
    }
    if (item_bytes != 0 && wanted > PTRDIFF_MAX / item_bytes)
        return NULL;
    void *moved = realloc(items, wanted * item_bytes);
    if (moved != NULL)
        *capacity = wanted;
    return moved;
}
