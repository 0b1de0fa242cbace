/* jemalloc's own figures (its manual, "MALLCTL NAMESPACE"): they tell what of the resident set are blocks, and what the
   allocator keeps.

   They can only be read inside the program, by one of its own threads that holds none of jemalloc's locks. A window
   ends outside, while the program rests. So the session says that figures are wanted, and the next thread that comes to
   the allocator reads them, before anything else happens to the heap. Where hooks look for that costs programs with
   another allocator nothing: malloc_usable_size, which each of them calls, is replaced by a function of ours. */

#include "preload/allocator.h"

#include <errno.h>

#include "preload/real.h"
#include "preload/sample.h"
#include "preload/stops.h"

static size_t (*usable_size)(void *block);
static _Atomic uint32_t answered = UINT32_MAX; /* the last wire_header.allocator_ask that somebody attended to */

static uint64_t figure(const char *name)
{
    size_t value = 0, bytes = sizeof value;
    return real.mallctl.call(name, &value, &bytes, NULL, 0) == 0 ? value : 0;
}

static void read_figures(struct wire_allocator_figures *out, uint32_t label)
{
    int old_errno = errno;
    uint64_t epoch = 1;
    size_t bytes = sizeof epoch;
    guest_depth++;
    if (real.mallctl.call("epoch", &epoch, &bytes, &epoch, sizeof epoch) == 0) { /* all figures are of this moment */
        atomic_store_explicit(&out->label, 0, memory_order_release);
        out->allocated_bytes = figure("stats.allocated");
        out->active_bytes = figure("stats.active");
        out->metadata_bytes = figure("stats.metadata");
        out->resident_bytes = figure("stats.resident");
        out->mapped_bytes = figure("stats.mapped");
        out->retained_bytes = figure("stats.retained");
        atomic_store_explicit(&out->label, label, memory_order_release);
    }
    guest_depth--;
    errno = old_errno;
}

/* jemalloc sets itself up for these questions when it is asked the first time. What that costs is ours. */
static void ask_first_time(void)
{
    struct wire_allocator_figures figures;
    uint64_t before = sample_rss();
    read_figures(&figures, 0);
    uint64_t after = sample_rss();
    if (before != 0 && after > before)
        guest_own((int64_t)(after - before));
    if (!stops_are_armed())
        sample_close(); /* nobody needs it any more */
}

static __attribute__((noinline, cold)) void attend(uint32_t seen, uint32_t ask)
{
    static _Atomic uint32_t asked;
    if (guest_sandboxed || guest.process == NULL || !atomic_compare_exchange_strong(&answered, &seen, ask))
        return;
    if (!atomic_exchange(&asked, 1))
        ask_first_time();
    uint32_t window = ask / 2;
    if (ask != 0)
        read_figures(&guest.process->allocator_windows[window % WIRE_ALLOCATOR_WINDOWS], window + 1);
}

static void look(void)
{
    if (guest.session == NULL)
        return;
    uint32_t ask = atomic_load_explicit(&guest.session->allocator_ask, memory_order_relaxed);
    uint32_t seen = atomic_load_explicit(&answered, memory_order_relaxed);
    if (__builtin_expect(ask != seen, 0))
        attend(seen, ask);
}

static size_t usable_size_and_look(void *block)
{
    look();
    return usable_size(block);
}

void allocator_open(void)
{
    if (real.mallctl.call == NULL)
        return;
    usable_size = real.malloc_usable_size.call;
    real.malloc_usable_size.call = usable_size_and_look;
}

void allocator_close(void)
{
    if (real.mallctl.call == NULL || guest_sandboxed)
        return;
    look();
    read_figures(&guest.process->allocator_exit, 1);
}
