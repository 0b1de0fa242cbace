/* Merging. An event may be taken in when no earlier one can still come: producers stamp an event and make it visible a
   moment later, so only events older than a little while ago are taken, and a thread that is caught between the two (it
   says so in `in_flight`) holds the others back to its own last stamp, unless it stays there for so long that it must
   have been stopped for good. Events without a stamp are as old as the one before them.

   Events are not copied: runs of them go to the heap as they lie in the ring. */

#include "collector/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <x86intrin.h>

#include "collector/futex.h"

/* How long a store can take to be seen by us while its thread runs: far below this, 6 us on any processor. It must also
   be far below the time in which a ring fills, or full rings would wait for nothing but age. */
#define SLACK_TICKS UINT64_C(30000)
#define STUCK_TICKS UINT64_C(1000000000) /* some tenths of a second */
#define RUN_EVENTS 512                   /* a run is looked at, then taken in: it stays in the nearest cache between */

void stream_move(struct stream *stream, struct wire_event_ring *ring, uint64_t capacity, uint32_t chunk)
{
    *stream = (struct stream){.ring = ring,
                              .events = ring->events,
                              .capacity = capacity,
                              .chunk = chunk,
                              .thread = stream->thread,
                              .stamp = stream->stamp};
}

int streams_add(struct streams *streams, struct wire_event_ring *ring, uint64_t capacity, uint32_t chunk,
                uint32_t thread)
{
    if (streams->count == streams->room) {
        size_t room = streams->room ? 2 * streams->room : 4;
        struct stream *items = realloc(streams->items, room * sizeof *items);
        if (items == NULL)
            return -ENOMEM;
        streams->items = items;
        struct stream **waiting = realloc(streams->waiting, room * sizeof *waiting);
        if (waiting == NULL)
            return -ENOMEM;
        streams->waiting = waiting;
        streams->room = room;
    }
    streams->items[streams->count] = (struct stream){.thread = thread};
    stream_move(&streams->items[streams->count++], ring, capacity, chunk);
    return 0;
}

void streams_fini(struct streams *streams)
{
    free(streams->items);
    free(streams->waiting);
    *streams = (struct streams){0};
}

uint64_t streams_now(void)
{
    return __rdtsc();
}

/* What the event is ordered by; 0: by nothing. */
static inline uint64_t time_of(const struct wire_event *event)
{
    uint64_t time = __atomic_load_n(&event->time, __ATOMIC_RELAXED);
    return (time & WIRE_EVENT_CLOCK) == 0 ? time : 0;
}

static uint64_t time_at(const struct stream *stream, uint64_t index)
{
    return time_of(&stream->events[index % stream->capacity]);
}

/* The newest stamp that the stream shows. */
static uint64_t newest_stamp(const struct stream *stream)
{
    for (uint64_t at = stream->head; at != stream->tail; at--) {
        uint64_t time = time_at(stream, at - 1);
        if (time != 0)
            return time;
    }
    return stream->stamp;
}

/* What this stream does not show yet is not older than the result. */
static uint64_t held_back_to(struct stream *stream, bool in_flight, uint64_t now)
{
    if (!in_flight) {
        stream->stuck_since = 0;
        return UINT64_MAX;
    }
    if (stream->stuck_since == 0 || stream->stuck_head != stream->head) {
        stream->stuck_since = now;
        stream->stuck_head = stream->head;
    }
    return now - stream->stuck_since < STUCK_TICKS ? newest_stamp(stream) : UINT64_MAX;
}

static void sift_down(struct stream **waiting, size_t count, size_t at)
{
    struct stream *moved = waiting[at];
    for (size_t child; (child = 2 * at + 1) < count; at = child) {
        if (child + 1 < count && waiting[child + 1]->next_time < waiting[child]->next_time)
            child++;
        if (moved->next_time <= waiting[child]->next_time)
            break;
        waiting[at] = waiting[child];
    }
    waiting[at] = moved;
}

/* See how far each stream goes, and which have events. Returns up to which time those may be taken. */
static uint64_t look(struct streams *streams, uint64_t now, size_t *waiting_count, uint64_t *nonsense)
{
    uint64_t limit = now > SLACK_TICKS ? now - SLACK_TICKS : 0;
    *waiting_count = 0;
    for (size_t i = 0; i < streams->count; i++) {
        struct stream *stream = &streams->items[i];
        /* In this order: an event that is not in flight any more is seen. */
        bool in_flight = stream->moves || atomic_load_explicit(&stream->ring->in_flight, memory_order_acquire) != 0;
        stream->head = atomic_load_explicit(&stream->ring->head, memory_order_acquire);
        if (stream->head - stream->tail > stream->capacity) {
            (*nonsense)++;
            stream->tail = stream->head;
        }
        uint64_t held = held_back_to(stream, in_flight, now);
        limit = held < limit ? held : limit;
        if (stream->head == stream->tail)
            continue;
        stream->next_time = time_at(stream, stream->tail);
        streams->waiting[(*waiting_count)++] = stream;
    }
    for (size_t i = *waiting_count / 2; i-- > 0;)
        sift_down(streams->waiting, *waiting_count, i);
    return now == STREAMS_ALL ? UINT64_MAX : limit;
}

/* How many of the events [0, count) may be taken: up to the first that is later than `until`. */
static size_t run_length(struct stream *stream, const struct wire_event *events, size_t count, uint64_t until)
{
    size_t i = 0;
    for (; i < count; i++) {
        uint64_t time = time_of(&events[i]);
        if (time > until)
            break;
        stream->stamp = time != 0 ? time : stream->stamp;
    }
    return i;
}

/* Take events from one stream while they are not later than `until`. */
static uint64_t take(struct stream *stream, struct heap *heap, uint64_t until, uint64_t *nonsense)
{
    uint64_t first = stream->tail;
    while (stream->tail != stream->head) {
        uint64_t at = stream->tail % stream->capacity;
        uint64_t count = stream->head - stream->tail;
        count = count < stream->capacity - at ? count : stream->capacity - at;
        count = count < RUN_EVENTS ? count : RUN_EVENTS;
        size_t run = run_length(stream, &stream->events[at], count, until);
        *nonsense += heap_feed(heap, stream->thread, &stream->events[at], run);
        stream->tail += run;
        if (run < count)
            break;
    }
    if (stream->tail != stream->head)
        stream->next_time = time_at(stream, stream->tail);
    return stream->tail - first;
}

/* A thread that waits is told again how far we are, whatever has become of that word meanwhile. */
static void give_back(struct stream *stream)
{
    if (stream->given != stream->tail)
        atomic_store_explicit(&stream->ring->tail, stream->tail, memory_order_release);
    stream->given = stream->tail;
    if (atomic_load_explicit(&stream->ring->producer_waits, memory_order_seq_cst)) {
        atomic_store_explicit(&stream->ring->tail, stream->tail, memory_order_release);
        futex_wake(&stream->ring->tail);
    }
}

/* The time of the second oldest. */
static uint64_t second_time(struct stream *const *waiting, size_t count)
{
    uint64_t left = count > 1 ? waiting[1]->next_time : UINT64_MAX;
    uint64_t right = count > 2 ? waiting[2]->next_time : UINT64_MAX;
    return left < right ? left : right;
}

uint64_t streams_merge(struct streams *streams, struct heap *heap, uint64_t now, uint64_t *nonsense)
{
    size_t count;
    struct stream **waiting = streams->waiting;
    uint64_t limit = look(streams, now, &count, nonsense), taken = 0;
    while (count > 0 && waiting[0]->next_time <= limit) {
        uint64_t second = second_time(waiting, count);
        uint64_t some = take(waiting[0], heap, second < limit ? second : limit, nonsense);
        if (some == 0) /* a stamp that changes while it is looked at */
            break;
        taken += some;
        if (waiting[0]->tail == waiting[0]->head)
            waiting[0] = waiting[--count];
        if (count > 1)
            sift_down(waiting, count, 0);
    }
    streams->has_full = false;
    for (size_t i = 0; i < streams->count; i++) {
        give_back(&streams->items[i]);
        streams->has_full |= streams->items[i].head - streams->items[i].tail >= streams->items[i].capacity;
    }
    return taken;
}
