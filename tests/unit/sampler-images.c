/* sampler/images: which file lies where, process by process. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "sampler/images.h"

static void map(struct images *images, uint32_t pid, uint64_t start, uint64_t end, uint32_t module)
{
    const struct image image = {
        .start = start, .end = end, .file_offset = start * 2, .module = module, .mapped_by = pid};
    assert_int_equal(images_map(images, pid, &image), 0);
}

/* The module at `address`, plus one; 0 when nothing is there. */
static uint32_t module_at(struct images *images, uint32_t pid, uint64_t address)
{
    const struct image *image = images_at(images, pid, address);
    return image != NULL ? image->module + 1 : 0;
}

static void what_was_mapped_is_found_within_its_bounds(void **state)
{
    struct images *images = images_new();
    map(images, 1, 100, 200, 1);
    map(images, 1, 20, 40, 2);
    map(images, 1, 200, 300, 3);
    assert_int_equal(module_at(images, 1, 19), 0);
    assert_int_equal(module_at(images, 1, 20), 3);
    assert_int_equal(module_at(images, 1, 39), 3);
    assert_int_equal(module_at(images, 1, 40), 0);
    assert_int_equal(module_at(images, 1, 199), 2);
    assert_int_equal(module_at(images, 1, 200), 4);
    assert_int_equal(module_at(images, 1, 300), 0);
    assert_int_equal(module_at(images, 2, 150), 0);
    images_free(images);
}

static void a_new_mapping_takes_the_place_of_old_ones(void **state)
{
    struct images *images = images_new();
    map(images, 1, 100, 200, 1);
    map(images, 1, 140, 160, 2); /* the middle of one */
    assert_int_equal(module_at(images, 1, 139), 2);
    assert_int_equal(module_at(images, 1, 140), 3);
    assert_int_equal(module_at(images, 1, 160), 2);
    assert_int_equal(images_at(images, 1, 160)->file_offset, 100 * 2 + 60);
    assert_int_equal(images_at(images, 1, 100)->file_offset, 100 * 2);
    map(images, 1, 90, 170, 4); /* one, another, and the head of a third */
    assert_int_equal(module_at(images, 1, 100), 5);
    assert_int_equal(module_at(images, 1, 169), 5);
    assert_int_equal(module_at(images, 1, 170), 2);
    assert_int_equal(images_at(images, 1, 170)->file_offset, 100 * 2 + 70);
    map(images, 1, 180, 250, 6); /* the tail of one */
    assert_int_equal(module_at(images, 1, 179), 2);
    assert_int_equal(module_at(images, 1, 180), 7);
    map(images, 1, 0, 1000, 7); /* all */
    assert_int_equal(module_at(images, 1, 120), 8);
    images_free(images);
}

static void an_empty_mapping_changes_nothing(void **state)
{
    struct images *images = images_new();
    map(images, 1, 100, 200, 1);
    map(images, 1, 150, 150, 2);
    assert_int_equal(module_at(images, 1, 150), 2);
    images_free(images);
}

static void a_forked_child_has_a_copy(void **state)
{
    struct images *images = images_new();
    map(images, 1, 100, 200, 1);
    assert_int_equal(images_fork(images, 2, 1), 0);
    map(images, 2, 100, 150, 2);
    map(images, 1, 300, 400, 3);
    assert_int_equal(module_at(images, 1, 120), 2);
    assert_int_equal(module_at(images, 2, 120), 3);
    assert_int_equal(module_at(images, 2, 160), 2);
    assert_int_equal(images_at(images, 2, 160)->mapped_by, 1);
    assert_int_equal(module_at(images, 2, 350), 0);
    images_clear(images, 2);
    assert_int_equal(module_at(images, 2, 160), 0);
    assert_int_equal(module_at(images, 1, 120), 2);
    images_free(images);
}

static void a_process_is_forgotten_with_its_last_thread(void **state)
{
    struct images *images = images_new();
    map(images, 1, 100, 200, 1);
    assert_int_equal(images_fork(images, 1, 1), 0); /* a thread */
    images_exit(images, 1);
    assert_int_equal(module_at(images, 1, 150), 2);
    images_exit(images, 1);
    assert_int_equal(module_at(images, 1, 150), 0);
    images_exit(images, 1); /* whose beginning nobody saw */
    images_free(images);
}

static void a_number_that_is_used_again_begins_anew(void **state)
{
    struct images *images = images_new();
    map(images, 1, 100, 200, 1);
    map(images, 2, 500, 600, 2);
    assert_int_equal(images_fork(images, 2, 1), 0);
    assert_int_equal(module_at(images, 2, 550), 0);
    assert_int_equal(module_at(images, 2, 150), 2);
    images_free(images);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_mapped_is_found_within_its_bounds),
        cmocka_unit_test(a_new_mapping_takes_the_place_of_old_ones),
        cmocka_unit_test(an_empty_mapping_changes_nothing),
        cmocka_unit_test(a_forked_child_has_a_copy),
        cmocka_unit_test(a_process_is_forgotten_with_its_last_thread),
        cmocka_unit_test(a_number_that_is_used_again_begins_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
