/* base/err: sentences, prefixes, cutting. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "base/err.h"

static void a_prefix_goes_in_front_of_the_sentence(void **state)
{
    struct err err;
    assert_int_equal(err_set(&err, -ENOENT, "%s: not found", "app"), -ENOENT);
    assert_int_equal(err_prefix(&err, -EINVAL, "start %d", 1), -EINVAL);
    assert_string_equal(err.text, "start 1: app: not found");
}

static void no_place_for_the_sentence_is_no_error(void **state)
{
    assert_int_equal(err_set(NULL, -EIO, "x"), -EIO);
    assert_int_equal(err_prefix(NULL, -EIO, "x"), -EIO);
}

static void a_long_sentence_is_cut_not_overrun(void **state)
{
    struct err err;
    char text[2 * ERR_TEXT_BYTES];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    err_set(&err, -1, "%s", text);
    assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
    err_prefix(&err, -1, "%s", text);
    assert_int_equal(strlen(err.text), ERR_TEXT_BYTES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_prefix_goes_in_front_of_the_sentence),
        cmocka_unit_test(no_place_for_the_sentence_is_no_error),
        cmocka_unit_test(a_long_sentence_is_cut_not_overrun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
