/* symbols_lookup on this very program, whose lines are known, and on files that are none. */

#include <fcntl.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "symbols/symbols.h"

static char own_path[4096];
static uint64_t base;

/* The ELF address of the call that brought us here. */
static __attribute__((noinline)) uint64_t here(void)
{
    return (uint64_t)(uintptr_t)__builtin_return_address(0) - 1 - base;
}

enum { INNER_LINE = __LINE__ + 3 };
static inline __attribute__((always_inline)) uint64_t inner(void)
{
    const uint64_t address = here();
    __asm__ volatile("" ::: "memory");
    return address;
}

enum { MIDDLE_LINE = __LINE__ + 3 };
static inline __attribute__((always_inline)) uint64_t middle(void)
{
    return inner() + 0;
}

enum { OUTER_LINE = __LINE__ + 3 };
static __attribute__((noinline)) uint64_t outer(void)
{
    return middle() + 0;
}

static int find_base(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    (void)data;
    base = info->dlpi_addr; /* the first is the program */
    return 1;
}

static void assert_frame(const struct symbols_frame *frame, const char *function, uint32_t line, bool inlined)
{
    assert_string_equal(frame->function, function);
    assert_int_equal(frame->line, line);
    assert_int_equal(frame->inlined, inlined);
    assert_int_equal(frame->source, SYMBOLS_DWARF);
    assert_non_null(strstr(frame->file, "symbols-lookup.c"));
}

static void lookup_tells_the_chain_of_inlined_functions(void **state)
{
    (void)state;
    struct symbols *symbols = symbols_new(NULL);
    struct symbols_frame frames[8];
    assert_int_equal(symbols_lookup(symbols, own_path, outer(), frames, 8), 3);
    assert_frame(&frames[0], "inner", INNER_LINE, true);
    assert_frame(&frames[1], "middle", MIDDLE_LINE, true);
    assert_frame(&frames[2], "outer", OUTER_LINE, false);
    assert_null(frames[2].linkage_name);
    symbols_free(symbols);
}

static void lookup_fills_no_more_than_there_is_room_for(void **state)
{
    (void)state;
    struct symbols *symbols = symbols_new(NULL);
    struct symbols_frame frames[2];
    memset(frames, 0x5a, sizeof frames);
    assert_int_equal(symbols_lookup(symbols, own_path, outer(), frames, 1), 3);
    assert_frame(&frames[0], "inner", INNER_LINE, true);
    assert_int_equal(frames[1].line, 0x5a5a5a5a);
    assert_int_equal(symbols_lookup(symbols, own_path, outer(), NULL, 0), 3);
    symbols_free(symbols);
}

static void lookup_remembers_what_it_said(void **state)
{
    (void)state;
    struct symbols *symbols = symbols_new(NULL);
    struct symbols_frame first[8], again[8];
    const size_t count = symbols_lookup(symbols, own_path, outer(), first, 8);
    for (uint64_t address = outer() - 500; address < outer() + 500; address++)
        assert_true(symbols_lookup(symbols, own_path, address, again, 8) >= 1);
    assert_int_equal(symbols_lookup(symbols, own_path, outer(), again, 8), count);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(first[i].function, again[i].function);
        assert_ptr_equal(first[i].file, again[i].file);
        assert_int_equal(first[i].line, again[i].line);
    }
    symbols_free(symbols);
}

static void lookup_knows_nothing_of_addresses_outside_the_code(void **state)
{
    (void)state;
    struct symbols *symbols = symbols_new(NULL);
    const uint64_t addresses[] = {0, 1, 0x10, UINT64_MAX, UINT64_MAX - 1, (uint64_t)1 << 47};
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct symbols_frame frame;
        assert_int_equal(symbols_lookup(symbols, own_path, addresses[i], &frame, 1), 1);
        assert_null(frame.function);
        assert_null(frame.file);
        assert_int_equal(frame.line, 0);
        assert_int_equal(frame.source, SYMBOLS_NONE);
    }
    symbols_free(symbols);
}

static void lookup_refuses_what_is_no_file_of_code(void **state)
{
    (void)state;
    struct symbols *symbols = symbols_new("/nonexistent");
    struct symbols_frame frame;
    assert_int_equal(symbols_lookup(symbols, "/nonexistent", 1, &frame, 1), 0);
    assert_int_equal(symbols_lookup(symbols, "/nonexistent", 1, &frame, 1), 0);
    assert_int_equal(symbols_lookup(symbols, "/", 1, &frame, 1), 0);
    assert_int_equal(symbols_lookup(symbols, "/dev/null", 1, &frame, 1), 0);
    assert_int_equal(symbols_lookup(symbols, TEST_SRCDIR "/unit/symbols-lookup.c", 1, &frame, 1), 0);
    symbols_free(symbols);
}

/* A shared library without debug information: exported names. */
static void lookup_falls_back_on_symbols(void **state)
{
    (void)state;
    struct symbols *symbols = symbols_new("/nonexistent");
    struct link_map *map;
    Dl_info info;
    const void *function = (const void *)(uintptr_t)&qsort;
    assert_true(dladdr1(function, &info, (void **)&map, RTLD_DL_LINKMAP) != 0);
    struct symbols_frame frame;
    const uint64_t address = (uint64_t)(uintptr_t)function - map->l_addr + 1;
    assert_true(symbols_lookup(symbols, info.dli_fname, address, &frame, 1) >= 1);
    assert_non_null(frame.function);
    assert_true(frame.source != SYMBOLS_NONE);
    symbols_free(symbols);
}

/* Every byte of this program's headers and debug information in turn is damaged a little: nothing may break. */
static void lookup_survives_damage(void **state)
{
    (void)state;
    char path[] = "symbols-lookup-XXXXXX";
    const int in = open(own_path, O_RDONLY), out = mkstemp(path);
    assert_true(in >= 0 && out >= 0);
    struct stat status;
    assert_int_equal(fstat(in, &status), 0);
    char *bytes = malloc((size_t)status.st_size);
    assert_non_null(bytes);
    assert_int_equal(read(in, bytes, (size_t)status.st_size), status.st_size);
    const uint64_t address = outer();
    uint64_t random = 88172645463325252u;
    for (int round = 0; round < 200; round++) {
        assert_int_equal(pwrite(out, bytes, (size_t)status.st_size, 0), status.st_size);
        for (int i = 0; i < 16; i++) {
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            const char byte = (char)(random >> 32);
            const off_t at = (off_t)(random % (uint64_t)status.st_size);
            assert_int_equal(pwrite(out, &byte, 1, at), 1);
        }
        struct symbols *symbols = symbols_new("/nonexistent");
        struct symbols_frame frames[SYMBOLS_MAX_FRAMES];
        symbols_lookup(symbols, path, address, frames, SYMBOLS_MAX_FRAMES);
        symbols_free(symbols);
    }
    free(bytes);
    close(in);
    close(out);
    unlink(path);
}

int main(void)
{
    const ssize_t length = readlink("/proc/self/exe", own_path, sizeof own_path - 1);
    if (length < 0)
        return 99;
    dl_iterate_phdr(find_base, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lookup_tells_the_chain_of_inlined_functions),
        cmocka_unit_test(lookup_fills_no_more_than_there_is_room_for),
        cmocka_unit_test(lookup_remembers_what_it_said),
        cmocka_unit_test(lookup_knows_nothing_of_addresses_outside_the_code),
        cmocka_unit_test(lookup_refuses_what_is_no_file_of_code),
        cmocka_unit_test(lookup_falls_back_on_symbols),
        cmocka_unit_test(lookup_survives_damage),
    };
    return cmocka_run_group_tests_name("symbols-lookup", tests, NULL, NULL);
}
