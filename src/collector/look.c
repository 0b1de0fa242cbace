/* What counts as a root, and what does not (docs/leaks.md tells it to users).

   Roots are all pages that the program can have written to, except: the heap's blocks, and what else is the
   allocator's; stacks below their stack pointers, and stacks of threads that are gone; our own library's memory. What
   the allocator keeps is full of addresses that mean nothing any more. It is known for glibc: what brk gives, and its
   further arenas (malloc/arena.c: heaps that begin at multiples of HEAP_MAX_SIZE with a struct heap_info). Of any other
   allocator, what it maps, and the pages that have blocks on them. A forked child's heap began with its parent's
   blocks, of which nothing is known here: there, and where blocks may have gone unseen, everything that is not a known
   block counts. */

#include "collector/look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"
#include "collector/address-space.h"
#include "collector/kernel-held.h"
#include "collector/reach.h"

#define PAGE_BYTES UINT64_C(4096)
#define RED_ZONE_BYTES 128               /* of a leaf function, below the stack pointer: System V ABI, x86-64 */
#define ARENA_BYTES (UINT64_C(64) << 20) /* glibc's HEAP_MAX_SIZE: 2 * DEFAULT_MMAP_THRESHOLD_MAX */
#define THREADS_LIMIT 65536u
#define REGISTERS_LIMIT 4096u
#define SPARSE_FACTOR 4 /* blocks that are so many times as large as the machine's memory are not read */

/* struct pthread of glibc on x86-64; the same since 2.3 (nptl_db exports it as _thread_db_pthread_tid). */
#define PTHREAD_TID_OFFSET 720

struct range {
    uint64_t start, end;
};

struct look {
    struct process *process;
    const struct memory *memory;
    pid_t asker;
    struct halt halt;
    struct address_space space;
    struct reach *reach;
    struct range *skipped; /* no roots there */
    size_t skipped_count, skipped_room;
    uint64_t block_bytes; /* of all blocks */
    bool failed;          /* out of memory, or more is to be read than can be there */
    bool is_allocators;   /* the words that are visited just now may be the allocator's */
};

static void skip(struct look *look, uint64_t start, uint64_t end)
{
    if (start >= end || look->failed)
        return;
    struct range *grown = array_grow(look->skipped, &look->skipped_room, look->skipped_count + 1, sizeof *grown);
    if (grown == NULL) {
        look->failed = true;
        return;
    }
    look->skipped = grown;
    grown[look->skipped_count++] = (struct range){start, end};
}

/* What of the block lies in memory that is there: the program may claim terabytes. */
static uint64_t mapped_bytes(const struct look *look, const struct heap_block *block)
{
    uint64_t at = block->address, end = block->address + block->bytes;
    const struct mapping *mapping = address_space_find(&look->space, at);
    const struct mapping *last = look->space.mappings + look->space.count;
    for (; mapping != NULL && mapping < last && mapping->start <= at && at < end; mapping++)
        at = mapping->end;
    return (at < end ? at : end) - block->address;
}

static void add_block(const struct heap_block *block, void *data)
{
    struct look *look = data;
    uint64_t bytes = mapped_bytes(look, block);
    uint64_t most = SPARSE_FACTOR * (uint64_t)sysconf(_SC_PHYS_PAGES) * PAGE_BYTES;
    look->block_bytes += bytes;
    look->failed |= look->block_bytes > most || reach_add(look->reach, block->address, bytes, block->site) != 0;
}

static uint64_t page_floor(uint64_t address)
{
    return address / PAGE_BYTES * PAGE_BYTES;
}

static bool is_glibcs(const struct look *look)
{
    return atomic_load(&look->process->wire->allocator) == WIRE_ALLOCATOR_GLIBC;
}

/* Not of a forked child, and not when records were lost or threads went unseen. */
static bool knows_whole_heap(const struct look *look)
{
    return (atomic_load(&look->process->wire->flags) & WIRE_PROCESS_FORKED) == 0 && look->process->last.lost == 0 &&
           atomic_load(&look->memory->header->refused) == 0;
}

static bool read_words(struct look *look, uint64_t address, void *out, size_t bytes)
{
    const struct reach_span span = {.address = address, .bytes = bytes};
    return address_space_read(&span, 1, out, &look->space) == bytes;
}

/* The part of an arena that begins at `start`, if one does. */
static void skip_arena(struct look *look, const struct mapping *mapping, uint64_t start)
{
    struct {
        uint64_t arena, previous, size, protected_size;
    } info;
    if (!read_words(look, start, &info, sizeof info))
        return;
    const struct mapping *arena = address_space_find(&look->space, info.arena);
    bool is_first = info.arena - start < PAGE_BYTES && info.previous == 0;
    bool is_further =
        info.previous != 0 && info.previous % ARENA_BYTES == 0 && info.arena - info.previous < ARENA_BYTES;
    if (arena == NULL || (!is_first && !is_further) || info.size < PAGE_BYTES || info.size % PAGE_BYTES != 0 ||
        info.size > mapping->end - start || info.size > ARENA_BYTES)
        return;
    skip(look, start, start + info.size);
}

/* The lowest of the guest's areas that ends behind `address`. */
static bool next_area(const struct look *look, uint64_t address, struct range *out)
{
    const struct wire_process *wire = look->process->wire;
    uint32_t count = atomic_load(&wire->area_count);
    *out = (struct range){UINT64_MAX, UINT64_MAX};
    for (uint32_t i = 0; i < count && i < WIRE_AREA_COUNT; i++) {
        const struct range area = {atomic_load(&wire->areas[i].from), atomic_load(&wire->areas[i].to)};
        if (area.start < area.end && area.end > address && area.start < out->start)
            *out = area;
    }
    return out->start != UINT64_MAX;
}

/* What brk gave, but for what the program itself has asked of it. */
static void skip_break(struct look *look, const struct mapping *mapping)
{
    struct range area;
    uint64_t at = mapping->start;
    if (atomic_load(&look->process->wire->area_count) > WIRE_AREA_COUNT)
        return;
    for (; at < mapping->end && next_area(look, at, &area); at = area.end)
        skip(look, at, area.start < mapping->end ? area.start : mapping->end);
    skip(look, at, mapping->end);
}

static void skip_glibcs(struct look *look)
{
    for (size_t i = 0; i < look->space.count; i++) {
        const struct mapping *mapping = &look->space.mappings[i];
        if (mapping->kind == MAPPING_HEAP)
            skip_break(look, mapping);
        if (mapping->kind != MAPPING_ANONYMOUS || !mapping->writable)
            continue;
        uint64_t at = (mapping->start + ARENA_BYTES - 1) / ARENA_BYTES * ARENA_BYTES;
        for (; at < mapping->end; at += ARENA_BYTES)
            skip_arena(look, mapping, at);
    }
}

/* Of another allocator: what it has mapped while the library looked on. */
static void skip_areas(struct look *look)
{
    const struct wire_process *wire = look->process->wire;
    uint32_t count = atomic_load(&wire->area_count);
    for (uint32_t i = 0; i < count && i < WIRE_AREA_COUNT; i++)
        skip(look, atomic_load(&wire->areas[i].from), atomic_load(&wire->areas[i].to));
}

/* Whatever lies between two blocks of one page is the allocator's. */
static void skip_pages_of_blocks(struct look *look)
{
    size_t count;
    const struct reach_block *blocks = reach_blocks(look->reach, &count);
    for (size_t i = 0; i < count; i++) {
        uint64_t end = page_floor(blocks[i].address + blocks[i].bytes + PAGE_BYTES - 1);
        uint64_t start = page_floor(blocks[i].address);
        if (look->skipped_count > 0 && i > 0 && look->skipped[look->skipped_count - 1].end >= start)
            look->skipped[look->skipped_count - 1].end = end;
        else
            skip(look, start, end);
    }
}

static bool is_guarded(const struct look *look, const struct mapping *mapping)
{
    return mapping > look->space.mappings && mapping[-1].end == mapping->start && !mapping[-1].readable;
}

/* The stack that glibc made for the thread whose pointer that is: up to its end, the first page boundary behind it. */
static const struct mapping *stack_of_pointer(const struct look *look, uint64_t pointer)
{
    const struct mapping *mapping = pointer != 0 ? address_space_find(&look->space, pointer) : NULL;
    return mapping != NULL && mapping->kind == MAPPING_ANONYMOUS && is_guarded(look, mapping) ? mapping : NULL;
}

/* Of a thread's own stack, only what lies above its stack pointer is in use. A stack pointer somewhere else, on a
   coroutine's stack, tells nothing of the thread's own: it counts whole. */
static void skip_below(struct look *look, uint64_t sp, uint64_t pointer)
{
    const struct mapping *mapping = address_space_find(&look->space, sp);
    if (mapping == NULL)
        return;
    if (mapping->kind == MAPPING_STACK || (mapping == stack_of_pointer(look, pointer) && sp < pointer))
        skip(look, mapping->start, sp / 8 * 8);
}

static bool is_alive(const struct look *look, uint64_t pointer)
{
    for (size_t i = 0; i < look->halt.count; i++)
        if (look->halt.threads[i].has_registers && look->halt.threads[i].registers.fs_base == pointer)
            return true;
    return false;
}

/* glibc keeps the stacks of threads that are gone for later ones. A thread that is still to be joined holds its result
   in its struct pthread, which begins at its pointer. */
static void skip_dead_stack(struct look *look, uint64_t pointer)
{
    const struct mapping *mapping = stack_of_pointer(look, pointer);
    if (mapping == NULL || is_alive(look, pointer))
        return;
    int32_t tid = 0;
    bool was_joined = read_words(look, pointer + PTHREAD_TID_OFFSET, &tid, sizeof tid) && tid == -1;
    uint64_t end = page_floor(pointer) + PAGE_BYTES;
    skip(look, mapping->start, was_joined && end <= mapping->end ? end : pointer);
}

static void skip_threads_own(struct look *look, const struct wire_thread *thread)
{
    const struct wire_process *wire = look->process->wire;
    uint64_t pointer = atomic_load(&thread->thread_pointer), state = thread->events_state;
    if (state != 0)
        skip(look, state, state + wire->own_state_bytes);
    if (pointer != 0)
        skip(look, pointer + (uint64_t)wire->own_tls_offset,
             pointer + (uint64_t)wire->own_tls_offset + wire->own_tls_bytes);
}

static void skip_stacks(struct look *look)
{
    const struct wire_thread *slot;
    for (size_t i = 0; i < look->halt.count; i++) {
        const struct halt_thread *thread = &look->halt.threads[i];
        if (thread->tid == look->asker)
            skip_below(look, look->process->wire->look_sp, thread->registers.fs_base);
        else if (thread->has_registers)
            skip_below(look, thread->registers.rsp - RED_ZONE_BYTES, thread->registers.fs_base);
    }
    for (size_t i = 0; i < THREADS_LIMIT && (slot = process_thread(look->process, look->memory, i)) != NULL; i++)
        if (look->halt.count > 0)
            skip_dead_stack(look, atomic_load(&slot->thread_pointer));
    if (look->halt.count > 0 && look->halt.threads[0].tid == look->process->pid && look->halt.threads[0].is_dead)
        for (size_t i = 0; i < look->space.count; i++)
            if (look->space.mappings[i].kind == MAPPING_STACK)
                skip(look, look->space.mappings[i].start, look->space.mappings[i].end);
}

static void skip_ours(struct look *look)
{
    const struct wire_process *wire = look->process->wire;
    const struct wire_thread *slot;
    skip(look, wire->own_image_start, page_floor(wire->own_image_end + PAGE_BYTES - 1));
    for (size_t i = 0; i < THREADS_LIMIT && (slot = process_thread(look->process, look->memory, i)) != NULL; i++)
        skip_threads_own(look, slot);
}

static int compare_ranges(const void *left, const void *right)
{
    const struct range *a = left, *b = right;
    return (a->start > b->start) - (a->start < b->start);
}

static void take_words(const uint64_t *words, size_t count, void *data)
{
    struct look *look = data;
    reach_root(look->reach, words, count, look->is_allocators);
}

/* [start, end) without the blocks in it. */
static void take_part(struct look *look, const struct mapping *mapping, uint64_t start, uint64_t end)
{
    uint64_t to;
    for (; reach_gap(look->reach, &start, &to, end); start = to)
        address_space_visit(&look->space, mapping, (start + 7) / 8 * 8, to / 8 * 8, take_words, look);
}

static void take_mapping(struct look *look, const struct mapping *mapping)
{
    uint64_t at = mapping->start;
    bool may_be_heap = mapping->kind == MAPPING_HEAP || mapping->kind == MAPPING_ANONYMOUS;
    look->is_allocators =
        is_glibcs(look) && (mapping->kind == MAPPING_LIBC || (may_be_heap && !knows_whole_heap(look)));
    for (size_t i = 0; i < look->skipped_count && at < mapping->end; i++) {
        const struct range *range = &look->skipped[i];
        if (range->end <= at)
            continue;
        if (range->start >= mapping->end)
            break;
        if (range->start > at)
            take_part(look, mapping, at, range->start);
        at = range->end;
    }
    if (at < mapping->end)
        take_part(look, mapping, at, mapping->end);
}

static void take_registers(struct look *look)
{
    look->is_allocators = false;
    for (size_t i = 0; i < look->halt.count; i++) {
        const struct halt_thread *thread = &look->halt.threads[i];
        if (!thread->has_registers || thread->tid == look->asker)
            continue;
        take_words((const uint64_t *)&thread->registers, sizeof thread->registers / 8, look);
        uint64_t vectors[HALT_VECTORS_BYTES / 8];
        memcpy(vectors, thread->vectors, sizeof vectors);
        take_words(vectors, HALT_VECTORS_BYTES / 8, look);
    }
    if (look->asker == 0)
        return;
    const struct wire_process *wire = look->process->wire;
    uint64_t words[REGISTERS_LIMIT / 8], bytes = wire->look_registers_bytes;
    if (bytes <= sizeof words && wire->look_registers != 0 && read_words(look, wire->look_registers, words, bytes))
        take_words(words, bytes / 8, look);
    take_words(&wire->look_sp, 1, look); /* its stack may be a block */
}

static void take_roots(struct look *look)
{
    skip_ours(look);
    skip_stacks(look);
    if (knows_whole_heap(look) && is_glibcs(look))
        skip_glibcs(look);
    else if (knows_whole_heap(look)) {
        skip_pages_of_blocks(look);
        skip_areas(look);
    }
    if (look->failed)
        return;
    qsort(look->skipped, look->skipped_count, sizeof *look->skipped, compare_ranges);
    for (size_t i = 0; i < look->space.count; i++) {
        const struct mapping *mapping = &look->space.mappings[i];
        bool may_be_written = mapping->writable || (!mapping->shared && look->space.pagemap >= 0);
        if (mapping->kind != MAPPING_IGNORED && may_be_written)
            take_mapping(look, mapping);
    }
    take_registers(look);
    kernel_held_visit(look->space.tid, take_words, look);
}

static int judge_blocks(struct look *look)
{
    size_t count;
    const struct reach_block *blocks = reach_blocks(look->reach, &count);
    if (heap_begin_look(look->process->heap) != 0)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        heap_judge(look->process->heap, &blocks[i], reach_leader(look->reach, i)->site);
    return 0;
}

/* A thread by whose number the process's memory can be had: the first may be dead. */
static pid_t reader(const struct look *look)
{
    for (size_t i = 0; i < look->halt.count; i++)
        if (!look->halt.threads[i].is_dead)
            return look->halt.threads[i].tid;
    return look->process->pid;
}

static enum session_look read_process(struct look *look)
{
    enum session_look result = SESSION_LOOK_FAILED;
    look->reach = reach_new();
    if (look->reach == NULL || address_space_open(&look->space, reader(look)) != 0)
        goto out;
    heap_visit_live(look->process->heap, add_block, look);
    if (look->failed || reach_ready(look->reach) != 0 || reach_read(look->reach, address_space_read, &look->space) != 0)
        goto out;
    take_roots(look);
    reach_follow(look->reach, address_space_read, &look->space);
    if (look->failed || reach_sort_lost(look->reach, address_space_read, &look->space) != 0 || judge_blocks(look) != 0)
        goto out;
    result = SESSION_LOOK_DONE;
out:
    address_space_close(&look->space);
    reach_free(look->reach);
    free(look->skipped);
    return result;
}

void look_at(struct process *process, struct memory *memory, pid_t asker, struct halt *late)
{
    struct look look = {.process = process, .memory = memory, .asker = asker};
    if (process->pid == 0 ||
        !address_space_may_have(process->pid, memory->fd)) { /* whoever it is, it is none of this session */
        process->look = SESSION_LOOK_FAILED;
        return;
    }
    int code = halt_stop(&look.halt, process->pid);
    /* A process of one thread that waits for us stands still by itself. */
    bool stands_still = code == 0 || (code == -EPERM && asker == process->pid && process_is_single_threaded(process));
    /* Only now is it known what it has. */
    process_drain_all(process, memory);
    process_read_counts(process, memory);
    bool has_blocks = process->heap != NULL && heap_totals(process->heap).live_count > 0;
    process->look = code == -ESRCH ? SESSION_LOOK_FAILED : SESSION_LOOK_NOT_PERMITTED;
    if (code == -ETIMEDOUT)
        process->look = SESSION_LOOK_FAILED;
    if (!has_blocks) {
        process->look = SESSION_LOOK_DONE;
    } else if (stands_still) {
        enum session_look result = read_process(&look);
        process->look = result == SESSION_LOOK_DONE || code == 0 ? result : SESSION_LOOK_NOT_PERMITTED;
    }
    if (halt_release(&look.halt))
        halt_fini(&look.halt);
    else
        *late = look.halt;
}
