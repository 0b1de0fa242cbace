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

#include "base/array.h"
#include "collector/budget.h"
#include "collector/futex.h"
#include "collector/pid-namespace.h"

#define SLOTS_LIMIT 65536u

/* Find out what its number is here. */
static void find_elsewhere(struct process *process, const struct memory *memory)
{
    process->pid = pid_namespace_find(process->pid_namespace, process->own_pid, memory->fd);
    if (process->pid == getpid())
        process->pid = 0;
    if (process->pid != 0)
        process->parent_pid = pid_namespace_parent(process->pid);
}

int process_new(const struct memory *memory, uint32_t chunk, struct process **out)
{
    struct wire_process *wire = memory_chunk(memory, chunk, WIRE_CHUNK_PROCESS);
    pid_t pid = wire != NULL ? (pid_t)wire->pid : 0;
    uint64_t space = wire != NULL ? wire->pid_namespace : 0;
    bool is_elsewhere = space != 0 && memory->pid_namespace != 0 && space != memory->pid_namespace;
    if (pid <= 0 || (pid == getpid() && !is_elsewhere) || !memory_take(memory, chunk, 1))
        return -EINVAL;
    struct process *process = budget_take(sizeof *process) ? calloc(1, sizeof *process) : NULL;
    if (process == NULL) {
        memory_release(memory, chunk, 1);
        return -ENOMEM;
    }
    process->budget_bytes = sizeof *process;
    process->chunk = chunk;
    process->wire = wire;
    process->serial = wire->serial;
    process->own_pid = process->pid = pid;
    process->parent_pid = (pid_t)wire->parent_pid;
    process->parent_serial = wire->parent_serial;
    if (is_elsewhere) {
        process->pid_namespace = space;
        find_elsewhere(process, memory);
    }
    process->start_ns = wire->start_ns;
    *out = process;
    return 0;
}

/* More for the process's own list; process_free gives it back. */
static bool take_from_budget(struct process *process, size_t bytes)
{
    if (!budget_take(bytes))
        return false;
    process->budget_bytes += bytes;
    return true;
}

/* What is only needed while it runs. */
static void threads_free(struct process *process)
{
    for (size_t i = 0; i < process->slot_count; i++)
        lines_thread_free(process->slots[i].thread);
    free(process->slots);
    free(process->chain);
    streams_fini(&process->streams);
    process->slots = NULL;
    process->chain = NULL;
    process->slot_count = process->slot_room = process->chain_count = process->chain_room = 0;
}

void process_free(struct process *process)
{
    if (process == NULL)
        return;
    threads_free(process);
    heap_free(process->heap);
    for (size_t i = 0; i < process->module_count; i++)
        free(process->modules[i].path);
    free(process->modules);
    free(process->summary.exe);
    free(process->summary.allocator);
    free(process->summary.threads);
    free(process->timeline.points);
    budget_give(process->budget_bytes);
    free(process);
}

/* The chunk of slots at place `place` of the chain; NULL behind its end. A chunk is in one chain only, and once: what
   the program links in a ring has an end here. */
static uint8_t *chain_chunk(struct process *process, const struct memory *memory, size_t place)
{
    if (place == 0)
        return (uint8_t *)process->wire;
    while (process->chain_count < place) {
        size_t last = process->chain_count;
        const struct wire_threads_head *head = (const void *)chain_chunk(process, memory, last);
        uint32_t next = head == NULL ? 0
                        : last == 0  ? __atomic_load_n(&process->wire->thread_chunk_next, __ATOMIC_ACQUIRE)
                                     : __atomic_load_n(&head->thread_chunk_next, __ATOMIC_ACQUIRE);
        if (next == 0 || memory_chunk(memory, next - 1, WIRE_CHUNK_THREADS) == NULL)
            return NULL;
        uint32_t *grown = array_grow(process->chain, &process->chain_room, last + 1, sizeof *grown);
        if (grown == NULL)
            return NULL;
        process->chain = grown;
        if (!memory_take(memory, next - 1, 1))
            return NULL;
        grown[process->chain_count++] = next - 1;
    }
    return memory_chunk(memory, process->chain[place - 1], WIRE_CHUNK_THREADS);
}

/* Slot number `index` of the process; NULL behind the last. */
static struct wire_thread *wire_slot(struct process *process, const struct memory *memory, size_t index)
{
    uint8_t *chunk = chain_chunk(process, memory, index / WIRE_PROCESS_THREADS);
    if (chunk == NULL)
        return NULL;
    struct wire_thread *threads = (struct wire_thread *)(chunk + WIRE_PROCESS_HEAD_BYTES);
    struct wire_thread *thread = &threads[index % WIRE_PROCESS_THREADS];
    return atomic_load_explicit(&thread->tid, memory_order_acquire) != 0 ? thread : NULL;
}

static struct slot *our_slot(struct process *process, size_t index)
{
    if (index >= process->slot_room) {
        size_t room = process->slot_room ? 2 * process->slot_room : 4;
        room = room > index ? room : index + 1;
        struct slot *grown = realloc(process->slots, room * sizeof *grown);
        if (grown == NULL)
            return NULL;
        process->slots = grown;
        process->slot_room = room;
    }
    for (; process->slot_count <= index; process->slot_count++)
        process->slots[process->slot_count] = (struct slot){0};
    return &process->slots[index];
}

static void take_in(struct process *process, struct slot *slot, const struct wire_record *record, uint32_t window_count,
                    const struct plans *plans, struct lines *lines)
{
    struct lines_site site, *known = NULL;
    if (record->window > window_count) {
        process->nonsense++;
        return;
    }
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

/* As of a stream: a thread that waits is told again. */
static void give_back(const struct slot *slot)
{
    if (atomic_load_explicit(&slot->ring->producer_waits, memory_order_seq_cst) == 0)
        return;
    atomic_store_explicit(&slot->ring->tail, slot->tail, memory_order_release);
    futex_wake(&slot->ring->tail);
}

static bool drain_ring(struct process *process, struct slot *slot, const struct memory *memory,
                       const struct plans *plans, struct lines *lines)
{
    struct wire_ring *ring = slot->ring;
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    if (head == slot->tail) {
        give_back(slot);
        return false;
    }
    if (head - slot->tail > WIRE_RING_RECORDS) {
        process->nonsense++;
        slot->tail = head;
    }
    process->records += head - slot->tail;
    while (slot->tail != head) {
        struct wire_record record = ring->records[slot->tail % WIRE_RING_RECORDS];
        take_in(process, slot, &record, memory->window_count, plans, lines);
        slot->tail++;
    }
    atomic_store_explicit(&ring->tail, slot->tail, memory_order_release);
    give_back(slot);
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

static uint64_t ring_bytes(uint64_t capacity)
{
    return WIRE_EVENT_RING_HEAD_BYTES + capacity * sizeof(struct wire_event);
}

static uint32_t ring_chunks(uint64_t capacity)
{
    return (uint32_t)((ring_bytes(capacity) + WIRE_CHUNK_BYTES - 1) / WIRE_CHUNK_BYTES);
}

/* Its last event has been taken in: give the ring back. */
static void leave_ring(struct process *process, struct memory *memory, const struct stream *stream)
{
    uint64_t bytes = ring_bytes(stream->capacity);
    memory_release(memory, stream->chunk - 1, ring_chunks(stream->capacity));
    atomic_fetch_sub(&process->wire->own_bytes, (bytes + WIRE_PAGE_BYTES - 1) / WIRE_PAGE_BYTES * WIRE_PAGE_BYTES);
    memory_free_chunk(memory, stream->chunk - 1);
}

static struct heap *new_heap(const struct memory *memory)
{
    struct heap *heap = heap_new();
    if (heap != NULL)
        heap_set_sampling(heap, memory->sample_bytes);
    return heap;
}

/* What was found of a slot's rings. */
enum found {
    FOUND_NOTHING_NEW,
    FOUND_NEW,
    FOUND_LATER /* has to be looked for again: a ring is to be read to its end first, or memory is short */
};

/* Slot `index` may have a ring of its event stream that we do not know. */
static enum found look_for_stream(struct process *process, struct memory *memory, const struct wire_thread *thread,
                                  size_t index)
{
    struct slot *slot = &process->slots[index];
    uint32_t chunk = atomic_load_explicit(&thread->events_chunk, memory_order_acquire);
    struct stream *stream = slot->stream > 0 ? &process->streams.items[slot->stream - 1] : NULL;
    if (chunk == 0 || (stream != NULL && stream->chunk == chunk))
        return FOUND_NOTHING_NEW;
    if (stream != NULL) {
        stream->moves = atomic_load_explicit(&stream->ring->head, memory_order_acquire) != stream->tail;
        if (stream->moves)
            return FOUND_LATER;
    }
    uint64_t capacity;
    struct wire_event_ring *ring = ring_at(memory, chunk - 1, &capacity);
    if (ring == NULL)
        return FOUND_NOTHING_NEW;
    if (!memory_take(memory, chunk - 1, ring_chunks(capacity))) {
        process->nonsense++;
        return FOUND_NOTHING_NEW;
    }
    if (stream != NULL) {
        leave_ring(process, memory, stream);
        stream_move(stream, ring, capacity, chunk);
        return FOUND_NEW;
    }
    if (process->heap == NULL)
        process->heap = new_heap(memory);
    if (process->heap == NULL || streams_add(&process->streams, ring, capacity, chunk, (uint32_t)index) != 0) {
        memory_release(memory, chunk - 1, ring_chunks(capacity));
        return FOUND_LATER;
    }
    slot->stream = process->streams.count;
    return FOUND_NEW;
}

/* The same for a ring of line stops. */
static enum found look_for_ring(struct process *process, const struct memory *memory, const struct wire_thread *thread,
                                size_t index)
{
    struct slot *slot = &process->slots[index];
    uint32_t chunk = atomic_load_explicit(&thread->ring_chunk, memory_order_acquire);
    struct wire_ring *ring = chunk ? memory_chunk(memory, chunk - 1, WIRE_CHUNK_RING) : NULL;
    if (slot->ring != NULL || ring == NULL)
        return FOUND_NOTHING_NEW;
    if (!memory_take(memory, chunk - 1, 1)) {
        process->nonsense++;
        return FOUND_NOTHING_NEW;
    }
    slot->thread = lines_thread_new();
    if (slot->thread == NULL) {
        memory_release(memory, chunk - 1, 1);
        return FOUND_LATER;
    }
    slot->ring = ring;
    slot->ring_chunk = chunk - 1;
    return FOUND_NEW;
}

/* Threads may have rings that we do not know: the process counts them up when it shows a new one, so that nobody has to
   look at every slot at every wake-up. Returns whether there are any. */
static bool find_rings(struct process *process, struct memory *memory)
{
    uint32_t rings = atomic_load_explicit(&process->wire->rings, memory_order_acquire);
    if (rings == process->rings)
        return false;
    bool any = false, all = true;
    const struct wire_thread *thread;
    for (size_t i = 0; i < SLOTS_LIMIT && (thread = wire_slot(process, memory, i)) != NULL; i++) {
        bool has_slot = our_slot(process, i) != NULL;
        enum found stream = has_slot ? look_for_stream(process, memory, thread, i) : FOUND_LATER;
        enum found ring = has_slot ? look_for_ring(process, memory, thread, i) : FOUND_LATER;
        any |= stream == FOUND_NEW || ring == FOUND_NEW;
        all &= stream != FOUND_LATER && ring != FOUND_LATER;
    }
    if (all)
        process->rings = rings;
    return any;
}

static bool drain_streams(struct process *process, uint64_t now)
{
    if (process->heap == NULL)
        return false;
    uint64_t events = streams_merge(&process->streams, process->heap, now, &process->nonsense);
    process->events += events;
    return events > 0;
}

bool process_drain(struct process *process, struct memory *memory, const struct plans *plans, struct lines *lines)
{
    bool any = false;
    uint64_t now = streams_now();
    if (process->ended)
        return false;
    find_rings(process, memory);
    for (size_t i = 0; i < process->slot_count; i++)
        if (process->slots[i].ring != NULL)
            any |= drain_ring(process, &process->slots[i], memory, plans, lines);
    any |= drain_streams(process, now);
    return any;
}

void process_drain_all(struct process *process, struct memory *memory)
{
    size_t rounds = 0; /* more rings than there are chunks are shown by a program that writes to them still */
    do
        drain_streams(process, STREAMS_ALL);
    while (find_rings(process, memory) && rounds++ < memory->chunk_count);
}

const struct wire_thread *process_thread(struct process *process, const struct memory *memory, size_t index)
{
    return wire_slot(process, memory, index);
}

bool process_is_single_threaded(const struct process *process)
{
    char path[64];
    struct stat status;
    snprintf(path, sizeof path, "/proc/%d/task", (int)process->pid);
    return stat(path, &status) == 0 && status.st_nlink == 3; /* ".", "..", and one thread */
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

bool process_sample(struct process *process, uint64_t now_ns)
{
    uint64_t ns = now_ns > process->start_ns ? now_ns - process->start_ns : 0;
    if (process->ended || !timeline_is_due(&process->timeline, ns))
        return false;
    struct session_point point = {.ns = ns,
                                  .heap_bytes = atomic_load_explicit(&process->wire->live_bytes, memory_order_relaxed)};
    if ((atomic_load(&process->wire->flags) & WIRE_PROCESS_NO_RSS) != 0 || !process_rss(process, &point.rss_bytes))
        point.rss_bytes = -1;
    timeline_add(&process->timeline, &point);
    return true;
}

bool process_is(const struct process *process, const struct process *other)
{
    return process->own_pid == other->own_pid && process->pid_namespace == other->pid_namespace;
}

pid_t process_thread_number(const struct process *process, pid_t tid)
{
    return process->pid_namespace == 0 ? tid : pid_namespace_find_thread(process->pid, tid);
}

bool process_is_gone(const struct process *process)
{
    return process->pid == 0 || (kill(process->pid, 0) != 0 && errno == ESRCH);
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

static void summarize_threads(struct process *process, const struct memory *memory)
{
    struct session_process *summary = &process->summary;
    const struct wire_thread *thread;
    size_t count = 0;
    while (count < SLOTS_LIMIT && wire_slot(process, memory, count) != NULL)
        count++;
    summary->thread_count = (uint32_t)count;
    if (take_from_budget(process, (count + 1) * sizeof *summary->threads))
        summary->threads = calloc(count + 1, sizeof *summary->threads);
    for (size_t i = 0; summary->threads != NULL && i < count && (thread = wire_slot(process, memory, i)) != NULL; i++) {
        uint32_t tid = atomic_load(&thread->tid);
        summary->threads[i] = (struct session_thread){
            .tid = tid < WIRE_TID_UNKNOWN ? tid : 0,
            .thread_count = atomic_load(&thread->generation),
            .alloc_bytes = load(&thread->heap.alloc_bytes),
            .alloc_count = load(&thread->heap.alloc_count),
            .free_bytes = load(&thread->heap.free_bytes),
            .free_count = load(&thread->heap.free_count),
            .mapped_bytes = load(&thread->mapped.alloc_bytes),
            .unmapped_bytes = load(&thread->mapped.free_bytes),
        };
    }
}

static void summarize(struct process *process, const struct memory *memory)
{
    struct wire_process *wire = process->wire;
    struct session_process *summary = &process->summary;
    free(summary->exe);
    free(summary->allocator);
    free(summary->threads);
    *summary = (struct session_process){
        .pid = (uint32_t)(process->pid != 0 ? process->pid : process->own_pid),
        .parent_pid = (uint32_t)process->parent_pid,
        .exe = copy_text(wire->exe, sizeof wire->exe),
        .stops_armed = atomic_load(&wire->stops_armed),
        .stops_refused = atomic_load(&wire->stops_refused),
        .rss_granularity_bytes = wire->rss_granularity_bytes,
        .own_bytes = load(&wire->own_bytes),
        .flags = atomic_load(&wire->flags),
        .look = process->look,
    };
    summary->allocator = atomic_load(&wire->allocator) == WIRE_ALLOCATOR_GLIBC
                             ? strdup("glibc")
                             : copy_text(wire->allocator_path, sizeof wire->allocator_path);
    summary->has_jemalloc = atomic_load(&wire->allocator) == WIRE_ALLOCATOR_JEMALLOC;
    read_figures(&wire->allocator_exit, 1, &summary->allocator_figures);
    summary->wait_count = atomic_load(&wire->wait_count);
    process->wait_ticks = load(&wire->wait_ticks);
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
    summarize_threads(process, memory);
}

void process_hand_over(struct process *process, struct ticks start, struct ticks end, struct session_process *out)
{
    double ns_per_tick = ticks_ns(start, end);
    struct session_process *summary = &process->summary;
    summary->wait_ns = (uint64_t)((double)process->wait_ticks * ns_per_tick);
    uint64_t peak_ticks = process->heap != NULL ? heap_totals(process->heap).peak_ticks : 0;
    if (peak_ticks > start.ticks) {
        uint64_t ns = start.ns + (uint64_t)((double)(peak_ticks - start.ticks) * ns_per_tick);
        summary->has_peak_ns = true;
        summary->peak_ns = ns > process->start_ns ? ns - process->start_ns : 0;
    }
    summary->points = process->timeline.points;
    summary->point_count = process->timeline.count;
    summary->point_interval_ns = timeline_interval(&process->timeline);
    *out = *summary;
    *summary = (struct session_process){0};
    process->timeline = (struct timeline){0};
}

static void copy_module(const char *path, const struct wire_module *module, void *data)
{
    struct process *process = data;
    struct process_module *grown = NULL;
    if (take_from_budget(process, sizeof *grown + strlen(path) + 1))
        grown = realloc(process->modules, (process->module_count + 1) * sizeof *grown);
    if (grown == NULL) {
        process->nonsense++;
        return;
    }
    process->modules = grown;
    grown[process->module_count] = (struct process_module){
        .path = strdup(path),
        .base = module->base,
        .start = module->start,
        .end = module->end,
        .born = module->born,
        .died = atomic_load_explicit(&module->gone, memory_order_acquire) ? module->died : UINT32_MAX,
        .copies = atomic_load_explicit(&module->copies, memory_order_relaxed),
        .plan_offset = module->plan_offset,
    };
    if (grown[process->module_count].path != NULL)
        process->module_count++;
}

struct wire_modules *process_modules(const struct process *process, const struct memory *memory)
{
    uint32_t chunk = atomic_load_explicit(&process->wire->modules_chunk, memory_order_acquire);
    return chunk ? memory_chunk(memory, chunk - 1, WIRE_CHUNK_MODULES) : NULL;
}

/* Symbols are looked up after its list of modules is gone. */
static void copy_modules(struct process *process, const struct memory *memory)
{
    struct wire_modules *modules = process_modules(process, memory);
    if (modules != NULL)
        plans_visit_modules(modules, copy_module, process);
}

static void release_chunks(struct process *process, const struct memory *memory)
{
    memory_release(memory, process->chunk, 1);
    for (size_t i = 0; i < process->chain_count; i++)
        memory_release(memory, process->chain[i], 1);
    for (size_t i = 0; i < process->slot_count; i++)
        if (process->slots[i].ring != NULL)
            memory_release(memory, process->slots[i].ring_chunk, 1);
    for (size_t i = 0; i < process->streams.count; i++)
        memory_release(memory, process->streams.items[i].chunk - 1, ring_chunks(process->streams.items[i].capacity));
}

void process_end(struct process *process, struct memory *memory, struct lines *lines)
{
    if (process->ended)
        return;
    process_drain_all(process, memory);
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
    if (atomic_load(&process->wire->look_void) == atomic_load(&process->wire->look_asked))
        process->look = process->was_looked_at ? process->look : SESSION_LOOK_NONE;
    summarize(process, memory);
    process->generation = process->wire->generation;
    process->is_forked = (process->summary.flags & WIRE_PROCESS_FORKED) != 0;
    process->ended = true;
    release_chunks(process, memory);
    threads_free(process);
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
