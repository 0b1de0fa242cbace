/* The event stream: every allocation and free of a thread, with the stack that did it.

   Each thread that allocates has a ring of fixed-size events. A stack is named by the 64-bit hash of its path of return
   addresses from the root; NODE events say how a path goes on from its parent and may come again at any time, before
   the first event that names the path at the latest. `time` is the time-stamp counter while the process has several
   threads, 0 before: a free is stamped before the block is given back, an allocation after the block was obtained, so
   that events of one address sort rightly over all threads. The same goes for mappings, but an UNMAP is written when
   the call has succeeded, with a stamp from before it.

   A ring may be replaced by a larger one: the thread names the new one in its slot when its last event is in the old
   one. */

#ifndef WIRE_EVENT_H
#define WIRE_EVENT_H

#include "wire/session.h"

enum wire_event_kind {
    WIRE_EVENT_ALLOC = 1,     /* address; size; stack */
    WIRE_EVENT_FREE = 2,      /* address */
    WIRE_EVENT_NOT_FREED = 3, /* the thread's last FREE did not happen: its realloc failed */
    WIRE_EVENT_MAP = 5,   /* address; bytes; stack: the program itself has mapped them, in place of what was there */
    WIRE_EVENT_UNMAP = 6, /* address; bytes: the program itself has unmapped them, or moved them away */
    WIRE_EVENT_NODE = 4,  /* address: return address; size: the path; stack: its parent's path, or a root */
};

/* Why a path has no frames beyond its outermost one. */
enum wire_root {
    WIRE_ROOT_REACHED = 0, /* nothing called it */
    WIRE_ROOT_STOPPED = 1, /* code without unwind information: the walk could not go on */
    WIRE_ROOT_CUT = 2,     /* the stack was deeper than what can be remembered */
};

/* The parent of a path's outermost frame: generation of the modules (wire_module.born) << 2 | enum wire_root. */
#define WIRE_EVENT_ROOTS 65536u /* no path is below */
#define WIRE_EVENT_GENERATIONS (WIRE_EVENT_ROOTS / 4)

/* In `time`: not to be ordered by. The process has one thread; so many events of its come between two of these. */
#define WIRE_EVENT_CLOCK (UINT64_C(1) << 63)
#define WIRE_EVENT_CLOCK_EVENTS 16u

#define WIRE_EVENT_ADDRESS_BITS 48
#define WIRE_EVENT_SIZE_BITS 44

struct wire_event {
    uint64_t head; /* kind << 56 | address */
    uint64_t size; /* ALLOC, MAP, UNMAP: window << WIRE_EVENT_SIZE_BITS | bytes; FREE: window << WIRE_EVENT_SIZE_BITS */
    uint64_t stack; /* path */
    uint64_t time;
};
_Static_assert(sizeof(struct wire_event) == 32, "event layout");

#define WIRE_EVENT_RING_HEAD_BYTES 256u
#define WIRE_EVENT_RING_CHUNKS 4u /* the largest ring */

struct wire_event_ring {
    _Atomic uint64_t head;      /* producer: events written */
    _Atomic uint32_t in_flight; /* producer: 1 from before an event's time stamp until its `head` is out */
    uint32_t capacity;          /* events that it has room for; event n lies in events[n % capacity] */
    uint32_t reserved[12];
    _Atomic uint64_t tail; /* collector: events consumed; a futex on its low half */
    _Atomic uint32_t producer_waits;
    uint32_t reserved2[13];
    uint8_t pad[WIRE_EVENT_RING_HEAD_BYTES - 128];
    struct wire_event events[];
};
_Static_assert(sizeof(struct wire_event_ring) == WIRE_EVENT_RING_HEAD_BYTES, "ring head layout");

/* How many events a ring of `bytes` has room for. */
#define WIRE_EVENT_RING_EVENTS(bytes) ((uint32_t)(((bytes)-WIRE_EVENT_RING_HEAD_BYTES) / sizeof(struct wire_event)))

static inline uint64_t wire_event_head(enum wire_event_kind kind, uint64_t address)
{
    return (uint64_t)kind << 56 | (address & ((UINT64_C(1) << WIRE_EVENT_ADDRESS_BITS) - 1));
}

#endif
