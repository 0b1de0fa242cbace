/* base/units: rounding and borders. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/units.h"

static void bytes_are_shown_in_the_largest_fitting_unit(void **state)
{
    assert_string_equal(units_bytes(0).text, "0 B");
    assert_string_equal(units_bytes(1023).text, "1023 B");
    assert_string_equal(units_bytes(1024).text, "1.0 KiB");
    assert_string_equal(units_bytes(528384).text, "516.0 KiB");
    assert_string_equal(units_bytes(1048575).text, "1.0 MiB");
    assert_string_equal(units_bytes(UINT64_C(5) << 30).text, "5.0 GiB");
    assert_string_equal(units_bytes(UINT64_C(5) << 40).text, "5120.0 GiB");
    assert_string_equal(units_bytes(UINT64_MAX).text, "17179869184.0 GiB");
}

static void changes_carry_their_sign(void **state)
{
    assert_string_equal(units_change(0).text, "+0 B");
    assert_string_equal(units_change(2097152).text, "+2.0 MiB");
    assert_string_equal(units_change(-16).text, "-16 B");
    assert_string_equal(units_change(INT64_MIN).text, "-8589934592.0 GiB");
    assert_string_equal(units_signed(16).text, "16 B");
    assert_string_equal(units_signed(-1536).text, "-1.5 KiB");
}

static void durations_have_three_digits(void **state)
{
    assert_string_equal(units_duration(0).text, "0.00 us");
    assert_string_equal(units_duration(41000).text, "41.0 us");
    assert_string_equal(units_duration(410000).text, "0.41 ms");
    assert_string_equal(units_duration(9994000).text, "9.99 ms");
    assert_string_equal(units_duration(9996000).text, "10.0 ms");
    assert_string_equal(units_duration(12345678).text, "12.3 ms");
    assert_string_equal(units_duration(738000000).text, "738 ms");
    assert_string_equal(units_duration(999600000).text, "1.00 s");
    assert_string_equal(units_duration(UINT64_C(30000000000)).text, "30.0 s");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_shown_in_the_largest_fitting_unit),
        cmocka_unit_test(changes_carry_their_sign),
        cmocka_unit_test(durations_have_three_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
