/* A map from the addresses of blocks to two words of 16 and 64 bits: open addressing with linear probing; entries are
   deleted by shifting back, so that no tombstones pile up. Inline, for it is what the collector does most. */

#ifndef COLLECTOR_BLOCKS_H
#define COLLECTOR_BLOCKS_H

#include <stddef.h>
#include <stdint.h>

#define BLOCKS_EXTRA_BITS 16
#define BLOCKS_EXTRA_MAX UINT16_MAX

struct block {
    uint64_t key; /* address << BLOCKS_EXTRA_BITS | the short word; 0: free slot */
    uint64_t value;
};

struct blocks {
    struct block *slots;
    size_t mask;  /* number of slots minus one */
    size_t count; /* blocks in it */
    size_t limit; /* room is made before there are more */
};

/* Returns 0 or -ENOMEM. */
int blocks_init(struct blocks *blocks);
void blocks_fini(struct blocks *blocks);

/* Twice as many slots. Returns 0, also when there is no memory but still a free slot, or -ENOMEM. */
int blocks_grow(struct blocks *blocks);

/* Neighbouring blocks stay near each other, and pages are spread. */
static inline size_t blocks_home(const struct blocks *blocks, uint64_t address)
{
    uint64_t page = (address >> 8) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)((page >> 20) + ((address >> 4) & 15)) & blocks->mask;
}

static inline uint64_t block_address(const struct block *block)
{
    return block->key >> BLOCKS_EXTRA_BITS;
}

static inline uint32_t block_extra(const struct block *block)
{
    return (uint32_t)(block->key & BLOCKS_EXTRA_MAX);
}

/* The block at `address`, which is not 0, or the free slot where it is to be put. */
static inline struct block *blocks_find(const struct blocks *blocks, uint64_t address)
{
    size_t i = blocks_home(blocks, address);
    while (blocks->slots[i].key != 0 && block_address(&blocks->slots[i]) != address)
        i = (i + 1) & blocks->mask;
    return &blocks->slots[i];
}

/* Before something is put. Returns 0 or -ENOMEM. */
static inline int blocks_make_room(struct blocks *blocks)
{
    return __builtin_expect(blocks->count < blocks->limit, 1) ? 0 : blocks_grow(blocks);
}

/* Fill the free slot that blocks_find found. */
static inline void blocks_put(struct blocks *blocks, struct block *slot, uint64_t address, uint32_t extra,
                              uint64_t value)
{
    *slot = (struct block){.key = address << BLOCKS_EXTRA_BITS | extra, .value = value};
    blocks->count++;
}

static inline void blocks_remove(struct blocks *blocks, struct block *block)
{
    size_t mask = blocks->mask, hole = (size_t)(block - blocks->slots);
    for (size_t i = (hole + 1) & mask; blocks->slots[i].key != 0; i = (i + 1) & mask) {
        size_t home = blocks_home(blocks, block_address(&blocks->slots[i]));
        if (((i - home) & mask) >= ((i - hole) & mask)) { /* its home is not behind the hole: it may move there */
            blocks->slots[hole] = blocks->slots[i];
            hole = i;
        }
    }
    blocks->slots[hole].key = 0;
    blocks->count--;
}

/* The block at `address` is going to be asked for. */
static inline void blocks_prefetch(const struct blocks *blocks, uint64_t address)
{
    __builtin_prefetch(&blocks->slots[blocks_home(blocks, address)], 1);
}

#endif
