/* Counting what a hook saw. A thread's counters are its own: a plain addition to memory, one instruction, so that a
   signal handler cannot come in between. */

#ifndef PRELOAD_COUNT_H
#define PRELOAD_COUNT_H

#include "preload/guest.h"
#include "preload/real.h"
#include "preload/unwind.h"

#define COUNT_LIKELY(condition) __builtin_expect(!!(condition), 1)
#define COUNT_RELEASE_BYTES ((size_t)128 << 10) /* glibc's first M_MMAP_THRESHOLD: smaller blocks rarely go back */

/* The slow half of count_begin. */
GUEST_HIDDEN struct wire_thread *count_find(void);

/* The calling thread's slot, or NULL when this call is to be passed through uncounted: our own activity, a process that
   is not profiled. After it `real` is filled in. */
static inline struct wire_thread *count_begin(void)
{
    uint32_t serial = guest.serial;
    if (COUNT_LIKELY(serial == guest_self.serial && guest_self.slot != NULL))
        return COUNT_LIKELY(guest_depth == 0) ? guest_self.slot : NULL;
    return serial == GUEST_OFF ? NULL : count_find();
}

static inline void count_add(_Atomic uint64_t *counter, uint64_t amount)
{
    __asm__("addq %1, %0" : "+m"(*counter) : "er"(amount) : "cc");
}

/* The slow half of count_live: raise the peak to `live`. */
GUEST_HIDDEN void count_peak(int64_t live);

/* The process's live bytes change. */
static inline void count_live(int64_t change)
{
    struct wire_process *process = guest.process;
    int64_t live;
    if (*guest.single_threaded) {
        count_add((_Atomic uint64_t *)&process->live_bytes, (uint64_t)change);
        live = atomic_load_explicit(&process->live_bytes, memory_order_relaxed);
    } else {
        live = atomic_fetch_add_explicit(&process->live_bytes, change, memory_order_relaxed) + change;
    }
    if (change > 0 && live > atomic_load_explicit(&process->peak_bytes, memory_order_relaxed))
        count_peak(live);
}

static inline void count_alloc(struct wire_thread *thread, void *block, size_t bytes)
{
    guest_self.last_block = block;
    count_add(&thread->heap.alloc_bytes, bytes);
    count_add(&thread->heap.alloc_count, 1);
    count_live((int64_t)bytes);
}

/* The allocator gives large blocks back to the kernel. */
static inline void count_release(size_t bytes)
{
    if (!COUNT_LIKELY(bytes < COUNT_RELEASE_BYTES))
        unwind_memory_leaves();
}

static inline void count_free(struct wire_thread *thread, size_t bytes)
{
    count_release(bytes);
    count_add(&thread->heap.free_bytes, bytes);
    count_add(&thread->heap.free_count, 1);
    count_live(-(int64_t)bytes);
}

/* A block of `old_bytes` became one of `bytes`: one change, or the peak would see both at once. */
static inline void count_realloc(struct wire_thread *thread, size_t old_bytes, size_t bytes)
{
    count_add(&thread->heap.alloc_bytes, bytes);
    count_add(&thread->heap.alloc_count, 1);
    count_add(&thread->heap.free_bytes, old_bytes);
    count_add(&thread->heap.free_count, 1);
    count_live((int64_t)bytes - (int64_t)old_bytes);
}

/* Resident bytes that a call gives back to the kernel, measured around it, whoever made it: the program or its
   allocator. Only measured where it matters and can be told: while lines are stopped at and other threads run, so that
   a line's increment is its own thread's page faults minus these. count_release_begin returns what count_release_end
   wants back, 0 when nothing is measured, be it that a call around this one is; `limit_bytes` is the most that the call
   can have given back, for other threads may free memory meanwhile. */
GUEST_HIDDEN uint64_t count_release_begin(void);
GUEST_HIDDEN void count_release_end(uint64_t before_bytes, uint64_t limit_bytes);

#endif
