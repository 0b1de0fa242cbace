/* report/compare-time: what is noise, and what is not. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "report/compare-time.h"

static struct compare_time test(const uint64_t *old, size_t old_count, const uint64_t *new, size_t new_count)
{
    struct compare_time result;
    assert_int_equal(
        compare_time_test((const uint64_t *const[]){old, new}, (const size_t[]){old_count, new_count}, &result), 0);
    return result;
}

static const uint64_t base[10] = {100, 104, 97, 103, 99, 101, 96, 102, 98, 105};

static void one_firing_tells_nothing(void **state)
{
    assert_int_equal(test(base, 1, base, 10).verdict, COMPARE_TIME_SINGLE);
    assert_int_equal(test(base, 10, base, 1).verdict, COMPARE_TIME_SINGLE);
    assert_int_equal(test(base, 1, base + 1, 1).median_ns[COMPARE_NEW], 104);
}

static void few_firings_are_called_too_few(void **state)
{
    const uint64_t slow[] = {1000, 1001, 1002, 1003, 1004, 1005};
    assert_int_equal(test(base, 3, slow, 3).verdict, COMPARE_TIME_TOO_FEW);
    assert_int_equal(test(base, 5, slow, 5).verdict, COMPARE_TIME_TOO_FEW);
    assert_int_equal(test(base, 6, slow, 6).verdict, COMPARE_TIME_SLOWER);
}

static void the_same_times_are_noise(void **state)
{
    const struct compare_time same = test(base, 10, base, 10);
    const uint64_t equal[8] = {7, 7, 7, 7, 7, 7, 7, 7};
    assert_int_equal(same.verdict, COMPARE_TIME_NOISE);
    assert_int_equal(same.median_ns[COMPARE_OLD], 100);
    /* Deviations from 100 are 0 to 5 and once more 1 to 4: the median of them is 2. */
    assert_true(same.noise > 0.0296 && same.noise < 0.0297);
    assert_int_equal(test(equal, 8, equal, 8).verdict, COMPARE_TIME_NOISE);
}

static void slower_and_faster_are_told_apart(void **state)
{
    uint64_t slow[10];
    for (int i = 0; i < 10; i++)
        slow[i] = base[i] + 40;
    assert_int_equal(test(base, 10, slow, 10).verdict, COMPARE_TIME_SLOWER);
    assert_int_equal(test(slow, 10, base, 10).verdict, COMPARE_TIME_FASTER);
}

static void one_outlier_is_no_difference(void **state)
{
    uint64_t odd[10];
    for (int i = 0; i < 10; i++)
        odd[i] = base[i];
    odd[3] = 1000000;
    assert_int_equal(test(base, 10, odd, 10).verdict, COMPARE_TIME_NOISE);
}

static void a_difference_within_the_spread_is_noise_however_many_firings(void **state)
{
    uint64_t wide[1000], shifted[1000];
    for (uint64_t i = 0; i < 1000; i++) {
        wide[i] = 1000 + i;
        shifted[i] = 1100 + i;
    }
    /* The ranks differ beyond doubt, but by less than one firing differs from the next. */
    assert_int_equal(test(wide, 1000, shifted, 1000).verdict, COMPARE_TIME_NOISE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_firing_tells_nothing),
        cmocka_unit_test(few_firings_are_called_too_few),
        cmocka_unit_test(the_same_times_are_noise),
        cmocka_unit_test(slower_and_faster_are_told_apart),
        cmocka_unit_test(one_outlier_is_no_difference),
        cmocka_unit_test(a_difference_within_the_spread_is_noise_however_many_firings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
