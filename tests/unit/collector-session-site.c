/* collector/session-site: sites added up, with their sizes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "collector/session.h"

static struct session_site of_size(uint64_t bytes, uint64_t count)
{
    return (struct session_site){
        .alloc_bytes = bytes * count,
        .alloc_count = count,
        .size_min_bytes = bytes,
        .size_max_bytes = bytes,
        .lifetimes = {.count = count, .sum_ns = bytes * count, .min_ns = bytes, .max_ns = bytes}};
}

static void sites_of_one_size_class_need_no_spread(void **state)
{
    struct session session = {0};
    struct session_site sum = {0}, a = of_size(20, 3), b = of_size(30, 4);
    uint64_t counts[SIZE_CLASSES] = {0};
    assert_int_equal(session_site_add(&session, &sum, &a, NULL), 0);
    assert_int_equal(session_site_add(&session, &sum, &b, NULL), 0);
    assert_int_equal(sum.spread, 0);
    assert_int_equal(sum.size_min_bytes, 20);
    assert_int_equal(sum.size_max_bytes, 30);
    session_site_add_sizes(&session, &sum, counts);
    assert_int_equal(counts[5], 7);
}

static void sites_of_several_size_classes_are_spread(void **state)
{
    struct session session = {0};
    struct session_site sum = {0}, a = of_size(20, 3), b = of_size(100, 4),
                        c = {.alloc_count = 6, .size_max_bytes = 40};
    uint64_t counts[SIZE_CLASSES] = {0};
    const uint64_t of_c[SIZE_CLASSES] = {[5] = 2, [6] = 4};
    assert_int_equal(session_site_add(&session, &sum, &a, NULL), 0);
    assert_int_equal(session_site_add(&session, &sum, &b, NULL), 0);
    assert_int_equal(session_site_add(&session, &sum, &c, of_c), 0);
    session_site_add_sizes(&session, &sum, counts);
    assert_int_equal(counts[5], 5);
    assert_int_equal(counts[6], 4);
    assert_int_equal(counts[7], 4);
    assert_int_equal(session.spread_count, 1);
    assert_int_equal(sum.alloc_count, 13);
    free(session.spreads);
}

static void lifetimes_count_only_where_there_are_some(void **state)
{
    struct session session = {0};
    struct session_site sum = {0}, none = of_size(8, 1), a = of_size(20, 3), b = of_size(30, 1);
    none.lifetimes = (struct session_lifetimes){0};
    session_site_add(&session, &sum, &none, NULL);
    session_site_add(&session, &sum, &a, NULL);
    session_site_add(&session, &sum, &none, NULL);
    session_site_add(&session, &sum, &b, NULL);
    assert_int_equal(sum.lifetimes.count, 4);
    assert_int_equal(sum.lifetimes.min_ns, 20);
    assert_int_equal(sum.lifetimes.max_ns, 30);
    assert_int_equal(sum.lifetimes.sum_ns, 90);
    free(session.spreads);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sites_of_one_size_class_need_no_spread),
        cmocka_unit_test(sites_of_several_size_classes_are_spread),
        cmocka_unit_test(lifetimes_count_only_where_there_are_some),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
