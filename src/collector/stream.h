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
    struct wire_event_ring *ring;     /* NULL: none yet */
    uint64_t capacity;                /* events that it has room for */
    uint32_t chunk;                   /* where it lies, plus one */
    bool moves;                       /* its thread writes into another ring now: this one is read to its end */
    uint32_t thread;                  /* number for heap_feed */
    uint64_t tail;                    /* our own: the shared one is not trusted */
    uint64_t stamp;                   /* of the newest event taken in */
    uint64_t stuck_head, stuck_since; /* since when an event has been in flight behind this head, 0: none is */
    /* During one merge: */
    uint64_t head;
    struct wire_event next;
};

/* Take in what is there, in the order of time over all streams; with `all`, to the last event: the threads are gone.
   Returns the number of events; adds heads that cannot be to *nonsense. */
uint64_t stream_merge(struct stream *streams, size_t count, struct heap *heap, bool all, uint64_t *nonsense);

#endif
