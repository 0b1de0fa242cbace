/* The producer of the event stream. A thread's state is its own: no lock, no atomic read-modify-write on the way. The
   ring is never overrun: a full one holds the thread up, as emit.c's does. */

#include "preload/events.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "preload/modules.h"
#include "preload/pages.h"
#include "preload/samples.h"
#include "preload/syscalls.h"
#include "preload/unwind.h"
#include "wire/event.h"

/* A process's first thread has more memory than the others, of which there may be a thousand. Any thread begins with a
   small ring; the first few that turn out to allocate a lot get a larger one: the reader is woken every half ring. */
#define FILTER_BITS 13
#define FILTER_BITS_OTHER 9 /* a page */
#define MEMOS_OTHER 16
#define RING_BYTES (WIRE_CHUNK_BYTES / 2)
#define RING_BYTES_BUSY (WIRE_EVENT_RING_CHUNKS * WIRE_CHUNK_BYTES)
#define BUSY_ROUNDS 8 /* of a ring, and its thread is busy */
#define BUSY_THREADS 4
#define FIRST_FRAMES 64
#define AHEAD_EVENTS 16 /* the cache line that we write next was last read by another processor */

/* Mapped at a thread's first event and inherited by the thread that takes over its slot. Pages are touched as stacks
   get deeper; they are counted as ours when that happens. */
struct events {
    struct wire_event_ring *ring;
    uint64_t head;             /* events written: the ring's own is only for the reader */
    uint64_t limit;            /* up to here nothing needs looking at: no wake-up, no room to be made */
    uint32_t at;               /* index of the next event: head % capacity */
    uint32_t capacity;         /* of the ring: its own is only for the reader */
    uint32_t epoch;            /* unwind_epoch as of the last walk */
    uint32_t populated_frames; /* stacks of so many frames fit into what is resident */
    uint32_t filter_bits;
    bool may_grow;   /* the ring may be replaced by a larger one */
    bool is_sampled; /* most allocations and frees are passed over */
    bool told_free;  /* the last free was not */
    const void *last_freed;
    struct samples samples;
    struct unwind unwind;
    /* Paths whose nodes this thread has sent; lossy; the first 1 << filter_bits are used. */
    uint64_t filter[1u << FILTER_BITS] __attribute__((aligned(WIRE_PAGE_BYTES)));
};

/* Make the elements [from, to) of an array that begins on a page of its own resident, and count them as ours. */
static void populate(void *array, uint32_t from, uint32_t to, size_t element_bytes)
{
    uint64_t first = ((uint64_t)from * element_bytes + WIRE_PAGE_BYTES - 1) / WIRE_PAGE_BYTES * WIRE_PAGE_BYTES;
    uint64_t end = (uint64_t)to * element_bytes;
    if (end > first)
        guest_own((int64_t)pages_populate((uint8_t *)array + first, end - first, 1));
}

/* Stacks of `frames` frames are about to be remembered. */
static __attribute__((noinline, cold)) void deepen(struct events *events, uint32_t frames)
{
    struct unwind *unwind = &events->unwind;
    uint32_t from = events->populated_frames;
    if (guest_sandboxed) /* pages come one by one then, uncounted */
        return;
    populate(unwind->frames, from, frames, sizeof *unwind->frames);
    populate(unwind->returns, from, frames, sizeof *unwind->returns);
    populate(unwind->checks, from, frames, sizeof *unwind->checks);
    populate(unwind->inner, from, frames, sizeof *unwind->inner);
    events->populated_frames = frames;
}

/* Write into another ring of `bytes` from now on. Returns false when there is no room for it. */
static bool begin_ring(struct events *events, struct wire_thread *thread, size_t bytes)
{
    uint32_t index;
    struct wire_event_ring *ring = guest_claim_chunks(WIRE_CHUNK_EVENTS, 0, bytes, &index);
    if (ring == NULL)
        return false;
    events->ring = ring;
    events->head = 0;
    events->at = 0;
    ring->capacity = events->capacity = WIRE_EVENT_RING_EVENTS(bytes);
    events->limit = events->capacity / 2;
    atomic_store_explicit(&thread->events_chunk, index + 1, memory_order_release);
    atomic_fetch_add(&guest.process->rings, 1);
    return true;
}

static __attribute__((noinline, cold)) struct events *events_new(struct wire_thread *thread)
{
    long at = raw_syscall6(SYS_mmap, 0, sizeof(struct events), PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at <= 0)
        return NULL;
    struct events *events = (struct events *)at;
    bool is_first = thread->tid == guest.pid;
    events->is_sampled = guest.session->sample_bytes != 0;
    raw_syscall3(SYS_madvise, at, sizeof *events, MADV_NOHUGEPAGE);
    raw_syscall3(SYS_madvise, at, sizeof *events, MADV_DONTDUMP);
    if ((events->is_sampled && !samples_begin(&events->samples)) || !begin_ring(events, thread, RING_BYTES)) {
        atomic_fetch_add(&guest.session->refused, 1);
        raw_syscall3(SYS_munmap, at, sizeof *events, 0);
        return NULL;
    }
    events->may_grow = true;
    events->filter_bits = is_first ? FILTER_BITS : FILTER_BITS_OTHER;
    events->unwind.memo_mask = (is_first ? UNWIND_MEMOS : MEMOS_OTHER) - 1;
    events->unwind.generation = modules_generation;
    guest_own((int64_t)pages_populate(events, offsetof(struct events, unwind.returns), 1));
    populate(events->filter, 0, 1u << events->filter_bits, sizeof *events->filter);
    populate(events->unwind.memos, 0, events->unwind.memo_mask + 1, sizeof *events->unwind.memos);
    deepen(events, FIRST_FRAMES);
    thread->events_state = (uint64_t)at;
    return events;
}

/* Events of several threads cannot be put in order without their time. */
static bool has_no_order(void)
{
    return guest_clockless && guest_sandboxed && !*guest.single_threaded;
}

static __attribute__((noinline, cold)) struct events *find_state(void)
{
    struct wire_thread *thread = guest_thread();
    if (thread == NULL || guest_self.events_refused)
        return NULL;
    guest_self.is_clockless |= guest_clockless; /* started by a thread that is, or by another: who knows */
    if (has_no_order()) {
        guest_self.events_refused = true;
        atomic_fetch_add_explicit(&thread->lost, 1, memory_order_relaxed);
        return NULL;
    }
    if (guest_sandboxed && thread->events_state == 0) { /* a new thread in a sandbox: nothing can be mapped for it */
        atomic_fetch_add(&guest.session->refused, 1);
        guest_self.events_refused = true;
        return NULL;
    }
    struct events *events = (struct events *)thread->events_state;
    if (events != NULL)
        unwind_reset(&events->unwind); /* left by the thread that had the slot before: its stack is gone */
    guest_self.events = events != NULL ? events : events_new(thread);
    guest_self.events_refused = guest_self.events == NULL;
    if (guest_self.events_refused)
        atomic_fetch_add_explicit(&thread->lost, 1, memory_order_relaxed);
    return guest_self.events;
}

void events_without_clock(void)
{
    guest_clockless = guest_self.is_clockless = true;
    guest.wants_times = false;
}

/* The thread became one of several after it had lost the clock. */
static __attribute__((noinline, cold)) struct events *clockless_state(void)
{
    if (guest_self.is_clockless && has_no_order())
        guest_self.events = NULL;
    return guest_self.events != NULL ? guest_self.events : find_state();
}

static inline struct events *state(void)
{
    if (__builtin_expect(guest_clockless, 0))
        return clockless_state();
    return __builtin_expect(guest_self.events != NULL, 1) ? guest_self.events : find_state();
}

/* Every half ring, and when the ring is full: wake the reader, and wait for room. Returns false when there will be
 * none. */
static __attribute__((noinline, cold)) bool make_room(struct events *events)
{
    struct wire_event_ring *ring = events->ring;
    if (!guest_wait_for_room(&ring->tail, &ring->producer_waits, events->head, events->capacity)) {
        atomic_fetch_add_explicit(&guest_self.slot->lost, 1, memory_order_relaxed);
        return false;
    }
    guest_wake_collector();
    if (events->may_grow && !guest_sandboxed && events->head >= (uint64_t)BUSY_ROUNDS * events->capacity) {
        static _Atomic uint32_t busy_threads;
        events->may_grow = false;
        if (atomic_fetch_add(&busy_threads, 1) < BUSY_THREADS && begin_ring(events, guest_self.slot, RING_BYTES_BUSY))
            return true;
    }
    uint64_t full = atomic_load_explicit(&ring->tail, memory_order_acquire) + events->capacity;
    uint64_t half = events->head + events->capacity / 2;
    events->limit = half < full ? half : full;
    return true;
}

static inline void put(struct events *events, uint64_t head, uint64_t size, uint64_t stack, uint64_t time)
{
    if (__builtin_expect(events->head >= events->limit, 0) && !make_room(events))
        return;
    struct wire_event *event = &events->ring->events[events->at];
    __builtin_prefetch(event + AHEAD_EVENTS, 1);
    *event = (struct wire_event){.head = head, .size = size, .stack = stack, .time = time};
    events->at = events->at + 1 < events->capacity ? events->at + 1 : 0;
    events->head++;
    atomic_store_explicit(&events->ring->head, events->head, memory_order_release);
}

static inline uint64_t *filter_of(struct events *events, uint64_t path)
{
    return &events->filter[path >> (64 - events->filter_bits)];
}

/* Tell how the frames that are new in this walk hang together. */
static __attribute__((noinline)) void put_nodes(struct events *events)
{
    const struct unwind *unwind = &events->unwind;
    atomic_store_explicit(&guest_self.slot->guessed_frames, unwind->guessed, memory_order_relaxed);
    for (uint32_t i = unwind->changed; i < unwind->depth; i++) {
        uint64_t path = unwind->frames[i].path, *known = filter_of(events, path);
        if (*known == path)
            continue;
        *known = path;
        put(events, wire_event_head(WIRE_EVENT_NODE, unwind->returns[i].value), path,
            i > 0 ? unwind->frames[i - 1].path : unwind->root, 0);
    }
}

/* Memory was given back, or modules were unloaded: then all that is remembered of their addresses is void. */
static __attribute__((noinline, cold)) void begin_epoch(struct events *events)
{
    events->epoch = unwind_epoch;
    events->unwind.remembered = 0;
    if (events->unwind.generation == modules_generation)
        return;
    events->unwind.generation = modules_generation;
    unwind_reset(&events->unwind);
    for (uint32_t i = 0; i < 1u << events->filter_bits; i++)
        events->filter[i] = 0;
}

static inline uint64_t stack_here(struct events *events, const uint64_t *frame)
{
    struct unwind *unwind = &events->unwind;
    if (__builtin_expect(events->epoch != unwind_epoch, 0))
        begin_epoch(events);
    const struct unwind_start start = {.return_address = frame[1], .sp = (uint64_t)(frame + 2), .bp = frame[0]};
    uint64_t path = unwind_walk(unwind, &start);
    if (__builtin_expect(unwind->recalled != NULL, 1)) /* its nodes were sent when it was first made */
        return path;
    if (*filter_of(events, path) != path)
        put_nodes(events);
    if (__builtin_expect(unwind->depth > events->populated_frames, 0))
        deepen(events, unwind->depth + FIRST_FRAMES < UNWIND_DEPTH ? unwind->depth + FIRST_FRAMES : UNWIND_DEPTH);
    return path;
}

/* rdtscp waits until everything before it is done: a plain rdtsc would let stamps of one address get out of order. A
   process with one thread needs no order, only a clock for how long blocks live. */
static inline uint64_t stamp(struct events *events)
{
    if (*guest.single_threaded)
        return events->head % WIRE_EVENT_CLOCK_EVENTS == 0 ? guest_ticks() | WIRE_EVENT_CLOCK : 0;
    atomic_store_explicit(&events->ring->in_flight, 1, memory_order_relaxed);
    if (__builtin_expect(guest_clockless && !guest_sandboxed, 0))
        return guest_asked_ticks();
    unsigned processor;
    return __builtin_ia32_rdtscp(&processor);
}

static inline void landed(struct events *events)
{
    atomic_store_explicit(&events->ring->in_flight, 0, memory_order_relaxed);
}

static inline uint64_t window_bits(void)
{
    return (uint64_t)atomic_load_explicit(&guest.session->window, memory_order_relaxed) << WIRE_EVENT_SIZE_BITS;
}

void events_alloc(const void *block, uint64_t bytes, const uint64_t *frame)
{
    struct events *events = state();
    if (events == NULL || (events->is_sampled && !samples_take(&events->samples, block, bytes)))
        return;
    uint64_t stack = stack_here(events, frame);
    uint64_t time = stamp(events);
    put(events, wire_event_head(WIRE_EVENT_ALLOC, (uint64_t)block), window_bits() | bytes, stack, time);
    landed(events);
}

void events_free(const void *block)
{
    struct events *events = state();
    if (events == NULL)
        return;
    if (events->is_sampled) {
        events->last_freed = block;
        events->told_free = samples_drop(block);
        if (!events->told_free)
            return;
    }
    uint64_t time = stamp(events);
    put(events, wire_event_head(WIRE_EVENT_FREE, (uint64_t)block), window_bits(), 0, time);
    landed(events);
}

/* A reservation of more than the wire can tell counts as the most that it can. */
static uint64_t told_bytes(uint64_t bytes)
{
    const uint64_t most = (UINT64_C(1) << WIRE_EVENT_SIZE_BITS) - WIRE_PAGE_BYTES;
    return bytes < most ? bytes : most;
}

void events_map(const void *address, uint64_t bytes, const uint64_t *frame)
{
    struct events *events = state();
    if (events == NULL || bytes == 0)
        return;
    uint64_t stack = stack_here(events, frame);
    uint64_t time = stamp(events);
    put(events, wire_event_head(WIRE_EVENT_MAP, (uint64_t)address), window_bits() | told_bytes(bytes), stack, time);
    landed(events);
}

uint64_t events_unmap_begin(void)
{
    struct events *events = state();
    return events != NULL ? stamp(events) : 0;
}

void events_unmap_end(const void *address, uint64_t bytes, uint64_t time)
{
    struct events *events = state();
    if (events == NULL)
        return;
    if (bytes > 0)
        put(events, wire_event_head(WIRE_EVENT_UNMAP, (uint64_t)address), window_bits() | told_bytes(bytes), 0, time);
    landed(events);
}

void events_not_freed(void)
{
    struct events *events = state();
    if (events == NULL)
        return;
    if (events->is_sampled && (!events->told_free || !samples_return(events->last_freed)))
        return;
    put(events, wire_event_head(WIRE_EVENT_NOT_FREED, 0), window_bits(), 0, stamp(events));
    landed(events);
}

const uint32_t events_state_bytes = sizeof(struct events);

const struct unwind_check *events_walk(const uint64_t *frame, uint32_t *count)
{
    struct events *events = state();
    if (events == NULL)
        return NULL;
    const struct unwind_start start = {.return_address = frame[1], .sp = (uint64_t)(frame + 2), .bp = frame[0]};
    unwind_reset(&events->unwind); /* every frame is to be stepped through */
    unwind_walk(&events->unwind, &start);
    unwind_reset(&events->unwind); /* the nodes of this walk were not told of */
    *count = events->unwind.depth;
    return events->unwind.returns;
}
