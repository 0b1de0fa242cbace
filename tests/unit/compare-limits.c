/* report/compare-limits: --fail-on, and when a request is worse. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "mutate.h"
#include "report/compare.h"

static struct compare_limits parse(const char *spec)
{
    struct compare_limits limits;
    struct err err = {""};
    if (compare_limits_parse(spec, &limits, &err) != 0)
        fail_msg("%s: %s", spec, err.text);
    return limits;
}

static void every_metric_has_its_limits(void **state)
{
    static const struct {
        const char *spec;
        enum compare_metric metric;
        bool is_percent;
        double percent;
        uint64_t amount;
    } good[] = {
        {"peak>10%", COMPARE_PEAK, true, 10, 0},
        {"peak>2.5%", COMPARE_PEAK, true, 2.5, 0},
        {"peak > 0 %", COMPARE_PEAK, true, 0, 0},
        {"not-freed>0", COMPARE_NOT_FREED, false, 0, 0},
        {"not-freed>64 B", COMPARE_NOT_FREED, false, 0, 64},
        {"allocs>5%", COMPARE_ALLOCS, true, 5, 0},
        {"allocs>12", COMPARE_ALLOCS, false, 0, 12},
        {"allocated>1MiB", COMPARE_ALLOCATED, false, 0, 1048576},
        {" allocated > 1.5 kB ", COMPARE_ALLOCATED, false, 0, 1500},
        {"rss>4GiB", COMPARE_RSS, false, 0, UINT64_C(4) << 30},
        {"time>20%", COMPARE_TIME, true, 20, 0},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        const struct compare_limits limits = parse(good[i].spec);
        assert_int_equal(limits.count, 1);
        assert_int_equal(limits.items[0].metric, good[i].metric);
        assert_int_equal(limits.items[0].is_percent, good[i].is_percent);
        assert_true(limits.items[0].percent == good[i].percent);
        assert_int_equal(limits.items[0].amount, good[i].amount);
    }
}

static void limits_stand_in_a_list(void **state)
{
    const struct compare_limits limits = parse("peak>10%, not-freed>0,peak>1MiB");
    assert_int_equal(limits.count, 3);
    assert_int_equal(limits.items[1].text_length, 11);
    assert_memory_equal(limits.items[1].text, "not-freed>0", 11);
    assert_int_equal(limits.items[2].amount, 1048576);
    assert_int_equal(parse("none").count, 0);
    assert_int_equal(parse(COMPARE_LIMITS_DEFAULT).count, 2);
}

static void what_is_wrong_is_told_with_its_position(void **state)
{
    static const struct {
        const char *spec, *words;
    } bad[] = {
        {"", "a limit is missing at position 1"},
        {"peak>10%,", "a limit is missing at position 10"},
        {"peak>10%,,allocs>1", "a limit is missing at position 10"},
        {"peek>10%", "'peek' at position 1 is no metric"},
        {"peak>10%,size>1", "'size' at position 10 is no metric"},
        {">10%", "'' at position 1 is no metric"},
        {"peak10%", "'peak10%' at position 1 is no limit"},
        {"peak>", "something must follow"},
        {"allocs>1,peak> ", "'peak>' at position 10"},
        {"peak>x%", "percentage like 10%"},
        {"peak>%", "percentage like 10%"},
        {"peak>-1%", "percentage like 10%"},
        {"peak>1e3%", "percentage like 10%"},
        {"peak>1 kb", "a size with B"},
        {"peak>10%%", "percentage like 10%"},
        {"allocs>1KiB", "a whole number"},
        {"allocs>1.5", "a whole number"},
        {"allocs>99999999999999999999", "a whole number"},
        {"time>5ms", "for time write a percentage"},
        {"peak>1234567890123456789012345678901234567890123456789012345678901234567890", "a size with B"},
        {"none,peak>1", "'none' at position 1"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct compare_limits limits;
        struct err err = {""};
        assert_int_equal(compare_limits_parse(bad[i].spec, &limits, &err), -EINVAL);
        if (strstr(err.text, bad[i].words) == NULL)
            fail_msg("'%s': '%s' is not in '%s'", bad[i].spec, bad[i].words, err.text);
    }
}

static void there_may_not_be_too_many(void **state)
{
    char spec[COMPARE_LIMITS_MOST * 9 + 16] = "allocs>1";
    struct compare_limits limits;
    struct err err;
    for (int i = 1; i < COMPARE_LIMITS_MOST; i++)
        strcat(spec, ",allocs>1");
    assert_int_equal(compare_limits_parse(spec, &limits, &err), 0);
    assert_int_equal(limits.count, COMPARE_LIMITS_MOST);
    strcat(spec, ",allocs>1");
    assert_int_equal(compare_limits_parse(spec, &limits, &err), -EINVAL);
}

static void no_text_does_harm(void **state)
{
    uint32_t seed = 20;
    for (int i = 0; i < 20000; i++) {
        char text[128] = "peak>10%,not-freed>0,allocs>5%,allocated>1MiB,time>20%";
        struct compare_limits limits;
        struct err err = {""};
        mutate(text, sizeof text, &seed);
        const int status = compare_limits_parse(text, &limits, &err);
        assert_true(status == 0 || (status == -EINVAL && err.text[0] != '\0'));
    }
}

static struct compare_pair pair_of(int64_t old, uint32_t old_firings, int64_t new, uint32_t new_firings)
{
    return (struct compare_pair){{{true, old, old_firings}, {true, new, new_firings}}};
}

static bool exceeds(const char *spec, struct compare_pair pair)
{
    const struct compare_limits limits = parse(spec);
    struct compare_request request = {0};
    request.metrics[limits.items[0].metric] = pair;
    return compare_exceeds(&request, &limits.items[0]);
}

static void a_limit_is_exceeded_only_beyond_it(void **state)
{
    assert_false(exceeds("peak>10%", pair_of(1000, 1, 1100, 1)));
    assert_true(exceeds("peak>10%", pair_of(1000, 1, 1101, 1)));
    assert_false(exceeds("peak>10%", pair_of(1000, 1, 500, 1)));
    assert_false(exceeds("not-freed>0", pair_of(16, 1, 16, 1)));
    assert_true(exceeds("not-freed>0", pair_of(16, 1, 17, 1)));
    assert_true(exceeds("not-freed>0", pair_of(-16, 1, 0, 1)));
    assert_false(exceeds("allocs>5", pair_of(10, 1, 15, 1)));
    assert_true(exceeds("allocs>5", pair_of(10, 1, 16, 1)));
    assert_true(exceeds("peak>1000%", pair_of(0, 1, 1, 1))); /* of nothing */
    assert_false(exceeds("peak>0%", pair_of(0, 1, 0, 1)));
}

static void firings_are_taken_into_account_exactly(void **state)
{
    assert_false(exceeds("allocs>0", pair_of(30, 10, 15, 5)));
    assert_true(exceeds("allocs>0", pair_of(30, 10, 16, 5)));
    assert_false(exceeds("allocs>1", pair_of(30, 10, 39, 10))); /* 0.9 more */
    assert_true(exceeds("allocs>1", pair_of(30, 10, 41, 10)));  /* 1.1 more */
    assert_false(exceeds("allocs>1", pair_of(30, 10, 40, 10)));
}

static void what_was_not_measured_is_not_worse(void **state)
{
    struct compare_pair pair = pair_of(0, 1, 1000, 1);
    pair.sides[COMPARE_OLD].is_known = false;
    assert_false(exceeds("rss>0", pair));
}

static void time_is_worse_only_beyond_noise(void **state)
{
    const struct compare_limits limits = parse("time>20%");
    struct compare_request request = {.time = {.verdict = COMPARE_TIME_NOISE}};
    request.metrics[COMPARE_TIME] = pair_of(100, 1, 200, 1);
    assert_false(compare_exceeds(&request, &limits.items[0]));
    request.time.verdict = COMPARE_TIME_SLOWER;
    assert_true(compare_exceeds(&request, &limits.items[0]));
    request.metrics[COMPARE_TIME] = pair_of(100, 1, 120, 1);
    assert_false(compare_exceeds(&request, &limits.items[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_metric_has_its_limits),
        cmocka_unit_test(limits_stand_in_a_list),
        cmocka_unit_test(what_is_wrong_is_told_with_its_position),
        cmocka_unit_test(there_may_not_be_too_many),
        cmocka_unit_test(no_text_does_harm),
        cmocka_unit_test(a_limit_is_exceeded_only_beyond_it),
        cmocka_unit_test(firings_are_taken_into_account_exactly),
        cmocka_unit_test(what_was_not_measured_is_not_worse),
        cmocka_unit_test(time_is_worse_only_beyond_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
