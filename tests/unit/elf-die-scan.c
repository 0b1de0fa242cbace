/* The scan over a unit's DIEs, on a unit made by hand. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "elf/die-scan.h"

static const uint8_t abbreviations[] = {
    1,  0x11, 1, 0,    0,                                  /* compile_unit with children */
    2,  0x13, 1, 0x01, 0x13, 0x0b, 0x0b, 0,    0,          /* structure_type: sibling ref4, byte_size data1 */
    3,  0x0d, 0, 0x03, 0x08, 0x38, 0x0b, 0,    0,          /* member: name string, data_member_location data1 */
    4,  0x2e, 1, 0x01, 0x13, 0x11, 0x01, 0x12, 0x07, 0, 0, /* subprogram: sibling, low_pc addr, high_pc data8 */
    5,  0x1d, 1, 0x11, 0x01, 0x12, 0x06, 0,    0,          /* inlined_subroutine: low_pc addr, high_pc data4 */
    6,  0x0b, 1, 0,    0,                                  /* lexical_block */
    7,  0x1d, 0, 0x55, 0x17, 0,    0,                      /* inlined_subroutine: ranges sec_offset */
    8,  0x34, 0, 0x02, 0x18, 0,    0,                      /* variable: location exprloc */
    9,  0x2e, 0, 0x11, 0x1b, 0x12, 0x0f, 0,    0,          /* subprogram: low_pc addrx, high_pc udata */
    10, 0x2e, 0, 0x03, 0x08, 0,    0,                      /* subprogram: a declaration */
    11, 0x39, 1, 0,    0,                                  /* namespace */
    12, 0x16, 0, 0x39, 0x21, 0x2a, 0x0b, 0x0b, 0,    0, 0, /* typedef: implicit_const, data1 */
    0,
};

enum { HEADER_BYTES = 12 };

struct made {
    uint8_t bytes[256];
    size_t count;
    size_t structure, function, outer, block, inner, indexed, scope;
};

static void put(struct made *made, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        made->bytes[made->count++] = (uint8_t)(value >> 8 * i);
}

static void patch(struct made *made, size_t at)
{
    const uint32_t here = (uint32_t)made->count;
    memcpy(made->bytes + at, &here, sizeof here);
}

static size_t begin(struct made *made, uint8_t code)
{
    const size_t at = made->count;
    put(made, code, 1);
    return at;
}

static void make(struct made *made)
{
    *made = (struct made){.count = 0};
    put(made, 0, 4); /* the length, below */
    put(made, 5, 2); /* version */
    put(made, 1, 1); /* DW_UT_compile */
    put(made, 8, 1); /* of an address */
    put(made, 0, 4); /* of the abbreviations */
    begin(made, 1);
    made->structure = begin(made, 2);
    put(made, 0, 5);
    begin(made, 3);
    put(made, 'm', 2);
    put(made, 0, 1);
    put(made, 0, 1);
    patch(made, made->structure + 1);
    begin(made, 12);
    put(made, 7, 1);
    made->function = begin(made, 4);
    put(made, 0, 4);
    put(made, 0x1000, 8);
    put(made, 0x100, 8);
    made->outer = begin(made, 5);
    put(made, 0x1010, 8);
    put(made, 0x20, 4);
    begin(made, 8);
    put(made, 2, 1);
    put(made, 0xffff, 2);
    made->block = begin(made, 6);
    made->inner = begin(made, 7);
    put(made, 0x44, 4);
    put(made, 0, 3); /* the end of the block, the outer call, the function */
    patch(made, made->function + 1);
    begin(made, 10);
    put(made, 'd', 2);
    made->scope = begin(made, 11);
    made->indexed = begin(made, 9);
    put(made, 3, 1);
    put(made, 0x30, 1);
    put(made, 0, 2); /* the end of the namespace and the unit */
    const uint32_t length = (uint32_t)(made->count - 4);
    memcpy(made->bytes, &length, sizeof length);
}

static struct die_unit unit_of(const struct made *made)
{
    return (struct die_unit){made->bytes, made->count, abbreviations, sizeof abbreviations, 0};
}

struct taken {
    struct die_function items[8];
    size_t count;
};

static int take(const struct die_function *function, void *data)
{
    struct taken *taken = data;
    if (taken->count == sizeof taken->items / sizeof *taken->items)
        return 1;
    taken->items[taken->count++] = *function;
    return 0;
}

static void functions_with_code_are_found(void **state)
{
    struct made made;
    struct taken taken = {.count = 0};
    (void)state;
    make(&made);
    const struct die_unit unit = unit_of(&made);
    assert_int_equal(die_scan_functions(&unit, take, &taken), 0);
    assert_int_equal(taken.count, 2);
    assert_int_equal(taken.items[0].offset, made.function);
    assert_int_equal(taken.items[0].low, 0x1000);
    assert_int_equal(taken.items[0].high, 0x100);
    assert_true(taken.items[0].high_is_length && !taken.items[0].low_is_index && !taken.items[0].has_ranges);
    assert_int_equal(taken.items[1].offset, made.indexed);
    assert_true(taken.items[1].low_is_index);
    assert_int_equal(taken.items[1].low, 3);
    assert_int_equal(taken.items[1].high, 0x30);
}

static void inlined_calls_are_found_in_blocks_and_calls(void **state)
{
    struct made made;
    struct taken taken = {.count = 0};
    (void)state;
    make(&made);
    const struct die_unit unit = unit_of(&made);
    assert_int_equal(die_scan_inlined(&unit, made.function, take, &taken), 0);
    assert_int_equal(taken.count, 2);
    assert_int_equal(taken.items[0].offset, made.outer);
    assert_int_equal(taken.items[0].depth, 1);
    assert_int_equal(taken.items[0].high, 0x20);
    assert_int_equal(taken.items[1].offset, made.inner);
    assert_int_equal(taken.items[1].depth, 3);
    assert_true(taken.items[1].has_ranges);
    taken.count = 0;
    assert_int_equal(die_scan_inlined(&unit, made.indexed, take, &taken), 0);
    assert_int_equal(taken.count, 0);
}

static void parents_are_those_around(void **state)
{
    struct made made;
    uint64_t parents[8];
    (void)state;
    make(&made);
    const struct die_unit unit = unit_of(&made);
    assert_int_equal(die_scan_parents(&unit, made.inner, parents, 8), 4);
    assert_int_equal(parents[0], HEADER_BYTES);
    assert_int_equal(parents[1], made.function);
    assert_int_equal(parents[2], made.outer);
    assert_int_equal(parents[3], made.block);
    assert_int_equal(die_scan_parents(&unit, made.indexed, parents, 8), 2);
    assert_int_equal(parents[1], made.scope);
    assert_int_equal(die_scan_parents(&unit, made.inner + 1, parents, 8), 0);
    assert_int_equal(die_scan_parents(&unit, made.inner, parents, 2), 2);
}

/* In memory of exactly that size, so that a sanitizer sees what is read beyond. */
static void scan_all(const uint8_t *bytes, size_t count, const uint8_t *kinds, size_t kinds_count)
{
    uint8_t *info = malloc(count + 1), *kept = malloc(kinds_count + 1);
    assert_true(info != NULL && kept != NULL);
    memcpy(info, bytes, count);
    memcpy(kept, kinds, kinds_count);
    const struct die_unit unit = {info, count, kept, kinds_count, 0};
    uint64_t parents[4];
    for (size_t offset = 0; offset < count; offset += 5) {
        struct taken taken = {.count = 0};
        die_scan_inlined(&unit, offset, take, &taken);
        die_scan_parents(&unit, offset, parents, 4);
    }
    struct taken taken = {.count = 0};
    die_scan_functions(&unit, take, &taken);
    free(info);
    free(kept);
}

static void damage_ends_the_scan(void **state)
{
    struct made made;
    (void)state;
    make(&made);
    for (size_t count = 0; count <= made.count; count++)
        scan_all(made.bytes, count, abbreviations, sizeof abbreviations);
    for (size_t count = 0; count <= sizeof abbreviations; count++)
        scan_all(made.bytes, made.count, abbreviations, count);
    for (size_t at = 0; at < made.count; at++)
        for (unsigned value = 0; value < 256; value += 15) {
            const uint8_t was = made.bytes[at];
            made.bytes[at] = (uint8_t)value;
            scan_all(made.bytes, made.count, abbreviations, sizeof abbreviations);
            made.bytes[at] = was;
        }
    for (size_t at = 0; at < sizeof abbreviations; at++)
        for (unsigned value = 0; value < 256; value += 15) {
            uint8_t kinds[sizeof abbreviations];
            memcpy(kinds, abbreviations, sizeof kinds);
            kinds[at] = (uint8_t)value;
            scan_all(made.bytes, made.count, kinds, sizeof kinds);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_with_code_are_found),
        cmocka_unit_test(inlined_calls_are_found_in_blocks_and_calls),
        cmocka_unit_test(parents_are_those_around),
        cmocka_unit_test(damage_ends_the_scan),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
