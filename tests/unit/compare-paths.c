/* report/compare-paths: which directories two trees of sources lie in. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "report/compare-paths.h"

#define MOST 8

static void assert_roots(const char *const old[MOST], const char *const new[MOST], const char *old_root,
                         const char *new_root)
{
    const char *copies[2][MOST], **paths[2] = {copies[0], copies[1]};
    size_t counts[2] = {0};
    struct compare_roots roots;
    for (; counts[0] < MOST && old[counts[0]] != NULL; counts[0]++)
        copies[0][counts[0]] = old[counts[0]];
    for (; counts[1] < MOST && new[counts[1]] != NULL; counts[1]++)
        copies[1][counts[1]] = new[counts[1]];
    assert_int_equal(compare_paths_find(paths, counts, &roots), 0);
    assert_int_equal(roots.lengths[0], strlen(old_root));
    assert_int_equal(roots.lengths[1], strlen(new_root));
    assert_memory_equal(roots.paths[0], old_root, strlen(old_root));
    assert_memory_equal(roots.paths[1], new_root, strlen(new_root));
}

static void a_checkout_in_another_directory_is_the_same_tree(void **state)
{
    assert_roots((const char *const[MOST]){"/a/src/app.c", "/a/src/util.c", "/a/lib/list.c"},
                 (const char *const[MOST]){"/b/c/src/app.c", "/b/c/src/util.c", "/b/c/lib/list.c"}, "/a/", "/b/c/");
    assert_roots((const char *const[MOST]){"/build/a/app.c"}, (const char *const[MOST]){"/build/b/app.c"}, "/build/a/",
                 "/build/b/");
}

static void one_side_may_have_relative_names(void **state)
{
    assert_roots((const char *const[MOST]){"src/app.c", "src/b.c"},
                 (const char *const[MOST]){"/b/src/app.c", "/b/src/b.c"}, "", "/b/");
}

static void the_same_place_needs_no_root(void **state)
{
    assert_roots((const char *const[MOST]){"/a/app.c", "/a/b.c"}, (const char *const[MOST]){"/a/app.c", "/a/b.c"}, "",
                 "");
    /* A file that was moved does not make another tree of it. */
    assert_roots((const char *const[MOST]){"/a/app.c", "/a/b.c", "/a/util.c"},
                 (const char *const[MOST]){"/a/app.c", "/a/b.c", "/a/lib/util.c"}, "", "");
}

static void a_header_that_both_include_is_no_part_of_either_tree(void **state)
{
    assert_roots((const char *const[MOST]){"/a/app.c", "/opt/include/x.h"},
                 (const char *const[MOST]){"/b/app.c", "/opt/include/x.h"}, "/a/", "/b/");
}

static void files_of_one_name_do_not_mislead(void **state)
{
    assert_roots((const char *const[MOST]){"/a/x/main.c", "/a/y/main.c", "/a/z.c"},
                 (const char *const[MOST]){"/b/y/main.c", "/b/x/main.c", "/b/z.c"}, "/a/", "/b/");
}

static void a_part_of_a_name_is_no_name(void **state)
{
    assert_roots((const char *const[MOST]){"/a/xmain.c"}, (const char *const[MOST]){"/b/main.c"}, "", "");
    assert_roots((const char *const[MOST]){"main.c"}, (const char *const[MOST]){"/b/xmain.c"}, "", "");
    assert_roots((const char *const[MOST]){"/a/my-src/main.c"}, (const char *const[MOST]){"/b/src/main.c"},
                 "/a/my-src/", "/b/src/");
}

static void nothing_is_nothing(void **state)
{
    assert_roots((const char *const[MOST]){NULL}, (const char *const[MOST]){"/b/main.c"}, "", "");
    assert_roots((const char *const[MOST]){"/a/main.c"}, (const char *const[MOST]){NULL}, "", "");
}

static void roots_are_left_out_where_they_are(void **state)
{
    const struct compare_roots roots = {{"/a/src/app.c", "/b/src/app.c"}, {3, 3}};
    assert_string_equal(compare_paths_strip(&roots, 0, "/a/lib/x.c"), "lib/x.c");
    assert_string_equal(compare_paths_strip(&roots, 1, "/b/lib/x.c"), "lib/x.c");
    assert_string_equal(compare_paths_strip(&roots, 0, "/usr/include/x.h"), "/usr/include/x.h");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_checkout_in_another_directory_is_the_same_tree),
        cmocka_unit_test(one_side_may_have_relative_names),
        cmocka_unit_test(the_same_place_needs_no_root),
        cmocka_unit_test(a_header_that_both_include_is_no_part_of_either_tree),
        cmocka_unit_test(files_of_one_name_do_not_mislead),
        cmocka_unit_test(a_part_of_a_name_is_no_name),
        cmocka_unit_test(nothing_is_nothing),
        cmocka_unit_test(roots_are_left_out_where_they_are),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
