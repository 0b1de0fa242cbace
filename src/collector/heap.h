/* From events to a process's heap: which blocks are live, and what every stack has allocated. A pure state machine over
   events in the order of their times; no process, no shared memory, no files. Memory is bounded by live blocks plus
   distinct stacks, never by the number of events. */

#ifndef COLLECTOR_HEAP_H
#define COLLECTOR_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/event.h"

struct heap;

#define HEAP_NO_STACK UINT32_MAX

/* What one stack did in one window. Bytes are as the program asked for them. */
struct heap_site {
    uint32_t stack; /* index for heap_walk */
    uint32_t window;
    uint64_t alloc_bytes, alloc_count;
    uint64_t live_bytes, live_count;               /* allocated here and not freed so far */
    uint64_t survived_count;                       /* live when its own window ended */
    uint64_t window_live_bytes, window_live_count; /* live when the last window ended, of a process that was there */
    uint64_t peak_bytes;                           /* live when the process's heap was largest */
    uint64_t temporary_count;                      /* freed by the thread's very next event */
};

struct heap_block {
    uint64_t address, bytes;
    uint32_t site;
};

struct heap_totals {
    uint64_t alloc_bytes, alloc_count, free_bytes, free_count;
    uint64_t live_bytes, live_count;
    uint64_t peak_bytes;
    uint64_t unknown_frees; /* of blocks from before we watched, or from a parent process */
    uint64_t disorder;      /* allocations at an address that was still live */
};

struct heap *heap_new(void);
void heap_free(struct heap *heap);

/* Take in one event of thread `thread` (any small number that tells threads apart). Returns 0 or -ENOMEM. */
int heap_feed(struct heap *heap, uint32_t thread, const struct wire_event *event);

const struct heap_totals *heap_totals(const struct heap *heap);

/* All sites, in the order of their first allocation; peak_bytes is settled. Owned by the heap. */
size_t heap_sites(struct heap *heap, const struct heap_site **out);

/* Window `window` has ended, and every event of it is in: remember what is live now, in place of what was remembered
   at the end of the window before. When the process is gone, nothing is: its memory went back with it. */
void heap_end_window(struct heap *heap, uint32_t window, bool is_gone);

/* A stack that was walked outwards. */
struct heap_stack {
    size_t count;        /* frames */
    uint32_t generation; /* of the modules that its addresses lie in: wire_module.born */
    enum wire_root end;  /* why it has no further frames */
};

/* Copy up to `max` return addresses of a stack, innermost first. */
struct heap_stack heap_walk(const struct heap *heap, uint32_t stack, uint64_t *out, size_t max);

/* Call `visit` for each live block, in no order. */
typedef void heap_visit_fn(const struct heap_block *block, void *data);
void heap_visit_live(const struct heap *heap, heap_visit_fn *visit, void *data);

#endif
