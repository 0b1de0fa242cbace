/* preload/count: live and peak bytes, and what a thread gave back to the kernel. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "preload/count.h"
#include "preload/stops.h"

/* What count.c needs of the rest. */
volatile uint32_t unwind_epoch;
struct guest guest;
GUEST_TLS struct guest_self guest_self = {.serial = GUEST_NOBODY};
GUEST_TLS int guest_depth;
volatile bool guest_sandboxed;
struct real real;
static struct wire_thread *found;
static bool is_armed;
static uint64_t rss_bytes;

struct wire_thread *guest_thread(void)
{
    return found;
}

bool stops_are_armed(void)
{
    return is_armed;
}

uint64_t sample_rss(void)
{
    return rss_bytes;
}

static struct wire_process process;
static struct wire_thread thread;
static char single_threaded;

static int set_up(void **state)
{
    memset(&process, 0, sizeof process);
    memset(&thread, 0, sizeof thread);
    guest = (struct guest){.process = &process, .single_threaded = &single_threaded, .serial = 1};
    guest_self = (struct guest_self){.slot = &thread, .serial = 1};
    guest_depth = 0;
    found = NULL;
    single_threaded = 1;
    is_armed = true;
    guest_sandboxed = false;
    return 0;
}

static void the_peak_is_the_highest_that_was_live(void **state)
{
    for (single_threaded = 0; single_threaded < 2; single_threaded++) {
        memset(&process, 0, sizeof process);
        count_alloc(&thread, &thread, 1000);
        count_alloc(&thread, &thread, 500);
        count_free(&thread, 1000);
        count_alloc(&thread, &thread, 200);
        assert_int_equal(process.live_bytes, 700);
        assert_int_equal(process.peak_bytes, 1500);
    }
}

static void a_block_that_is_resized_is_not_live_twice(void **state)
{
    count_alloc(&thread, &thread, 1000);
    count_realloc(&thread, 1000, 1100);
    assert_int_equal(process.live_bytes, 1100);
    assert_int_equal(process.peak_bytes, 1100);
    assert_int_equal(thread.heap.alloc_bytes, 2100);
    assert_int_equal(thread.heap.free_bytes, 1000);
    assert_int_equal(thread.heap.alloc_count, 2);
    assert_int_equal(thread.heap.free_count, 1);
}

static void amounts_above_31_bits_are_counted_whole(void **state)
{
    count_alloc(&thread, &thread, UINT64_C(5) << 32);
    count_free(&thread, UINT64_C(3) << 32);
    assert_int_equal(thread.heap.alloc_bytes, UINT64_C(5) << 32);
    assert_int_equal(process.live_bytes, INT64_C(2) << 32);
}

static void our_own_activity_is_passed_through(void **state)
{
    assert_ptr_equal(count_begin(), &thread);
    guest_depth = 1;
    assert_null(count_begin());
}

static void a_process_that_is_off_is_passed_through(void **state)
{
    found = &thread;
    guest.serial = GUEST_OFF;
    assert_null(count_begin());
}

static void a_place_of_another_process_is_stale(void **state)
{
    struct wire_thread own;
    found = &own;
    guest.serial = 2;
    assert_ptr_equal(count_begin(), &own);
    guest.serial = GUEST_UNREGISTERED; /* just forked */
    assert_ptr_equal(count_begin(), &own);
}

static uint64_t release(uint64_t before, uint64_t after, uint64_t limit)
{
    rss_bytes = before;
    uint64_t token = count_release_begin();
    rss_bytes = after;
    count_release_end(token, limit);
    assert_int_equal(process.released_bytes, thread.released_bytes);
    return thread.released_bytes;
}

static void released_bytes_are_measured_when_other_threads_run(void **state)
{
    single_threaded = 0;
    assert_int_equal(release(1000000, 800000, 300000), 200000);
    assert_int_equal(release(1000000, 1100000, 300000), 200000); /* other threads took more meanwhile */
    assert_int_equal(release(1000000, 0, 300000), 200000);       /* could not be read */
    assert_int_equal(release(1000000, 100000, 300000), 500000);  /* other threads gave, too: no more than the limit */
}

static void a_call_within_a_call_is_measured_once(void **state)
{
    single_threaded = 0;
    rss_bytes = 1000000;
    uint64_t outer = count_release_begin(); /* free */
    uint64_t inner = count_release_begin(); /* the allocator's munmap */
    rss_bytes = 900000;
    count_release_end(inner, 100000);
    count_release_end(outer, 100000);
    assert_int_equal(thread.released_bytes, 100000);
    assert_int_equal(release(1000000, 900000, 100000), 200000);
}

static void nothing_is_measured_where_it_is_not_asked_for(void **state)
{
    assert_int_equal(release(1000000, 800000, 300000), 0); /* one thread: RSS itself tells */
    single_threaded = 0;
    is_armed = false;
    assert_int_equal(release(1000000, 800000, 300000), 0);
    is_armed = true;
    guest_sandboxed = true;
    assert_int_equal(release(1000000, 800000, 300000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_peak_is_the_highest_that_was_live, set_up),
        cmocka_unit_test_setup(a_block_that_is_resized_is_not_live_twice, set_up),
        cmocka_unit_test_setup(amounts_above_31_bits_are_counted_whole, set_up),
        cmocka_unit_test_setup(our_own_activity_is_passed_through, set_up),
        cmocka_unit_test_setup(a_process_that_is_off_is_passed_through, set_up),
        cmocka_unit_test_setup(a_place_of_another_process_is_stale, set_up),
        cmocka_unit_test_setup(released_bytes_are_measured_when_other_threads_run, set_up),
        cmocka_unit_test_setup(a_call_within_a_call_is_measured_once, set_up),
        cmocka_unit_test_setup(nothing_is_measured_where_it_is_not_asked_for, set_up),
    };
    return cmocka_run_group_tests_name("guest-count", tests, NULL, NULL);
}
