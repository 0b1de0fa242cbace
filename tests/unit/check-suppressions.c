/* report/check-suppressions: patterns, both grammars, what is wrong in a file, what nobody needed. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "mutate.h"
#include "report/check-suppressions.h"

static const struct check_frame stack[] = {
    {.function = "std::string::_M_create", .linkage_name = "_ZNSs9_M_createERmm", .module = "/usr/lib/libstdc++.so.6"},
    {.function = "header_dup", .file = "/srv/src/app.c", .line = 20, .module = "/srv/app"},
    {.function = "handle", .file = "/srv/src/app.c", .line = 37, .module = "/srv/app"},
    {.function = "main", .file = "/srv/src/main.c", .line = 9, .module = "/srv/app"},
};
#define STACK_FRAMES (sizeof stack / sizeof *stack)

static bool is_suppressed_by(const char *text)
{
    struct suppressions *suppressions = suppressions_new();
    struct err err = {""};
    if (suppressions_parse(suppressions, "rules", text, &err) != 0)
        fail_msg("'%s': %s", text, err.text);
    bool matches = suppressions_match(suppressions, stack, STACK_FRAMES);
    suppressions_free(suppressions);
    return matches;
}

static void patterns_match_parts_unless_they_are_anchored(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"dup", "header_dup", true},
        {"^dup", "header_dup", false},
        {"dup$", "header_dup", true},
        {"head$", "header_dup", false},
        {"^head", "header_dup", true},
        {"h*dup", "header_dup", true},
        {"^h*r$", "header_dup", false},
        {"*", "", true},
        {"", "anything", true},
        {"^$", "", true},
        {"^$", "x", false},
        {"a*b*c", "xaybzcq", true},
        {"a*b*c$", "xaybzcq", false},
        {"^header_dup$", "header_dup", true},
        {"dup*$", "header_dup", true},
        {"a", NULL, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        if (suppressions_pattern_matches(cases[i].pattern, cases[i].text) != cases[i].matches)
            fail_msg("%s on %s", cases[i].pattern, cases[i].text);
}

static void any_frame_counts_by_function_file_or_module(void **state)
{
    assert_true(is_suppressed_by("leak:header_dup\n"));
    assert_true(is_suppressed_by("# why\n\n  leak:^main$  \n"));
    assert_true(is_suppressed_by("leak:src/main.c"));
    assert_true(is_suppressed_by("leak:libstdc++.so"));
    assert_true(is_suppressed_by("leak:_ZNSs9_M_create"));
    assert_false(is_suppressed_by("leak:^dup"));
    assert_false(is_suppressed_by("leak:other"));
    assert_false(is_suppressed_by("# leak:main\n"));
}

static void blocks_of_valgrind_match_from_the_allocation_outwards(void **state)
{
    assert_true(is_suppressed_by("{\n a\n Memcheck:Leak\n fun:_Znwm\n fun:_ZNSs9_M_create*\n fun:header_dup\n}\n"));
    assert_true(
        is_suppressed_by("{\n a\n Memcheck:Leak\n match-leak-kinds: definite\n fun:malloc\n ...\n fun:handle\n}\n"));
    assert_true(is_suppressed_by("{\n a\n Memcheck:Leak\n obj:*/libstdc++.so.6\n src:app.c:20\n}\n"));
    assert_true(is_suppressed_by("{\n a\n Memcheck:Leak\n ...\n obj:/srv/app\n ...\n fun:ma?n\n}\n"));
    assert_false(is_suppressed_by("{\n a\n Memcheck:Leak\n fun:malloc\n fun:handle\n}\n"));
    assert_false(is_suppressed_by("{\n a\n Memcheck:Leak\n ...\n fun:main\n fun:handle\n}\n"));
    assert_false(is_suppressed_by("{\n a\n Memcheck:Cond\n fun:header_dup\n}\n"));
    assert_false(is_suppressed_by("{\n a\n Memcheck:Param\n write(buf)\n fun:header_dup\n}\n"));
}

static void assert_refused(const char *text, const char *words)
{
    struct suppressions *suppressions = suppressions_new();
    struct err err = {""};
    assert_int_equal(suppressions_parse(suppressions, "rules", text, &err), -EINVAL);
    if (strstr(err.text, words) == NULL)
        fail_msg("'%s': message is '%s', expected '%s' in it", text, err.text, words);
    suppressions_free(suppressions);
}

static void errors_name_file_and_line(void **state)
{
    assert_refused("leak:a\nrace:b\n", "rules:2: 'race:b' is no suppression");
    assert_refused("leak:\n", "rules:1: ");
    assert_refused("\n{\n name\n Memcheck:Leak\n fun:x\n", "rules:2: this block is not closed");
    assert_refused("{\n name\n Memcheck:Leak\n}\n", "rules:1: this block is too short");
    assert_refused("{\n name\n Memcheck:Leak\n fun:x\n what\n}\n", "rules:5: 'what' is no frame");
    assert_refused("{\n name\n Leak\n}\n", "rules:3: 'Leak' is no kind of error");
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
    struct suppressions *suppressions = suppressions_new();
    struct err err = {""};
    assert_int_equal(suppressions_read(suppressions, "/nonexistent/file", &err), -ENOENT);
    assert_string_equal(err.text, "/nonexistent/file: No such file or directory");
    suppressions_free(suppressions);
}

static void unused_ones_are_named(void **state)
{
    struct suppressions *suppressions = suppressions_new();
    struct err err;
    const char *text, *path;
    uint32_t line;
    size_t at = 0;
    assert_int_equal(suppressions_parse(suppressions, "rules",
                                        "leak:main\nleak:nobody\n{\n block\n Memcheck:Leak\n fun:x\n}\n", &err),
                     0);
    assert_true(suppressions_match(suppressions, stack, STACK_FRAMES));
    assert_true(suppressions_next_unused(suppressions, &at, &text, &path, &line));
    assert_string_equal(text, "leak:nobody");
    assert_string_equal(path, "rules");
    assert_int_equal(line, 2);
    assert_true(suppressions_next_unused(suppressions, &at, &text, &path, &line));
    assert_string_equal(text, "block");
    assert_int_equal(line, 3);
    assert_false(suppressions_next_unused(suppressions, &at, &text, &path, &line));
    suppressions_free(suppressions);
}

/* Whatever is wrong in a file, the message says where. */
static void any_error_names_file_and_line(void **state)
{
    static const char file[] = "# mine\n"
                               "leak:^main$\nleak:lib*.so\n"
                               "{\n a name\n Memcheck:Leak\n match-leak-kinds: all\n fun:malloc\n ...\n obj:*.so\n src:a.c:3\n}\n"
                               "{\n other\n Helgrind:Race\n fun:x\n}\n";
    uint32_t random = 1, refused = 0;
    for (int i = 0; i < 20000; i++) {
        char text[sizeof file + 16];
        struct err err = {""};
        struct suppressions *suppressions = suppressions_new();
        memcpy(text, file, sizeof file);
        mutate(text, sizeof text, &random);
        int status = suppressions_parse(suppressions, "rules", text, &err);
        suppressions_free(suppressions);
        if (status == 0)
            continue;
        assert_int_equal(status, -EINVAL);
        assert_names_its_line(err.text, "rules", text);
        refused++;
    }
    assert_true(refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_match_parts_unless_they_are_anchored),
        cmocka_unit_test(any_frame_counts_by_function_file_or_module),
        cmocka_unit_test(blocks_of_valgrind_match_from_the_allocation_outwards),
        cmocka_unit_test(errors_name_file_and_line),
        cmocka_unit_test(a_file_that_is_not_there_is_an_error),
        cmocka_unit_test(unused_ones_are_named),
        cmocka_unit_test(any_error_names_file_and_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
