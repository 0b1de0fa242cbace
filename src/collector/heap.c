/* A process's heap: live blocks by address (blocks.h), stacks (paths.h), and sites by (path, window).

   An event costs some dozens of instructions and as many cache misses as its block and its site are cold, so the words
   that every event changes lie together, and blocks are fetched some events ahead: the ring says which will come.

   The composition of a window's peak costs O(1) an event: a new peak only starts a new epoch, and a site settles what
   it held at the last peak when it changes for the first time after it. Sizes cost a comparison while a site's blocks
   are all of one size; only others have a histogram. A block's birth is kept in units of 2^unit_bits ticks, which
   double whenever the run has become too long for 32 bits of them.

   When allocations are sampled, each stands for as many like it as were passed over: that is said of every one, by its
   size, and only then added up, or sites of mixed sizes would be wrong. */

#include "collector/heap.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collector/blocks.h"
#include "collector/paths.h"
#include "collector/ranges.h"
#include "collector/table.h"

#define SITES_LIMIT (UINT32_C(1) << 31)
#define FIRST_INDEX 256
#define FIRST_UNIT_BITS 8
#define AHEAD 32 /* events */
#define UNKNOWN_AGE UINT64_MAX

#define SIZE_IS_LARGE BLOCKS_EXTRA_MAX /* a block's bytes are in `large` */
#define HAS_SPREAD (UINT64_C(1) << 63) /* site.sizes is the number of a spread */
#define SETTLED UINT64_MAX
#define IS_MAPPED (UINT32_C(1) << 31) /* in site.window, which has 20 bits: mappings, not blocks */
#define SIZE_MASK ((UINT64_C(1) << WIRE_EVENT_SIZE_BITS) - 1)
#define ADDRESS_MASK ((UINT64_C(1) << WIRE_EVENT_ADDRESS_BITS) - 1)

/* Two cache lines: what an allocation changes, what else a free does. */
struct site {
    uint64_t path;
    uint32_t window;
    uint32_t live_count;
    uint64_t live_bytes;
    uint64_t epoch; /* of the peak that peak_bytes belongs to; SETTLED: of its window's last one */
    uint64_t peak_bytes;
    uint64_t alloc_bytes, alloc_count;
    uint64_t sizes; /* the one size of all its blocks so far, or HAS_SPREAD */

    struct heap_lifetimes lifetimes;
    uint64_t temporary_count;
    uint64_t survived_count, window_live_bytes, window_live_count;
};
_Static_assert(sizeof(struct site) == 128, "a site is two cache lines");

/* Of a site whose blocks are of several sizes. */
struct spread {
    uint64_t min_bytes, max_bytes;
    uint64_t counts[SIZE_CLASSES];
};

/* What a thread did last, to undo or to recognise it. */
struct thread {
    struct block freed; /* last FREE; key 0 when it freed nothing known */
    uint64_t freed_bytes;
    uint64_t freed_age_ticks;
    bool freed_at_once;
    uint64_t last_address; /* of its last event if that was an allocation */
};

/* Of a site, at the last look. */
struct look {
    uint64_t held_bytes, held_count;
    uint64_t lost_bytes, lost_count;
    uint64_t indirect_bytes, indirect_count;
    uint64_t led_bytes, led_count;
};

struct heap {
    struct blocks blocks; /* extra: bytes or SIZE_IS_LARGE; value: birth << 32 | site */
    uint64_t *index;      /* part of its hash << 32 | site + 1, by the hash of (path, window) */
    size_t index_mask;
    struct site *sites;
    size_t site_count, site_room;
    uint64_t alloc_bytes, alloc_count;
    uint64_t live_bytes, live_count, peak_bytes;
    uint32_t window;                               /* of the newest site */
    uint64_t window_live_bytes, window_peak_bytes; /* of blocks allocated in it */
    uint64_t sample_bytes; /* one allocation is told in so many bytes, on average; 0: every one */
    uint64_t peak_ticks;
    uint64_t epoch;
    uint64_t newest, oldest; /* stamps: the newest one, and what births are counted from; 0 before any */
    uint32_t unit_bits;
    uint32_t now; /* newest in units, plus one; 0 before any stamp */
    uint64_t unknown_frees, disorder;
    struct ranges mapped;
    uint64_t mapped_live_bytes, mapped_peak_bytes;
    uint64_t mapped_epoch;
    struct blocks large; /* bytes of blocks that are too large for `extra` */
    struct paths paths;
    struct thread *threads;
    size_t thread_count;
    struct spread *spreads;
    size_t spread_count, spread_room;
    struct look *looks; /* of the sites that there were at the last look */
    size_t look_count;
};

struct heap *heap_new(void)
{
    struct heap *heap = calloc(1, sizeof *heap);
    if (heap == NULL)
        return NULL;
    heap->index = table_new(FIRST_INDEX * sizeof *heap->index);
    heap->index_mask = FIRST_INDEX - 1;
    heap->unit_bits = FIRST_UNIT_BITS;
    if (heap->index == NULL || blocks_init(&heap->blocks) != 0 || blocks_init(&heap->large) != 0) {
        heap_free(heap);
        return NULL;
    }
    return heap;
}

void heap_set_sampling(struct heap *heap, uint64_t sample_bytes)
{
    heap->sample_bytes = sample_bytes;
}

void heap_free(struct heap *heap)
{
    if (heap == NULL)
        return;
    table_free(heap->index, (heap->index_mask + 1) * sizeof *heap->index);
    table_free(heap->sites, heap->site_room * sizeof *heap->sites);
    table_free(heap->spreads, heap->spread_room * sizeof *heap->spreads);
    blocks_fini(&heap->blocks);
    blocks_fini(&heap->large);
    paths_fini(&heap->paths);
    ranges_fini(&heap->mapped);
    free(heap->threads);
    free(heap->looks);
    free(heap);
}

static inline uint64_t site_hash(uint64_t path, uint32_t window)
{
    return (path + window * UINT64_C(0xD6E8FEB86659FD93)) * UINT64_C(0x9E3779B97F4A7C15);
}

static inline size_t index_home(const struct heap *heap, uint64_t hash)
{
    return (size_t)(hash >> 32) & heap->index_mask;
}

static void index_site(struct heap *heap, uint32_t site)
{
    uint64_t hash = site_hash(heap->sites[site].path, heap->sites[site].window);
    size_t i = index_home(heap, hash);
    while (heap->index[i] != 0)
        i = (i + 1) & heap->index_mask;
    heap->index[i] = hash << 32 | (site + 1);
}

static int grow_index(struct heap *heap)
{
    size_t slots = heap->index_mask + 1;
    if (2 * (heap->site_count + 1) <= slots)
        return 0;
    uint64_t *index = table_new(2 * slots * sizeof *index);
    if (index == NULL)
        return -ENOMEM;
    table_free(heap->index, slots * sizeof *index);
    heap->index = index;
    heap->index_mask = 2 * slots - 1;
    for (uint32_t i = 0; i < heap->site_count; i++)
        index_site(heap, i);
    return 0;
}

static int grow_sites(struct heap *heap)
{
    if (heap->site_count < heap->site_room)
        return 0;
    struct site *grown =
        heap->site_room < SITES_LIMIT ? table_grow(heap->sites, &heap->site_room, sizeof *grown) : NULL;
    if (grown == NULL)
        return -ENOMEM;
    heap->sites = grown;
    return 0;
}

static void begin_window(struct heap *heap, uint32_t window)
{
    heap->window = window;
    heap->window_live_bytes = heap->window_peak_bytes = 0;
    heap->epoch++;
}

static __attribute__((noinline)) struct site *new_site(struct heap *heap, uint64_t path, uint32_t window,
                                                       uint64_t bytes)
{
    if (grow_sites(heap) != 0 || grow_index(heap) != 0)
        return NULL;
    uint32_t site = (uint32_t)heap->site_count++;
    if ((window & IS_MAPPED) == 0 && window > heap->window)
        begin_window(heap, window);
    uint64_t epoch = window & IS_MAPPED ? heap->mapped_epoch : heap->epoch;
    heap->sites[site] = (struct site){.path = path, .window = window, .sizes = bytes, .epoch = epoch};
    index_site(heap, site);
    return &heap->sites[site];
}

/* The site of (path, window), made at its first allocation. NULL when memory is short. */
static inline struct site *site_of(struct heap *heap, uint64_t path, uint32_t window, uint64_t bytes)
{
    uint64_t hash = site_hash(path, window), entry;
    for (size_t i = index_home(heap, hash); (entry = heap->index[i]) != 0; i = (i + 1) & heap->index_mask) {
        struct site *site = &heap->sites[(uint32_t)entry - 1];
        if ((uint32_t)(entry >> 32) == (uint32_t)hash && site->path == path && site->window == window)
            return site;
    }
    return new_site(heap, path, window, bytes);
}

/* The site's first block of a second size. */
static bool begin_spread(struct heap *heap, struct site *site)
{
    if (heap->spread_count == heap->spread_room) {
        struct spread *grown = table_grow(heap->spreads, &heap->spread_room, sizeof *grown);
        if (grown == NULL)
            return false;
        heap->spreads = grown;
    }
    struct spread *spread = &heap->spreads[heap->spread_count];
    *spread = (struct spread){.min_bytes = site->sizes, .max_bytes = site->sizes};
    spread->counts[size_class(site->sizes)] = site->alloc_count;
    site->sizes = HAS_SPREAD | heap->spread_count++;
    return true;
}

/* A block that is not of the site's one size. */
static __attribute__((noinline)) int count_size(struct heap *heap, struct site *site, uint64_t bytes, uint64_t copies)
{
    if ((site->sizes & HAS_SPREAD) == 0 && !begin_spread(heap, site))
        return -ENOMEM;
    struct spread *spread = &heap->spreads[site->sizes & ~HAS_SPREAD];
    spread->counts[size_class(bytes)] += copies;
    if (bytes < spread->min_bytes)
        spread->min_bytes = bytes;
    if (bytes > spread->max_bytes)
        spread->max_bytes = bytes;
    return 0;
}

/* Before a site changes: what it holds is what it held at the last peak, if it has not changed since. */
static inline void settle(struct site *site, uint64_t epoch)
{
    if (site->epoch >= epoch)
        return;
    site->peak_bytes = site->live_bytes;
    site->epoch = epoch;
}

/* How many allocations of `bytes` the one at `address` stands for. It was told with the probability 1 - exp(-bytes /
   mean); the fraction of one that its reciprocal ends with becomes 0 or 1, by the address, so that its free says the
   same. */
static __attribute__((noinline)) uint64_t estimate_copies(const struct heap *heap, uint64_t address, uint64_t bytes)
{
    double copies = -1 / expm1(-(double)(bytes > 0 ? bytes : 1) / (double)heap->sample_bytes);
    uint64_t whole = (uint64_t)copies;
    uint64_t hash = (address ^ bytes << 48) * UINT64_C(0x9E3779B97F4A7C15);
    return whole + ((double)(hash >> 11) * 0x1p-53 < copies - (double)whole);
}

static inline uint64_t copies_of(const struct heap *heap, uint64_t address, uint64_t bytes)
{
    return __builtin_expect(heap->sample_bytes == 0, 1) ? 1 : estimate_copies(heap, address, bytes);
}

static inline void add_live(struct heap *heap, struct site *site, uint64_t bytes, uint64_t copies)
{
    settle(site, heap->epoch);
    bytes *= copies;
    site->live_bytes += bytes;
    site->live_count += (uint32_t)copies;
    heap->live_bytes += bytes;
    heap->live_count += copies;
    if (heap->live_bytes > heap->peak_bytes) {
        heap->peak_bytes = heap->live_bytes;
        heap->peak_ticks = heap->newest;
    }
    if (site->window != heap->window)
        return;
    heap->window_live_bytes += bytes;
    if (heap->window_live_bytes > heap->window_peak_bytes) {
        heap->window_peak_bytes = heap->window_live_bytes;
        heap->epoch++;
    }
}

static uint64_t block_bytes(const struct heap *heap, const struct block *block)
{
    if (__builtin_expect(block_extra(block) != SIZE_IS_LARGE, 1))
        return block_extra(block);
    return blocks_find(&heap->large, block_address(block))->value;
}

/* Into the free slot `slot`. Returns 0 or -ENOMEM. */
static inline int put_block(struct heap *heap, struct block *slot, uint64_t address, uint64_t bytes, uint64_t value)
{
    if (__builtin_expect(bytes >= SIZE_IS_LARGE, 0)) {
        if (blocks_make_room(&heap->large) != 0)
            return -ENOMEM;
        blocks_put(&heap->large, blocks_find(&heap->large, address), address, 0, bytes);
        bytes = SIZE_IS_LARGE;
    }
    blocks_put(&heap->blocks, slot, address, (uint32_t)bytes, value);
    return 0;
}

/* Returns the site that it was of. */
static inline struct site *take_block(struct heap *heap, struct block *block, uint64_t bytes, uint64_t copies)
{
    struct site *site = &heap->sites[(uint32_t)block->value];
    settle(site, heap->epoch);
    bytes *= copies;
    site->live_bytes -= bytes;
    site->live_count -= (uint32_t)copies;
    heap->live_bytes -= bytes;
    heap->live_count -= copies;
    heap->window_live_bytes -= site->window == heap->window ? bytes : 0;
    if (__builtin_expect(block_extra(block) == SIZE_IS_LARGE, 0))
        blocks_remove(&heap->large, blocks_find(&heap->large, block_address(block)));
    blocks_remove(&heap->blocks, block);
    return site;
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

/* Births from now on are in units twice as long. */
static __attribute__((noinline, cold)) void double_unit(struct heap *heap)
{
    heap->unit_bits++;
    for (size_t i = 0; i <= heap->blocks.mask; i++) {
        uint64_t *value = &heap->blocks.slots[i].value;
        uint64_t birth = *value >> 32;
        if (birth != 0)
            *value = ((birth - 1) / 2 + 1) << 32 | (uint32_t)*value;
    }
}

static inline void on_time(struct heap *heap, uint64_t time)
{
    if (time <= heap->newest)
        return;
    if (heap->newest == 0)
        heap->oldest = time;
    heap->newest = time;
    while ((time - heap->oldest) >> heap->unit_bits >= UINT32_MAX)
        double_unit(heap);
    heap->now = (uint32_t)((time - heap->oldest) >> heap->unit_bits) + 1;
}

static inline int on_alloc(struct heap *heap, struct thread *thread, uint64_t address, uint64_t size, uint64_t path)
{
    uint64_t bytes = size & SIZE_MASK;
    if (blocks_make_room(&heap->blocks) != 0)
        return -ENOMEM;
    struct block *slot = blocks_find(&heap->blocks, address);
    if (__builtin_expect(slot->key != 0, 0)) {
        heap->disorder++;
        uint64_t former = block_bytes(heap, slot);
        take_block(heap, slot, former, copies_of(heap, address, former));
        slot = blocks_find(&heap->blocks, address);
    }
    struct site *site = site_of(heap, path, (uint32_t)(size >> WIRE_EVENT_SIZE_BITS), bytes);
    if (site == NULL ||
        put_block(heap, slot, address, bytes, (uint64_t)heap->now << 32 | (uint64_t)(site - heap->sites)) != 0)
        return -ENOMEM;
    uint64_t copies = copies_of(heap, address, bytes);
    int code = site->sizes != bytes ? count_size(heap, site, bytes, copies) : 0;
    site->alloc_bytes += bytes * copies;
    site->alloc_count += copies;
    heap->alloc_bytes += bytes * copies;
    heap->alloc_count += copies;
    add_live(heap, site, bytes, copies);
    thread->last_address = address;
    return code;
}

/* Returns how long the block lived, or UNKNOWN_AGE. */
static inline uint64_t count_lifetime(const struct heap *heap, struct heap_lifetimes *lifetimes, uint32_t birth)
{
    if (birth - 1 >= heap->now) /* 0: it came before any stamp */
        return UNKNOWN_AGE;
    uint64_t ticks = (uint64_t)(heap->now - birth) << heap->unit_bits;
    if (lifetimes->count == 0 || ticks < lifetimes->min_ticks)
        lifetimes->min_ticks = ticks;
    if (ticks > lifetimes->max_ticks)
        lifetimes->max_ticks = ticks;
    lifetimes->sum_ticks += ticks;
    lifetimes->count++;
    return ticks;
}

static inline void on_free(struct heap *heap, struct thread *thread, uint64_t address)
{
    struct block *block = blocks_find(&heap->blocks, address);
    thread->freed.key = 0;
    if (block->key == 0) {
        heap->unknown_frees++;
        thread->last_address = 0;
        return;
    }
    uint64_t bytes = block_bytes(heap, block), copies = copies_of(heap, address, bytes);
    thread->freed = *block;
    thread->freed_bytes = bytes;
    thread->freed_at_once = thread->last_address == address;
    thread->last_address = 0;
    struct site *site = take_block(heap, block, bytes, copies);
    site->temporary_count += thread->freed_at_once ? copies : 0;
    thread->freed_age_ticks = count_lifetime(heap, &site->lifetimes, (uint32_t)(thread->freed.value >> 32));
}

/* The block is live again, as if nothing had been; but a shortest or longest lifetime stays. */
static __attribute__((cold)) int on_not_freed(struct heap *heap, struct thread *thread)
{
    uint64_t address = block_address(&thread->freed);
    thread->freed.key = 0;
    if (address == 0)
        return 0;
    if (blocks_make_room(&heap->blocks) != 0)
        return -ENOMEM;
    struct block *slot = blocks_find(&heap->blocks, address);
    if (slot->key != 0)
        return 0;
    struct site *site = &heap->sites[(uint32_t)thread->freed.value];
    if (put_block(heap, slot, address, thread->freed_bytes, thread->freed.value) != 0)
        return -ENOMEM;
    uint64_t copies = copies_of(heap, address, thread->freed_bytes);
    site->temporary_count -= thread->freed_at_once ? copies : 0;
    if (thread->freed_age_ticks != UNKNOWN_AGE) {
        site->lifetimes.count--;
        site->lifetimes.sum_ticks -= thread->freed_age_ticks;
    }
    add_live(heap, site, thread->freed_bytes, copies);
    return 0;
}

/* A part of a range of the site is gone. */
static void on_part(uint32_t number, uint64_t bytes, unsigned pieces, void *data)
{
    struct heap *heap = data;
    struct site *site = &heap->sites[number];
    settle(site, heap->mapped_epoch);
    site->live_bytes -= bytes;
    site->live_count += pieces - 1;
    heap->mapped_live_bytes -= bytes;
}

static int on_unmap(struct heap *heap, uint64_t address, uint64_t bytes)
{
    return ranges_remove(&heap->mapped, address, address + bytes, on_part, heap);
}

static int on_map(struct heap *heap, uint64_t address, uint64_t size, uint64_t path)
{
    uint64_t bytes = size & SIZE_MASK;
    if (bytes == 0)
        return 0;
    if (on_unmap(heap, address, bytes) != 0)
        return -ENOMEM;
    struct site *site = site_of(heap, path, (uint32_t)(size >> WIRE_EVENT_SIZE_BITS) | IS_MAPPED, bytes);
    if (site == NULL || ranges_add(&heap->mapped, address, address + bytes, (uint32_t)(site - heap->sites)) != 0)
        return -ENOMEM;
    int code = site->sizes != bytes ? count_size(heap, site, bytes, 1) : 0;
    site->alloc_bytes += bytes;
    site->alloc_count++;
    settle(site, heap->mapped_epoch);
    site->live_bytes += bytes;
    site->live_count++;
    heap->mapped_live_bytes += bytes;
    if (heap->mapped_live_bytes > heap->mapped_peak_bytes) {
        heap->mapped_peak_bytes = heap->mapped_live_bytes;
        heap->mapped_epoch++;
    }
    return code;
}

static inline uint64_t load(const uint64_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static inline int feed_one(struct heap *heap, struct thread *thread, const struct wire_event *event)
{
    uint64_t head = load(&event->head), address = head & ADDRESS_MASK;
    on_time(heap, load(&event->time) & ~WIRE_EVENT_CLOCK);
    switch (head >> 56) {
    case WIRE_EVENT_ALLOC:
        return address != 0 ? on_alloc(heap, thread, address, load(&event->size), load(&event->stack)) : 0;
    case WIRE_EVENT_FREE:
        if (address != 0)
            on_free(heap, thread, address);
        return 0;
    case WIRE_EVENT_NOT_FREED:
        return on_not_freed(heap, thread);
    case WIRE_EVENT_MAP:
        return on_map(heap, address, load(&event->size), load(&event->stack));
    case WIRE_EVENT_UNMAP:
        return on_unmap(heap, address, load(&event->size) & SIZE_MASK);
    case WIRE_EVENT_NODE:
        return paths_add(&heap->paths, load(&event->size), load(&event->stack), address);
    }
    return 0;
}

size_t heap_feed(struct heap *heap, uint32_t number, const struct wire_event *events, size_t count)
{
    struct thread *thread = thread_of(heap, number);
    size_t lost = 0;
    if (thread == NULL)
        return count;
    for (size_t i = 0; i < count; i++) {
        if (i + AHEAD < count)
            blocks_prefetch(&heap->blocks, load(&events[i + AHEAD].head) & ADDRESS_MASK);
        lost += feed_one(heap, thread, &events[i]) != 0;
    }
    return lost;
}

struct heap_totals heap_totals(const struct heap *heap)
{
    return (struct heap_totals){
        .alloc_bytes = heap->alloc_bytes,
        .alloc_count = heap->alloc_count,
        .free_bytes = heap->alloc_bytes - heap->live_bytes,
        .free_count = heap->alloc_count - heap->live_count,
        .live_bytes = heap->live_bytes,
        .live_count = heap->live_count,
        .peak_bytes = heap->peak_bytes,
        .peak_ticks = heap->peak_ticks,
        .mapped_live_bytes = heap->mapped_live_bytes,
        .mapped_peak_bytes = heap->mapped_peak_bytes,
        .unknown_frees = heap->unknown_frees,
        .disorder = heap->disorder,
    };
}

size_t heap_site_count(const struct heap *heap)
{
    return heap->site_count;
}

void heap_site(const struct heap *heap, size_t number, struct heap_site *out)
{
    const struct site *site = &heap->sites[number];
    const struct spread *spread = site->sizes & HAS_SPREAD ? &heap->spreads[site->sizes & ~HAS_SPREAD] : NULL;
    uint64_t epoch = site->window & IS_MAPPED ? heap->mapped_epoch : heap->epoch;
    *out = (struct heap_site){
        .stack = (uint32_t)number,
        .window = site->window & ~IS_MAPPED,
        .is_mapped = (site->window & IS_MAPPED) != 0,
        .alloc_bytes = site->alloc_bytes,
        .alloc_count = site->alloc_count,
        .live_bytes = site->live_bytes,
        .live_count = site->live_count,
        .survived_count = site->survived_count,
        .window_live_bytes = site->window_live_bytes,
        .window_live_count = site->window_live_count,
        .peak_bytes = site->epoch >= epoch ? site->peak_bytes : site->live_bytes,
        .temporary_count = site->temporary_count,
        .size_min_bytes = spread != NULL ? spread->min_bytes : site->sizes,
        .size_max_bytes = spread != NULL ? spread->max_bytes : site->sizes,
        .lifetimes = site->lifetimes,
    };
    if (number >= heap->look_count)
        return;
    const struct look *look = &heap->looks[number];
    out->held_bytes = look->held_bytes;
    out->held_count = look->held_count;
    out->lost_bytes = look->lost_bytes;
    out->lost_count = look->lost_count;
    out->indirect_bytes = look->indirect_bytes;
    out->indirect_count = look->indirect_count;
    out->led_bytes = look->led_bytes;
    out->led_count = look->led_count;
}

void heap_sizes(const struct heap *heap, uint32_t stack, uint64_t counts[SIZE_CLASSES])
{
    const struct site *site = &heap->sites[stack];
    if (site->sizes & HAS_SPREAD) {
        memcpy(counts, heap->spreads[site->sizes & ~HAS_SPREAD].counts, SIZE_CLASSES * sizeof *counts);
        return;
    }
    memset(counts, 0, SIZE_CLASSES * sizeof *counts);
    counts[size_class(site->sizes)] = site->alloc_count;
}

void heap_end_window(struct heap *heap, uint32_t window, bool is_gone)
{
    for (size_t i = 0; i < heap->site_count; i++) {
        struct site *site = &heap->sites[i];
        if ((site->window & ~IS_MAPPED) == window)
            site->survived_count = site->live_count;
        if (site->window == window) {
            settle(site, heap->epoch);
            site->epoch = SETTLED;
        }
        site->window_live_bytes = is_gone ? 0 : site->live_bytes;
        site->window_live_count = is_gone ? 0 : site->live_count;
    }
}

uint64_t heap_path(const struct heap *heap, uint32_t stack)
{
    return heap->sites[stack].path;
}

bool heap_frame(const struct heap *heap, uint64_t path, uint64_t *parent, uint64_t *address)
{
    const struct path *found = paths_find(&heap->paths, path);
    if (found == NULL)
        return false;
    *parent = found->parent;
    *address = found->address;
    return true;
}

void heap_visit_live(const struct heap *heap, heap_visit_fn *visit, void *data)
{
    for (size_t i = 0; i <= heap->blocks.mask; i++) {
        const struct block *block = &heap->blocks.slots[i];
        if (block->key != 0)
            visit(&(struct heap_block){.address = block_address(block),
                                       .bytes = block_bytes(heap, block),
                                       .site = (uint32_t)block->value},
                  data);
    }
}

int heap_begin_look(struct heap *heap)
{
    free(heap->looks);
    heap->looks = calloc(heap->site_count + 1, sizeof *heap->looks);
    heap->look_count = heap->looks != NULL ? heap->site_count : 0;
    return heap->looks != NULL ? 0 : -ENOMEM;
}

void heap_judge(struct heap *heap, const struct reach_block *block, uint32_t leader)
{
    if (block->site >= heap->look_count || leader >= heap->look_count)
        return;
    struct look *look = &heap->looks[block->site];
    if (block->state == REACH_HELD) {
        look->held_bytes += block->bytes;
        look->held_count++;
        return;
    }
    look->lost_bytes += block->bytes;
    look->lost_count++;
    if (block->state != REACH_INDIRECT)
        return;
    look->indirect_bytes += block->bytes;
    look->indirect_count++;
    if (leader == block->site)
        return;
    heap->looks[leader].led_bytes += block->bytes;
    heap->looks[leader].led_count++;
}
