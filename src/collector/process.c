/* One traced process. Everything read here lies in memory that the program can overwrite: lengths, indices and
   positions are checked, and a nonsensical one is counted and left alone. */

#include "collector/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "collector/futex.h"

#define SLOTS_LIMIT 65536u

struct process *process_new(const struct memory *memory, uint32_t chunk)
{
    struct wire_process *wire = memory_chunk(memory, chunk, WIRE_CHUNK_PROCESS);
    struct process *process = wire ? calloc(1, sizeof *process) : NULL;
    if (process == NULL)
        return NULL;
    process->chunk = chunk;
    process->wire = wire;
    process->serial = wire->serial;
    process->pid = (pid_t)wire->pid;
    process->parent_pid = (pid_t)wire->parent_pid;
    return process;
}

void process_free(struct process *process)
{
    if (process == NULL)
        return;
    for (size_t i = 0; i < process->slot_count; i++)
        lines_thread_free(process->slots[i].thread);
    free(process->slots);
    free(process->streams);
    heap_free(process->heap);
    for (size_t i = 0; i < process->module_count; i++)
        free(process->modules[i].path);
    free(process->modules);
    free(process->summary.exe);
    free(process->summary.allocator);
    free(process);
}

/* Slot number `index` of the process, through the chain of thread chunks; NULL behind the last. */
static struct wire_thread *wire_slot(const struct process *process, const struct memory *memory, size_t index)
{
    uint8_t *chunk = (uint8_t *)process->wire;
    uint32_t next = process->wire->thread_chunk_next;
    for (size_t skip = index / WIRE_PROCESS_THREADS; skip > 0; skip--) {
        struct wire_threads_head *head = next ? memory_chunk(memory, next - 1, WIRE_CHUNK_THREADS) : NULL;
        if (head == NULL)
            return NULL;
        chunk = (uint8_t *)head;
        next = head->thread_chunk_next;
    }
    struct wire_thread *threads = (struct wire_thread *)(chunk + WIRE_PROCESS_HEAD_BYTES);
    struct wire_thread *thread = &threads[index % WIRE_PROCESS_THREADS];
    return atomic_load_explicit(&thread->tid, memory_order_acquire) != 0 ? thread : NULL;
}

static struct slot *our_slot(struct process *process, size_t index)
{
    if (index >= process->slot_count) {
        struct slot *grown = realloc(process->slots, (index + 1) * sizeof *grown);
        if (grown == NULL)
            return NULL;
        memset(grown + process->slot_count, 0, (index + 1 - process->slot_count) * sizeof *grown);
        process->slots = grown;
        process->slot_count = index + 1;
    }
    return &process->slots[index];
}

static void take_in(struct process *process, struct slot *slot, const struct wire_record *record,
                    const struct plans *plans, struct lines *lines)
{
    struct lines_site site, *known = NULL;
    if (record->kind == WIRE_RECORD_LINE || (record->kind == WIRE_RECORD_CATCH && record->plan != 0)) {
        if (!plans_site(plans, record->plan, record->site, &site)) {
            process->nonsense++;
            return;
        }
        known = &site;
    }
    if (record->kind == WIRE_RECORD_THREAD)
        slot->generation = record->sp;
    lines_feed(lines, slot->thread, record, known);
}

static bool drain_ring(struct process *process, struct slot *slot, struct wire_ring *ring, const struct plans *plans,
                       struct lines *lines)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    if (head == slot->tail)
        return false;
    if (head - slot->tail > WIRE_RING_RECORDS) {
        process->nonsense++;
        slot->tail = head;
    }
    process->records += head - slot->tail;
    while (slot->tail != head) {
        struct wire_record record = ring->records[slot->tail % WIRE_RING_RECORDS];
        take_in(process, slot, &record, plans, lines);
        slot->tail++;
    }
    atomic_store_explicit(&ring->tail, slot->tail, memory_order_release);
    if (atomic_load_explicit(&ring->producer_waits, memory_order_seq_cst))
        futex_wake(&ring->tail);
    return true;
}

/* The ring at `chunk`, if it is a sound one. */
static struct wire_event_ring *ring_at(const struct memory *memory, uint32_t chunk, uint64_t *capacity)
{
    for (uint32_t count = WIRE_EVENT_RING_CHUNKS; count > 0; count /= 2) {
        struct wire_event_ring *ring = memory_chunks(memory, chunk, count, WIRE_CHUNK_EVENTS);
        *capacity = ring != NULL ? ring->capacity : 0;
        if (ring != NULL)
            return *capacity > 0 && *capacity <= WIRE_EVENT_RING_EVENTS(count * WIRE_CHUNK_BYTES) ? ring : NULL;
    }
    return NULL;
}

/* Its last event has been taken in: give the ring back. */
static void leave_ring(struct process *process, struct memory *memory, const struct stream *stream)
{
    uint64_t bytes = WIRE_EVENT_RING_HEAD_BYTES + stream->capacity * sizeof(struct wire_event);
    atomic_fetch_sub(&process->wire->own_bytes, (bytes + WIRE_PAGE_BYTES - 1) / WIRE_PAGE_BYTES * WIRE_PAGE_BYTES);
    memory_free_chunk(memory, stream->chunk - 1);
}

/* The ring of slot `index`'s event stream, if it has one now that it had not before. Returns whether that is so. */
static bool look_for_stream(struct process *process, struct memory *memory, const struct wire_thread *thread, size_t index)
{
    uint32_t chunk = atomic_load_explicit(&thread->events_chunk, memory_order_acquire);
    struct stream *stream = index < process->stream_count ? &process->streams[index] : NULL;
    if (chunk == 0 || (stream != NULL && stream->chunk == chunk))
        return false;
    if (stream != NULL && stream->ring != NULL) {
        stream->moves = atomic_load_explicit(&stream->ring->head, memory_order_acquire) != stream->tail;
        if (stream->moves)
            return false;
        leave_ring(process, memory, stream);
        stream->ring = NULL;
    }
    uint64_t capacity;
    struct wire_event_ring *ring = ring_at(memory, chunk - 1, &capacity);
    if (process->heap == NULL)
        process->heap = heap_new();
    if (ring == NULL || process->heap == NULL)
        return false;
    if (index >= process->stream_count) {
        struct stream *grown = realloc(process->streams, (index + 1) * sizeof *grown);
        if (grown == NULL)
            return false;
        memset(grown + process->stream_count, 0, (index + 1 - process->stream_count) * sizeof *grown);
        process->streams = grown;
        process->stream_count = index + 1;
    }
    uint64_t stamp = process->streams[index].stamp;
    process->streams[index] = (struct stream){
        .ring = ring, .capacity = capacity, .chunk = chunk, .thread = (uint32_t)index, .stamp = stamp};
    return true;
}

/* Look for new rings. Returns whether there are any. */
static bool find_streams(struct process *process, struct memory *memory)
{
    bool any = false;
    const struct wire_thread *thread;
    for (size_t i = 0; i < SLOTS_LIMIT && (thread = wire_slot(process, memory, i)) != NULL; i++)
        any |= look_for_stream(process, memory, thread, i);
    return any;
}

static bool drain_streams(struct process *process, bool all)
{
    if (process->heap == NULL)
        return false;
    uint64_t events = stream_merge(process->streams, process->stream_count, process->heap, all, &process->nonsense);
    process->events += events;
    return events > 0;
}

bool process_drain(struct process *process, struct memory *memory, const struct plans *plans, struct lines *lines)
{
    bool any = false;
    const struct wire_thread *thread;
    find_streams(process, memory);
    for (size_t i = 0; i < SLOTS_LIMIT && (thread = wire_slot(process, memory, i)) != NULL; i++) {
        uint32_t ring_chunk = atomic_load_explicit(&thread->ring_chunk, memory_order_acquire);
        if (ring_chunk == 0)
            continue;
        struct wire_ring *ring = memory_chunk(memory, ring_chunk - 1, WIRE_CHUNK_RING);
        struct slot *slot = ring ? our_slot(process, i) : NULL;
        if (slot == NULL)
            continue;
        if (slot->thread == NULL && (slot->thread = lines_thread_new()) == NULL)
            continue;
        slot->ring_chunk = ring_chunk;
        any |= drain_ring(process, slot, ring, plans, lines);
    }
    any |= drain_streams(process, false);
    return any;
}

static uint64_t load(const _Atomic uint64_t *word)
{
    return atomic_load_explicit(word, memory_order_relaxed);
}

void process_read_counts(struct process *process, const struct memory *memory)
{
    if (process->ended)
        return;
    struct counts counts = {.lost = process->nonsense};
    const struct wire_thread *thread;
    for (size_t i = 0; i < SLOTS_LIMIT && (thread = wire_slot(process, memory, i)) != NULL; i++) {
        counts.alloc_bytes += load(&thread->heap.alloc_bytes);
        counts.alloc_count += load(&thread->heap.alloc_count);
        counts.free_bytes += load(&thread->heap.free_bytes);
        counts.free_count += load(&thread->heap.free_count);
        counts.mapped_bytes += load(&thread->mapped.alloc_bytes);
        counts.unmapped_bytes += load(&thread->mapped.free_bytes);
        counts.lost += load(&thread->lost);
        counts.guessed_frames += load(&thread->guessed_frames);
    }
    process->last = counts;
}

bool process_rss(const struct process *process, int64_t *bytes)
{
    char path[64], text[128];
    if (process->ended)
        return false;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)process->pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t length = read(fd, text, sizeof text - 1);
    close(fd);
    if (length <= 0)
        return false;
    text[length] = '\0';
    unsigned long long pages;
    if (sscanf(text, "%*u %llu", &pages) != 1 || pages == 0)
        return false;
    *bytes = (int64_t)(pages * WIRE_PAGE_BYTES) - (int64_t)load(&process->wire->own_bytes);
    return true;
}

bool process_is_gone(const struct process *process)
{
    return kill(process->pid, 0) != 0 && errno == ESRCH;
}

static char *copy_text(const char *text, size_t bytes)
{
    return strndup(text, strnlen(text, bytes));
}

/* Copy what is valid; the program may be writing just now. */
static bool read_figures(const struct wire_allocator_figures *from, uint32_t label, struct session_allocator *out)
{
    if (atomic_load_explicit(&from->label, memory_order_acquire) != label)
        return false;
    *out = (struct session_allocator){
        .is_known = true,
        .allocated_bytes = from->allocated_bytes,
        .active_bytes = from->active_bytes,
        .metadata_bytes = from->metadata_bytes,
        .resident_bytes = from->resident_bytes,
        .mapped_bytes = from->mapped_bytes,
        .retained_bytes = from->retained_bytes,
    };
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(&from->label, memory_order_relaxed) == label;
}

void process_take_figures(struct process *process, struct session_request *requests, size_t count)
{
    if (process->wire == NULL || process->ended)
        return;
    size_t first = process->figures_taken + 1u;
    if (count >= WIRE_ALLOCATOR_WINDOWS && first <= count - WIRE_ALLOCATOR_WINDOWS)
        first = count - WIRE_ALLOCATOR_WINDOWS + 1;
    for (size_t window = first; window <= count; window++) {
        struct session_allocator figures, *sum = &requests[window - 1].allocator;
        if (!read_figures(&process->wire->allocator_windows[window % WIRE_ALLOCATOR_WINDOWS], (uint32_t)window + 1,
                          &figures))
            continue;
        sum->is_known = true;
        sum->allocated_bytes += figures.allocated_bytes;
        sum->active_bytes += figures.active_bytes;
        sum->metadata_bytes += figures.metadata_bytes;
        sum->resident_bytes += figures.resident_bytes;
        sum->mapped_bytes += figures.mapped_bytes;
        sum->retained_bytes += figures.retained_bytes;
        process->figures_taken = (uint32_t)window;
    }
}

static void summarize(struct process *process)
{
    struct wire_process *wire = process->wire;
    struct session_process *summary = &process->summary;
    free(summary->exe);
    free(summary->allocator);
    *summary = (struct session_process){
        .pid = (uint32_t)process->pid,
        .parent_pid = (uint32_t)process->parent_pid,
        .exe = copy_text(wire->exe, sizeof wire->exe),
        .stops_armed = atomic_load(&wire->stops_armed),
        .stops_refused = atomic_load(&wire->stops_refused),
        .rss_granularity_bytes = wire->rss_granularity_bytes,
        .own_bytes = load(&wire->own_bytes),
        .flags = atomic_load(&wire->flags),
    };
    summary->allocator = atomic_load(&wire->allocator) == WIRE_ALLOCATOR_GLIBC
                             ? strdup("glibc")
                             : copy_text(wire->allocator_path, sizeof wire->allocator_path);
    summary->has_jemalloc = atomic_load(&wire->allocator) == WIRE_ALLOCATOR_JEMALLOC;
    read_figures(&wire->allocator_exit, 1, &summary->allocator_figures);
    summary->totals = (struct session_totals){
        .alloc_bytes = process->last.alloc_bytes,
        .alloc_count = process->last.alloc_count,
        .free_bytes = process->last.free_bytes,
        .free_count = process->last.free_count,
        .not_freed_bytes = (int64_t)(process->last.alloc_bytes - process->last.free_bytes),
        .not_freed_count = (int64_t)(process->last.alloc_count - process->last.free_count),
        .peak_bytes = atomic_load(&wire->peak_bytes),
        .mapped_bytes = process->last.mapped_bytes,
        .unmapped_bytes = process->last.unmapped_bytes,
    };
}

static void copy_module(const char *path, const struct wire_module *module, void *data)
{
    struct process *process = data;
    struct process_module *grown = realloc(process->modules, (process->module_count + 1) * sizeof *grown);
    if (grown == NULL)
        return;
    process->modules = grown;
    grown[process->module_count] =
        (struct process_module){
            .path = strdup(path),
            .base = module->base,
            .start = module->start,
            .end = module->end,
            .born = module->born,
            .died = atomic_load_explicit(&module->gone, memory_order_acquire) ? module->died : UINT32_MAX,
        };
    if (grown[process->module_count].path != NULL)
        process->module_count++;
}

/* Symbols are looked up after its list of modules is gone. */
static void copy_modules(struct process *process, const struct memory *memory)
{
    uint32_t chunk = atomic_load_explicit(&process->wire->modules_chunk, memory_order_acquire);
    struct wire_modules *modules = chunk ? memory_chunk(memory, chunk - 1, WIRE_CHUNK_MODULES) : NULL;
    if (modules != NULL)
        plans_visit_modules(modules, copy_module, process);
}

void process_end(struct process *process, struct memory *memory, struct lines *lines)
{
    if (process->ended)
        return;
    do
        drain_streams(process, true);
    while (find_streams(process, memory));
    copy_modules(process, memory);
    process_read_counts(process, memory);
    const struct wire_thread *thread;
    for (size_t i = 0; i < process->slot_count && (thread = wire_slot(process, memory, i)) != NULL; i++) {
        struct slot *slot = &process->slots[i];
        /* A thread that met no line may have taken the slot over: its heap is nobody's line. */
        bool same = slot->generation == atomic_load_explicit(&thread->generation, memory_order_relaxed);
        if (slot->thread != NULL)
            lines_close(lines, slot->thread, same,
                        (int64_t)(load(&thread->heap.alloc_bytes) - load(&thread->heap.free_bytes)));
    }
    int64_t peak = atomic_load(&process->wire->peak_bytes) - process->window_live_bytes;
    process->peak_bytes = peak > 0 ? peak : 0;
    summarize(process);
    process->generation = process->wire->generation;
    process->is_forked = (process->summary.flags & WIRE_PROCESS_FORKED) != 0;
    size_t threads = 0;
    while (threads < SLOTS_LIMIT && wire_slot(process, memory, threads) != NULL)
        threads++;
    process->summary.thread_count = (uint32_t)threads;
    process->ended = true;
}

void counts_add(struct counts *sum, const struct counts *other)
{
    sum->alloc_bytes += other->alloc_bytes;
    sum->alloc_count += other->alloc_count;
    sum->free_bytes += other->free_bytes;
    sum->free_count += other->free_count;
    sum->mapped_bytes += other->mapped_bytes;
    sum->unmapped_bytes += other->unmapped_bytes;
    sum->lost += other->lost;
}

struct counts counts_minus(const struct counts *a, const struct counts *b)
{
    return (struct counts){
        .alloc_bytes = a->alloc_bytes - b->alloc_bytes,
        .alloc_count = a->alloc_count - b->alloc_count,
        .free_bytes = a->free_bytes - b->free_bytes,
        .free_count = a->free_count - b->free_count,
        .mapped_bytes = a->mapped_bytes - b->mapped_bytes,
        .unmapped_bytes = a->unmapped_bytes - b->unmapped_bytes,
        .lost = a->lost - b->lost,
    };
}
