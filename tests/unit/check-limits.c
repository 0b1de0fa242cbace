/* report/check-limits: sizes, sections, which limit holds, what is wrong in a file. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "mutate.h"
#include "report/check-limits.h"

static void sizes_have_units_of_both_kinds(void **state)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {{"0", 0},           {"64", 64},           {"64 B", 64},   {"500 KiB", 512000},
                {"500KiB", 512000}, {"1.5 MiB", 1572864}, {"2 kB", 2000}, {"3MB", 3000000},
                {"1 GiB", 1 << 30}, {"1 GB", 1000000000}};
    static const char *const bad[] = {"", "x", "-1", "1 kb", "1 KIB", "0x10", "1e30", "nan", "1 MiB x", " 1"};
    uint64_t bytes;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(limits_parse_bytes(good[i].text, &bytes));
        assert_int_equal(bytes, good[i].bytes);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (limits_parse_bytes(bad[i], &bytes))
            fail_msg("'%s' is taken", bad[i]);
}

static const char file[] = "# for all\n"
                           "peak = 1 MiB  # generous\n"
                           "allocs = 100\n"
                           "[limit \"GET /memory\"]\n"
                           "peak = 500 KiB\n"
                           "[limit \"/user\"]\n"
                           "not-freed = 0\n"
                           "[limit \"GET /api/*\"]\n"
                           "allocated = 3 MB\n"
                           "[limit \"run\"]\n"
                           "rss = 2 MiB\n";

static uint64_t limit_of(struct limits *limits, const char *method, const char *target, enum limits_key key)
{
    struct limits_value value;
    return limits_find(limits, method, target, key, &value) ? value.value : UINT64_MAX;
}

static void a_request_s_own_limit_comes_before_that_for_all(void **state)
{
    struct limits *limits = limits_new();
    struct limits_value value;
    struct err err;
    assert_int_equal(limits_parse(limits, "conf", file, &err), 0);
    assert_int_equal(limit_of(limits, "GET", "/", LIMITS_PEAK), 1 << 20);
    assert_int_equal(limit_of(limits, "GET", "/memory", LIMITS_PEAK), 512000);
    assert_int_equal(limit_of(limits, "GET", "/memory?x=1", LIMITS_PEAK), 512000);
    assert_int_equal(limit_of(limits, "GET", "/memory", LIMITS_ALLOCS), 100);
    assert_int_equal(limit_of(limits, "POST", "/memory", LIMITS_PEAK), 1 << 20);
    assert_int_equal(limit_of(limits, "GET", "/user?name=x", LIMITS_NOT_FREED), 0);
    assert_int_equal(limit_of(limits, "GET", "/api/a/b", LIMITS_ALLOCATED), 3000000);
    assert_int_equal(limit_of(limits, "GET", "/api", LIMITS_ALLOCATED), UINT64_MAX);
    assert_int_equal(limit_of(limits, NULL, NULL, LIMITS_RSS), 2 << 20);
    assert_int_equal(limit_of(limits, NULL, NULL, LIMITS_PEAK), 1 << 20);
    assert_true(limits_find(limits, "GET", "/memory", LIMITS_PEAK, &value));
    assert_string_equal(value.text, "500 KiB");
    assert_string_equal(value.path, "conf");
    assert_int_equal(value.line, 5);
    limits_free(limits);
}

static void sections_that_nobody_asked_for_are_named(void **state)
{
    struct limits *limits = limits_new();
    const char *name, *path;
    uint32_t line;
    size_t at = 0;
    struct err err;
    assert_int_equal(limits_parse(limits, "conf", file, &err), 0);
    limit_of(limits, "GET", "/memory", LIMITS_PEAK);
    limit_of(limits, NULL, NULL, LIMITS_PEAK);
    assert_true(limits_next_unused(limits, &at, &name, &path, &line));
    assert_string_equal(name, "GET /user");
    assert_int_equal(line, 6);
    assert_true(limits_next_unused(limits, &at, &name, &path, &line));
    assert_string_equal(name, "GET /api/*");
    assert_false(limits_next_unused(limits, &at, &name, &path, &line));
    limits_free(limits);
}

static void assert_refused(const char *text, const char *words)
{
    struct limits *limits = limits_new();
    struct err err = {""};
    assert_int_equal(limits_parse(limits, "conf", text, &err), -EINVAL);
    if (strstr(err.text, words) == NULL)
        fail_msg("'%s': message is '%s', expected '%s' in it", text, err.text, words);
    limits_free(limits);
}

static void errors_name_file_line_and_cure(void **state)
{
    assert_refused("\npeak\n", "conf:2: 'peak' is no limit; write it like peak = 500 KiB");
    assert_refused("peek = 3\n", "conf:1: 'peek' is no limit; there are peak, allocated, allocs, not-freed and rss");
    assert_refused("peak = 3 kb\n", "conf:1: peak: '3 kb' is no size; write a number and B, KiB");
    assert_refused("allocs = 3 KiB\n", "conf:1: allocs: '3 KiB' is no count; write a whole number");
    assert_refused("peak = 1\npeak = 2\n", "conf:2: peak stands in line 1 already");
    assert_refused("[limits]\n", "conf:1: '[limits]' is no section; write [limit \"GET /path\"]");
    assert_refused("[limit \"GET /x]\n", "is no section");
    assert_refused("peak =\n", "is no size");
}

/* Whatever is wrong in a file, the message says where. */
static void any_error_names_file_and_line(void **state)
{
    uint32_t random = 1, refused = 0;
    for (int i = 0; i < 20000; i++) {
        char text[sizeof file + 16];
        struct err err = {""};
        struct limits *limits = limits_new();
        memcpy(text, file, sizeof file);
        mutate(text, sizeof text, &random);
        int status = limits_parse(limits, "conf", text, &err);
        limits_free(limits);
        if (status == 0)
            continue;
        assert_int_equal(status, -EINVAL);
        assert_names_its_line(err.text, "conf", text);
        refused++;
    }
    assert_true(refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_have_units_of_both_kinds),
        cmocka_unit_test(a_request_s_own_limit_comes_before_that_for_all),
        cmocka_unit_test(sections_that_nobody_asked_for_are_named),
        cmocka_unit_test(errors_name_file_line_and_cure),
        cmocka_unit_test(any_error_names_file_and_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
