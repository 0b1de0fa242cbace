/* What the collector's accounting costs by itself: a real program's event stream, recorded once and taken in again and
   again.

       replay record FILE PRELOAD PROGRAM [ARG...]    run the program, keep its events
       replay FILE [ROUNDS]                           take them in; CPU of this thread per event, best and median */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "collector/futex.h"
#include "collector/heap.h"
#include "collector/memory.h"
#include "collector/stream.h"

#define RING_BYTES (WIRE_EVENT_RING_CHUNKS * WIRE_CHUNK_BYTES)
#define CAPACITY WIRE_EVENT_RING_EVENTS(RING_BYTES)
#define STREAMS_MAX 2048
#define ROUNDS_MAX 101
#define RUNS_MAX (1u << 20)

/* In the file, before the events of one look at one ring. */
struct span {
    uint32_t stream, count;
};

/* In memory: neighbouring spans of one ring. */
struct run {
    uint32_t stream;
    size_t count;
    const struct wire_event *events;
};

static uint64_t record_ring(struct wire_event_ring *ring, uint32_t stream, uint64_t tail, FILE *file)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    if (head == tail)
        return tail;
    struct span span = {.stream = stream, .count = (uint32_t)(head - tail)};
    fwrite(&span, sizeof span, 1, file);
    for (; tail != head; tail++)
        fwrite(&ring->events[tail % ring->capacity], sizeof *ring->events, 1, file);
    atomic_store_explicit(&ring->tail, tail, memory_order_release);
    if (atomic_load_explicit(&ring->producer_waits, memory_order_seq_cst))
        futex_wake(&ring->tail);
    return tail;
}

/* No plans here; but who asks waits. */
static void answer(struct wire_modules *modules)
{
    uint32_t asked = atomic_load(&modules->asked);
    if (atomic_exchange(&modules->answered, asked) != asked)
        futex_wake(&modules->answered);
}

static void record_all(const struct memory *memory, FILE *file)
{
    static uint64_t tails[STREAMS_MAX];
    for (uint32_t i = 0; i < memory->chunk_count && i < STREAMS_MAX; i++) {
        struct wire_modules *modules = memory_chunk(memory, i, WIRE_CHUNK_MODULES);
        if (modules != NULL)
            answer(modules);
        struct wire_event_ring *ring = memory_chunk(memory, i, WIRE_CHUNK_EVENTS);
        if (ring != NULL)
            tails[i] = record_ring(ring, i, tails[i], file);
    }
}

static int record(char **argv)
{
    struct memory memory;
    struct err err;
    int status;
    FILE *file = fopen(argv[0], "wb");
    if (file == NULL || memory_open(&memory, WIRE_WANT_EVENTS, &err) != 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        setenv("LD_PRELOAD", argv[1], 1);
        setenv(WIRE_ENV_CHANNEL, memory.channel, 1);
        atomic_store(&memory.header->window, 1);
        dup2(null, STDOUT_FILENO);
        execvp(argv[2], argv + 2);
        _exit(127);
    }
    do
        record_all(&memory, file);
    while (waitpid(pid, &status, WNOHANG) == 0);
    record_all(&memory, file);
    memory_close(&memory);
    return fclose(file) != 0 || status != 0;
}

static double cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Fill the ring with up to half of what it holds, as a producer does between two wake-ups, and take that in. Without a
   heap only the filling is done. */
static void take_in(struct streams *streams, struct wire_event_ring *ring, struct heap *heap,
                    const struct wire_event *events, size_t count)
{
    while (count > 0) {
        size_t part = count < CAPACITY / 2 ? count : CAPACITY / 2;
        uint64_t head = atomic_load(&ring->head), nonsense = 0;
        for (size_t i = 0; i < part; i++)
            ring->events[(head + i) % CAPACITY] = events[i];
        atomic_store(&ring->head, head + part);
        if (heap != NULL)
            streams_merge(streams, heap, STREAMS_ALL, &nonsense);
        events += part;
        count -= part;
    }
}

/* The stream's ring, empty; kept from round to round. */
static struct wire_event_ring *ring_of(struct streams *streams, uint32_t number)
{
    static struct wire_event_ring *rings[STREAMS_MAX];
    for (size_t i = 0; i < streams->count; i++)
        if (streams->items[i].thread == number)
            return streams->items[i].ring;
    if (rings[number] == NULL)
        rings[number] = aligned_alloc(WIRE_PAGE_BYTES, RING_BYTES);
    memset(rings[number], 0, WIRE_EVENT_RING_HEAD_BYTES);
    streams_add(streams, rings[number], CAPACITY, number + 1, number);
    return rings[number];
}

/* Runs of one stream's events, without the heads between them: in place. */
static size_t join_spans(uint8_t *bytes, size_t size, struct run *runs)
{
    size_t at = 0, count = 0;
    struct wire_event *to = (struct wire_event *)bytes;
    while (at + sizeof(struct span) <= size) {
        struct span span;
        memcpy(&span, bytes + at, sizeof span);
        at += sizeof span;
        if (span.stream >= STREAMS_MAX || span.count > (size - at) / sizeof *to)
            break;
        memmove(to, bytes + at, span.count * sizeof *to);
        if (count == 0 || runs[count - 1].stream != span.stream) {
            if (count == RUNS_MAX)
                break;
            runs[count++] = (struct run){.stream = span.stream, .events = to};
        }
        runs[count - 1].count += span.count;
        to += span.count;
        at += span.count * sizeof *to;
    }
    return count;
}

static double replay_once(const struct run *runs, size_t count, struct heap *heap)
{
    struct streams streams = {0};
    double start = cpu_ns();
    for (size_t i = 0; i < count; i++)
        take_in(&streams, ring_of(&streams, runs[i].stream), heap, runs[i].events, runs[i].count);
    streams_fini(&streams);
    return cpu_ns() - start;
}

static void tell(const struct heap *heap)
{
    struct heap_totals totals = heap_totals(heap);
    printf("%zu sites, %llu allocations, %llu frees, %llu live, peak %llu bytes\n", heap_site_count(heap),
           (unsigned long long)totals.alloc_count, (unsigned long long)totals.free_count,
           (unsigned long long)totals.live_count, (unsigned long long)totals.peak_bytes);
}

int main(int argc, char **argv)
{
    static double times[ROUNDS_MAX];
    static struct run runs[RUNS_MAX];
    struct stat info;
    if (argc > 4 && strcmp(argv[1], "record") == 0)
        return record(argv + 2);
    int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;
    if (fd < 0 || fstat(fd, &info) != 0)
        return 2;
    uint8_t *bytes = mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    int rounds = argc > 2 ? atoi(argv[2]) : 5;
    if (bytes == MAP_FAILED || rounds < 1 || rounds > ROUNDS_MAX)
        return 2;
    size_t run_count = join_spans(bytes, (size_t)info.st_size, runs);
    double events = 0;
    for (size_t i = 0; i < run_count; i++)
        events += (double)runs[i].count;
    for (int i = 0; i < rounds; i++) {
        struct heap *heap = heap_new();
        double filling = replay_once(runs, run_count, NULL);
        times[i] = (replay_once(runs, run_count, heap) - filling) / events;
        if (i == 0)
            tell(heap);
        heap_free(heap);
    }
    qsort(times, (size_t)rounds, sizeof *times, by_value);
    printf("%.0f events, %.1f ns each: median of %d rounds; best %.1f\n", events, times[rounds / 2], rounds, times[0]);
    return 0;
}
