/* elf/line-program: handmade tables, sound and damaged. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "elf/line-program.h"

/* Opcode base 13, line base -5, line range 14, as gcc and clang write it. The header's file tables are left out: its
   length says where the program begins. */
#define STANDARD_LENGTHS 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1
#define VERSION_5(program_bytes) 26 + (program_bytes), 0, 0, 0, 5, 0, 8, 0, 18, 0, 0, 0, 1, 1, 1, 0xfb, 14, 13, STANDARD_LENGTHS
#define VERSION_3(program_bytes) 23 + (program_bytes), 0, 0, 0, 3, 0, 17, 0, 0, 0, 1, 1, 0xfb, 14, 13, STANDARD_LENGTHS
#define SET_ADDRESS_0X1000 0, 9, 2, 0, 0x10, 0, 0, 0, 0, 0, 0
#define END_SEQUENCE 0, 1, 1
#define SPECIAL(address, line) (uint8_t)(13 + 5 + (line) + 14 * (address))

struct rows {
    struct line_row items[16];
    size_t count;
    int stop_at; /* return this at the row of that number */
};

static int keep(const struct line_row *row, void *data)
{
    struct rows *rows = data;
    assert_true(rows->count < 16);
    rows->items[rows->count++] = *row;
    return rows->stop_at == (int)rows->count ? -7 : 0;
}

static void check(const struct line_row *row, uint64_t address, uint64_t file, uint64_t line, bool is_statement)
{
    assert_int_equal(row->address, address);
    assert_int_equal(row->file, file);
    assert_int_equal(row->line, line);
    assert_int_equal(row->is_statement, is_statement);
}

static void every_sequence_begins_with_file_1_and_line_1(void **state)
{
    static const uint8_t table[] = {VERSION_5(11 + 3 + 2 + 1 + 3 + 11 + 1 + 3), SET_ADDRESS_0X1000, 3, 9, 1, /* line 10 */
                                    4, 2, SPECIAL(4, 1), END_SEQUENCE, SET_ADDRESS_0X1000, SPECIAL(2, 3), END_SEQUENCE};
    struct rows rows = {.count = 0};
    assert_int_equal(line_program_version(table, sizeof table, 0), 5);
    assert_int_equal(line_program_run(table, sizeof table, 0, keep, &rows), 0);
    assert_int_equal(rows.count, 5);
    check(&rows.items[0], 0x1000, 1, 10, true);
    check(&rows.items[1], 0x1004, 2, 11, true);
    assert_true(rows.items[2].ends_sequence);
    check(&rows.items[3], 0x1002, 1, 4, true);
    assert_true(rows.items[4].ends_sequence);
}

static void every_opcode_does_what_the_standard_says(void **state)
{
    static const uint8_t program[] = {
        VERSION_3(11 + 3 + 2 + 2 + 1 + 1 + 1 + 3 + 1 + 1 + 2 + 1 + 4 + 1 + 3),
        SET_ADDRESS_0X1000,
        2, 0x80, 0x01, /* advance the address by 128 */
        3, 0x7f,       /* the line by -1 */
        5, 3,          /* column */
        6,             /* not a statement */
        8,             /* the address by (255 - 13) / 14 = 17 */
        1,             /* row */
        9, 0, 1,       /* the address by 256 */
        10,            /* prologue's end */
        7,             /* basic block */
        12, 5,         /* instruction set */
        6,             /* a statement again */
        0, 2, 4, 9,    /* discriminator */
        SPECIAL(0, 2), /* row */
        END_SEQUENCE,
    };
    struct rows rows = {.count = 0};
    assert_int_equal(line_program_version(program, sizeof program, 0), 3);
    assert_int_equal(line_program_run(program, sizeof program, 0, keep, &rows), 0);
    assert_int_equal(rows.count, 3);
    check(&rows.items[0], 0x1000 + 128 + 17, 1, 0, false);
    check(&rows.items[1], 0x1000 + 128 + 17 + 256, 1, 2, true);
}

static void a_visitor_can_end_the_program(void **state)
{
    static const uint8_t table[] = {VERSION_3(3), 1, 1, 1};
    struct rows rows = {.stop_at = 2};
    assert_int_equal(line_program_run(table, sizeof table, 0, keep, &rows), -7);
    assert_int_equal(rows.count, 2);
}

static void damaged_tables_yield_what_is_sound_and_no_more(void **state)
{
    static const uint8_t table[] = {VERSION_5(11 + 1 + 3), SET_ADDRESS_0X1000, SPECIAL(1, 1), END_SEQUENCE};
    uint8_t copy[sizeof table];
    for (size_t at = 0; at < sizeof table; at++) {
        for (unsigned value = 0; value < 256; value++) {
            struct rows rows = {.count = 0};
            memcpy(copy, table, sizeof table);
            copy[at] = (uint8_t)value;
            assert_int_equal(line_program_run(copy, sizeof copy, 0, keep, &rows), 0);
        }
        struct rows rows = {.count = 0};
        assert_int_equal(line_program_run(table, at, 0, keep, &rows), 0);
        assert_int_equal(rows.count, 0); /* its length says more than is there */
    }
    assert_int_equal(line_program_version(table, sizeof table, sizeof table), 0);
    assert_int_equal(line_program_version(table, sizeof table, UINT64_MAX), 0);
}

static bool has_sound_tables(const uint8_t *tables, size_t bytes)
{
    uint8_t table[128] = {VERSION_5(0)};
    const size_t header_bytes = 30;
    memcpy(table + header_bytes, tables, bytes);
    table[0] = (uint8_t)(header_bytes - 4 + bytes);
    table[8] = (uint8_t)(18 + bytes);
    return line_program_has_sound_tables(table, header_bytes + bytes, 0);
}

static void tables_of_files_have_room_for_what_they_say(void **state)
{
    /* A directory by its string; a file by an offset, with the number of its directory and a sum. */
    static const uint8_t sound[] = {1, 1, 0x08, 1, '/', 0, 3, 1, 0x1f, 2, 0x0b, 5, 0x1e, 1, 0, 0, 0, 0,
                                    0, 0, 0,    0, 0,   0, 0, 0, 0,    0, 0,    0, 0,    0, 0, 0, 0};
    static const uint8_t many[] = {1, 1, 0x08, 0xff, 0xff, 0xff, 0x7f, '/', 0, 0, 0};
    static const uint8_t of_nothing[] = {0, 0xff, 0xff, 0xff, 0x7f, 0, 0};
    static const uint8_t elsewhere[] = {1, 1, 0x08, 1, '/', 0, 1, 2, 0x0b, 1, 1};
    static const uint8_t nowhere[] = {0, 0, 1, 1, 0x08, 1, 'f', 0};
    static const uint8_t unknown_form[] = {1, 1, 0x77, 1, 0, 0, 0};
    assert_true(has_sound_tables(sound, sizeof sound));
    for (size_t bytes = 0; bytes < sizeof sound; bytes++)
        assert_false(has_sound_tables(sound, bytes));
    assert_false(has_sound_tables(many, sizeof many));
    assert_false(has_sound_tables(of_nothing, sizeof of_nothing));
    assert_false(has_sound_tables(elsewhere, sizeof elsewhere));
    assert_false(has_sound_tables(nowhere, sizeof nowhere));
    assert_false(has_sound_tables(unknown_form, sizeof unknown_form));
    static const uint8_t old[] = {VERSION_3(0)};
    assert_true(line_program_has_sound_tables(old, sizeof old, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_of_files_have_room_for_what_they_say),
        cmocka_unit_test(every_sequence_begins_with_file_1_and_line_1),
        cmocka_unit_test(every_opcode_does_what_the_standard_says),
        cmocka_unit_test(a_visitor_can_end_the_program),
        cmocka_unit_test(damaged_tables_yield_what_is_sound_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
