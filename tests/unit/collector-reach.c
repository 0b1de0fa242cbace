/* collector/reach: which blocks the roots lead to, and how the lost ones hang together, over a made-up memory. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "collector/reach.h"

#define BASE UINT64_C(0x7f0000000000)
#define PAGE UINT64_C(4096)
#define MOST 16

/* A memory of words at 8-byte addresses from BASE; what is not written is 0. Some pages cannot be read. */
struct memory {
    uint64_t words[65536];
    unsigned char hidden[128];
};
static struct memory memory;

static bool is_hidden(uint64_t address)
{
    return memory.hidden[(address - BASE) / PAGE] != 0;
}

/* Like the kernel's: to the first byte that cannot be read. */
static size_t read_memory(const struct reach_span *spans, size_t count, void *out, void *data)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        for (uint64_t at = 0; at < spans[i].bytes; at++) {
            uint64_t address = spans[i].address + at;
            if (is_hidden(address))
                return total;
            ((uint8_t *)out)[total++] = ((const uint8_t *)memory.words)[address - BASE];
        }
    return total;
}

static void put(uint64_t offset, uint64_t value)
{
    memory.words[offset / 8] = value;
}

struct edge {
    unsigned from, at, to, inside; /* block number `from` has, at byte `at`, the address of byte `inside` of `to` */
};

/* Blocks of 64 bytes, 128 apart, each of a site of its own; the first `root_count` are roots. What becomes of them, as
   a letter each: h held, l lost, i indirect. */
static const char *outcome(unsigned count, const struct edge *edges, const unsigned *roots, unsigned root_count)
{
    static char letters[MOST + 1];
    struct reach *reach = reach_new();
    memset(&memory, 0, sizeof memory);
    for (unsigned i = count; i-- > 0;)
        assert_int_equal(reach_add(reach, BASE + 128 * i, 64, i), 0);
    assert_int_equal(reach_ready(reach), 0);
    for (const struct edge *edge = edges; edge->from < MOST; edge++)
        put(128 * edge->from + edge->at, BASE + 128 * edge->to + edge->inside);
    for (unsigned i = 0; i < root_count; i++)
        reach_root(reach, &(uint64_t){BASE + 128 * roots[i]}, 1, false);
    assert_int_equal(reach_read(reach, read_memory, NULL), 0);
    reach_follow(reach, read_memory, NULL);
    assert_int_equal(reach_sort_lost(reach, read_memory, NULL), 0);
    size_t found;
    const struct reach_block *blocks = reach_blocks(reach, &found);
    assert_int_equal(found, count);
    for (size_t i = 0; i < found; i++)
        letters[i] = "?hli"[blocks[i].state];
    letters[found] = '\0';
    reach_free(reach);
    return letters;
}

#define NO_EDGE                                                                                                        \
    {                                                                                                                  \
        .from = MOST                                                                                                   \
    }
#define OUTCOME(count, edges, ...)                                                                                     \
    outcome(count, edges, (const unsigned[]){__VA_ARGS__}, sizeof(unsigned[]){__VA_ARGS__} / sizeof(unsigned))

static void roots_lead_through_blocks(void **state)
{
    const struct edge chain[] = {{0, 0, 1, 0}, {1, 56, 2, 0}, {3, 8, 0, 0}, NO_EDGE};
    assert_string_equal(OUTCOME(4, chain, 0), "hhhl");
    assert_string_equal(outcome(4, chain, NULL, 0), "iiil");
}

static void any_byte_of_a_block_will_do_but_the_one_behind_it_will_not(void **state)
{
    const struct edge edges[] = {{0, 0, 1, 63}, {0, 8, 2, 1}, {0, 16, 3, 64}, NO_EDGE};
    assert_string_equal(OUTCOME(4, edges, 0), "hhhl");
}

static void words_that_are_not_aligned_do_not_count(void **state)
{
    struct reach *reach = reach_new();
    memset(&memory, 0, sizeof memory);
    assert_int_equal(reach_add(reach, BASE + 4, 60, 0), 0); /* its first aligned word is at 8 */
    assert_int_equal(reach_add(reach, BASE + 128, 64, 1), 0);
    assert_int_equal(reach_add(reach, BASE + 256, 64, 2), 0);
    assert_int_equal(reach_ready(reach), 0);
    put(8, BASE + 128);
    memcpy((uint8_t *)memory.words + 20, &(uint64_t){BASE + 256}, 8);
    reach_root(reach, &(uint64_t){BASE + 10}, 1, false);
    assert_int_equal(reach_read(reach, read_memory, NULL), 0);
    reach_follow(reach, read_memory, NULL);
    size_t count;
    const struct reach_block *blocks = reach_blocks(reach, &count);
    assert_int_equal(blocks[1].state, REACH_HELD);
    assert_int_equal(blocks[2].state, REACH_UNSEEN);
    reach_free(reach);
}

static void of_a_circle_the_first_site_is_lost(void **state)
{
    const struct edge ring[] = {{0, 0, 1, 0}, {1, 0, 2, 0}, {2, 0, 0, 0}, NO_EDGE};
    assert_string_equal(outcome(3, ring, NULL, 0), "lii");
    const struct edge self[] = {{0, 0, 0, 8}, NO_EDGE};
    assert_string_equal(outcome(1, self, NULL, 0), "l");
    /* A block that leads into the circle is what was lost. */
    const struct edge tail[] = {{0, 0, 1, 0}, {1, 0, 0, 0}, {2, 0, 1, 0}, NO_EDGE};
    assert_string_equal(outcome(3, tail, NULL, 0), "iil");
    const struct edge both_ways[] = {{0, 0, 1, 0}, {1, 0, 2, 0}, {1, 8, 0, 0}, {2, 8, 1, 0}, NO_EDGE};
    assert_string_equal(outcome(3, both_ways, NULL, 0), "lii");
}

static void leaders_are_found_through_leaders(void **state)
{
    struct reach *reach = reach_new();
    memset(&memory, 0, sizeof memory);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(reach_add(reach, BASE + 128 * i, 64, i), 0);
    assert_int_equal(reach_ready(reach), 0);
    put(0, BASE + 128);           /* 0 -> 1 */
    put(2 * 128, BASE);           /* 2 -> 0 */
    put(3 * 128, BASE + 2 * 128); /* 3 -> 2 */
    assert_int_equal(reach_read(reach, read_memory, NULL), 0);
    assert_int_equal(reach_sort_lost(reach, read_memory, NULL), 0);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(reach_leader(reach, i)->site, 3);
    reach_free(reach);
}

static void a_block_with_pages_that_cannot_be_read_is_read_around_them(void **state)
{
    struct reach *reach = reach_new();
    memset(&memory, 0, sizeof memory);
    assert_int_equal(reach_add(reach, BASE, 5 * PAGE, 0), 0);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(reach_add(reach, BASE + 6 * PAGE + 64 * i, 64, 1 + i), 0);
    assert_int_equal(reach_ready(reach), 0);
    put(8, BASE + 6 * PAGE);
    put(PAGE + 8, BASE + 6 * PAGE + 64); /* hidden */
    put(2 * PAGE, BASE + 6 * PAGE + 128);
    put(5 * PAGE - 8, BASE + 6 * PAGE + 192);
    memory.hidden[1] = memory.hidden[3] = 1;
    reach_root(reach, &(uint64_t){BASE + PAGE}, 1, false);
    assert_int_equal(reach_read(reach, read_memory, NULL), 0);
    reach_follow(reach, read_memory, NULL);
    size_t count;
    const struct reach_block *blocks = reach_blocks(reach, &count);
    assert_int_equal(blocks[0].state, REACH_HELD);
    assert_int_equal(blocks[1].state, REACH_HELD);
    assert_int_equal(blocks[2].state, REACH_UNSEEN);
    assert_int_equal(blocks[3].state, REACH_HELD);
    assert_int_equal(blocks[4].state, REACH_HELD);
    reach_free(reach);
}

static void where_blocks_overlap_the_inner_one_is_meant(void **state)
{
    struct reach *reach = reach_new();
    memset(&memory, 0, sizeof memory);
    assert_int_equal(reach_add(reach, BASE, 4096, 0), 0);
    assert_int_equal(reach_add(reach, BASE + 1024, 64, 1), 0);
    assert_int_equal(reach_ready(reach), 0);
    reach_root(reach, &(uint64_t){BASE + 1030}, 1, false);
    reach_root(reach, &(uint64_t){BASE + 2048}, 1, false); /* nobody's */
    assert_int_equal(reach_read(reach, read_memory, NULL), 0);
    reach_follow(reach, read_memory, NULL);
    size_t count;
    const struct reach_block *blocks = reach_blocks(reach, &count);
    assert_int_equal(blocks[0].state, REACH_UNSEEN);
    assert_int_equal(blocks[1].state, REACH_HELD);
    reach_free(reach);
}

static void a_block_of_no_bytes_has_an_address(void **state)
{
    struct reach *reach = reach_new();
    assert_int_equal(reach_add(reach, BASE, 0, 0), 0);
    assert_int_equal(reach_ready(reach), 0);
    reach_root(reach, &(uint64_t){BASE}, 1, false);
    size_t count;
    assert_int_equal(reach_blocks(reach, &count)->state, REACH_HELD);
    reach_free(reach);
}

static void the_allocators_own_lists_hold_nothing(void **state)
{
    static const struct {
        uint64_t bytes, inside;
        bool holds;
    } cases[] = {
        {24, 16, false}, /* the next chunk begins 16 bytes before its block: here */
        {24, 8, true},   {24, 0, true}, {20, 16, false}, {16, 0, true}, {8, 0, true}, {40, 32, false}, {40, 16, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int is_allocators = 0; is_allocators < 2; is_allocators++) {
            struct reach *reach = reach_new();
            assert_int_equal(reach_add(reach, BASE, cases[i].bytes, 0), 0);
            assert_int_equal(reach_ready(reach), 0);
            reach_root(reach, &(uint64_t){BASE + cases[i].inside}, 1, is_allocators != 0);
            size_t count;
            assert_int_equal(reach_blocks(reach, &count)->state == REACH_HELD, !is_allocators || cases[i].holds);
            reach_free(reach);
        }
    }
}

static void huge_blocks_are_found_among_small_ones(void **state)
{
    const uint64_t huge = UINT64_C(1) << 40;
    struct reach *reach = reach_new();
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(reach_add(reach, BASE + 2 * huge * i, huge, i), 0);
    assert_int_equal(reach_add(reach, BASE + huge, 32, 3), 0);
    assert_int_equal(reach_ready(reach), 0);
    reach_root(reach, (uint64_t[]){BASE + 2 * huge + huge / 2, BASE + huge + 31}, 2, false);
    size_t count;
    const struct reach_block *blocks = reach_blocks(reach, &count);
    assert_int_equal(count, 4);
    assert_int_equal(blocks[0].state, REACH_UNSEEN);
    assert_int_equal(blocks[1].state, REACH_HELD);
    assert_int_equal(blocks[2].state, REACH_HELD);
    assert_int_equal(blocks[3].state, REACH_UNSEEN);
    reach_free(reach);
}

static void gaps_are_what_no_block_covers(void **state)
{
    struct reach *reach = reach_new();
    assert_int_equal(reach_add(reach, 1000, 100, 0), 0);
    assert_int_equal(reach_add(reach, 1100, 100, 0), 0);
    assert_int_equal(reach_add(reach, 2000, 100, 0), 0);
    assert_int_equal(reach_ready(reach), 0);
    static const uint64_t expected[][2] = {{500, 1000}, {1200, 2000}, {2100, 3000}};
    uint64_t from = 500, to;
    for (size_t i = 0; i < 3; i++, from = to) {
        assert_true(reach_gap(reach, &from, &to, 3000));
        assert_int_equal(from, expected[i][0]);
        assert_int_equal(to, expected[i][1]);
    }
    assert_false(reach_gap(reach, &from, &to, 3000));
    from = 1050;
    assert_false(reach_gap(reach, &from, &to, 1150));
    reach_free(reach);
}

/* Many blocks at random, against a plain search. */
static void a_large_heap_agrees_with_a_plain_search(void **state)
{
    enum { COUNT = 4000 };
    static bool held[COUNT];
    struct reach *reach = reach_new();
    memset(&memory, 0, sizeof memory);
    memset(held, 0, sizeof held);
    unsigned seed = 12345;
    for (unsigned i = 0; i < COUNT; i++)
        assert_int_equal(reach_add(reach, BASE + 128 * i, 64 + i % 64, i), 0);
    assert_int_equal(reach_ready(reach), 0);
    for (unsigned i = 0; i < COUNT; i++) {
        seed = seed * 1103515245 + 12345;
        put(128 * i + 8 * (seed >> 8) % 64 / 8 * 8, BASE + 128 * ((seed >> 16) % COUNT) + (seed >> 4) % 64);
    }
    unsigned todo[COUNT], depth = 0;
    for (unsigned i = 0; i < 5; i++) {
        reach_root(reach, &(uint64_t){BASE + 128 * 700 * i}, 1, false);
        held[700 * i] = true;
        todo[depth++] = 700 * i;
    }
    while (depth > 0) {
        unsigned block = todo[--depth];
        for (unsigned at = 0; at + 8 <= 64 + block % 64; at += 8) {
            uint64_t word = memory.words[(128 * block + at) / 8];
            unsigned to = (unsigned)((word - BASE) / 128);
            if (word < BASE || to >= COUNT || held[to])
                continue;
            held[to] = true;
            todo[depth++] = to;
        }
    }
    assert_int_equal(reach_read(reach, read_memory, NULL), 0);
    reach_follow(reach, read_memory, NULL);
    size_t count;
    const struct reach_block *blocks = reach_blocks(reach, &count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(blocks[i].state == REACH_HELD, held[i]);
    reach_free(reach);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(roots_lead_through_blocks),
        cmocka_unit_test(any_byte_of_a_block_will_do_but_the_one_behind_it_will_not),
        cmocka_unit_test(words_that_are_not_aligned_do_not_count),
        cmocka_unit_test(of_a_circle_the_first_site_is_lost),
        cmocka_unit_test(leaders_are_found_through_leaders),
        cmocka_unit_test(a_block_with_pages_that_cannot_be_read_is_read_around_them),
        cmocka_unit_test(where_blocks_overlap_the_inner_one_is_meant),
        cmocka_unit_test(a_block_of_no_bytes_has_an_address),
        cmocka_unit_test(the_allocators_own_lists_hold_nothing),
        cmocka_unit_test(huge_blocks_are_found_among_small_ones),
        cmocka_unit_test(gaps_are_what_no_block_covers),
        cmocka_unit_test(a_large_heap_agrees_with_a_plain_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
