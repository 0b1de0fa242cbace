/* The rare paths of counting. */

#include "preload/count.h"

#include "preload/stops.h"

__attribute__((noinline, cold)) struct wire_thread *count_find(void)
{
    if (guest_depth > 0)
        return NULL;
    guest_depth++;
    struct wire_thread *thread = guest_thread();
    guest_depth--;
    return thread;
}

__attribute__((noinline)) void count_peak(int64_t live)
{
    _Atomic int64_t *peak = &guest.process->peak_bytes;
    int64_t old = atomic_load_explicit(peak, memory_order_relaxed);
    while (live > old &&
           !atomic_compare_exchange_weak_explicit(peak, &old, live, memory_order_relaxed, memory_order_relaxed))
        continue;
}

uint64_t count_release_begin(void)
{
    if (guest_self.serial != guest.serial || guest_self.slot == NULL || guest_self.measures_release)
        return 0;
    if (*guest.single_threaded || guest_sandboxed || !stops_are_armed())
        return 0;
    uint64_t before_bytes = sample_rss();
    guest_self.measures_release = before_bytes != 0;
    return before_bytes;
}

void count_release_end(uint64_t before_bytes, uint64_t limit_bytes)
{
    if (before_bytes == 0)
        return;
    guest_self.measures_release = false;
    uint64_t after_bytes = sample_rss();
    if (after_bytes == 0 || after_bytes >= before_bytes)
        return;
    uint64_t released = before_bytes - after_bytes;
    if (released > limit_bytes)
        released = limit_bytes;
    count_add(&guest_self.slot->released_bytes, released);
    atomic_fetch_add_explicit(&guest.process->released_bytes, released, memory_order_relaxed);
}
