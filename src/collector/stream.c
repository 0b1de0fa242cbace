/* Merging. An event may be taken in when no earlier one can still come: producers stamp an event and make it visible a
   moment later, so only events older than a little while ago are taken, and a thread that is caught between the two (it
   says so in `in_flight`) holds the others back to its own last stamp, unless it stays there for so long that it must
   have been stopped for good. Events without a stamp come from a process that had one thread only. */

#include "collector/stream.h"

#include <x86intrin.h>

#include "collector/futex.h"

/* How long a store can take to be seen by us while its thread runs: far below this, 6 us on any processor. */
#define SLACK_TICKS UINT64_C(30000)
#define STUCK_TICKS UINT64_C(1000000000) /* some tenths of a second */

/* The newest stamp that the stream shows. */
static uint64_t newest_stamp(const struct stream *stream)
{
    for (uint64_t at = stream->head; at != stream->tail; at--) {
        uint64_t time = stream->ring->events[(at - 1) % stream->capacity].time;
        if (time != 0 && !(time & WIRE_EVENT_CLOCK))
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

static void load_next(struct stream *stream)
{
    stream->next = stream->ring->events[stream->tail % stream->capacity];
    if (stream->next.time & WIRE_EVENT_CLOCK)
        stream->next.time = 0;
}

/* See how far each stream goes. Returns up to which time events may be taken. */
static uint64_t look(struct stream *streams, size_t count, bool all, uint64_t *nonsense)
{
    uint64_t now = __rdtsc(), limit = now > SLACK_TICKS ? now - SLACK_TICKS : 0;
    for (size_t i = 0; i < count; i++) {
        struct stream *stream = &streams[i];
        if (stream->ring == NULL)
            continue;
        /* In this order: an event that is not in flight any more is seen. */
        bool in_flight =
            stream->moves || atomic_load_explicit(&stream->ring->in_flight, memory_order_acquire) != 0;
        stream->head = atomic_load_explicit(&stream->ring->head, memory_order_acquire);
        if (stream->head - stream->tail > stream->capacity) {
            (*nonsense)++;
            stream->tail = stream->head;
        }
        uint64_t held = held_back_to(stream, in_flight, now);
        limit = held < limit ? held : limit;
        if (stream->head != stream->tail)
            load_next(stream);
    }
    return all ? UINT64_MAX : limit;
}

/* The stream whose next event is the oldest; *second is the time of the next best. */
static struct stream *oldest(struct stream *streams, size_t count, uint64_t *second)
{
    struct stream *best = NULL;
    *second = UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        struct stream *stream = &streams[i];
        if (stream->ring == NULL || stream->head == stream->tail)
            continue;
        if (best == NULL || stream->next.time < best->next.time) {
            *second = best != NULL ? best->next.time : *second;
            best = stream;
        } else if (stream->next.time < *second) {
            *second = stream->next.time;
        }
    }
    return best;
}

/* Take events from one stream while they are the oldest of all. */
static uint64_t take(struct stream *stream, struct heap *heap, uint64_t limit, uint64_t second)
{
    uint64_t count = 0;
    while (stream->tail != stream->head && stream->next.time <= limit && stream->next.time <= second) {
        heap_feed(heap, stream->thread, &stream->next);
        if (stream->next.time != 0)
            stream->stamp = stream->next.time;
        stream->tail++;
        count++;
        if (stream->tail != stream->head)
            load_next(stream);
    }
    return count;
}

static void give_back(struct stream *stream)
{
    if (atomic_load_explicit(&stream->ring->tail, memory_order_relaxed) == stream->tail)
        return;
    atomic_store_explicit(&stream->ring->tail, stream->tail, memory_order_release);
    if (atomic_load_explicit(&stream->ring->producer_waits, memory_order_seq_cst))
        futex_wake(&stream->ring->tail);
}

uint64_t stream_merge(struct stream *streams, size_t count, struct heap *heap, bool all, uint64_t *nonsense)
{
    uint64_t limit = look(streams, count, all, nonsense), taken = 0, second;
    struct stream *stream;
    while ((stream = oldest(streams, count, &second)) != NULL) {
        uint64_t some = take(stream, heap, limit, second);
        taken += some;
        if (some == 0)
            break;
    }
    for (size_t i = 0; i < count; i++)
        if (streams[i].ring != NULL)
            give_back(&streams[i]);
    return taken;
}
