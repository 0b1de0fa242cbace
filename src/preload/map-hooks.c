/* Hooks of the calls that map memory: the program's own ones, counted as a class apart from the heap. What its
   allocator or libc maps for itself is not the program's.

   Bytes are counted in whole pages as the caller gave them: a mapping over another (MAP_FIXED) or an munmap of a hole
   cannot be told from here. */

#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include "preload/count.h"
#include "preload/events.h"
#include "preload/look.h"

/* The slot to count in, or NULL: the allocator's own call, or none of the program's. */
#define MAP_BEGIN() map_begin(__builtin_return_address(0))

static inline struct wire_thread *map_begin(const void *caller)
{
    struct wire_thread *thread = count_begin();
    return thread != NULL && real_is_allocator_code(caller) ? NULL : thread;
}

/* Memory that the allocator maps for itself is no place where the program keeps references. libc's calls do not come by. */
static void note_area(const void *caller, const void *start, size_t bytes)
{
    if (guest.wants_looks && real_is_allocator_code(caller) && !real.allocator_is_libc)
        look_add_area(start, bytes);
}

/* What the program takes from the break itself lies among what libc's allocator does. */
static void note_break(const char *old, const char *now)
{
    if (!guest.wants_looks || !real.allocator_is_libc)
        return;
    if (now > old)
        look_add_area(old, (size_t)(now - old));
    else
        look_drop_area(now, (size_t)(old - now));
}

static uint64_t whole_pages(size_t bytes)
{
    return ((uint64_t)bytes + WIRE_PAGE_BYTES - 1) & ~(uint64_t)(WIRE_PAGE_BYTES - 1);
}

/* `frame` is the hook's. */
static void count_mapped(struct wire_thread *thread, const void *address, size_t bytes, const uint64_t *frame)
{
    count_add(&thread->mapped.alloc_bytes, whole_pages(bytes));
    count_add(&thread->mapped.alloc_count, 1);
    if (!events_wanted())
        return;
    guest_depth++;
    events_map(address, whole_pages(bytes), frame);
    guest_depth--;
}

static void count_unmapped(struct wire_thread *thread, size_t bytes)
{
    count_add(&thread->mapped.free_bytes, whole_pages(bytes));
    count_add(&thread->mapped.free_count, 1);
}

/* Before and after a call that may unmap for `thread`, if it is not NULL: how much from `address` on, 0 when it did
 * not. */
static uint64_t unmap_begin(const struct wire_thread *thread)
{
    if (thread == NULL || !events_wanted())
        return 0;
    guest_depth++;
    uint64_t time = events_unmap_begin();
    guest_depth--;
    return time;
}

static void unmap_end(const struct wire_thread *thread, const void *address, size_t bytes, uint64_t time)
{
    if (thread == NULL || !events_wanted())
        return;
    guest_depth++;
    events_unmap_end(address, whole_pages(bytes), time);
    guest_depth--;
}

GUEST_EXPORT void *mmap(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    struct wire_thread *thread = MAP_BEGIN();
    if (flags & MAP_FIXED)
        unwind_memory_leaves();
    void *mapped = real.mmap.call(address, bytes, protection, flags, fd, offset);
    if (mapped != MAP_FAILED)
        note_area(__builtin_return_address(0), mapped, bytes);
    if (thread != NULL && mapped != MAP_FAILED)
        count_mapped(thread, mapped, bytes, EVENTS_FRAME);
    return mapped;
}

GUEST_EXPORT void *mmap64(void *address, size_t bytes, int protection, int flags, int fd, off_t offset)
{
    struct wire_thread *thread = MAP_BEGIN();
    if (flags & MAP_FIXED)
        unwind_memory_leaves();
    void *mapped = real.mmap64.call(address, bytes, protection, flags, fd, offset);
    if (mapped != MAP_FAILED)
        note_area(__builtin_return_address(0), mapped, bytes);
    if (thread != NULL && mapped != MAP_FAILED)
        count_mapped(thread, mapped, bytes, EVENTS_FRAME);
    return mapped;
}

GUEST_EXPORT int munmap(void *address, size_t bytes)
{
    struct wire_thread *thread = MAP_BEGIN();
    unwind_memory_leaves();
    uint64_t resident = count_release_begin();
    uint64_t time = unmap_begin(thread);
    if (guest.wants_looks)
        look_drop_area(address, bytes); /* before anybody else can be given it */
    int result = real.munmap.call(address, bytes);
    unmap_end(thread, address, result == 0 ? bytes : 0, time);
    if (thread != NULL && result == 0)
        count_unmapped(thread, bytes);
    count_release_end(resident, whole_pages(bytes));
    return result;
}

GUEST_EXPORT void *mremap(void *old, size_t old_bytes, size_t bytes, int flags, ...)
{
    struct wire_thread *thread = MAP_BEGIN();
    void *wanted = NULL;
    if ((flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) != 0) {
        va_list arguments;
        va_start(arguments, flags);
        wanted = va_arg(arguments, void *);
        va_end(arguments);
    }
    unwind_memory_leaves();
    uint64_t resident = bytes < old_bytes ? count_release_begin() : 0;
    uint64_t time = unmap_begin(thread);
    void *mapped = real.mremap.call(old, old_bytes, bytes, flags, wanted);
    bool leaves =
        mapped != MAP_FAILED && old_bytes != 0 && (flags & MREMAP_DONTUNMAP) == 0; /* else the old pages stay */
    /* In place, only what is beyond the new end was unmapped, or only what is beyond the old one is new. */
    size_t same = leaves && mapped == old ? whole_pages(old_bytes < bytes ? old_bytes : bytes) : 0;
    unmap_end(thread, (char *)old + same, leaves ? whole_pages(old_bytes) - same : 0, time);
    if (thread != NULL && mapped != MAP_FAILED) {
        if (whole_pages(bytes) > same)
            count_mapped(thread, (char *)mapped + same, whole_pages(bytes) - same, EVENTS_FRAME);
        if (leaves && whole_pages(old_bytes) > same)
            count_unmapped(thread, whole_pages(old_bytes) - same);
    }
    count_release_end(resident, whole_pages(old_bytes));
    return mapped;
}

/* The program break has moved from `old` to `now`; `time` is of before that, `frame` the hook's. */
static void count_break(struct wire_thread *thread, const char *old, const char *now, uint64_t time,
                        const uint64_t *frame)
{
    guest_depth++;
    if (events_wanted())
        events_unmap_end(now, now < old ? (uint64_t)(old - now) : 0, time);
    if (now > old) {
        count_add(&thread->mapped.alloc_bytes, (uint64_t)(now - old));
        count_add(&thread->mapped.alloc_count, 1);
        if (events_wanted())
            events_map(old, (uint64_t)(now - old), frame);
    } else if (now < old) {
        count_add(&thread->mapped.free_bytes, (uint64_t)(old - now));
        count_add(&thread->mapped.free_count, 1);
    }
    guest_depth--;
}

GUEST_EXPORT int brk(void *end)
{
    struct wire_thread *thread = MAP_BEGIN();
    if (thread == NULL)
        return real.brk.call(end);
    const char *old = real.sbrk.call(0);
    unwind_memory_leaves();
    uint64_t resident = (const char *)end < old ? count_release_begin() : 0;
    uint64_t time = unmap_begin(thread);
    guest_depth++;
    int result = real.brk.call(end);
    guest_depth--;
    const char *now = real.sbrk.call(0); /* brk(NULL) succeeds and moves nothing */
    count_break(thread, old, result == 0 ? now : old, time, EVENTS_FRAME);
    if (result == 0)
        note_break(old, now);
    count_release_end(resident, whole_pages((size_t)(old - now)));
    return result;
}

GUEST_EXPORT void *sbrk(intptr_t change)
{
    struct wire_thread *thread = MAP_BEGIN();
    if (thread == NULL || change == 0) {
        void *old = real.sbrk.call(change);
        if (change > 0 && old != (void *)-1)
            note_area(__builtin_return_address(0), old, (size_t)change);
        return old;
    }
    unwind_memory_leaves();
    uint64_t resident = change < 0 ? count_release_begin() : 0;
    uint64_t time = unmap_begin(thread);
    guest_depth++;
    void *old = real.sbrk.call(change);
    guest_depth--;
    bool moved = old != (void *)-1;
    count_break(thread, old, moved ? (const char *)old + change : old, time, EVENTS_FRAME);
    if (moved)
        note_break(old, (const char *)old + change);
    count_release_end(resident, whole_pages((size_t)-change));
    return old;
}

/* Not a change of what is mapped; but it gives resident pages back. */
GUEST_EXPORT int madvise(void *address, size_t bytes, int advice)
{
    (void)count_begin(); /* fills in `real` */
    bool releases = advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE || advice == MADV_PAGEOUT;
    uint64_t resident = releases ? count_release_begin() : 0;
    int result = real.madvise.call(address, bytes, advice);
    count_release_end(resident, whole_pages(bytes));
    return result;
}

/* Not a change either; but what is protected cannot be read any more. */
GUEST_EXPORT int mprotect(void *address, size_t bytes, int protection)
{
    (void)count_begin();
    if (!(protection & PROT_READ))
        unwind_memory_leaves();
    return real.mprotect.call(address, bytes, protection);
}
