/* From events to a process's heap: which blocks are live, and what every stack has allocated. A pure state machine over
   events in the order of their times; no process, no shared memory, no files. Memory is bounded by live blocks plus
   distinct stacks, never by the number of events. */

#ifndef COLLECTOR_HEAP_H
#define COLLECTOR_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/reach.h"
#include "collector/session.h"
#include "wire/event.h"

struct heap;

/* How long freed blocks had lived, in ticks of the time-stamp counter, as exactly as events have stamps: an event
   without one counts as no later than the newest stamp before it. Blocks that came before any stamp are left out. */
struct heap_lifetimes {
    uint64_t count, sum_ticks;
    uint64_t min_ticks, max_ticks; /* of no meaning when the count is 0 */
};

/* What one stack did in one window. Bytes are as the program asked for them. */
struct heap_site {
    uint32_t stack; /* number of the site */
    uint32_t window;
    bool is_mapped; /* mappings, not blocks: `live_count` is of ranges, what is unmapped in part may become several */
    uint64_t alloc_bytes, alloc_count;
    uint64_t live_bytes, live_count;               /* allocated here and not freed so far */
    uint64_t survived_count;                       /* live when its own window ended */
    uint64_t window_live_bytes, window_live_count; /* live when the last window ended, of a process that was there */
    /* Live when the blocks of its window took most; of mappings, when most was mapped. */
    uint64_t peak_bytes;
    uint64_t temporary_count;                      /* freed by the thread's very next event */
    uint64_t size_min_bytes, size_max_bytes;
    struct heap_lifetimes lifetimes;
    uint64_t held_bytes, held_count;               /* at the last look: live, and referred to */
    uint64_t lost_bytes, lost_count;               /* live, and not referred to */
    uint64_t indirect_bytes, indirect_count;       /* part of lost: other lost blocks lead to them */
    uint64_t led_bytes, led_count;                 /* of other sites, what only its lost blocks lead to */
};

struct heap_block {
    uint64_t address, bytes;
    uint32_t site;
};

struct heap_totals {
    uint64_t alloc_bytes, alloc_count, free_bytes, free_count;
    uint64_t live_bytes, live_count;
    uint64_t peak_bytes;
    uint64_t peak_ticks;                           /* the newest stamp then, 0 when there was none */
    uint64_t mapped_live_bytes, mapped_peak_bytes; /* by the program itself */
    uint64_t unknown_frees;                        /* of blocks from before we watched, or from a parent process */
    uint64_t disorder;                             /* allocations at an address that was still live */
};

/* NULL when memory is short. */
struct heap *heap_new(void);
void heap_free(struct heap *heap);

/* The events are of one allocation in so many bytes, on average (a Poisson process over the bytes), and of its free: figures
   are then estimates, without bias. 0: of every one. To be said before the first event. What is mapped is always told. */
void heap_set_sampling(struct heap *heap, uint64_t sample_bytes);

/* Take in events of thread `thread` (any small number that tells threads apart), which may lie in memory that somebody
   else writes to: each word is read once. Returns how many were lost for want of memory. */
size_t heap_feed(struct heap *heap, uint32_t thread, const struct wire_event *events, size_t count);

struct heap_totals heap_totals(const struct heap *heap);

/* Sites are numbered in the order of their first allocation. */
size_t heap_site_count(const struct heap *heap);
void heap_site(const struct heap *heap, size_t site, struct heap_site *out);

/* How many allocations of a site were in each size class. */
void heap_sizes(const struct heap *heap, uint32_t stack, uint64_t counts[SIZE_CLASSES]);

/* Window `window` has ended, and every event of it is in: remember what is live now, in place of what was remembered
   at the end of the window before. When the process is gone, nothing is: its memory went back with it. */
void heap_end_window(struct heap *heap, uint32_t window, bool is_gone);

/* The path of a site's stack; and step by step outwards, what it is made of: the return address of its innermost frame,
   and the path of the rest. A path below WIRE_EVENT_ROOTS is a root (wire/event.h). Returns false for a path that
   nothing is known of. A hostile program may tell of a circle. */
uint64_t heap_path(const struct heap *heap, uint32_t stack);
bool heap_frame(const struct heap *heap, uint64_t path, uint64_t *parent, uint64_t *address);

/* Call `visit` for each live block, in no order. */
typedef void heap_visit_fn(const struct heap_block *block, void *data);
void heap_visit_live(const struct heap *heap, heap_visit_fn *visit, void *data);

/* Results of a look: forget those of the last one, then add block by block what was found. `leader` is the site of the
   lost block that leads to an indirect one. heap_begin_look returns 0 or -ENOMEM. */
int heap_begin_look(struct heap *heap);
void heap_judge(struct heap *heap, const struct reach_block *block, uint32_t leader);

#endif
