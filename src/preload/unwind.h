/* Walks the calling thread's stack, and remembers the last walk so that the next one is mostly a comparison.

   The remembered frames are a *verified* shadow stack: a walk is a pure function of the registers it starts with and of
   the stack slots it reads. A new walk steps through the inner frames until it meets a remembered frame at the same
   slot with the same return address; if then every slot that the rest of the remembered walk had read still holds what
   it held, the rest is the same. That is sound whatever happened in between: exceptions, longjmp, other stacks. */

#ifndef PRELOAD_UNWIND_H
#define PRELOAD_UNWIND_H

#include "preload/guest.h"

/* Where a walk starts: the frame that called us. */
struct unwind_start {
    uint64_t return_address;
    uint64_t sp; /* behind the return address */
    uint64_t bp;
};

struct unwind_frame {
    uint64_t slot; /* where the return address is stored */
    uint64_t return_address;
    uint64_t bp;   /* as it was in that frame's caller */
    uint64_t path; /* hash of all return addresses from the root to here: the stack's identity */
};

/* What has to be known of a frame to believe it unread. */
struct unwind_link {
    uint32_t check_count; /* of `checks`, for the frames from the root to here */
    int32_t bp_offset;    /* where the caller's bp is saved, from slot + 8 */
    bool restores_bp;
    bool needs_bp; /* the walk from here on depends on bp */
};

struct unwind_check {
    uint64_t slot, value;
};

#define UNWIND_DEPTH 8192 /* frames that a thread can remember; of a deeper stack the outer frames are left out */
#define UNWIND_INNER 8192 /* frames of one walk before it joins */

/* One thread's memory of its last walk. Mapped, never zeroed by us; pages are touched as stacks deepen. */
struct unwind {
    uint32_t depth;                       /* of the last walk; frames[0] is the outermost */
    uint32_t changed;                     /* frames[changed..depth) are new since the walk before */
    uint32_t remembered;                  /* frames[0..remembered) may be believed next time: depth, or 0 */
    uint64_t truncated, guessed, stopped; /* walks that were cut, used rbp without information, ended before the root */
    /* Each begins on a page of its own, so that what has been touched can be told from the depth. */
    struct unwind_frame frames[UNWIND_DEPTH] __attribute__((aligned(WIRE_PAGE_BYTES)));
    struct unwind_link links[UNWIND_DEPTH] __attribute__((aligned(WIRE_PAGE_BYTES)));
    struct unwind_check checks[UNWIND_DEPTH] __attribute__((aligned(WIRE_PAGE_BYTES)));
    struct unwind_frame inner[UNWIND_INNER] __attribute__((aligned(WIRE_PAGE_BYTES)));
    struct unwind_link inner_links[UNWIND_INNER] __attribute__((aligned(WIRE_PAGE_BYTES)));
};

/* Walk. Returns the path hash of the whole stack; frames[] then holds it. Async-signal-safe for one thread at a time.
 */
GUEST_HIDDEN uint64_t unwind_walk(struct unwind *unwind, const struct unwind_start *start);

/* Modules were unloaded: rules of their addresses are void. */
GUEST_HIDDEN void unwind_forget(void);

#endif
