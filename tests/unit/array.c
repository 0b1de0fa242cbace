/* base/array: growth, overflow. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/array.h"

static void an_array_keeps_its_items_while_it_grows(void **state)
{
    uint32_t *items = NULL;
    size_t capacity = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        items = array_grow(items, &capacity, i + 1, sizeof *items);
        assert_non_null(items);
        assert_true(capacity > i);
        items[i] = i;
    }
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    free(items);
}

static void what_is_there_already_is_not_moved(void **state)
{
    size_t capacity = 0;
    char *items = array_grow(NULL, &capacity, 10, 1);
    size_t had = capacity;
    assert_ptr_equal(array_grow(items, &capacity, had, 1), items);
    assert_int_equal(capacity, had);
    free(items);
}

static void a_size_that_overflows_is_refused(void **state)
{
    size_t capacity = 0;
    assert_null(array_grow(NULL, &capacity, SIZE_MAX, 1));
    assert_null(array_grow(NULL, &capacity, SIZE_MAX / 4, 16));
    assert_int_equal(capacity, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_keeps_its_items_while_it_grows),
        cmocka_unit_test(what_is_there_already_is_not_moved),
        cmocka_unit_test(a_size_that_overflows_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
