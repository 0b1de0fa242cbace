/* preload/real: the same functions are found as by dlsym(RTLD_NEXT), which is the authority. */

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "preload/real.h"

static void every_function_is_the_one_that_dlsym_finds(void **state)
{
#define CHECK(result, name, parameters) assert_ptr_equal((void *)real.name.call, dlsym(RTLD_NEXT, #name));
    REAL_FUNCTIONS(CHECK)
}

static void the_allocator_is_known(void **state)
{
    Dl_info info;
    assert_int_not_equal(dladdr((void *)real.malloc.call, &info), 0);
    assert_string_equal(real.allocator_path, info.dli_fname);
    assert_true(real.malloc.is_allocators);
    assert_true(real.free.is_allocators);
    assert_true(real_is_allocator_code((void *)real.malloc.call));
    assert_false(real_is_allocator_code(&info));
    assert_non_null((void *)real.malloc_usable_size.call);
}

static void every_operator_is_found_and_known_to_be_the_librarys(void **state)
{
#define CHECK_OPERATOR(name)                                                                                           \
    assert_non_null((void *)real.name.call);                                                                           \
    assert_ptr_equal((void *)real.name.call, dlsym(RTLD_NEXT, #name));                                                 \
    assert_int_equal(real.name.is_allocators, !real.allocator_is_libc);
    REAL_OPERATORS(CHECK_OPERATOR) /* linked with libstdc++; a sanitizer brings malloc and operators at once */
}

static void an_allocators_optional_functions_are_looked_for_in_it_only(void **state)
{
    if (real.allocator_is_libc)
        assert_ptr_equal((void *)real.cfree.call, dlsym(RTLD_NEXT, "cfree")); /* a hidden version does not count */
}

static int resolve(void **state)
{
    real_resolve();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_is_the_one_that_dlsym_finds),
        cmocka_unit_test(the_allocator_is_known),
        cmocka_unit_test(every_operator_is_found_and_known_to_be_the_librarys),
        cmocka_unit_test(an_allocators_optional_functions_are_looked_for_in_it_only),
    };
    return cmocka_run_group_tests_name("guest-real", tests, resolve, NULL);
}
