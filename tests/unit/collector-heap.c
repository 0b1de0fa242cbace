/* collector/heap: live blocks, sites, the peak and its composition, against a slow model of the same. */

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
    assert_int_equal(heap_feed(heap, 0, &event), 0);
}

static void alloc_in(struct heap *heap, uint32_t window, uint64_t address, uint64_t bytes, uint64_t stack)
{
    struct wire_event event = {.head = wire_event_head(WIRE_EVENT_ALLOC, address),
                               .size = (uint64_t)window << WIRE_EVENT_SIZE_BITS | bytes,
                               .stack = stack};
    assert_int_equal(heap_feed(heap, 0, &event), 0);
}

static void release(struct heap *heap, uint32_t thread, uint64_t address)
{
    struct wire_event event = {.head = wire_event_head(WIRE_EVENT_FREE, address)};
    assert_int_equal(heap_feed(heap, thread, &event), 0);
}

static void a_block_is_live_until_it_is_freed(void **state)
{
    struct heap *heap = heap_new();
    alloc_in(heap, 1, 0x1000, 100, 7);
    alloc_in(heap, 1, 0x2000, 50, 7);
    release(heap, 0, 0x1000);
    const struct heap_totals *totals = heap_totals(heap);
    assert_int_equal(totals->live_bytes, 50);
    assert_int_equal(totals->live_count, 1);
    assert_int_equal(totals->alloc_bytes, 150);
    assert_int_equal(totals->free_bytes, 100);
    assert_int_equal(totals->peak_bytes, 150);
    heap_free(heap);
}

static void windows_of_one_stack_are_sites_of_their_own(void **state)
{
    struct heap *heap = heap_new();
    const struct heap_site *sites;
    alloc_in(heap, 1, 0x1000, 100, 7);
    alloc_in(heap, 2, 0x2000, 10, 7);
    alloc_in(heap, 2, 0x3000, 10, 7);
    assert_int_equal(heap_sites(heap, &sites), 2);
    assert_int_equal(sites[0].window, 1);
    assert_int_equal(sites[1].window, 2);
    assert_int_equal(sites[1].alloc_count, 2);
    assert_int_equal(sites[1].live_bytes, 20);
    heap_free(heap);
}

static void a_window_remembers_what_is_live_at_its_end(void **state)
{
    struct heap *heap = heap_new();
    const struct heap_site *sites;
    alloc_in(heap, 1, 0x1000, 100, 7);
    alloc_in(heap, 1, 0x2000, 50, 7);
    release(heap, 0, 0x2000);
    heap_end_window(heap, 1, false);
    alloc_in(heap, 2, 0x3000, 10, 7);
    release(heap, 0, 0x1000); /* late, but within the measurement */
    heap_end_window(heap, 2, false);
    release(heap, 0, 0x3000); /* when the program ends */
    assert_int_equal(heap_sites(heap, &sites), 2);
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
    const struct heap_site *sites;
    alloc_in(heap, 1, 0x1000, 100, 7);
    heap_end_window(heap, 1, false);
    heap_end_window(heap, 2, true);
    assert_int_equal(heap_sites(heap, &sites), 1);
    assert_int_equal(sites[0].survived_count, 1);
    assert_int_equal(sites[0].window_live_count, 0);
    assert_int_equal(sites[0].live_count, 1);
    heap_free(heap);
}

static void frames_come_innermost_first(void **state)
{
    struct heap *heap = heap_new();
    const struct heap_site *sites;
    uint64_t frames[2];
    node(heap, 0x1100000, 5 << 2 | WIRE_ROOT_REACHED, 0x401000);
    node(heap, 0x2200000, 0x1100000, 0x402000);
    node(heap, 0x3300000, 0x2200000, 0x403000);
    alloc_in(heap, 0, 0x1000, 1, 0x3300000);
    heap_sites(heap, &sites);
    struct heap_stack stack = heap_walk(heap, sites[0].stack, frames, 2);
    assert_int_equal(stack.count, 3);
    assert_int_equal(stack.generation, 5);
    assert_int_equal(frames[0], 0x403000);
    assert_int_equal(frames[1], 0x402000);
    heap_free(heap);
}

static void a_stack_says_why_it_ends(void **state)
{
    static const enum wire_root ends[] = {WIRE_ROOT_REACHED, WIRE_ROOT_STOPPED, WIRE_ROOT_CUT};
    struct heap *heap = heap_new();
    const struct heap_site *sites;
    for (uint64_t i = 0; i < 3; i++) {
        node(heap, 0x100000 + i, ends[i], 0x401000);
        node(heap, 0x200000 + i, 0x100000 + i, 0x402000);
        alloc_in(heap, 0, 0x1000 * (i + 1), 1, 0x200000 + i);
    }
    alloc_in(heap, 0, 0x9000, 1, 0x770000); /* nobody tells of this one's frames */
    heap_sites(heap, &sites);
    for (size_t i = 0; i < 3; i++) {
        struct heap_stack stack = heap_walk(heap, sites[i].stack, NULL, 0);
        assert_int_equal(stack.count, 2);
        assert_int_equal(stack.end, ends[i]);
    }
    struct heap_stack stack = heap_walk(heap, sites[3].stack, NULL, 0);
    assert_int_equal(stack.count, 0);
    assert_int_equal(stack.end, WIRE_ROOT_CUT);
    heap_free(heap);
}

static void a_failed_realloc_leaves_the_block_as_it_was(void **state)
{
    struct heap *heap = heap_new();
    alloc_in(heap, 0, 0x1000, 100, 7);
    release(heap, 3, 0x1000);
    struct wire_event event = {.head = wire_event_head(WIRE_EVENT_NOT_FREED, 0x1000)};
    heap_feed(heap, 3, &event);
    assert_int_equal(heap_totals(heap)->live_bytes, 100);
    assert_int_equal(heap_totals(heap)->free_count, 0);
    release(heap, 0, 0x1000);
    assert_int_equal(heap_totals(heap)->live_bytes, 0);
    heap_free(heap);
}

static void a_block_freed_at_once_by_its_thread_is_temporary(void **state)
{
    struct heap *heap = heap_new();
    const struct heap_site *sites;
    alloc_in(heap, 0, 0x1000, 1, 7);
    release(heap, 0, 0x1000);
    alloc_in(heap, 0, 0x1000, 1, 7);
    alloc_in(heap, 0, 0x2000, 1, 8);
    release(heap, 0, 0x1000);
    heap_sites(heap, &sites);
    assert_int_equal(sites[0].temporary_count, 1);
    heap_free(heap);
}

static void unknown_frees_and_reused_addresses_are_counted_not_believed(void **state)
{
    struct heap *heap = heap_new();
    release(heap, 0, 0x5000);
    alloc_in(heap, 0, 0x1000, 10, 7);
    alloc_in(heap, 0, 0x1000, 20, 8);
    assert_int_equal(heap_totals(heap)->unknown_frees, 1);
    assert_int_equal(heap_totals(heap)->disorder, 1);
    assert_int_equal(heap_totals(heap)->live_bytes, 20);
    heap_free(heap);
}

#define BLOCKS 3000
#define STACKS 17

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
        stack_of[block] = stack;
        alloc_in(heap, 0, address, bytes[block], stack + 1);
        live += bytes[block];
        by_stack[stack] += bytes[block];
        if (live > peak) {
            peak = live;
            memcpy(at_peak, by_stack, sizeof at_peak);
        }
    }
    assert_int_equal(heap_totals(heap)->live_bytes, live);
    assert_int_equal(heap_totals(heap)->peak_bytes, peak);
    const struct heap_site *sites;
    size_t count = heap_sites(heap, &sites);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_is_live_until_it_is_freed),
        cmocka_unit_test(windows_of_one_stack_are_sites_of_their_own),
        cmocka_unit_test(a_window_remembers_what_is_live_at_its_end),
        cmocka_unit_test(a_process_that_is_gone_has_nothing_live_at_the_end_of_a_window),
        cmocka_unit_test(frames_come_innermost_first),
        cmocka_unit_test(a_stack_says_why_it_ends),
        cmocka_unit_test(a_failed_realloc_leaves_the_block_as_it_was),
        cmocka_unit_test(a_block_freed_at_once_by_its_thread_is_temporary),
        cmocka_unit_test(unknown_frees_and_reused_addresses_are_counted_not_believed),
        cmocka_unit_test(many_events_agree_with_a_slow_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
