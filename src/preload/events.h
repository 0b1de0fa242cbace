/* The event stream of the calling thread: allocations and frees with their stacks. */

#ifndef PRELOAD_EVENTS_H
#define PRELOAD_EVENTS_H

#include "preload/guest.h"

/* A hook's own frame: the caller's rbp, the return address, and behind it the caller's stack. */
#define EVENTS_FRAME ((const uint64_t *)__builtin_frame_address(0))

/* Whether this session wants events: then the functions below are to be called, each with all that a hook has seen.
   They keep errno, and are called with guest_depth > 0. */
static inline bool events_wanted(void)
{
    return guest.wants_events;
}

/* `block` was obtained with `bytes` asked for: after the real call. */
GUEST_HIDDEN void events_alloc(const void *block, uint64_t bytes, const uint64_t *frame);

/* `block` is about to be given back: before the real call. Nobody asks where from, so that no stack is walked: blocks
   are told by what allocated them. */
GUEST_HIDDEN void events_free(const void *block);

/* The block of the last events_free was not given back after all. */
GUEST_HIDDEN void events_not_freed(void);

/* `bytes` from `address` on were mapped by the program itself, or moved there: after the real call. */
GUEST_HIDDEN void events_map(const void *address, uint64_t bytes, const uint64_t *frame);

/* Around a call that unmaps: the first gives what the second wants to know. `bytes` is 0 when nothing was unmapped
   after all. Both are to be called, with nothing told of in between. */
GUEST_HIDDEN uint64_t events_unmap_begin(void);
GUEST_HIDDEN void events_unmap_end(const void *address, uint64_t bytes, uint64_t time);
/* The calling thread, and those that it starts, may not read the time-stamp counter any more. Called before it is
   forbidden. Where it cannot be asked for either, the events of one of several threads are lost, and counted as that. */
GUEST_HIDDEN void events_without_clock(void);

/* The return addresses that a walk from `frame` finds, outermost first, with the places where they are stored; NULL when
   there is no room for a walk. Valid until the thread's next event. */
struct unwind_check;
GUEST_HIDDEN const struct unwind_check *events_walk(const uint64_t *frame, uint32_t *count);

GUEST_HIDDEN extern const uint32_t events_state_bytes;

#endif
