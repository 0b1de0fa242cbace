/* base/text: additions, failure, foreign bytes. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"

static void additions_follow_each_other(void **state)
{
    struct text text = TEXT_EMPTY;
    assert_string_equal(text_get(&text), "");
    text_add(&text, "a");
    text_addf(&text, "%d-%s", 12, "b");
    text_add_bytes(&text, "cd", 1);
    assert_string_equal(text_get(&text), "a12-bc");
    assert_int_equal(text.length, 6);
    text_clear(&text);
    assert_string_equal(text_get(&text), "");
    for (int i = 0; i < 1000; i++)
        text_add(&text, "0123456789");
    assert_int_equal(strlen(text_get(&text)), 10000);
    text_fini(&text);
}

static void control_characters_from_outside_are_masked(void **state)
{
    struct text text = TEXT_EMPTY;
    text_add(&text, "\n");
    text_add_printable(&text, "a\nb\033[0m\x7f \xc3\xa9");
    assert_string_equal(text_get(&text), "\na?b?[0m? \xc3\xa9");
    text_fini(&text);
}

static void a_failure_stays_until_the_text_is_cleared(void **state)
{
    struct text text = TEXT_EMPTY;
    text_add(&text, "a");
    text_add_bytes(&text, "", SIZE_MAX);
    assert_true(text.failed);
    text_add(&text, "b");
    assert_string_equal(text_get(&text), "");
    text_clear(&text);
    text_add(&text, "c");
    assert_string_equal(text_get(&text), "c");
    text_fini(&text);
}

static void bytes_that_are_not_utf8_are_replaced(void **state)
{
    struct text text = TEXT_EMPTY;
    const char bytes[] = "a\xc3\xa9\xff\xe2\x82\xac\xc0\xaf\xed\xa0\x80z\xe2\x82";
    text_add_utf8(&text, bytes, sizeof bytes - 1);
#define NONE "\xef\xbf\xbd"
    assert_string_equal(text_get(&text), "a\xc3\xa9" NONE "\xe2\x82\xac" NONE NONE NONE NONE NONE "z" NONE NONE);
    text_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(additions_follow_each_other),
        cmocka_unit_test(control_characters_from_outside_are_masked),
        cmocka_unit_test(a_failure_stays_until_the_text_is_cleared),
        cmocka_unit_test(bytes_that_are_not_utf8_are_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
