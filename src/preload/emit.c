/* The producer's side of a ring: records are never dropped while the collector lives, and a full ring holds its thread
   up. */

#include <errno.h>
#include <limits.h>
#include <time.h>

#include "preload/guest.h"
#include "preload/reader.h"
#include "preload/syscalls.h"

#ifndef EMIT_ROUNDS_LIMIT
#define EMIT_ROUNDS_LIMIT                                                                                              \
    600 /* of 100 ms in which it has not moved, though it runs: the plan of a huge file takes long */
#endif
#ifndef EMIT_ROUNDS_SANDBOXED
#define EMIT_ROUNDS_SANDBOXED 50 /* where its state cannot be asked for */
#endif
#define SPINS_PER_WAIT 5000000 /* of some 40 cycles each: where system calls are not to be made */
#define HALF_RING (WIRE_RING_RECORDS / 2)

enum { FUTEX_WAIT_SHARED = 0 };

/* Whether this process has stopped recording for good. Not shared with forked children: they have a copy. */
static _Atomic uint32_t stopped;

/* Wait a while for `tail` to differ from `seen`. */
static void wait_for_tail(const _Atomic uint64_t *tail, uint64_t seen)
{
    const struct timespec time_out = {.tv_nsec = READER_ROUND_NS};
    if (!guest_sandboxed) {
        raw_syscall4(SYS_futex, (long)tail, FUTEX_WAIT_SHARED, (long)(uint32_t)seen, (long)&time_out);
        return;
    }
    for (int i = 0; i < SPINS_PER_WAIT && atomic_load_explicit(tail, memory_order_relaxed) == seen; i++)
        __builtin_ia32_pause();
}

/* The thread was held up since `start`. */
static void count_wait(uint64_t start)
{
    atomic_fetch_add_explicit(&guest.process->wait_count, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&guest.process->wait_ticks, guest_ticks() - start, memory_order_relaxed);
}

/* Is it worth waiting on? When not, because it has not moved for too long, that is told. */
static bool is_patient(struct reader_patience *patience)
{
    uint32_t most = guest_sandboxed ? EMIT_ROUNDS_SANDBOXED : EMIT_ROUNDS_LIMIT;
    if (!reader_is_worth_waiting(patience))
        return false;
    if (patience->rounds <= most)
        return true;
    reader_give_up();
    return false;
}

static bool wait_for_room(const _Atomic uint64_t *tail, _Atomic uint32_t *producer_waits, uint64_t head,
                          uint64_t capacity)
{
    uint64_t start = guest_ticks();
    uint64_t seen = atomic_load_explicit(tail, memory_order_acquire);
    bool has_room = head - seen < capacity;
    if (has_room)
        return true;
    struct reader_patience patience = {0};
    while (!has_room && is_patient(&patience)) {
        atomic_store(producer_waits, 1);
        guest_wake_collector();
        wait_for_tail(tail, seen);
        uint64_t now = atomic_load_explicit(tail, memory_order_acquire);
        has_room = head - now < capacity;
        if (now != seen)
            patience = (struct reader_patience){0};
        seen = now;
    }
    atomic_store(producer_waits, 0);
    count_wait(start);
    return has_room;
}

/* When another process has given syseng-mem up, this one did not wait: what it loses is told in the same way. */
static void stop_recording(void)
{
    atomic_store(&stopped, 1);
    if (atomic_load(&guest.session->abandoned) != 0 && atomic_load(&guest.session->closed) == 0)
        atomic_fetch_or(&guest.process->flags, WIRE_PROCESS_GAVE_UP);
}

bool guest_wait_for_room(const _Atomic uint64_t *tail, _Atomic uint32_t *producer_waits, uint64_t head,
                         uint64_t capacity)
{
    if (!atomic_load_explicit(&stopped, memory_order_relaxed) &&
        (head - atomic_load_explicit(tail, memory_order_acquire) < capacity ||
         wait_for_room(tail, producer_waits, head, capacity)))
        return true;
    stop_recording();
    return false;
}

GUEST_NO_VECTOR void guest_emit(struct wire_thread *thread, struct wire_ring *ring, const struct wire_record *record)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    if (!guest_wait_for_room(&ring->tail, &ring->producer_waits, head, WIRE_RING_RECORDS)) {
        atomic_fetch_add_explicit(&thread->lost, 1, memory_order_relaxed);
        return;
    }
    uint64_t at = head % WIRE_RING_RECORDS;
    ring->records[at] = *record;
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
    if (at == HALF_RING - 1 || at == WIRE_RING_RECORDS - 1)
        guest_wake_collector();
}

GUEST_NO_VECTOR void guest_emit_masked(struct wire_thread *thread, struct wire_ring *ring,
                                       const struct wire_record *record)
{
    uint64_t all = ~UINT64_C(0), old = 0;
    bool masks = !guest_sandboxed;
    if (masks)
        raw_syscall4(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, (long)&all, (long)&old, sizeof all);
    guest_emit(thread, ring, record);
    if (masks)
        raw_syscall4(SYS_rt_sigprocmask, 2 /* SIG_SETMASK */, (long)&old, 0, sizeof old);
}
