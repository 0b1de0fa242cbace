/* Hooks of the malloc family. Each calls the program's own allocator, then counts the block by its usable size; free
   counts first. What the allocator calls meanwhile is not counted again; that goes for malloc_usable_size as well:
   tcmalloc's first one calls operator new. A failed call counts nothing; errno is as the real function left it. */

#include <errno.h>
#include <stdlib.h>

#include "preload/count.h"
#include "preload/events.h"

/* Not declared by every libc. */
GUEST_EXPORT void cfree(void *block);
GUEST_EXPORT void free_sized(void *block, size_t size);
GUEST_EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size);
GUEST_EXPORT void *memalign(size_t alignment, size_t size);
GUEST_EXPORT void *valloc(size_t size);
GUEST_EXPORT void *pvalloc(size_t size);

/* Count a new block of `bytes` asked for, if it is one; the call that returned it began with guest_depth++. `frame` is the
   hook's. */
static inline void *counted(struct wire_thread *thread, void *block, uint64_t bytes, const uint64_t *frame)
{
    if (COUNT_LIKELY(block != NULL)) {
        count_alloc(thread, block, real.malloc_usable_size.call(block));
        if (events_wanted())
            events_alloc(block, bytes, frame);
    }
    guest_depth--;
    return block;
}

/* Call a function that returns a new block of `bytes`. */
#define ALLOCATE(function, bytes, ...)                                                                                 \
    struct wire_thread *thread = count_begin();                                                                        \
    if (thread == NULL || !real.function.is_allocators)                                                                \
        return real.function.call(__VA_ARGS__);                                                                        \
    guest_depth++;                                                                                                     \
    return counted(thread, real.function.call(__VA_ARGS__), bytes, EVENTS_FRAME)

GUEST_EXPORT void *malloc(size_t size)
{
    struct wire_thread *thread = count_begin();
    if (!COUNT_LIKELY(thread != NULL))
        return real.malloc.call(size);
    guest_depth++;
    return counted(thread, real.malloc.call(size), size, EVENTS_FRAME);
}

GUEST_EXPORT void *calloc(size_t count, size_t size)
{
    ALLOCATE(calloc, count * size, count, size);
}

GUEST_EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
    ALLOCATE(aligned_alloc, size, alignment, size);
}

GUEST_EXPORT void *memalign(size_t alignment, size_t size)
{
    ALLOCATE(memalign, size, alignment, size);
}

GUEST_EXPORT void *valloc(size_t size)
{
    ALLOCATE(valloc, size, size);
}

GUEST_EXPORT void *pvalloc(size_t size)
{
    ALLOCATE(pvalloc, size, size);
}

GUEST_EXPORT int posix_memalign(void **block, size_t alignment, size_t size)
{
    struct wire_thread *thread = count_begin();
    if (thread == NULL || !real.posix_memalign.is_allocators)
        return real.posix_memalign.call(block, alignment, size);
    guest_depth++;
    int code = real.posix_memalign.call(block, alignment, size);
    counted(thread, code == 0 ? *block : NULL, size, EVENTS_FRAME);
    return code;
}

/* After realloc(old, size) returned NULL: was the old block freed? That is what some allocators do for size 0, and
   others may have failed to provide a block of no bytes; errno, cleared before, tells. */
static bool count_realloc_to_nothing(struct wire_thread *thread, size_t old_bytes, int old_errno)
{
    if (errno != 0)
        return false;
    errno = old_errno;
    count_free(thread, old_bytes);
    return true;
}

GUEST_EXPORT void *realloc(void *old, size_t size)
{
    struct wire_thread *thread = count_begin();
    if (thread == NULL || !real.realloc.is_allocators)
        return real.realloc.call(old, size);
    guest_depth++;
    if (old == NULL)
        return counted(thread, real.realloc.call(old, size), size, EVENTS_FRAME);
    size_t old_bytes = real_usable_size(old);
    uint64_t resident = old_bytes >= COUNT_RELEASE_BYTES ? count_release_begin() : 0;
    int old_errno = 0;
    if (size == 0) {
        old_errno = errno;
        errno = 0;
    }
    count_release(old_bytes); /* before it goes */
    if (events_wanted())
        events_free(old);
    void *block = real.realloc.call(old, size);
    if (block != NULL) {
        if (size == 0)
            errno = old_errno;
        count_realloc(thread, old_bytes, real.malloc_usable_size.call(block));
        if (events_wanted())
            events_alloc(block, size, EVENTS_FRAME);
    } else if ((size != 0 || !count_realloc_to_nothing(thread, old_bytes, old_errno)) && events_wanted()) {
        events_not_freed();
    }
    count_release_end(resident, old_bytes);
    guest_depth--;
    return block;
}

/* As glibc's does, also behind an allocator that has none. */
GUEST_EXPORT void *reallocarray(void *old, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(old, bytes);
}

/* Count a block that is about to be freed. Returns its usable size. */
static inline size_t uncount(struct wire_thread *thread, void *block)
{
    size_t bytes = real_usable_size(block);
    count_free(thread, bytes);
    if (events_wanted())
        events_free(block);
    return bytes;
}

static __attribute__((noinline)) void free_large(void *block, size_t bytes)
{
    uint64_t resident = count_release_begin();
    real.free.call(block);
    count_release_end(resident, bytes + WIRE_PAGE_BYTES);
}

GUEST_EXPORT void free(void *block)
{
    struct wire_thread *thread = count_begin();
    if (thread == NULL || block == NULL || !real.free.is_allocators) {
        real.free.call(block);
        return;
    }
    guest_depth++;
    size_t bytes = uncount(thread, block);
    if (COUNT_LIKELY(bytes < COUNT_RELEASE_BYTES))
        real.free.call(block);
    else
        free_large(block, bytes);
    guest_depth--;
}

/* The variants, where the allocator has them; else they are free. */
#define FREE_AS(function, block, ...)                                                                                  \
    struct wire_thread *thread = count_begin();                                                                        \
    if (real.function.call == NULL) {                                                                                  \
        free(block);                                                                                                   \
        return;                                                                                                        \
    }                                                                                                                  \
    guest_depth++;                                                                                                     \
    if (thread != NULL && block != NULL)                                                                               \
        uncount(thread, block);                                                                                        \
    real.function.call(__VA_ARGS__);                                                                                   \
    guest_depth--

GUEST_EXPORT void cfree(void *block)
{
    FREE_AS(cfree, block, block);
}

GUEST_EXPORT void free_sized(void *block, size_t size)
{
    FREE_AS(free_sized, block, block, size);
}

GUEST_EXPORT void free_aligned_sized(void *block, size_t alignment, size_t size)
{
    FREE_AS(free_aligned_sized, block, block, alignment, size);
}
