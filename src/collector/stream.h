/* The event streams of a process's threads, merged by time into its heap. */

#ifndef COLLECTOR_STREAM_H
#define COLLECTOR_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/heap.h"
#include "wire/event.h"

/* One thread's ring as we read it. */
struct stream {
    struct wire_event_ring *ring;
    const struct wire_event *events;
    uint64_t capacity;                /* events that it has room for */
    uint32_t chunk;                   /* where it lies, plus one */
    bool moves;                       /* its thread writes into another ring now: this one is read to its end */
    uint32_t thread;                  /* number for heap_feed */
    uint64_t tail;                    /* our own: the shared one is not trusted */
    uint64_t given;                   /* the tail that the producer knows */
    uint64_t stamp;                   /* of the newest event taken in */
    uint64_t stuck_head, stuck_since; /* since when an event has been in flight behind this head, 0: none is */
    /* During one merge: */
    uint64_t head;
    uint64_t next_time; /* of the event at `tail` */
};

/* Those of one process. Begins zeroed. */
struct streams {
    struct stream *items;
    size_t count, room;
    bool has_full;           /* after a merge: some ring was full, and all its events too young */
    struct stream **waiting; /* during one merge: those that have events, as a binary heap, the oldest first */
};

/* One stream more: of `thread`, the ring at `chunk` (plus one) with room for `capacity` events. Returns 0 or -ENOMEM.
 */
int streams_add(struct streams *streams, struct wire_event_ring *ring, uint64_t capacity, uint32_t chunk,
                uint32_t thread);

/* The stream's ring has been read to its end, and goes on in another one. */
void stream_move(struct stream *stream, struct wire_event_ring *ring, uint64_t capacity, uint32_t chunk);
void streams_fini(struct streams *streams);

/* The time-stamp counter; to be read before one looks whether there are new streams. */
uint64_t streams_now(void);

#define STREAMS_ALL UINT64_MAX

/* Take in what is there, in the order of time over all streams, up to what may be taken in at the time `now`; with
   STREAMS_ALL to the last event: the threads are gone. Returns the number of events; adds what cannot be or was lost to
   *nonsense. */
uint64_t streams_merge(struct streams *streams, struct heap *heap, uint64_t now, uint64_t *nonsense);

#endif
