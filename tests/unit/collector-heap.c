/* collector/heap: live blocks, sites, the peak and its composition, against a slow model of the same. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "collector/heap.h"

static void node(struct heap *heap, uint64_t path, uint64_t parent, uint64_t address)
{
    struct wire_event event = {.head = wire_event_head(WIRE_EVENT_NODE, address), .size = path, .stack = parent};
    assert_int_equal(heap_feed(heap, 0, &event, 1), 0);
}

static void alloc_in(struct heap *heap, uint32_t window, uint64_t address, uint64_t bytes, uint64_t stack)
{
    struct wire_event event = {.head = wire_event_head(WIRE_EVENT_ALLOC, address),
                               .size = (uint64_t)window << WIRE_EVENT_SIZE_BITS | bytes,
                               .stack = stack};
    assert_int_equal(heap_feed(heap, 0, &event, 1), 0);
}

#define STACKS 17

static size_t list_sites(const struct heap *heap, struct heap_site sites[STACKS])
{
    size_t count = heap_site_count(heap);
    assert_in_range(count, 0, STACKS);
    for (size_t i = 0; i < count; i++)
        heap_site(heap, i, &sites[i]);
    return count;
}

static void release(struct heap *heap, uint32_t thread, uint64_t address)
{
    struct wire_event event = {.head = wire_event_head(WIRE_EVENT_FREE, address)};
    assert_int_equal(heap_feed(heap, thread, &event, 1), 0);
}

static void a_block_is_live_until_it_is_freed(void **state)
{
    struct heap *heap = heap_new();
    alloc_in(heap, 1, 0x1000, 100, 7);
    alloc_in(heap, 1, 0x2000, 50, 7);
    release(heap, 0, 0x1000);
    struct heap_totals totals = heap_totals(heap);
    assert_int_equal(totals.live_bytes, 50);
    assert_int_equal(totals.live_count, 1);
    assert_int_equal(totals.alloc_bytes, 150);
    assert_int_equal(totals.free_bytes, 100);
    assert_int_equal(totals.peak_bytes, 150);
    heap_free(heap);
}

static void windows_of_one_stack_are_sites_of_their_own(void **state)
{
    struct heap *heap = heap_new();
    struct heap_site sites[STACKS];
    alloc_in(heap, 1, 0x1000, 100, 7);
    alloc_in(heap, 2, 0x2000, 10, 7);
    alloc_in(heap, 2, 0x3000, 10, 7);
    assert_int_equal(list_sites(heap, sites), 2);
    assert_int_equal(sites[0].window, 1);
    assert_int_equal(sites[1].window, 2);
    assert_int_equal(sites[1].alloc_count, 2);
    assert_int_equal(sites[1].live_bytes, 20);
    heap_free(heap);
}

static void a_window_remembers_what_is_live_at_its_end(void **state)
{
    struct heap *heap = heap_new();
    struct heap_site sites[STACKS];
    alloc_in(heap, 1, 0x1000, 100, 7);
    alloc_in(heap, 1, 0x2000, 50, 7);
    release(heap, 0, 0x2000);
    heap_end_window(heap, 1, false);
    alloc_in(heap, 2, 0x3000, 10, 7);
    release(heap, 0, 0x1000); /* late, but within the measurement */
    heap_end_window(heap, 2, false);
    release(heap, 0, 0x3000); /* when the program ends */
    assert_int_equal(list_sites(heap, sites), 2);
    assert_int_equal(sites[0].survived_count, 1);
    assert_int_equal(sites[0].window_live_count, 0);
    assert_int_equal(sites[0].window_live_bytes, 0);
    assert_int_equal(sites[1].survived_count, 1);
    assert_int_equal(sites[1].window_live_count, 1);
    assert_int_equal(sites[1].window_live_bytes, 10);
    assert_int_equal(sites[1].live_count, 0);
    heap_free(heap);
}

static void a_process_that_is_gone_has_nothing_live_at_the_end_of_a_window(void **state)
{
    struct heap *heap = heap_new();
    struct heap_site sites[STACKS];
    alloc_in(heap, 1, 0x1000, 100, 7);
    heap_end_window(heap, 1, false);
    heap_end_window(heap, 2, true);
    assert_int_equal(list_sites(heap, sites), 1);
    assert_int_equal(sites[0].survived_count, 1);
    assert_int_equal(sites[0].window_live_count, 0);
    assert_int_equal(sites[0].live_count, 1);
    heap_free(heap);
}

static void a_stack_is_told_outwards_to_its_root(void **state)
{
    struct heap *heap = heap_new();
    uint64_t path, address, root = 5 << 2 | WIRE_ROOT_STOPPED;
    node(heap, 0x110000, root, 0x401000);
    node(heap, 0x220000, 0x110000, 0x402000);
    alloc_in(heap, 0, 0x1000, 1, 0x220000);
    assert_int_equal(heap_path(heap, 0), 0x220000);
    assert_true(heap_frame(heap, 0x220000, &path, &address));
    assert_int_equal(path, 0x110000);
    assert_int_equal(address, 0x402000);
    assert_true(heap_frame(heap, 0x110000, &path, &address));
    assert_int_equal(path, root);
    assert_int_equal(address, 0x401000);
    assert_false(heap_frame(heap, 0x330000, &path, &address));
    heap_free(heap);
}

static void a_failed_realloc_leaves_the_block_as_it_was(void **state)
{
    struct heap *heap = heap_new();
    alloc_in(heap, 0, 0x1000, 100, 7);
    release(heap, 3, 0x1000);
    struct wire_event event = {.head = wire_event_head(WIRE_EVENT_NOT_FREED, 0x1000)};
    heap_feed(heap, 3, &event, 1);
    assert_int_equal(heap_totals(heap).live_bytes, 100);
    assert_int_equal(heap_totals(heap).free_count, 0);
    release(heap, 0, 0x1000);
    assert_int_equal(heap_totals(heap).live_bytes, 0);
    heap_free(heap);
}

static void a_block_freed_at_once_by_its_thread_is_temporary(void **state)
{
    struct heap *heap = heap_new();
    struct heap_site sites[STACKS];
    alloc_in(heap, 0, 0x1000, 1, 7);
    release(heap, 0, 0x1000);
    alloc_in(heap, 0, 0x1000, 1, 7);
    alloc_in(heap, 0, 0x2000, 1, 8);
    release(heap, 0, 0x1000);
    list_sites(heap, sites);
    assert_int_equal(sites[0].temporary_count, 1);
    heap_free(heap);
}

static void unknown_frees_and_reused_addresses_are_counted_not_believed(void **state)
{
    struct heap *heap = heap_new();
    release(heap, 0, 0x5000);
    alloc_in(heap, 0, 0x1000, 10, 7);
    alloc_in(heap, 0, 0x1000, 20, 8);
    assert_int_equal(heap_totals(heap).unknown_frees, 1);
    assert_int_equal(heap_totals(heap).disorder, 1);
    assert_int_equal(heap_totals(heap).live_bytes, 20);
    heap_free(heap);
}

static void alloc_at(struct heap *heap, uint64_t time, uint64_t address, uint64_t bytes)
{
    struct wire_event event = {
        .head = wire_event_head(WIRE_EVENT_ALLOC, address), .size = bytes, .stack = 7, .time = time};
    assert_int_equal(heap_feed(heap, 0, &event, 1), 0);
}

static void release_at(struct heap *heap, uint64_t time, uint64_t address)
{
    struct wire_event event = {.head = wire_event_head(WIRE_EVENT_FREE, address), .time = time};
    assert_int_equal(heap_feed(heap, 0, &event, 1), 0);
}

static void mapped(struct heap *heap, enum wire_event_kind kind, uint64_t address, uint64_t bytes, uint64_t stack)
{
    struct wire_event event = {
        .head = wire_event_head(kind, address), .size = UINT64_C(1) << WIRE_EVENT_SIZE_BITS | bytes, .stack = stack};
    assert_int_equal(heap_feed(heap, 0, &event, 1), 0);
}

static void mappings_are_a_class_of_their_own(void **state)
{
    struct heap *heap = heap_new();
    struct heap_site sites[STACKS];
    alloc_in(heap, 1, 0x1000, 100, 7);
    mapped(heap, WIRE_EVENT_MAP, 0x10000, 0x8000, 7);
    mapped(heap, WIRE_EVENT_UNMAP, 0x12000, 0x1000, 0); /* in the middle */
    mapped(heap, WIRE_EVENT_MAP, 0x17000, 0x3000, 8);   /* over the end */
    mapped(heap, WIRE_EVENT_UNMAP, 0x90000, 0x1000, 0); /* of nobody that is known */
    assert_int_equal(list_sites(heap, sites), 3);
    assert_false(sites[0].is_mapped);
    assert_int_equal(sites[0].live_bytes, 100);
    assert_true(sites[1].is_mapped);
    assert_int_equal(sites[1].window, 1);
    assert_int_equal(sites[1].alloc_bytes, 0x8000);
    assert_int_equal(sites[1].live_bytes, 0x6000);
    assert_int_equal(sites[1].live_count, 2);
    assert_int_equal(sites[1].peak_bytes, 0x6000);
    assert_int_equal(sites[2].live_bytes, 0x3000);
    assert_int_equal(sites[2].peak_bytes, 0x3000);
    assert_int_equal(heap_totals(heap).peak_bytes, 100);
    assert_int_equal(heap_totals(heap).mapped_live_bytes, 0x9000);
    assert_int_equal(heap_totals(heap).mapped_peak_bytes, 0x9000);
    mapped(heap, WIRE_EVENT_UNMAP, 0, UINT64_C(1) << 43, 0);
    list_sites(heap, sites);
    assert_int_equal(sites[1].live_count + sites[2].live_count, 0);
    assert_int_equal(heap_totals(heap).mapped_live_bytes, 0);
    heap_free(heap);
}

static void sizes_are_counted_by_powers_of_two(void **state)
{
    static const uint64_t sizes[] = {16, 16, 0, 1, 2, 17, 32, 33, 65535, 65536, 65537, UINT64_C(1) << 40};
    struct heap *heap = heap_new();
    struct heap_site site;
    uint64_t counts[SIZE_CLASSES];
    for (uint64_t i = 0; i < 2; i++)
        alloc_at(heap, 0, 0x1000 + (i << 12), sizes[i]);
    heap_sizes(heap, 0, counts);
    assert_int_equal(counts[4], 2);
    for (uint64_t i = 2; i < sizeof sizes / sizeof *sizes; i++)
        alloc_at(heap, 0, 0x1000 + (i << 12), sizes[i]);
    heap_site(heap, 0, &site);
    assert_int_equal(site.size_min_bytes, 0);
    assert_int_equal(site.size_max_bytes, UINT64_C(1) << 40);
    heap_sizes(heap, 0, counts);
    assert_int_equal(counts[0], 2); /* 0 and 1 */
    assert_int_equal(counts[1], 1);
    assert_int_equal(counts[4], 2);
    assert_int_equal(counts[5], 2); /* 17 and 32 */
    assert_int_equal(counts[6], 1);
    assert_int_equal(counts[16], 2); /* 65535 and 65536 */
    assert_int_equal(counts[17], 1);
    assert_int_equal(counts[SIZE_CLASSES - 1], 1);
    heap_free(heap);
}

#define TICKS UINT64_C(1024) /* exact in units of 256 */

static void lifetimes_are_those_of_freed_blocks(void **state)
{
    struct heap *heap = heap_new();
    struct heap_site site;
    alloc_at(heap, 0, 0x1000, 8); /* before any stamp: nobody knows */
    alloc_at(heap, 1000 * TICKS, 0x2000, 8);
    alloc_at(heap, 0, 0x3000, 8); /* as old as the one before */
    alloc_at(heap, 1010 * TICKS, 0x4000, 8);
    release_at(heap, 1020 * TICKS, 0x1000);
    release_at(heap, 1030 * TICKS, 0x2000);
    release_at(heap, 0, 0x3000);
    heap_site(heap, 0, &site);
    assert_int_equal(site.lifetimes.count, 2);
    release_at(heap, 1080 * TICKS, 0x4000);
    heap_site(heap, 0, &site);
    assert_int_equal(site.lifetimes.count, 3);
    assert_int_equal(site.lifetimes.min_ticks, 30 * TICKS);
    assert_int_equal(site.lifetimes.max_ticks, 70 * TICKS);
    assert_int_equal(site.lifetimes.sum_ticks, 130 * TICKS);
    heap_free(heap);
}

static void long_lifetimes_are_known_less_exactly_but_right(void **state)
{
    struct heap *heap = heap_new();
    struct heap_site site;
    uint64_t start = UINT64_C(1) << 30, week = UINT64_C(1) << 51;
    alloc_at(heap, start, 0x1000, 8);
    alloc_at(heap, start + week, 0x2000, 8); /* births are in longer units from here on */
    release_at(heap, start + week + week / 2, 0x2000);
    release_at(heap, start + 2 * week, 0x1000);
    heap_site(heap, 0, &site);
    assert_int_equal(site.lifetimes.count, 2);
    assert_in_range(site.lifetimes.min_ticks, week / 2 - week / 1000, week / 2 + week / 1000);
    assert_in_range(site.lifetimes.max_ticks, 2 * week - week / 1000, 2 * week + week / 1000);
    heap_free(heap);
}

#define BLOCKS 3000

/* A slow model: arrays, and a copy of all sites at each peak. */
static void many_events_agree_with_a_slow_model(void **state)
{
    static uint64_t bytes[BLOCKS], by_stack[STACKS], at_peak[STACKS];
    static uint32_t stack_of[BLOCKS];
    uint64_t live = 0, peak = 0, random = 1;
    struct heap *heap = heap_new();
    for (int i = 0; i < 200000; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        uint32_t block = (uint32_t)(random >> 33) % BLOCKS, stack = (uint32_t)(random >> 50) % STACKS;
        uint64_t address = 0x7f0000000000 + 16 * (uint64_t)block * (block % 3 + 1);
        address += (uint64_t)block << 24;
        if (bytes[block] != 0) {
            release(heap, 0, address);
            live -= bytes[block];
            by_stack[stack_of[block]] -= bytes[block];
            bytes[block] = 0;
            continue;
        }
        bytes[block] = 1 + (random >> 40) % 1000;
        if (random % 16 == 0)
            bytes[block] <<= 10; /* its size has no room beside its address */
        stack_of[block] = stack;
        alloc_in(heap, 0, address, bytes[block], stack + 1);
        live += bytes[block];
        by_stack[stack] += bytes[block];
        if (live > peak) {
            peak = live;
            memcpy(at_peak, by_stack, sizeof at_peak);
        }
    }
    assert_int_equal(heap_totals(heap).live_bytes, live);
    assert_int_equal(heap_totals(heap).peak_bytes, peak);
    struct heap_site sites[STACKS];
    size_t count = list_sites(heap, sites);
    uint64_t sum = 0;
    assert_int_equal(count, STACKS);
    for (size_t i = 0; i < count; i++)
        sum += sites[i].peak_bytes;
    assert_int_equal(sum, peak);
    uint64_t ours = 0, theirs = 0;
    for (size_t i = 0; i < STACKS; i++) {
        ours ^= sites[i].peak_bytes * 31;
        theirs ^= at_peak[i] * 31;
    }
    assert_int_equal(ours, theirs);
    heap_free(heap);
}

/* Each window's peak is of what was allocated in it, whatever an earlier one's blocks do meanwhile. */
static void each_window_has_its_own_peak(void **state)
{
    struct heap *heap = heap_new();
    struct heap_site sites[STACKS];
    alloc_in(heap, 1, 0x10, 100, 1);
    alloc_in(heap, 1, 0x20, 50, 2);
    release(heap, 0, 0x20);
    alloc_in(heap, 1, 0x30, 10, 3);
    heap_end_window(heap, 1, false);
    alloc_in(heap, 2, 0x40, 30, 1);
    release(heap, 0, 0x10);
    alloc_in(heap, 2, 0x50, 40, 2);
    release(heap, 0, 0x40);
    alloc_in(heap, 2, 0x60, 20, 2);
    heap_end_window(heap, 2, false);
    release(heap, 0, 0x30);
    release(heap, 0, 0x50);
    assert_int_equal(list_sites(heap, sites), 5);
    assert_int_equal(sites[0].peak_bytes, 100);
    assert_int_equal(sites[1].peak_bytes, 50);
    assert_int_equal(sites[2].peak_bytes, 0);
    assert_int_equal(sites[3].peak_bytes, 30);
    assert_int_equal(sites[4].peak_bytes, 40);
    assert_int_equal(heap_totals(heap).peak_bytes, 150);
    heap_free(heap);
}

/* Blocks of two sizes at one place; which of them are sampled is decided here as the program does it. */
static void sampled_figures_are_without_bias(void **state)
{
    const double mean = 4096;
    struct heap *heap = heap_new();
    struct heap_site sites[STACKS];
    uint64_t random = 88172645463325252;
    heap_set_sampling(heap, (uint64_t)mean);
    for (uint64_t i = 0; i < 400000; i++) {
        uint64_t bytes = i % 4 ? 64 : 2000;
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        if ((double)(random >> 11) * 0x1p-53 >= -expm1(-(double)bytes / mean))
            continue;
        alloc_in(heap, 0, 0x10000 + i * 4096, bytes, 7);
        if (i % 8 < 4)
            release(heap, 0, 0x10000 + i * 4096);
    }
    assert_int_equal(list_sites(heap, sites), 1);
    assert_in_range(sites[0].alloc_count, 380000, 420000);
    assert_in_range(sites[0].alloc_bytes, 300000 * 64 + 98000 * 2000, 300000 * 64 + 102000 * 2000);
    assert_in_range(sites[0].live_bytes, 150000 * 64 + 48500 * 2000, 150000 * 64 + 51500 * 2000);
    assert_int_equal(heap_totals(heap).live_bytes, sites[0].live_bytes);
    assert_int_equal(heap_totals(heap).live_count, sites[0].live_count);
    for (uint64_t i = 0; i < 400000; i++)
        if (i % 8 >= 4)
            release(heap, 0, 0x10000 + i * 4096); /* those that were not sampled are not known */
    list_sites(heap, sites);
    assert_int_equal(sites[0].live_bytes, 0);
    assert_int_equal(sites[0].live_count, 0);
    assert_int_equal(heap_totals(heap).free_bytes, heap_totals(heap).alloc_bytes);
    heap_free(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_live_until_it_is_freed),
        cmocka_unit_test(windows_of_one_stack_are_sites_of_their_own),
        cmocka_unit_test(a_window_remembers_what_is_live_at_its_end),
        cmocka_unit_test(a_process_that_is_gone_has_nothing_live_at_the_end_of_a_window),
        cmocka_unit_test(a_stack_is_told_outwards_to_its_root),
        cmocka_unit_test(a_failed_realloc_leaves_the_block_as_it_was),
        cmocka_unit_test(a_block_freed_at_once_by_its_thread_is_temporary),
        cmocka_unit_test(unknown_frees_and_reused_addresses_are_counted_not_believed),
        cmocka_unit_test(mappings_are_a_class_of_their_own),
        cmocka_unit_test(sizes_are_counted_by_powers_of_two),
        cmocka_unit_test(lifetimes_are_those_of_freed_blocks),
        cmocka_unit_test(long_lifetimes_are_known_less_exactly_but_right),
        cmocka_unit_test(many_events_agree_with_a_slow_model),
        cmocka_unit_test(each_window_has_its_own_peak),
        cmocka_unit_test(sampled_figures_are_without_bias),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
