/* Walks the calling thread's stack, and remembers the last walk so that the next one is mostly a comparison.

   The remembered frames are a *verified* shadow stack: a walk is a pure function of the registers it starts with and of
   the stack slots it reads. A new walk steps through the inner frames until it meets a remembered frame at the same
   slot with the same return address; if then every slot that the rest of the remembered walk had read still holds what
   it held, the rest is the same. That is sound whatever happened in between: exceptions, longjmp, other stacks.

   Above that lie *memos*: of a few hundred walks, by where they began, which slots their inner frames had read and which
   remembered frame they joined. A walk that begins as one of them did compares instead of stepping; by the same
   argument it is the same. */

#ifndef PRELOAD_UNWIND_H
#define PRELOAD_UNWIND_H

#include "preload/guest.h"

/* Where a walk starts: the frame that called us. */
struct unwind_start {
    uint64_t return_address;
    uint64_t sp; /* behind the return address */
    uint64_t bp;
};

/* A word of the stack that a walk has read. */
struct unwind_check {
    uint64_t slot, value;
};

/* What is known of a frame beside its return address. */
struct unwind_frame {
    uint64_t bp;          /* as it was in the frame's caller */
    uint64_t path;        /* hash of all return addresses from the root to here: the stack's identity */
    uint32_t check_count; /* how many of `checks` belong to the frames from the root to here */
    bool needs_bp;        /* the walk from here on depends on bp */
};

/* A frame as it is stepped through. */
struct unwind_step {
    uint64_t slot, return_address, bp;
    uint64_t saved; /* where the caller's bp is saved, 0: it is still bp; plus UNWIND_NEEDS_BP */
};
#define UNWIND_NEEDS_BP 1u /* how to step on depends on bp */

#define UNWIND_DEPTH 8192 /* frames that a thread can remember; of a deeper stack the outer frames are left out */
#define UNWIND_INNER 8192 /* frames of one walk before it joins */
#define UNWIND_MEMOS 512  /* at most */

#define UNWIND_MEMO_CHECKS 8

/* A walk that began at `start` and joined frames[depth - 1]. */
struct unwind_memo {
    struct unwind_start start;
    uint64_t path;
    uint64_t last_path; /* of the last walk that had its place here */
    uint64_t join_path, join_slot, join_bp;
    uint32_t depth;       /* 0: free */
    uint16_t frame_count; /* of its own frames, the innermost included */
    uint8_t check_count;
    bool needs_bp; /* it depends on start.bp */
    /* The slots of its own frames but the innermost's, from the outermost inwards; then saved frame pointers. */
    struct unwind_check checks[UNWIND_MEMO_CHECKS];
};

/* One thread's memory of its walks. Mapped, never zeroed by us; pages are touched as stacks deepen. */
struct unwind {
    uint32_t depth;      /* of the last walk that was stepped; frames[0] is the outermost */
    uint32_t changed;    /* frames[changed..depth) were new in it */
    uint32_t remembered; /* frames[0..remembered) may be believed next time: depth, or 0 */
    uint32_t generation; /* of the modules; the owner's to set */
    uint32_t root;       /* what paths begin with: see enum wire_root */
    uint32_t memo_mask;  /* memos in use, minus one: a power of two, minus one */
    /* The last walk was this one again: its own frames, on top of frames[0..depth). NULL: the last walk is frames[0..depth)
       of this structure. */
    const struct unwind_memo *recalled;
    uint64_t truncated, guessed, stopped; /* walks that were cut, used rbp without information, ended before the root */
    /* Each begins on a page of its own, so that what has been touched can be told from the depth. */
    struct unwind_check returns[UNWIND_DEPTH] __attribute__((aligned(WIRE_PAGE_BYTES))); /* return addresses of `frames` */
    struct unwind_frame frames[UNWIND_DEPTH] __attribute__((aligned(WIRE_PAGE_BYTES)));
    struct unwind_check checks[UNWIND_DEPTH] __attribute__((aligned(WIRE_PAGE_BYTES)));
    struct unwind_step inner[UNWIND_INNER] __attribute__((aligned(WIRE_PAGE_BYTES)));
    struct unwind_memo memos[UNWIND_MEMOS] __attribute__((aligned(WIRE_PAGE_BYTES)));
};

/* Walk. Returns the path hash of the whole stack. Async-signal-safe for one thread at a time. */
GUEST_HIDDEN uint64_t unwind_walk(struct unwind *unwind, const struct unwind_start *start);

/* The return addresses of the last walk, from the innermost on. Returns how many there are; copies at most `max`. */
GUEST_HIDDEN uint32_t unwind_last(const struct unwind *unwind, uint64_t *out, uint32_t max);

/* Another thread takes over: its stack is another one. */
GUEST_HIDDEN void unwind_reset(struct unwind *unwind);

/* Modules were unloaded: rules of their addresses are void. */
GUEST_HIDDEN void unwind_forget(void);

/* Counts what may have taken memory away from under remembered frames: they may lie on the stack of a coroutine. Who has
   remembered frames forgets them (unwind->remembered = 0) before its next walk when this has changed. */
GUEST_HIDDEN extern volatile uint32_t unwind_epoch;

/* To be called before memory is given back to the kernel or protected from being read. */
static inline void unwind_memory_leaves(void)
{
    __atomic_fetch_add(&unwind_epoch, 1, __ATOMIC_RELAXED);
}

#endif
