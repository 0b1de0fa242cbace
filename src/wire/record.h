/* The records of a thread's ring, and the ring itself.

   A ring is one chunk: its head, then WIRE_RING_BYTES of records. `head` and `tail` count records and only ever grow; record
   number n lies in records[n % WIRE_RING_RECORDS]. The producer stores `head` (release) after the record, so that whatever kills the
   thread, what was counted is whole. Allocation records of the event stream will be further kinds. */

#ifndef WIRE_RECORD_H
#define WIRE_RECORD_H

#include "wire/session.h"

#define WIRE_RECORD_BYTES 80u
#define WIRE_RING_HEAD_BYTES 256u
#define WIRE_RING_RECORDS ((WIRE_CHUNK_BYTES - WIRE_RING_HEAD_BYTES) / WIRE_RECORD_BYTES)

enum wire_record_kind {
    WIRE_RECORD_THREAD = 1,   /* a thread takes over this ring: arg tid, sp generation */
    WIRE_RECORD_LINE = 2,     /* a line stop: plan, site */
    WIRE_RECORD_JUMP = 3,     /* longjmp is about to happen: frames found dead next died now */
    WIRE_RECORD_CATCH = 4,    /* an exception is about to run a handler or clean-up of the frame at `sp`; plan, site: the
                                  line, or plan 0 */
    WIRE_RECORD_SIGNAL_IN = 5, /* a handler of the program begins; sp: of the interrupted code; arg, arg2: its
                                  alternate stack's [low, high), or 0 when it runs on the same stack */
    WIRE_RECORD_SIGNAL_OUT = 6, /* it returned */
    WIRE_RECORD_END = 7,      /* the process leaves through exit(), or dies of a signal that we saw coming */
};

enum {
    WIRE_RECORD_EXITS = 1u << 0,       /* LINE: this stop leaves the function */
    WIRE_RECORD_HAS_RSS = 1u << 1,     /* rss_bytes and the fault counts are valid */
    WIRE_RECORD_MANY_THREADS = 1u << 2, /* other threads exist: *_self fields are valid */
    WIRE_RECORD_HAS_TIME = 1u << 3,     /* run_ticks is valid */
};

/* What is known at one moment, all cumulative, so that any two records of a thread can be subtracted. */
struct wire_record {
    uint8_t kind;
    uint8_t flags;
    uint16_t reserved;
    uint32_t window;
    uint32_t plan; /* LINE: wire_plan.plan_id */
    uint32_t site; /* LINE: index in the plan */
    uint64_t sp;   /* stack pointer of the interrupted code */
    union {
        struct {
            int64_t heap_bytes;      /* thread's own heap: obtained minus freed */
            uint64_t rss_bytes;      /* process, ours subtracted */
            uint64_t faults;         /* thread's page faults */
            uint64_t released_bytes; /* resident bytes given back by the thread */
            uint64_t faults_self;    /* all threads */
            uint64_t released_self;
        };
        struct {
            uint64_t arg, arg2;
        };
    };
    int64_t run_ticks; /* elapsed for the thread by the time-stamp counter, without what line stops took */
};
_Static_assert(sizeof(struct wire_record) == WIRE_RECORD_BYTES, "record layout");

struct wire_ring {
    _Atomic uint64_t head; /* producer: records written */
    int64_t run_ticks;     /* producer's own, as are the next two: the thread's time so far */
    uint64_t run_resumed;  /* the time-stamp counter when its last stop ended; 0: there was none */
    uint32_t run_by_trap;  /* that stop was a trap */
    uint32_t reserved3;
    uint64_t reserved[4];
    _Atomic uint64_t tail; /* collector: records consumed; a futex on its low half for a waiting producer */
    _Atomic uint32_t producer_waits;
    uint32_t reserved2[13];
    uint8_t pad[WIRE_RING_HEAD_BYTES - 128];
    struct wire_record records[WIRE_RING_RECORDS];
};
_Static_assert(sizeof(struct wire_ring) <= WIRE_CHUNK_BYTES, "a ring is one chunk");

#endif
