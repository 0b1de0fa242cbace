#include "collector/blocks.h"

#include <errno.h>

#include "collector/table.h"

#define FIRST_SLOTS 256 /* a page */

static void set_slots(struct blocks *blocks, struct block *slots, size_t count)
{
    blocks->slots = slots;
    blocks->mask = count - 1;
    blocks->limit = count / 2;
}

int blocks_init(struct blocks *blocks)
{
    struct block *slots = table_new(FIRST_SLOTS * sizeof *slots);
    if (slots == NULL)
        return -ENOMEM;
    *blocks = (struct blocks){0};
    set_slots(blocks, slots, FIRST_SLOTS);
    return 0;
}

void blocks_fini(struct blocks *blocks)
{
    table_free(blocks->slots, (blocks->mask + 1) * sizeof *blocks->slots);
    blocks->slots = NULL;
}

int blocks_grow(struct blocks *blocks)
{
    size_t old_count = blocks->mask + 1;
    struct block *old = blocks->slots, *slots = table_new(2 * old_count * sizeof *slots);
    if (slots == NULL)
        return blocks->count < blocks->mask ? 0 : -ENOMEM; /* one slot has to stay free: it ends a search */
    set_slots(blocks, slots, 2 * old_count);
    for (size_t i = 0; i < old_count; i++)
        if (old[i].key != 0)
            *blocks_find(blocks, block_address(&old[i])) = old[i];
    table_free(old, old_count * sizeof *old);
    return 0;
}
