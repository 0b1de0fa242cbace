/* cli/suggest: edit distance, and what is near enough to be suggested. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "cli/suggest.h"

static void distance_counts_insertions_removals_replacements_and_swaps(void **state)
{
    assert_int_equal(suggest_distance("repeat", "repeat"), 0);
    assert_int_equal(suggest_distance("repeat", "repat"), 1);
    assert_int_equal(suggest_distance("repeat", "repeats"), 1);
    assert_int_equal(suggest_distance("repeat", "rebeat"), 1);
    assert_int_equal(suggest_distance("repeat", "repaet"), 1);
    assert_int_equal(suggest_distance("", "abc"), 3);
    assert_int_equal(suggest_distance("kitten", "sitting"), 3);
}

static void a_name_too_long_to_compare_is_far_away(void **state)
{
    char name[100];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_true(suggest_distance(name, "a") > 1000);
}

static void the_nearest_of_the_offered_names_wins(void **state)
{
    struct suggest suggest = {.wanted = "handel"};
    suggest_offer(&suggest, "main");
    assert_string_equal(suggest.best, "");
    suggest_offer(&suggest, "candle");
    suggest_offer(&suggest, "handle");
    suggest_offer(&suggest, "bandle");
    assert_string_equal(suggest.best, "handle");
}

static void a_short_name_is_not_replaced_whole(void **state)
{
    struct suggest suggest = {.wanted = "x"};
    suggest_offer(&suggest, "y");
    assert_string_equal(suggest.best, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distance_counts_insertions_removals_replacements_and_swaps),
        cmocka_unit_test(a_name_too_long_to_compare_is_far_away),
        cmocka_unit_test(the_nearest_of_the_offered_names_wins),
        cmocka_unit_test(a_short_name_is_not_replaced_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
