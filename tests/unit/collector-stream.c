/* collector/stream: rings merged by time, what may be taken in and what has to wait, and rings that tell nonsense. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "collector/stream.h"

#define RING_BYTES WIRE_CHUNK_BYTES
#define CAPACITY ((uint64_t)WIRE_EVENT_RING_EVENTS(RING_BYTES))
#define NOW UINT64_C(10000000000) /* far above every stamp below */

struct fixture {
    struct streams streams;
    struct heap *heap;
    struct wire_event_ring *rings[4];
    uint64_t nonsense;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->heap = heap_new();
    for (uint32_t i = 0; i < 4; i++) {
        f->rings[i] = calloc(1, RING_BYTES);
        assert_int_equal(streams_add(&f->streams, f->rings[i], CAPACITY, i + 1, i), 0);
    }
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < 4; i++)
        free(f->rings[i]);
    heap_free(f->heap);
    streams_fini(&f->streams);
    free(f);
    return 0;
}

static void put(struct fixture *f, int ring, enum wire_event_kind kind, uint64_t address, uint64_t bytes, uint64_t time)
{
    uint64_t head = f->rings[ring]->head;
    f->rings[ring]->events[head % CAPACITY] =
        (struct wire_event){.head = wire_event_head(kind, address), .size = bytes, .stack = 7, .time = time};
    f->rings[ring]->head = head + 1;
}

static uint64_t merge(struct fixture *f, uint64_t now)
{
    return streams_merge(&f->streams, f->heap, now, &f->nonsense);
}

/* One address goes from thread to thread: any order but the right one is seen. */
static void events_are_taken_in_by_time_over_all_rings(void **state)
{
    struct fixture *f = *state;
    put(f, 0, WIRE_EVENT_ALLOC, 0x1000, 10, 100);
    put(f, 1, WIRE_EVENT_FREE, 0x1000, 0, 200);
    put(f, 2, WIRE_EVENT_ALLOC, 0x1000, 20, 300);
    put(f, 0, WIRE_EVENT_FREE, 0x1000, 0, 400);
    put(f, 3, WIRE_EVENT_ALLOC, 0x1000, 40, 500);
    assert_int_equal(merge(f, NOW), 5);
    struct heap_totals totals = heap_totals(f->heap);
    assert_int_equal(totals.disorder, 0);
    assert_int_equal(totals.unknown_frees, 0);
    assert_int_equal(totals.live_bytes, 40);
    assert_int_equal(f->rings[0]->tail, 2);
    assert_int_equal(f->rings[3]->tail, 1);
}

static void many_events_of_four_threads_come_out_in_order(void **state)
{
    struct fixture *f = *state;
    uint64_t random = 1, time = 1;
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < 1000; i += 2) {
            random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
            put(f, random >> 62, WIRE_EVENT_ALLOC, 0x1000, 8, time++);
            put(f, random >> 60 & 3, WIRE_EVENT_FREE, 0x1000, 0, time++);
        }
        assert_int_equal(merge(f, NOW), 1000);
    }
    struct heap_totals totals = heap_totals(f->heap);
    assert_int_equal(totals.alloc_count, 20000);
    assert_int_equal(totals.free_count, 20000);
    assert_int_equal(totals.disorder, 0);
    assert_int_equal(totals.unknown_frees, 0);
}

static void events_without_a_stamp_are_as_old_as_the_one_before(void **state)
{
    struct fixture *f = *state;
    put(f, 0, WIRE_EVENT_ALLOC, 0x1000, 10, 500);
    put(f, 0, WIRE_EVENT_FREE, 0x1000, 0, 0);
    put(f, 0, WIRE_EVENT_ALLOC, 0x2000, 10, 0);
    put(f, 1, WIRE_EVENT_ALLOC, 0x1000, 10, 400);
    put(f, 1, WIRE_EVENT_FREE, 0x1000, 0, 450);
    put(f, 1, WIRE_EVENT_FREE, 0x2000, 0, 600);
    assert_int_equal(merge(f, NOW), 6);
    struct heap_totals totals = heap_totals(f->heap);
    assert_int_equal(totals.disorder, 0);
    assert_int_equal(totals.unknown_frees, 0);
    assert_int_equal(totals.live_count, 0);
}

/* A process with one thread stamps only for the clock. */
static void clock_stamps_are_not_ordered_by(void **state)
{
    struct fixture *f = *state;
    put(f, 0, WIRE_EVENT_ALLOC, 0x1000, 10, WIRE_EVENT_CLOCK | (NOW + NOW));
    put(f, 0, WIRE_EVENT_FREE, 0x1000, 0, 0);
    put(f, 1, WIRE_EVENT_ALLOC, 0x1000, 10, 100);
    assert_int_equal(merge(f, NOW), 3);
    assert_int_equal(heap_totals(f->heap).disorder, 0);
    assert_int_equal(heap_totals(f->heap).peak_ticks, NOW + NOW);
}

static void a_thread_that_moves_to_another_ring_holds_the_others_back(void **state)
{
    struct fixture *f = *state;
    struct wire_event_ring *old = f->rings[0];
    put(f, 0, WIRE_EVENT_ALLOC, 0x1000, 10, 100);
    put(f, 1, WIRE_EVENT_FREE, 0x1000, 0, 200);
    f->streams.items[0].moves = true;
    assert_int_equal(merge(f, NOW), 1);
    f->rings[0] = calloc(1, RING_BYTES);
    stream_move(&f->streams.items[0], f->rings[0], CAPACITY, 9);
    put(f, 0, WIRE_EVENT_ALLOC, 0x2000, 10, 150);
    assert_int_equal(merge(f, NOW), 2);
    assert_int_equal(f->streams.items[0].chunk, 9);
    assert_int_equal(f->rings[0]->tail, 1);
    free(old);
}

static void what_is_too_young_has_to_wait(void **state)
{
    struct fixture *f = *state;
    put(f, 0, WIRE_EVENT_ALLOC, 0x1000, 10, NOW - 1000000);
    put(f, 0, WIRE_EVENT_ALLOC, 0x2000, 10, NOW - 10);
    assert_int_equal(merge(f, NOW), 1);
    assert_int_equal(merge(f, STREAMS_ALL), 1);
}

static void an_event_in_flight_holds_the_others_back(void **state)
{
    struct fixture *f = *state;
    put(f, 0, WIRE_EVENT_ALLOC, 0x1000, 10, 100);
    f->rings[0]->in_flight = 1;
    put(f, 1, WIRE_EVENT_ALLOC, 0x2000, 10, 50);
    put(f, 1, WIRE_EVENT_ALLOC, 0x3000, 10, 150);
    assert_int_equal(merge(f, NOW), 2); /* those of 50 and 100 */
    assert_int_equal(merge(f, NOW), 0); /* 100 is remembered */
    f->rings[0]->in_flight = 0;
    assert_int_equal(merge(f, NOW), 1);
}

static void a_thread_that_was_stopped_in_flight_holds_nobody_back_for_ever(void **state)
{
    struct fixture *f = *state;
    f->rings[0]->in_flight = 1;
    put(f, 1, WIRE_EVENT_ALLOC, 0x2000, 10, 50);
    assert_int_equal(merge(f, NOW), 0);
    assert_int_equal(merge(f, NOW + NOW), 1);
}

static void an_impossible_head_is_counted_and_skipped(void **state)
{
    struct fixture *f = *state;
    f->rings[0]->head = 5 * CAPACITY;
    put(f, 1, WIRE_EVENT_ALLOC, 0x2000, 10, 50);
    assert_int_equal(merge(f, NOW), 1);
    assert_int_equal(f->nonsense, 1);
    assert_int_equal(f->rings[0]->tail, 5 * CAPACITY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(events_are_taken_in_by_time_over_all_rings, set_up, tear_down),
        cmocka_unit_test_setup_teardown(many_events_of_four_threads_come_out_in_order, set_up, tear_down),
        cmocka_unit_test_setup_teardown(events_without_a_stamp_are_as_old_as_the_one_before, set_up, tear_down),
        cmocka_unit_test_setup_teardown(clock_stamps_are_not_ordered_by, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_thread_that_moves_to_another_ring_holds_the_others_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_too_young_has_to_wait, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_event_in_flight_holds_the_others_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_thread_that_was_stopped_in_flight_holds_nobody_back_for_ever, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_impossible_head_is_counted_and_skipped, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
