/* The session's shared memory, seen from our side. */

#ifndef COLLECTOR_MEMORY_H
#define COLLECTOR_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "wire/record.h"
#include "wire/session.h"

struct memory {
    int fd;
    uint8_t *bytes;
    size_t total_bytes;
    struct wire_header *header;
    struct wire_chunk *directory;
    uint32_t chunk_count;
    uint64_t plans_used;
    uint8_t *taken;         /* by chunk: 1 while somebody here reads it, so that nobody else does */
    uint64_t pid_namespace; /* ours, 0 when it is not known */
    uint32_t window_count;  /* that were ever opened: what a record says is not trusted */
    uint32_t flags;         /* as in the header, which the program can write to; so is the next */
    uint64_t sample_bytes;
    char channel[64]; /* path for WIRE_ENV_CHANNEL */
};

int memory_open(struct memory *memory, uint32_t flags, struct err *err);
void memory_close(struct memory *memory);

/* A chunk's contents, or NULL when `index` is out of range or the chunk is not ready or not of that kind. */
void *memory_chunk(const struct memory *memory, uint32_t index, uint32_t kind);

/* `count` chunks in a row, of which the first is of that kind; or NULL. */
void *memory_chunks(const struct memory *memory, uint32_t index, uint32_t count, uint32_t kind);

/* `count` chunks from `index` on belong to the caller from now on, until memory_release or memory_free_chunk. False
   when one of them is somebody's: the program names it twice. What each chunk makes us keep is thereby kept once. */
bool memory_take(const struct memory *memory, uint32_t index, uint32_t count);
void memory_release(const struct memory *memory, uint32_t index, uint32_t count);

/* Give a chunk back, with those that go on from it: its pages are dropped and read as zero for the next owner. */
void memory_free_chunk(struct memory *memory, uint32_t index);

/* Copy a plan into the plan area; returns its offset in the session, or 0 when the area is full. */
uint64_t memory_add_plan(struct memory *memory, const void *plan, size_t bytes);

#endif
