/* Which blocks of a heap can still be reached, and how those that cannot hang together. Conservative: every aligned
   word that is the address of any byte of a block refers to that block. Pure: memory is read through a function; no
   process, no files.

   First the blocks, then reach_ready, reach_read, the roots, reach_follow, reach_sort_lost. */

#ifndef COLLECTOR_REACH_H
#define COLLECTOR_REACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reach;

enum reach_state {
    REACH_UNSEEN,   /* no reference found so far */
    REACH_HELD,     /* the roots lead to it */
    REACH_LOST,     /* nothing refers to it; or the first of blocks that refer to each other in a circle */
    REACH_INDIRECT, /* only lost blocks lead to it */
};

struct reach_block {
    uint64_t address, bytes;
    uint64_t extent; /* so many bytes from `address` on, each of which will do for a reference */
    uint32_t site;   /* any number of the caller's; decides which block of a circle is the first */
    uint32_t state;
};

struct reach_span {
    uint64_t address, bytes;
};

/* Read the spans, one behind the other, into `out`. Returns how many bytes that gave: fewer when the address behind
   them cannot be read. */
typedef size_t reach_read_fn(const struct reach_span *spans, size_t count, void *out, void *data);

struct reach *reach_new(void);
void reach_free(struct reach *reach);

/* Add a block. One of no bytes has an address all the same; one of 8 bytes is also held by the address behind it, which
   is what C++ has of an empty array (Itanium C++ ABI, 2.7: the cookie is all there is). Returns 0 or -ENOMEM. */
int reach_add(struct reach *reach, uint64_t address, uint64_t bytes, uint32_t site);

/* All blocks are there. Where one begins within another, the outer one ends there. Returns 0 or -ENOMEM. */
int reach_ready(struct reach *reach);

/* Read the small blocks. Returns 0 or -ENOMEM. */
int reach_read(struct reach *reach, reach_read_fn *read, void *data);

/* Roots: aligned words of the program. With `is_allocators`, words of the allocator's own among them are passed over:
   an address in the last 8 bytes of a block, on which glibc's next chunk begins (malloc.c, "struct malloc_chunk"). */
void reach_root(struct reach *reach, const uint64_t *words, size_t count, bool is_allocators);

/* The next part of [from, end) that lies in no block. Returns false when there is none. */
bool reach_gap(const struct reach *reach, uint64_t *from, uint64_t *to, uint64_t end);

/* Follow the roots through the blocks. */
void reach_follow(struct reach *reach, reach_read_fn *read, void *data);

/* Tell the lost blocks from those that lost blocks lead to. Returns 0 or -ENOMEM. */
int reach_sort_lost(struct reach *reach, reach_read_fn *read, void *data);

/* After reach_sort_lost: the lost block that leads to block number `index`, if that is indirect; else the block itself.
 */
const struct reach_block *reach_leader(const struct reach *reach, size_t index);

/* All blocks in the order of their addresses. Owned by `reach`. */
const struct reach_block *reach_blocks(const struct reach *reach, size_t *count);

#endif
