/* Blocks lie sorted in one array. An address leads to its block by way of a hash table over granules of 64 KiB, which
   knows the blocks of each granule, and a short binary search; a word that is no address of the heap is mostly turned
   away by two comparisons. Blocks that are larger than many granules are searched apart.

   Small blocks are read once, in the order of their addresses and many at a time, and what they refer to is remembered.
   Large ones are read when they are reached. */

#include "collector/reach.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define BLOCKS_LIMIT (UINT32_C(1) << 31)
#define GRANULE_BITS 16
#define HUGE_BYTES ((uint64_t)16 << 20)
#define PAGE_BYTES UINT64_C(4096)
#define SMALL_BYTES 1024 /* at most 128 references each */
#define GAP_BYTES 256    /* between small blocks that are read together */
#define BUFFER_BYTES ((size_t)1 << 20)

struct granule {
    uint64_t key; /* address >> GRANULE_BITS, plus one; 0: free */
    uint32_t first, last;
};

struct reach {
    struct reach_block *blocks;
    size_t count, room;
    struct granule *granules;
    size_t slots, granule_count;
    uint32_t *huge; /* indices, ascending */
    size_t huge_count;
    uint64_t low, span; /* all blocks lie in [low, low + span) */
    uint32_t *stack;    /* indices of blocks to look into */
    size_t depth;
    uint32_t *references; /* of small blocks, to blocks: from first[index] up to first[index + 1] */
    uint64_t *first;
    size_t reference_count, reference_room;
    bool failed; /* out of memory */
    uint64_t *buffer;
    enum reach_state marks; /* what a block becomes that a reference is found to; REACH_UNSEEN: only pointed to */
    uint32_t leader;        /* the block that this began with, unless `marks` is REACH_HELD */
    uint32_t *leaders;      /* of each lost block, a block that leads to it, which may have a leader itself */
};

struct reach *reach_new(void)
{
    struct reach *reach = calloc(1, sizeof *reach);
    if (reach == NULL)
        return NULL;
    reach->marks = REACH_HELD;
    reach->buffer = malloc(BUFFER_BYTES);
    if (reach->buffer == NULL) {
        free(reach);
        return NULL;
    }
    return reach;
}

void reach_free(struct reach *reach)
{
    if (reach == NULL)
        return;
    free(reach->blocks);
    free(reach->granules);
    free(reach->huge);
    free(reach->stack);
    free(reach->leaders);
    free(reach->references);
    free(reach->first);
    free(reach->buffer);
    free(reach);
}

int reach_add(struct reach *reach, uint64_t address, uint64_t bytes, uint32_t site)
{
    uint64_t extent = bytes == 0 || bytes == 8 ? bytes + 1 : bytes;
    struct reach_block *grown =
        reach->count < BLOCKS_LIMIT ? array_grow(reach->blocks, &reach->room, reach->count + 1, sizeof *grown) : NULL;
    if (grown == NULL)
        return -ENOMEM;
    reach->blocks = grown;
    grown[reach->count++] = (struct reach_block){.address = address, .bytes = bytes, .extent = extent, .site = site};
    return 0;
}

static int compare_addresses(const void *left, const void *right)
{
    const struct reach_block *a = left, *b = right;
    return (a->address > b->address) - (a->address < b->address);
}

static void clip(struct reach *reach)
{
    for (size_t i = 0; i + 1 < reach->count; i++) {
        uint64_t room = reach->blocks[i + 1].address - reach->blocks[i].address;
        if (reach->blocks[i].extent > room)
            reach->blocks[i].extent = room;
    }
}

static struct granule *granule_at(const struct reach *reach, uint64_t key)
{
    size_t at = (size_t)(key * UINT64_C(0x9E3779B97F4A7C15) >> 20) & (reach->slots - 1);
    while (reach->granules[at].key != 0 && reach->granules[at].key != key)
        at = (at + 1) & (reach->slots - 1);
    return &reach->granules[at];
}

static int grow_granules(struct reach *reach)
{
    if (2 * (reach->granule_count + 1) <= reach->slots)
        return 0;
    struct granule *old = reach->granules;
    size_t old_slots = reach->slots, slots = old_slots ? 2 * old_slots : 1024;
    struct granule *grown = calloc(slots, sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    reach->granules = grown;
    reach->slots = slots;
    for (size_t i = 0; i < old_slots; i++)
        if (old[i].key != 0)
            *granule_at(reach, old[i].key) = old[i];
    free(old);
    return 0;
}

/* Enter a block into each granule that it touches. */
static int enter(struct reach *reach, uint32_t index)
{
    const struct reach_block *block = &reach->blocks[index];
    uint64_t first = block->address >> GRANULE_BITS, last = (block->address + block->extent - 1) >> GRANULE_BITS;
    for (uint64_t key = first; key <= last; key++) {
        if (grow_granules(reach) != 0)
            return -ENOMEM;
        struct granule *granule = granule_at(reach, key + 1);
        if (granule->key == 0) {
            *granule = (struct granule){.key = key + 1, .first = index};
            reach->granule_count++;
        }
        granule->last = index;
    }
    return 0;
}

int reach_ready(struct reach *reach)
{
    size_t huge_count = 0;
    if (reach->count > 0)
        qsort(reach->blocks, reach->count, sizeof *reach->blocks, compare_addresses);
    clip(reach);
    for (size_t i = 0; i < reach->count; i++)
        huge_count += reach->blocks[i].extent > HUGE_BYTES;
    reach->huge = malloc((huge_count + 1) * sizeof *reach->huge);
    reach->stack = malloc((reach->count + 1) * sizeof *reach->stack);
    if (reach->huge == NULL || reach->stack == NULL || grow_granules(reach) != 0)
        return -ENOMEM;
    for (uint32_t i = 0; i < reach->count; i++) {
        if (reach->blocks[i].extent > HUGE_BYTES)
            reach->huge[reach->huge_count++] = i;
        else if (enter(reach, i) != 0)
            return -ENOMEM;
    }
    if (reach->count > 0) {
        const struct reach_block *last = &reach->blocks[reach->count - 1];
        reach->low = reach->blocks[0].address;
        reach->span = last->address + last->extent - reach->low;
    }
    return 0;
}

static bool holds(const struct reach_block *block, uint64_t address)
{
    return address - block->address < block->extent;
}

/* The index of the block that has the byte at `address`; UINT32_MAX when none has. */
static uint32_t find(const struct reach *reach, uint64_t address)
{
    if (address - reach->low >= reach->span)
        return UINT32_MAX;
    const struct granule *granule = granule_at(reach, (address >> GRANULE_BITS) + 1);
    if (granule->key != 0) {
        uint32_t low = granule->first, high = granule->last;
        while (low < high) {
            uint32_t middle = high - (high - low) / 2;
            if (reach->blocks[middle].address <= address)
                low = middle;
            else
                high = middle - 1;
        }
        if (holds(&reach->blocks[low], address))
            return low;
    }
    for (size_t i = 0; i < reach->huge_count; i++)
        if (holds(&reach->blocks[reach->huge[i]], address))
            return reach->huge[i];
    return UINT32_MAX;
}

static void mark(struct reach *reach, uint32_t index)
{
    struct reach_block *block = &reach->blocks[index];
    if (reach->marks == REACH_UNSEEN) {
        if (index != reach->leader)
            reach->leaders[index] = reach->leader;
        return;
    }
    if (block->state == REACH_UNSEEN) {
        block->state = reach->marks;
        reach->stack[reach->depth++] = index;
    } else if (block->state == REACH_LOST && reach->marks == REACH_INDIRECT && index != reach->leader) {
        block->state = REACH_INDIRECT; /* what it leads to is marked already */
    } else {
        return;
    }
    if (block->state == REACH_INDIRECT)
        reach->leaders[index] = reach->leader;
}

/* glibc's lists lead to chunks, which begin 16 bytes before their blocks: in the end of the block before. */
static bool is_border(const struct reach_block *block, uint64_t address)
{
    return address % 16 == 0 && address != block->address && block->address + block->extent - address <= 8;
}

void reach_root(struct reach *reach, const uint64_t *words, size_t count, bool is_allocators)
{
    for (size_t i = 0; i < count; i++) {
        if (words[i] - reach->low >= reach->span)
            continue;
        uint32_t index = find(reach, words[i]);
        if (index != UINT32_MAX && !(is_allocators && is_border(&reach->blocks[index], words[i])))
            mark(reach, index);
    }
}

/* The first block that ends behind `address`. */
static size_t first_behind(const struct reach *reach, uint64_t address)
{
    size_t low = 0, high = reach->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (reach->blocks[middle].address + reach->blocks[middle].extent <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool reach_gap(const struct reach *reach, uint64_t *from, uint64_t *to, uint64_t end)
{
    size_t i = first_behind(reach, *from);
    while (i < reach->count && reach->blocks[i].address <= *from) {
        *from = reach->blocks[i].address + reach->blocks[i].extent;
        i++;
    }
    *to = i < reach->count && reach->blocks[i].address < end ? reach->blocks[i].address : end;
    return *from < end;
}

static void remember(struct reach *reach, uint32_t from, uint32_t to)
{
    uint64_t begin = reach->first[from];
    if (from == to || (reach->reference_count > begin && reach->references[reach->reference_count - 1] == to))
        return;
    if (reach->reference_count == reach->reference_room) {
        size_t room = reach->reference_room ? reach->reference_room + reach->reference_room / 2 : 4096;
        uint32_t *grown = realloc(reach->references, room * sizeof *grown);
        if (grown == NULL) {
            reach->failed = true;
            return;
        }
        reach->references = grown;
        reach->reference_room = room;
    }
    reach->references[reach->reference_count++] = to;
}

typedef void found_fn(struct reach *reach, uint32_t from, uint32_t to);

/* Every block that the aligned words of `bytes`, which lie at `address` in block `from`, refer to. */
static void look_into(struct reach *reach, uint32_t from, uint64_t address, const uint8_t *bytes, size_t count,
                      found_fn *found)
{
    for (size_t at = (size_t)(-address & 7); at + 8 <= count; at += 8) {
        uint64_t word;
        memcpy(&word, bytes + at, sizeof word);
        if (word - reach->low >= reach->span)
            continue;
        uint32_t index = find(reach, word);
        if (index != UINT32_MAX)
            found(reach, from, index);
    }
}

/* Read one block piece by piece, and around what cannot be read. */
static void read_block(struct reach *reach, uint32_t index, found_fn *found, reach_read_fn *read, void *data)
{
    const struct reach_block block = reach->blocks[index];
    for (uint64_t at = 0; at < block.extent;) {
        uint64_t rest = block.extent - at;
        struct reach_span span = {.address = block.address + at, .bytes = rest < BUFFER_BYTES ? rest : BUFFER_BYTES};
        size_t got = read(&span, 1, reach->buffer, data);
        look_into(reach, index, span.address, (const uint8_t *)reach->buffer, got, found);
        at += got;
        if (got < span.bytes)
            at += PAGE_BYTES - (block.address + at) % PAGE_BYTES;
    }
}

static bool is_small(const struct reach_block *block)
{
    return block->extent <= SMALL_BYTES;
}

/* Small blocks from number `first` on that lie close together. Returns the number behind the last. */
static uint32_t end_of_group(const struct reach *reach, uint32_t first)
{
    const struct reach_block *blocks = reach->blocks;
    uint32_t end = first + 1;
    while (end < reach->count && is_small(&blocks[end]) &&
           blocks[end].address - blocks[end - 1].address <= SMALL_BYTES + GAP_BYTES &&
           blocks[end].address + blocks[end].extent - blocks[first].address <= BUFFER_BYTES)
        end++;
    return end;
}

static void read_group(struct reach *reach, uint32_t from, uint32_t to, reach_read_fn *read, void *data)
{
    const struct reach_block *last = &reach->blocks[to - 1];
    uint64_t address = reach->blocks[from].address;
    const struct reach_span span = {.address = address, .bytes = last->address + last->extent - address};
    bool whole = read(&span, 1, reach->buffer, data) == span.bytes;
    for (uint32_t i = from; i < to; i++) {
        const struct reach_block *block = &reach->blocks[i];
        reach->first[i] = reach->reference_count;
        if (whole)
            look_into(reach, i, block->address, (const uint8_t *)reach->buffer + (block->address - address),
                      block->extent, remember);
        else
            read_block(reach, i, remember, read, data);
    }
}

int reach_read(struct reach *reach, reach_read_fn *read, void *data)
{
    reach->first = malloc((reach->count + 1) * sizeof *reach->first);
    if (reach->first == NULL)
        return -ENOMEM;
    for (uint32_t i = 0, end; i < reach->count; i = end) {
        end = i + 1;
        reach->first[i] = reach->reference_count;
        if (!is_small(&reach->blocks[i]))
            continue;
        end = end_of_group(reach, i);
        read_group(reach, i, end, read, data);
    }
    reach->first[reach->count] = reach->reference_count;
    return reach->failed ? -ENOMEM : 0;
}

static void mark_found(struct reach *reach, uint32_t from, uint32_t to)
{
    if (reach->marks == REACH_UNSEEN)
        reach->leader = from;
    mark(reach, to);
}

/* Look into all blocks that wait, and into those that this finds. */
static void empty_stack(struct reach *reach, reach_read_fn *read, void *data)
{
    while (reach->depth > 0) {
        uint32_t index = reach->stack[--reach->depth];
        if (is_small(&reach->blocks[index]))
            for (uint64_t i = reach->first[index]; i < reach->first[index + 1]; i++)
                mark_found(reach, index, reach->references[i]);
        else
            read_block(reach, index, mark_found, read, data);
    }
}

void reach_follow(struct reach *reach, reach_read_fn *read, void *data)
{
    empty_stack(reach, read, data);
}

static int compare_order(const void *left, const void *right, void *data)
{
    const struct reach *reach = data;
    const struct reach_block *a = &reach->blocks[*(const uint32_t *)left],
                             *b = &reach->blocks[*(const uint32_t *)right];
    if (a->site != b->site)
        return a->site < b->site ? -1 : 1;
    return (a->address > b->address) - (a->address < b->address);
}

/* All lost blocks, in an order that does not depend on where they lie. */
static size_t list_lost(struct reach *reach, uint32_t *order)
{
    size_t count = 0;
    for (uint32_t i = 0; i < reach->count; i++)
        if (reach->blocks[i].state == REACH_UNSEEN)
            order[count++] = i;
    qsort_r(order, count, sizeof *order, compare_order, reach);
    return count;
}

/* Find out which of them others point to: their `leaders` is then some block that does, else the block itself. */
static void find_pointed(struct reach *reach, const uint32_t *order, size_t count, reach_read_fn *read, void *data)
{
    reach->marks = REACH_UNSEEN;
    for (size_t i = 0; i < count; i++) {
        reach->leaders[order[i]] = order[i];
        reach->stack[reach->depth++] = order[i];
    }
    empty_stack(reach, read, data);
}

static void begin_with(struct reach *reach, uint32_t index, reach_read_fn *read, void *data)
{
    reach->blocks[index].state = REACH_LOST;
    reach->leader = index;
    reach->stack[reach->depth++] = index;
    empty_stack(reach, read, data);
}

/* A block that no other points to is lost, and what it leads to is indirect. What is left leads in circles: begin with
   any, and call all that it leads to indirect; when a later one leads to a block that was begun with, that is so as
   well. */
int reach_sort_lost(struct reach *reach, reach_read_fn *read, void *data)
{
    uint32_t *order = malloc((reach->count + 1) * sizeof *order);
    reach->leaders = malloc((reach->count + 1) * sizeof *reach->leaders);
    if (order == NULL || reach->leaders == NULL) {
        free(order);
        return -ENOMEM;
    }
    size_t count = list_lost(reach, order), sources = 0;
    find_pointed(reach, order, count, read, data);
    for (size_t i = 0; i < count; i++) /* the others behind them, each in their order */
        if (reach->leaders[order[i]] == order[i])
            reach->stack[sources++] = order[i];
    size_t left = sources;
    for (size_t i = 0; i < count; i++)
        if (reach->leaders[order[i]] != order[i])
            reach->stack[left++] = order[i];
    memcpy(order, reach->stack, count * sizeof *order);
    reach->marks = REACH_INDIRECT;
    for (size_t i = 0; i < count; i++)
        if (reach->blocks[order[i]].state == REACH_UNSEEN)
            begin_with(reach, order[i], read, data);
    free(order);
    return 0;
}

const struct reach_block *reach_leader(const struct reach *reach, size_t index)
{
    while (reach->blocks[index].state == REACH_INDIRECT)
        index = reach->leaders[index];
    return &reach->blocks[index];
}

const struct reach_block *reach_blocks(const struct reach *reach, size_t *count)
{
    *count = reach->count;
    return reach->blocks;
}
