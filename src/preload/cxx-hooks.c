/* Hooks of the C++ operators new and delete.

   libstdc++ and libc++ get their memory from malloc, where it is counted: the operator is only passed on, by a jump, so
   that std::bad_alloc and the new handler, with whatever it allocates, behave as ever. Allocators with operators of
   their own (jemalloc, tcmalloc, mimalloc) mostly do not call malloc: those are counted here. Some do in some
   operators; so after an operator new it is looked whether the block has been counted on the way.

   Compiled with -fexceptions: std::bad_alloc passes through these frames. */

#include <dlfcn.h>
#include <stdlib.h>

#include "preload/count.h"
#include "preload/events.h"

/* What the new handler allocates must be counted: so guest_depth is not raised around an operator new, but only around
   what cannot call the handler. */
static size_t usable_size(void *block)
{
    guest_depth++;
    size_t bytes = real.malloc_usable_size.call(block);
    guest_depth--;
    return bytes;
}

static inline void *counted(struct wire_thread *thread, void *block, uint64_t bytes, const uint64_t *frame)
{
    if (block == NULL || guest_self.last_block == block)
        return block;
    count_alloc(thread, block, usable_size(block));
    if (events_wanted()) {
        guest_depth++;
        events_alloc(block, bytes, frame);
        guest_depth--;
    }
    return block;
}

/* What a C++ library's operator new does at first; nobody behind us has one. */
static void *plain_new(size_t size)
{
    return malloc(size != 0 ? size : 1);
}

static void *plain_aligned_new(size_t size, size_t alignment)
{
    if (alignment < sizeof(void *))
        alignment = sizeof(void *);
    size_t rounded = (size + alignment - 1) / alignment * alignment;
    if ((alignment & (alignment - 1)) != 0 || rounded < size)
        return NULL;
    return aligned_alloc(alignment, rounded != 0 ? rounded : alignment);
}

/* An operator new with the given parameters and arguments; `plain` is how to do without a library. */
#define OPERATOR_NEW(name, parameters, arguments, plain)                                                               \
    GUEST_EXPORT void *name parameters;                                                                                \
    GUEST_EXPORT void *name parameters                                                                                 \
    {                                                                                                                  \
        struct wire_thread *thread = count_begin();                                                                    \
        void *(*call)parameters = (void *(*)parameters)real.name.call;                                                 \
        if (call == NULL) {                                                                                            \
            void *block = plain;                                                                                       \
            if (block != NULL)                                                                                         \
                return block;                                                                                          \
            call = (void *(*)parameters)real_in_cxx_library(#name);                                                    \
            return call != NULL ? call arguments : NULL;                                                               \
        }                                                                                                              \
        if (thread == NULL || !real.name.is_allocators)                                                                \
            return call arguments;                                                                                     \
        guest_self.last_block = NULL;                                                                                  \
        return counted(thread, call arguments, size, EVENTS_FRAME);                                                                        \
    }

#define OPERATOR_DELETE(name, parameters, arguments)                                                                   \
    GUEST_EXPORT void name parameters;                                                                                 \
    GUEST_EXPORT void name parameters                                                                                  \
    {                                                                                                                  \
        struct wire_thread *thread = count_begin();                                                                    \
        void(*call) parameters = (void(*) parameters)real.name.call;                                                   \
        if (call == NULL) {                                                                                            \
            free(block);                                                                                               \
            return;                                                                                                    \
        }                                                                                                              \
        if (thread == NULL || !real.name.is_allocators || block == NULL) {                                             \
            call arguments;                                                                                            \
            return;                                                                                                    \
        }                                                                                                              \
        guest_depth++;                                                                                                 \
        count_free(thread, real.malloc_usable_size.call(block));                                                       \
        if (events_wanted())                                                                                           \
            events_free(block);                                                                                        \
        call arguments;                                                                                                \
        guest_depth--;                                                                                                 \
    }

/* `nothrow` is a reference, which is passed as an address. */
OPERATOR_NEW(_Znwm, (size_t size), (size), plain_new(size))
OPERATOR_NEW(_Znam, (size_t size), (size), plain_new(size))
OPERATOR_NEW(_ZnwmRKSt9nothrow_t, (size_t size, const void *nothrow), (size, nothrow), plain_new(size))
OPERATOR_NEW(_ZnamRKSt9nothrow_t, (size_t size, const void *nothrow), (size, nothrow), plain_new(size))
OPERATOR_NEW(_ZnwmSt11align_val_t, (size_t size, size_t alignment), (size, alignment),
             plain_aligned_new(size, alignment))
OPERATOR_NEW(_ZnamSt11align_val_t, (size_t size, size_t alignment), (size, alignment),
             plain_aligned_new(size, alignment))
OPERATOR_NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const void *nothrow),
             (size, alignment, nothrow), plain_aligned_new(size, alignment))
OPERATOR_NEW(_ZnamSt11align_val_tRKSt9nothrow_t, (size_t size, size_t alignment, const void *nothrow),
             (size, alignment, nothrow), plain_aligned_new(size, alignment))

OPERATOR_DELETE(_ZdlPv, (void *block), (block))
OPERATOR_DELETE(_ZdaPv, (void *block), (block))
OPERATOR_DELETE(_ZdlPvm, (void *block, size_t size), (block, size))
OPERATOR_DELETE(_ZdaPvm, (void *block, size_t size), (block, size))
OPERATOR_DELETE(_ZdlPvRKSt9nothrow_t, (void *block, const void *nothrow), (block, nothrow))
OPERATOR_DELETE(_ZdaPvRKSt9nothrow_t, (void *block, const void *nothrow), (block, nothrow))
OPERATOR_DELETE(_ZdlPvSt11align_val_t, (void *block, size_t alignment), (block, alignment))
OPERATOR_DELETE(_ZdaPvSt11align_val_t, (void *block, size_t alignment), (block, alignment))
OPERATOR_DELETE(_ZdlPvmSt11align_val_t, (void *block, size_t size, size_t alignment), (block, size, alignment))
OPERATOR_DELETE(_ZdaPvmSt11align_val_t, (void *block, size_t size, size_t alignment), (block, size, alignment))
OPERATOR_DELETE(_ZdlPvSt11align_val_tRKSt9nothrow_t, (void *block, size_t alignment, const void *nothrow),
                (block, alignment, nothrow))
OPERATOR_DELETE(_ZdaPvSt11align_val_tRKSt9nothrow_t, (void *block, size_t alignment, const void *nothrow),
                (block, alignment, nothrow))
