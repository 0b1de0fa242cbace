/* What a program makes us remember has a limit; beyond it there is no room, and what was there stays. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>
#include <cmocka.h>

#include "collector/budget.h"
#include "collector/heap.h"
#include "collector/lines.h"
#include "collector/memory.h"
#include "collector/process.h"
#include "wire/event.h"

static void what_is_taken_is_there_again_when_it_is_given_back(void **state)
{
    budget_limit(1000);
    assert_true(budget_take(600));
    assert_false(budget_take(401));
    assert_true(budget_take(400));
    assert_false(budget_take(1));
    budget_give(400);
    assert_false(budget_take(SIZE_MAX));
    assert_true(budget_take(400));
    budget_give(1000);
}

/* Endless blocks: those that find no room are told, the others are all there. */
static void a_heap_does_not_grow_beyond_the_budget(void **state)
{
    budget_limit(4 << 20);
    struct heap *heap = heap_new();
    assert_non_null(heap);
    size_t lost = 0;
    for (uint64_t i = 1; i <= 1000000; i++) {
        const struct wire_event event = {
            .head = wire_event_head(WIRE_EVENT_ALLOC, i * 16), .size = 16, .stack = 1000000 + i % 100};
        lost += heap_feed(heap, 0, &event, 1);
    }
    const struct heap_totals totals = heap_totals(heap);
    assert_true(lost > 0);
    assert_int_equal(totals.live_count + lost, 1000000);
    heap_free(heap);
    assert_true(budget_take(4 << 20)); /* nothing of it is left */
    budget_give(4 << 20);
}

/* And endless stacks. */
static void neither_do_paths(void **state)
{
    budget_limit(4 << 20);
    struct heap *heap = heap_new();
    size_t lost = 0;
    for (uint64_t i = 1; i <= 1000000; i++) {
        const struct wire_event event = {.head = wire_event_head(WIRE_EVENT_NODE, i), .size = 1000000 + i};
        lost += heap_feed(heap, 0, &event, 1);
    }
    assert_in_range(lost, 1, 999999);
    heap_free(heap);
}

static struct wire_process *claim_process(struct memory *memory, uint32_t chunk, uint32_t pid)
{
    memory->directory[chunk].kind = WIRE_CHUNK_PROCESS;
    memory->directory[chunk].process = 1;
    memory->directory[chunk].state = WIRE_CHUNK_READY;
    struct wire_process *wire = memory_chunk(memory, chunk, WIRE_CHUNK_PROCESS);
    wire->pid = pid;
    wire->serial = 1;
    return wire;
}

static void threads(struct memory *memory, uint32_t chunk, uint32_t next)
{
    memory->directory[chunk].kind = WIRE_CHUNK_THREADS;
    memory->directory[chunk].state = WIRE_CHUNK_READY;
    uint8_t *head = memory_chunk(memory, chunk, WIRE_CHUNK_THREADS);
    ((struct wire_threads_head *)(void *)head)->thread_chunk_next = next + 1;
    for (size_t i = 0; i < WIRE_PROCESS_THREADS; i++)
        ((struct wire_thread *)(void *)(head + WIRE_PROCESS_HEAD_BYTES))[i].tid = 7;
}

static void no_process_is_what_none_can_be(void **state)
{
    struct memory memory;
    struct process *process;
    struct err err;
    budget_limit(SIZE_MAX);
    assert_int_equal(memory_open(&memory, 0, &err), 0);
    const uint32_t pids[] = {0, UINT32_MAX, (uint32_t)getpid()};
    for (uint32_t i = 0; i < 3; i++) {
        claim_process(&memory, i, pids[i]);
        assert_int_equal(process_new(&memory, i, &process), -EINVAL);
    }
    claim_process(&memory, 3, 4000000);
    assert_int_equal(process_new(&memory, 3, &process), 0);
    struct process *again;
    assert_int_equal(process_new(&memory, 3, &again), -EINVAL); /* the same chunk twice */
    process_free(process);
    memory_close(&memory);
}

/* Chunks of threads that lead back to themselves, and to each other, have an end. */
static void a_ring_of_threads_has_an_end(void **state)
{
    struct memory memory;
    struct process *process;
    struct err err;
    budget_limit(SIZE_MAX);
    assert_int_equal(memory_open(&memory, 0, &err), 0);
    struct wire_process *wire = claim_process(&memory, 0, 4000000);
    for (size_t i = 0; i < WIRE_PROCESS_THREADS; i++)
        ((struct wire_thread *)(void *)((uint8_t *)wire + WIRE_PROCESS_HEAD_BYTES))[i].tid = 7;
    wire->thread_chunk_next = 1 + 1;
    threads(&memory, 1, 2);
    threads(&memory, 2, 1);
    assert_int_equal(process_new(&memory, 0, &process), 0);
    size_t count = 0;
    while (process_thread(process, &memory, count) != NULL)
        count++;
    assert_int_equal(count, 3 * WIRE_PROCESS_THREADS);
    process_free(process);
    memory_close(&memory);
}

/* Slots that share a ring: it is read once, and the others count as nonsense. */
static void a_ring_has_one_reader(void **state)
{
    struct memory memory;
    struct process *process;
    struct err err;
    budget_limit(SIZE_MAX);
    assert_int_equal(memory_open(&memory, 0, &err), 0);
    struct wire_process *wire = claim_process(&memory, 0, 4000000);
    memory.directory[1].kind = WIRE_CHUNK_RING;
    memory.directory[1].state = WIRE_CHUNK_READY;
    struct wire_ring *ring = memory_chunk(&memory, 1, WIRE_CHUNK_RING);
    ring->records[0] =
        (struct wire_record){.kind = WIRE_RECORD_THREAD, .window = UINT32_MAX}; /* there is no such window */
    ring->records[1] = (struct wire_record){.kind = WIRE_RECORD_THREAD, .window = 0};
    ring->head = 2;
    struct wire_thread *slots = (void *)((uint8_t *)wire + WIRE_PROCESS_HEAD_BYTES);
    for (int i = 0; i < 5; i++) {
        slots[i].tid = 7;
        slots[i].ring_chunk = 1 + 1;
    }
    wire->rings = 1;
    struct lines *lines = lines_new();
    assert_int_equal(process_new(&memory, 0, &process), 0);
    assert_true(process_drain(process, &memory, NULL, lines));
    assert_int_equal(process->records, 2);
    assert_int_equal(process->nonsense, 4 + 1);
    process_end(process, &memory, lines);
    assert_true(memory_take(&memory, 0, 2)); /* they are free for others */
    process_free(process);
    lines_free(lines);
    memory_close(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_taken_is_there_again_when_it_is_given_back),
        cmocka_unit_test(a_heap_does_not_grow_beyond_the_budget),
        cmocka_unit_test(neither_do_paths),
        cmocka_unit_test(no_process_is_what_none_can_be),
        cmocka_unit_test(a_ring_of_threads_has_an_end),
        cmocka_unit_test(a_ring_has_one_reader),
    };
    return cmocka_run_group_tests_name("collector-budget", tests, NULL, NULL);
}
