/* A process's heap. Three tables: live blocks by address, nodes by path, sites by (stack, window). All use open
   addressing with linear probing; blocks are deleted by shifting back, so that no tombstones pile up.

   The composition of the peak costs O(1) an event: a new peak only starts a new epoch, and a site settles what it held
   at the last peak when it changes for the first time after it. */

#include "collector/heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SLOTS 1024

struct block {
    uint64_t address; /* 0: free slot */
    uint64_t bytes;
    uint32_t site;
};

struct node {
    uint64_t path; /* 0: free slot */
    uint64_t parent;
    uint64_t address;
};

struct site {
    struct heap_site public;
    uint64_t path;
    uint64_t epoch; /* of the peak that public.peak_bytes belongs to */
};

/* What a thread did last, to undo or to recognise it. */
struct thread {
    struct block freed;    /* last FREE; address 0 when it freed nothing known */
    uint64_t last_address; /* of its last event if that was an allocation */
};

struct heap {
    struct block *blocks;
    size_t block_slots, block_count;
    struct node *nodes;
    size_t node_slots, node_count;
    uint32_t *site_index; /* site + 1 by hash of (path, window) */
    size_t site_slots;
    struct site *sites;
    size_t site_count, site_room;
    struct thread *threads;
    size_t thread_count;
    uint64_t epoch;
    struct heap_totals totals;
    struct heap_site *listing;
};

struct heap *heap_new(void)
{
    return calloc(1, sizeof(struct heap));
}

void heap_free(struct heap *heap)
{
    if (heap == NULL)
        return;
    free(heap->blocks);
    free(heap->nodes);
    free(heap->site_index);
    free(heap->sites);
    free(heap->threads);
    free(heap->listing);
    free(heap);
}

/* Neighbouring blocks stay near each other, and pages are spread. */
static size_t block_home(const struct heap *heap, uint64_t address)
{
    uint64_t page = (address >> 8) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)((page >> 20) + ((address >> 4) & 15)) & (heap->block_slots - 1);
}

static size_t path_home(uint64_t path, size_t slots)
{
    return (size_t)(path * UINT64_C(0x9E3779B97F4A7C15) >> 17) & (slots - 1);
}

static struct block *find_block(const struct heap *heap, uint64_t address)
{
    if (heap->block_slots == 0)
        return NULL;
    for (size_t i = block_home(heap, address);; i = (i + 1) & (heap->block_slots - 1)) {
        if (heap->blocks[i].address == address)
            return &heap->blocks[i];
        if (heap->blocks[i].address == 0)
            return NULL;
    }
}

static void place_block(struct heap *heap, const struct block *block)
{
    size_t i = block_home(heap, block->address);
    while (heap->blocks[i].address != 0)
        i = (i + 1) & (heap->block_slots - 1);
    heap->blocks[i] = *block;
}

static int grow_blocks(struct heap *heap)
{
    if (4 * (heap->block_count + 1) <= 3 * heap->block_slots)
        return 0;
    struct block *old = heap->blocks;
    size_t old_slots = heap->block_slots;
    struct block *grown = calloc(old_slots ? 2 * old_slots : FIRST_SLOTS, sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    heap->blocks = grown;
    heap->block_slots = old_slots ? 2 * old_slots : FIRST_SLOTS;
    for (size_t i = 0; i < old_slots; i++)
        if (old[i].address != 0)
            place_block(heap, &old[i]);
    free(old);
    return 0;
}

static void remove_block(struct heap *heap, struct block *block)
{
    size_t mask = heap->block_slots - 1, hole = (size_t)(block - heap->blocks);
    for (size_t i = (hole + 1) & mask; heap->blocks[i].address != 0; i = (i + 1) & mask) {
        size_t home = block_home(heap, heap->blocks[i].address);
        if (((i - home) & mask) >= ((i - hole) & mask)) { /* its home is not behind the hole: it may move there */
            heap->blocks[hole] = heap->blocks[i];
            hole = i;
        }
    }
    heap->blocks[hole].address = 0;
    heap->block_count--;
}

static const struct node *find_node(const struct heap *heap, uint64_t path)
{
    if (heap->node_slots == 0)
        return NULL;
    for (size_t i = path_home(path, heap->node_slots);; i = (i + 1) & (heap->node_slots - 1)) {
        if (heap->nodes[i].path == path)
            return &heap->nodes[i];
        if (heap->nodes[i].path == 0)
            return NULL;
    }
}

static void place_node(struct heap *heap, const struct node *node)
{
    size_t i = path_home(node->path, heap->node_slots);
    while (heap->nodes[i].path != 0)
        i = (i + 1) & (heap->node_slots - 1);
    heap->nodes[i] = *node;
}

static int add_node(struct heap *heap, const struct wire_event *event, uint64_t address)
{
    struct node node = {.path = event->size, .parent = event->stack, .address = address};
    if (node.path == 0 || find_node(heap, node.path) != NULL)
        return 0;
    if (4 * (heap->node_count + 1) > 3 * heap->node_slots) {
        struct node *old = heap->nodes;
        size_t old_slots = heap->node_slots;
        struct node *grown = calloc(old_slots ? 2 * old_slots : FIRST_SLOTS, sizeof *grown);
        if (grown == NULL)
            return -ENOMEM;
        heap->nodes = grown;
        heap->node_slots = old_slots ? 2 * old_slots : FIRST_SLOTS;
        for (size_t i = 0; i < old_slots; i++)
            if (old[i].path != 0)
                place_node(heap, &old[i]);
        free(old);
    }
    place_node(heap, &node);
    heap->node_count++;
    return 0;
}

static void index_site(struct heap *heap, uint32_t site)
{
    const struct site *s = &heap->sites[site];
    size_t i = path_home(s->path + s->public.window, heap->site_slots);
    while (heap->site_index[i] != 0)
        i = (i + 1) & (heap->site_slots - 1);
    heap->site_index[i] = site + 1;
}

static int grow_sites(struct heap *heap)
{
    if (heap->site_count == heap->site_room) {
        size_t room = heap->site_room ? 2 * heap->site_room : 256;
        struct site *grown = room < HEAP_NO_STACK ? realloc(heap->sites, room * sizeof *grown) : NULL;
        if (grown == NULL)
            return -ENOMEM;
        heap->sites = grown;
        heap->site_room = room;
    }
    if (4 * (heap->site_count + 1) <= 3 * heap->site_slots)
        return 0;
    size_t slots = heap->site_slots ? 2 * heap->site_slots : FIRST_SLOTS;
    uint32_t *index = calloc(slots, sizeof *index);
    if (index == NULL)
        return -ENOMEM;
    free(heap->site_index);
    heap->site_index = index;
    heap->site_slots = slots;
    for (uint32_t i = 0; i < heap->site_count; i++)
        index_site(heap, i);
    return 0;
}

/* The site of (path, window), made at its first allocation. HEAP_NO_STACK when memory is short. */
static uint32_t site_of(struct heap *heap, uint64_t path, uint32_t window)
{
    if (heap->site_slots > 0) {
        for (size_t i = path_home(path + window, heap->site_slots); heap->site_index[i] != 0;
             i = (i + 1) & (heap->site_slots - 1)) {
            const struct site *s = &heap->sites[heap->site_index[i] - 1];
            if (s->path == path && s->public.window == window)
                return heap->site_index[i] - 1;
        }
    }
    if (grow_sites(heap) != 0)
        return HEAP_NO_STACK;
    uint32_t site = (uint32_t)heap->site_count++;
    heap->sites[site] = (struct site){.path = path, .epoch = heap->epoch, .public = {.stack = site, .window = window}};
    index_site(heap, site);
    return site;
}

/* Before a site changes: what it holds is what it held at the last peak, if it has not changed since. */
static void settle(const struct heap *heap, struct site *site)
{
    if (site->epoch == heap->epoch)
        return;
    site->public.peak_bytes = site->public.live_bytes;
    site->epoch = heap->epoch;
}

static void enter_block(struct heap *heap, const struct block *block)
{
    struct site *site = &heap->sites[block->site];
    settle(heap, site);
    site->public.live_bytes += block->bytes;
    site->public.live_count++;
    heap->totals.live_bytes += block->bytes;
    heap->totals.live_count++;
    place_block(heap, block);
    heap->block_count++;
    if (heap->totals.live_bytes > heap->totals.peak_bytes) {
        heap->totals.peak_bytes = heap->totals.live_bytes;
        heap->epoch++;
    }
}

static void leave_block(struct heap *heap, struct block *block)
{
    struct site *site = &heap->sites[block->site];
    settle(heap, site);
    site->public.live_bytes -= block->bytes;
    site->public.live_count--;
    heap->totals.live_bytes -= block->bytes;
    heap->totals.live_count--;
    remove_block(heap, block);
}

static struct thread *thread_of(struct heap *heap, uint32_t thread)
{
    if (thread >= heap->thread_count) {
        struct thread *grown = realloc(heap->threads, ((size_t)thread + 1) * sizeof *grown);
        if (grown == NULL)
            return NULL;
        memset(grown + heap->thread_count, 0, ((size_t)thread + 1 - heap->thread_count) * sizeof *grown);
        heap->threads = grown;
        heap->thread_count = (size_t)thread + 1;
    }
    return &heap->threads[thread];
}

static int on_alloc(struct heap *heap, struct thread *thread, const struct wire_event *event, uint64_t address)
{
    uint64_t bytes = event->size & ((UINT64_C(1) << WIRE_EVENT_SIZE_BITS) - 1);
    uint32_t window = (uint32_t)(event->size >> WIRE_EVENT_SIZE_BITS);
    struct block *former = find_block(heap, address);
    if (former != NULL) {
        heap->totals.disorder++;
        leave_block(heap, former);
    }
    uint32_t site = site_of(heap, event->stack, window);
    if (site == HEAP_NO_STACK || grow_blocks(heap) != 0)
        return -ENOMEM;
    heap->sites[site].public.alloc_bytes += bytes;
    heap->sites[site].public.alloc_count++;
    heap->totals.alloc_bytes += bytes;
    heap->totals.alloc_count++;
    enter_block(heap, &(struct block){.address = address, .bytes = bytes, .site = site});
    thread->last_address = address;
    return 0;
}

static void on_free(struct heap *heap, struct thread *thread, uint64_t address)
{
    struct block *block = find_block(heap, address);
    thread->freed.address = 0;
    if (block == NULL) {
        heap->totals.unknown_frees++;
        thread->last_address = 0;
        return;
    }
    thread->freed = *block;
    heap->totals.free_bytes += block->bytes;
    heap->totals.free_count++;
    heap->sites[block->site].public.temporary_count += thread->last_address == address;
    thread->last_address = 0;
    leave_block(heap, block);
}

/* The block is live again, as if nothing had been. */
static int on_not_freed(struct heap *heap, struct thread *thread)
{
    struct block block = thread->freed;
    thread->freed.address = 0;
    if (block.address == 0 || find_block(heap, block.address) != NULL)
        return 0;
    if (grow_blocks(heap) != 0)
        return -ENOMEM;
    heap->totals.free_bytes -= block.bytes;
    heap->totals.free_count--;
    enter_block(heap, &block);
    return 0;
}

int heap_feed(struct heap *heap, uint32_t thread, const struct wire_event *event)
{
    uint64_t address = event->head & ((UINT64_C(1) << WIRE_EVENT_ADDRESS_BITS) - 1);
    struct thread *t = thread_of(heap, thread);
    if (t == NULL)
        return -ENOMEM;
    switch (event->head >> 56) {
    case WIRE_EVENT_ALLOC:
        return address != 0 ? on_alloc(heap, t, event, address) : 0;
    case WIRE_EVENT_FREE:
        if (address != 0)
            on_free(heap, t, address);
        return 0;
    case WIRE_EVENT_NOT_FREED:
        return on_not_freed(heap, t);
    case WIRE_EVENT_NODE:
        return add_node(heap, event, address);
    }
    return 0;
}

const struct heap_totals *heap_totals(const struct heap *heap)
{
    return &heap->totals;
}

size_t heap_sites(struct heap *heap, const struct heap_site **out)
{
    free(heap->listing);
    heap->listing = malloc((heap->site_count + 1) * sizeof *heap->listing);
    *out = heap->listing;
    if (heap->listing == NULL)
        return 0;
    for (size_t i = 0; i < heap->site_count; i++) {
        settle(heap, &heap->sites[i]);
        heap->listing[i] = heap->sites[i].public;
    }
    return heap->site_count;
}

void heap_end_window(struct heap *heap, uint32_t window, bool is_gone)
{
    for (size_t i = 0; i < heap->site_count; i++) {
        struct heap_site *site = &heap->sites[i].public;
        if (site->window == window)
            site->survived_count = site->live_count;
        site->window_live_bytes = is_gone ? 0 : site->live_bytes;
        site->window_live_count = is_gone ? 0 : site->live_count;
    }
}

struct heap_stack heap_walk(const struct heap *heap, uint32_t stack, uint64_t *out, size_t max)
{
    struct heap_stack walked = {.end = WIRE_ROOT_CUT};
    uint64_t path = stack < heap->site_count ? heap->sites[stack].path : 0;
    while (path >= WIRE_EVENT_ROOTS && walked.count < UINT16_MAX) {
        const struct node *node = find_node(heap, path);
        if (node == NULL)
            break;
        if (walked.count < max)
            out[walked.count] = node->address;
        walked.count++;
        path = node->parent;
    }
    if (path >= WIRE_EVENT_ROOTS) /* a path that nobody told the rest of is as good as cut */
        return walked;
    walked.generation = (uint32_t)(path >> 2);
    walked.end = (path & 3) <= WIRE_ROOT_CUT ? (enum wire_root)(path & 3) : WIRE_ROOT_CUT;
    return walked;
}

void heap_visit_live(const struct heap *heap, heap_visit_fn *visit, void *data)
{
    for (size_t i = 0; i < heap->block_slots; i++) {
        const struct block *block = &heap->blocks[i];
        if (block->address != 0)
            visit(&(struct heap_block){.address = block->address, .bytes = block->bytes, .site = block->site}, data);
    }
}
