/* report/compare-lines: which line of a text is which of another version of it. */

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
#include "report/compare-lines.h"
#include "report/report.h"

static char *copy_text(void *data, const char *path, size_t *length)
{
    *length = strlen(data);
    return strdup(data);
}

struct text_source {
    struct source_cache cache;
    struct compare_span span;
};

static void open_text(struct text_source *out, const char *text)
{
    const struct report_options options = {.read_source = copy_text, .source_data = (void *)(uintptr_t)text};
    out->cache = source_cache_of(&options);
    const struct source *source = source_cache_get(&out->cache, "text");
    out->span = (struct compare_span){source, 1, source->line_count};
}

/* `expected`: the new line of each old one, 0 for none. */
static void assert_pairs(const char *old, const char *new, const uint32_t *expected)
{
    struct text_source sides[2];
    open_text(&sides[0], old);
    open_text(&sides[1], new);
    const size_t count = compare_span_count(&sides[0].span);
    uint32_t *partners = calloc(count + 1, sizeof *partners);
    assert_non_null(partners);
    assert_int_equal(compare_lines_pair(&sides[0].span, &sides[1].span, partners), 0);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(partners[i], expected[i]);
    free(partners);
    source_cache_fini(&sides[0].cache);
    source_cache_fini(&sides[1].cache);
}

static void the_same_text_pairs_line_by_line(void **state)
{
    assert_pairs("a(1);\nb(2);\n}\n", "a(1);\nb(2);\n}\n", (const uint32_t[]){1, 2, 3});
}

static void inserted_lines_move_those_below(void **state)
{
    assert_pairs("{\na(1);\nb(2);\n}\n", "{\n// why\na(1);\n\n\nb(2);\n}\n", (const uint32_t[]){1, 3, 6, 7});
}

static void removed_lines_have_no_partner(void **state)
{
    assert_pairs("{\na(1);\nlog(\"here\");\nb(2);\n}\n", "{\na(1);\nb(2);\n}\n", (const uint32_t[]){1, 2, 0, 3, 4});
}

static void indentation_does_not_count(void **state)
{
    assert_pairs("{\n  a(1);\n  b(2);\n}\n", "{\nif (x) {\n\ta(1);\r\n\tb(2); \n}\n}\n",
                 (const uint32_t[]){1, 3, 4, 6});
}

static void a_line_that_was_changed_a_little_is_the_same_line(void **state)
{
    assert_pairs("{\nchar *buffer = malloc(4096);\nreturn buffer;\n}\n",
                 "{\nchar *buffer = malloc(8192);\nreturn buffer;\n}\n", (const uint32_t[]){1, 2, 3, 4});
    /* Also where others came in between. */
    assert_pairs("{\nchar *buffer = malloc(4096);\n}\n",
                 "{\nsize_t much = 2;\nchar *buffer = malloc(4096 * much);\n}\n", (const uint32_t[]){1, 3, 4});
}

static void a_line_that_is_quite_another_is_not(void **state)
{
    assert_pairs("{\nchar *buffer = malloc(4096);\n}\n", "{\nreturn pool_get(size);\n}\n", (const uint32_t[]){1, 0, 3});
}

static void equal_lines_come_before_similar_ones(void **state)
{
    assert_pairs("q = malloc(10);\nr = malloc(10);\n", "p = malloc(10);\nq = malloc(10);\nr = malloc(10);\n",
                 (const uint32_t[]){2, 3});
}

static void braces_alone_hold_no_text_together(void **state)
{
    /* The statement decides, though more braces could be paired without it. */
    assert_pairs("}\n}\n}\nx = malloc(1);\n", "x = malloc(1);\n}\n}\n}\n", (const uint32_t[]){0, 0, 0, 1});
}

static void an_empty_text_has_no_partners(void **state)
{
    assert_pairs("", "a\nb\n", (const uint32_t[]){0});
    assert_pairs("a(1);\nb(2);\n", "", (const uint32_t[]){0, 0});
}

/* Of few different lines, so that many are equal. */
static void random_text(char *text, uint32_t *seed)
{
    static const char *const lines[] = {"}\n", "\n", "a(1);\n", "a(2);\n", "return 0;\n", "  x = malloc(10);\n"};
    *text = '\0';
    for (uint32_t count = next_random(seed) % 20; count > 0; count--)
        strcat(text, lines[next_random(seed) % (sizeof lines / sizeof *lines)]);
}

static void lines_never_cross(void **state)
{
    uint32_t seed = 7;
    for (int round = 0; round < 2000; round++) {
        char texts[2][512];
        struct text_source sides[2];
        uint32_t partners[20], last = 0;
        for (int side = 0; side < 2; side++) {
            random_text(texts[side], &seed);
            open_text(&sides[side], texts[side]);
        }
        assert_int_equal(compare_lines_pair(&sides[0].span, &sides[1].span, partners), 0);
        for (size_t i = 0; i < compare_span_count(&sides[0].span); i++) {
            if (partners[i] == 0)
                continue;
            assert_true(partners[i] > last);
            assert_true(partners[i] <= compare_span_count(&sides[1].span));
            last = partners[i];
        }
        source_cache_fini(&sides[0].cache);
        source_cache_fini(&sides[1].cache);
    }
}

static void assert_alike(const char *old, const char *new, bool expected)
{
    struct text_source sides[2];
    bool alike = !expected;
    open_text(&sides[0], old);
    open_text(&sides[1], new);
    assert_int_equal(compare_lines_are_alike(&sides[0].span, &sides[1].span, &alike), 0);
    assert_int_equal(alike, expected);
    source_cache_fini(&sides[0].cache);
    source_cache_fini(&sides[1].cache);
}

static void half_of_the_shorter_text_makes_them_alike(void **state)
{
    assert_alike("{\none(1);\ntwo(2);\n}\n", "{\none(1);\nquite(another);\nand(more);\n}\n", true);
    assert_alike("{\none(1);\ntwo(2);\nthree(3);\n}\n", "{\none(1);\nquite(another);\nand(more);\n}\n", false);
}

static void texts_that_would_take_too_long_are_refused(void **state)
{
    enum { LINES = 1100 };
    char *texts[2];
    for (int side = 0; side < 2; side++) {
        size_t length;
        FILE *out = open_memstream(&texts[side], &length);
        for (int i = 0; i < LINES; i++)
            fprintf(out, "%c%d();\n", "ab"[side], i);
        fclose(out);
    }
    struct text_source sides[2];
    open_text(&sides[0], texts[0]);
    open_text(&sides[1], texts[1]);
    uint32_t partners[LINES];
    assert_int_equal(compare_lines_pair(&sides[0].span, &sides[1].span, partners), -E2BIG);
    for (int side = 0; side < 2; side++) {
        source_cache_fini(&sides[side].cache);
        free(texts[side]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_text_pairs_line_by_line),
        cmocka_unit_test(inserted_lines_move_those_below),
        cmocka_unit_test(removed_lines_have_no_partner),
        cmocka_unit_test(indentation_does_not_count),
        cmocka_unit_test(a_line_that_was_changed_a_little_is_the_same_line),
        cmocka_unit_test(a_line_that_is_quite_another_is_not),
        cmocka_unit_test(equal_lines_come_before_similar_ones),
        cmocka_unit_test(braces_alone_hold_no_text_together),
        cmocka_unit_test(an_empty_text_has_no_partners),
        cmocka_unit_test(lines_never_cross),
        cmocka_unit_test(half_of_the_shorter_text_makes_them_alike),
        cmocka_unit_test(texts_that_would_take_too_long_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
