/* Shared memory that a hostile program writes to, between the collector's looks at it; then the session and its
   reports. wire.h has the commands that an input is made of. */

#include "wire.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/collector.h"
#include "fuzz.h"
#include "probes/probes.h"
#include "report/report.h"
#include "wire/event.h"
#include "wire/record.h"

#define WINDOWS_MOST 4u
#define WORK_MOST 16u
#define SITES 6u
#define FUNCTIONS 2u

/* The program's side. */
struct hostile {
    uint8_t *bytes;
    size_t total_bytes;
    uint64_t directory, chunks;
    struct collector *collector;
    unsigned windows, work;
};

/* --- Plans: the same of every file --- */

static struct wire_site make_site(uint32_t i)
{
    static const uint8_t flags[SITES] = {WIRE_SITE_ENTRY,
                                         WIRE_SITE_LINE,
                                         WIRE_SITE_EXIT,
                                         WIRE_SITE_ENTRY | WIRE_SITE_LOOP_HEAD,
                                         WIRE_SITE_LINE | WIRE_SITE_MAY_EXIT,
                                         WIRE_SITE_EXIT};
    return (struct wire_site){.offset = 0x1000 + 16 * i,
                              .target = 0x1000,
                              .function = i / (SITES / FUNCTIONS),
                              .line = 10 + i,
                              .class = (uint8_t)(i % WIRE_SITE_CLASS_COUNT),
                              .flags = flags[i],
                              .insn_bytes = 4};
}

static int make_plan(const char *path, uint32_t plan_id, void **plan, size_t *plan_bytes,
                     struct collector_function **functions, size_t *function_count, void *data)
{
    struct wire_site sites[SITES];
    struct wire_range ranges[FUNCTIONS] = {{0x1000, 0x1030}, {0x1030, 0x1060}};
    struct wire_function ranges_of[FUNCTIONS] = {{0x1000, 0, 1}, {0x1030, 1, 1}};
    struct probes_function watched[FUNCTIONS] = {{.name = NULL}};
    for (uint32_t i = 0; i < SITES; i++)
        sites[i] = make_site(i);
    const struct probes probes = {.functions = watched,
                                  .function_count = FUNCTIONS,
                                  .sites = sites,
                                  .site_count = SITES,
                                  .ranges_of = ranges_of,
                                  .ranges = ranges,
                                  .range_count = FUNCTIONS};
    struct err err;
    *functions = calloc(FUNCTIONS, sizeof **functions);
    for (uint32_t i = 0; i < FUNCTIONS; i++) {
        uint32_t *lines = calloc(SITES / FUNCTIONS, sizeof *lines);
        for (uint32_t k = 0; k < SITES / FUNCTIONS; k++)
            lines[k] = 10 + i * SITES / FUNCTIONS + k;
        (*functions)[i] = (struct collector_function){.name = strdup(i == 0 ? "first" : "second"),
                                                      .file = strdup("/source.c"),
                                                      .line = 9 + i * SITES / FUNCTIONS,
                                                      .last_line = 12 + i * SITES / FUNCTIONS,
                                                      .lines = lines,
                                                      .line_count = SITES / FUNCTIONS};
    }
    *function_count = FUNCTIONS;
    return probes_encode(&probes, plan_id, plan, plan_bytes, &err);
}

/* --- Commands --- */

static uint32_t take_chunk(struct fuzz_input *input)
{
    return (uint32_t)fuzz_take(input, 1) % WIRE_FUZZ_CHUNKS;
}

/* Two bytes, and how far up they are moved: small numbers as well as those that overflow. */
static uint64_t take_large(struct fuzz_input *input)
{
    uint64_t value = fuzz_take(input, 2);
    return value << fuzz_take(input, 1) % 64;
}

static uint8_t *chunk_at(const struct hostile *hostile, uint32_t chunk)
{
    return hostile->bytes + hostile->chunks + (size_t)chunk * WIRE_CHUNK_BYTES;
}

static void do_chunk(struct hostile *hostile, struct fuzz_input *input)
{
    struct wire_chunk *entry = (struct wire_chunk *)(hostile->bytes + hostile->directory) + take_chunk(input);
    uint32_t state = (uint32_t)fuzz_take(input, 1);
    entry->kind = (uint32_t)fuzz_take(input, 1);
    entry->process = (uint32_t)fuzz_take(input, 1);
    entry->arg = (uint32_t)fuzz_take(input, 1);
    atomic_store(&entry->state, state);
}

static void do_bytes(struct hostile *hostile, struct fuzz_input *input)
{
    uint8_t *chunk = chunk_at(hostile, take_chunk(input));
    size_t offset = fuzz_take(input, 2), count = fuzz_take(input, 1), got;
    uint8_t *bytes = fuzz_take_bytes(input, count, &got);
    memcpy(chunk + offset, bytes, got < WIRE_CHUNK_BYTES - offset ? got : WIRE_CHUNK_BYTES - offset);
    free(bytes);
}

static void do_word(struct hostile *hostile, struct fuzz_input *input)
{
    uint64_t *chunk = (uint64_t *)chunk_at(hostile, take_chunk(input));
    size_t index = fuzz_take(input, 2) % (WIRE_CHUNK_BYTES / sizeof *chunk);
    chunk[index] = fuzz_take(input, 8);
}

static void do_head(struct hostile *hostile, struct fuzz_input *input)
{
    _Atomic uint64_t *head = (_Atomic uint64_t *)chunk_at(hostile, take_chunk(input)); /* of either kind of ring */
    *head += fuzz_take(input, 1);
}

static void do_event(struct hostile *hostile, struct fuzz_input *input)
{
    struct wire_event_ring *ring = (struct wire_event_ring *)chunk_at(hostile, take_chunk(input));
    struct wire_event *event = &ring->events[fuzz_take(input, 1)];
    uint64_t kind = fuzz_take(input, 1);
    event->head = kind << 56 | fuzz_take(input, 3);
    event->size = take_large(input);
    event->size |= fuzz_take(input, 1) << WIRE_EVENT_SIZE_BITS;
    event->stack = fuzz_take(input, 3);
    event->time = fuzz_take(input, 2);
}

static void do_record(struct hostile *hostile, struct fuzz_input *input)
{
    struct wire_ring *ring = (struct wire_ring *)chunk_at(hostile, take_chunk(input));
    struct wire_record *record = &ring->records[fuzz_take(input, 1)];
    record->kind = (uint8_t)fuzz_take(input, 1);
    record->flags = (uint8_t)fuzz_take(input, 1);
    record->window = (uint32_t)fuzz_take(input, 4);
    record->plan = (uint32_t)fuzz_take(input, 1);
    record->site = (uint32_t)fuzz_take(input, 1);
    record->sp = fuzz_take(input, 2) << 4;
    record->heap_bytes = (int64_t)take_large(input);
    record->rss_bytes = take_large(input);
    record->run_ticks = (int64_t)take_large(input);
    record->faults = record->released_bytes = record->faults_self = take_large(input);
}

static void do_thread(struct hostile *hostile, struct fuzz_input *input)
{
    uint8_t *chunk = chunk_at(hostile, take_chunk(input));
    struct wire_thread *thread = (struct wire_thread *)(chunk + WIRE_PROCESS_HEAD_BYTES) + fuzz_take(input, 1);
    thread->tid = (uint32_t)fuzz_take(input, 1);
    thread->generation = (uint32_t)fuzz_take(input, 1);
    thread->ring_chunk = (uint32_t)fuzz_take(input, 1);
    thread->events_chunk = (uint32_t)fuzz_take(input, 1);
    ((struct wire_process *)chunk)->rings++;
}

static void do_fill(struct hostile *hostile, struct fuzz_input *input)
{
    uint8_t *chunk = chunk_at(hostile, take_chunk(input));
    struct wire_thread *threads = (struct wire_thread *)(chunk + WIRE_PROCESS_HEAD_BYTES);
    uint32_t next = (uint32_t)fuzz_take(input, 1), ring = (uint32_t)fuzz_take(input, 1);
    uint32_t events = (uint32_t)fuzz_take(input, 1);
    for (size_t i = 0; i < WIRE_PROCESS_THREADS; i++) {
        threads[i].tid = (uint32_t)i + 1;
        threads[i].ring_chunk = ring;
        threads[i].events_chunk = events;
    }
    ((struct wire_threads_head *)chunk)->thread_chunk_next = next;
}

static void do_module(struct hostile *hostile, struct fuzz_input *input)
{
    struct wire_modules *modules = (struct wire_modules *)chunk_at(hostile, take_chunk(input));
    struct wire_module *module = (struct wire_module *)(modules->entries + fuzz_take(input, 1) * 128);
    module->base = fuzz_take(input, 2) << 12;
    module->start = module->base;
    module->end = module->base + (fuzz_take(input, 1) << 12);
    module->copies = fuzz_take(input, 2) << 12;
    module->plan_offset = fuzz_take(input, 2);
    char *path = fuzz_take_text(input, 0);
    module->path_bytes = (uint32_t)strlen(path) + 1;
    module->entry_bytes = 128;
    if (module->path_bytes <= 128 - sizeof *module)
        memcpy(module->path, path, module->path_bytes);
    free(path);
    modules->asked++;
}

static void do_header(struct hostile *hostile, struct fuzz_input *input)
{
    uint64_t *words = (uint64_t *)hostile->bytes;
    size_t index = fuzz_take(input, 2) % (hostile->chunks / sizeof *words);
    words[index] = fuzz_take(input, 8);
}

static void do_register(struct hostile *hostile, struct fuzz_input *input)
{
    ((struct wire_header *)hostile->bytes)->process_serial++;
}

static void do_work(struct hostile *hostile, struct fuzz_input *input)
{
    if (hostile->work++ < WORK_MOST)
        collector_activity(hostile->collector);
}

static void do_begin(struct hostile *hostile, struct fuzz_input *input)
{
    struct err err;
    if (hostile->windows < WINDOWS_MOST && collector_begin_window(hostile->collector, "GET", "/", &err) == 0)
        hostile->windows++;
}

static void do_end(struct hostile *hostile, struct fuzz_input *input)
{
    collector_end_window(hostile->collector, 200, 1000000, true);
}

static void do_place(struct hostile *hostile, struct fuzz_input *input)
{
    uint64_t original;
    pid_t pid = (pid_t)fuzz_take(input, 1);
    collector_place(hostile->collector, pid, fuzz_take(input, 8), &original);
}

static void do_listens(struct hostile *hostile, struct fuzz_input *input)
{
    struct collector_listen listens[4];
    collector_listens(hostile->collector, listens, 4);
}

typedef void command_fn(struct hostile *hostile, struct fuzz_input *input);
static command_fn *const commands[WIRE_FUZZ_COMMANDS] = {
    [WIRE_FUZZ_CHUNK] = do_chunk,       [WIRE_FUZZ_BYTES] = do_bytes,   [WIRE_FUZZ_WORD] = do_word,
    [WIRE_FUZZ_HEAD] = do_head,         [WIRE_FUZZ_EVENT] = do_event,   [WIRE_FUZZ_RECORD] = do_record,
    [WIRE_FUZZ_THREAD] = do_thread,     [WIRE_FUZZ_MODULE] = do_module, [WIRE_FUZZ_HEADER] = do_header,
    [WIRE_FUZZ_REGISTER] = do_register, [WIRE_FUZZ_WORK] = do_work,     [WIRE_FUZZ_BEGIN] = do_begin,
    [WIRE_FUZZ_FILL] = do_fill,         [WIRE_FUZZ_END] = do_end,       [WIRE_FUZZ_PLACE] = do_place,
    [WIRE_FUZZ_LISTENS] = do_listens,
};

/* --- The session --- */

/* Map it as the guest does: by its path. */
static void join(struct hostile *hostile)
{
    struct stat status;
    int fd = open(collector_channel(hostile->collector), O_RDWR | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) != 0)
        abort();
    hostile->total_bytes = (size_t)status.st_size;
    hostile->bytes = mmap(NULL, hostile->total_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (hostile->bytes == MAP_FAILED)
        abort();
    hostile->directory = ((struct wire_header *)hostile->bytes)->directory_offset;
    hostile->chunks = ((struct wire_header *)hostile->bytes)->chunks_offset;
}

static void ignore_line(const char *line, void *data)
{
    fputs(line, data);
}

static void report(const struct session *session)
{
    const struct report_options options = {.style = REPORT_STYLE_SYSENG, .precision = 3};
    struct err err;
    report_lines(session, &options, fuzz_nowhere(), &err);
    report_heap(session, &options, fuzz_nowhere(), &err);
    report_allocator(session, &options, fuzz_nowhere(), &err);
    report_json(session, &options, fuzz_nowhere(), &err);
    report_summary(session, ignore_line, fuzz_nowhere());
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = fuzz_begin(data, size);
    struct hostile hostile = {.bytes = NULL};
    struct err err;
    if (collector_new(WIRE_WANT_LINE_STOPS | WIRE_WANT_CHILDREN | WIRE_WANT_EVENTS, make_plan, NULL, &hostile.collector,
                      &err) != 0)
        abort();
    join(&hostile);
    while (input.at < input.end)
        commands[fuzz_take(&input, 1) % WIRE_FUZZ_COMMANDS](&hostile, &input);
    struct session *session = collector_finish(hostile.collector);
    if (session != NULL)
        report(session);
    session_free(session);
    collector_free(hostile.collector);
    munmap(hostile.bytes, hostile.total_bytes);
    return 0;
}
