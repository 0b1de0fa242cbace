/* JSON -> session. Fields are looked up by name, in whatever order they come; numbers that index something are checked.
 */

#include "report/stored.h"

#include <errno.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/array.h"
#include "base/text.h"
#include "report/describe.h"

#define FORMAT "syseng-mem-report"
#define VERSION 1
/* Line numbers beyond come from damaged debug information: no file has them. */
#define LINES_MAX 1000000
#define READ_BYTES 65536

/* One element of "frames". */
struct place {
    struct session_frame frame;
    struct symbols_frame *chain;
    size_t chain_count;
};

struct stored {
    json_t *root; /* holds the strings of `places` and the sources */
    struct session *session;
    struct place *places;
    size_t place_count;
    uint32_t *slots; /* number of a place + 1 by hash of its frame */
    size_t slot_count;
};

struct reader {
    struct stored *stored;
    const char *path;
    struct err *err;
    size_t frame_room, site_room, mapped_room, time_room;
};

static int refuse(const struct reader *reader, const char *what)
{
    return err_set(reader->err, -EINVAL, "%s: damaged: %s", reader->path, what);
}

static int run_out(const struct reader *reader)
{
    return err_set(reader->err, -ENOMEM, "%s: out of memory", reader->path);
}

/* 0 for null, for what is missing and for what is no number. */
static int64_t get_signed(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static uint64_t get(const json_t *object, const char *key)
{
    int64_t value = get_signed(object, key);
    return value > 0 ? (uint64_t)value : 0;
}

static uint32_t get_small(const json_t *object, const char *key)
{
    uint64_t value = get(object, key);
    return value <= UINT32_MAX ? (uint32_t)value : 0;
}

static uint32_t get_line(const json_t *object, const char *key)
{
    uint64_t value = get(object, key);
    return value <= LINES_MAX ? (uint32_t)value : 0;
}

static bool get_bool(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static bool has_number(const json_t *object, const char *key)
{
    return json_is_integer(json_object_get(object, key));
}

static const char *get_text(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* A copy, or NULL when there is no such text; `*failed` is set when memory is out. */
static char *copy_text(const json_t *object, const char *key, bool *failed)
{
    const char *text = get_text(object, key);
    char *copy = text != NULL ? strdup(text) : NULL;
    *failed |= text != NULL && copy == NULL;
    return copy;
}

static void read_totals(const json_t *object, struct session_totals *out)
{
    *out = (struct session_totals){
        .alloc_bytes = get(object, "alloc_bytes"),
        .alloc_count = get(object, "alloc_count"),
        .free_bytes = get(object, "free_bytes"),
        .free_count = get(object, "free_count"),
        .peak_bytes = get_signed(object, "peak_bytes"),
        .not_freed_bytes = get_signed(object, "not_freed_bytes"),
        .not_freed_count = get_signed(object, "not_freed_count"),
        .mapped_bytes = get(object, "mapped_bytes"),
        .unmapped_bytes = get(object, "unmapped_bytes"),
        .has_rss = has_number(object, "rss_before_bytes"),
        .rss_before_bytes = get_signed(object, "rss_before_bytes"),
        .rss_after_bytes = get_signed(object, "rss_after_bytes"),
    };
}

static void read_allocator(const json_t *object, struct session_allocator *out)
{
    *out = (struct session_allocator){
        .is_known = json_is_object(object),
        .allocated_bytes = get(object, "allocated_bytes"),
        .active_bytes = get(object, "active_bytes"),
        .metadata_bytes = get(object, "metadata_bytes"),
        .resident_bytes = get(object, "resident_bytes"),
        .mapped_bytes = get(object, "mapped_bytes"),
        .retained_bytes = get(object, "retained_bytes"),
    };
}

/* The module of that path; SESSION_NO_MODULE when there is none. */
static uint64_t find_module(const struct session *session, const char *path)
{
    for (size_t i = 0; path != NULL && i < session->module_count; i++)
        if (strcmp(session->modules[i], path) == 0)
            return i;
    return SESSION_NO_MODULE;
}

static int read_modules(struct reader *reader, const json_t *array)
{
    struct session *session = reader->stored->session;
    size_t count = json_array_size(array);
    bool failed = false;
    if (count >= SESSION_NO_MODULE)
        return refuse(reader, "too many modules");
    session->modules = calloc(count + 1, sizeof *session->modules);
    session->build_ids = calloc(count + 1, sizeof *session->build_ids);
    if (session->modules == NULL || session->build_ids == NULL)
        return run_out(reader);
    for (; session->module_count < count && !failed; session->module_count++) {
        const json_t *object = json_array_get(array, session->module_count);
        if (get_text(object, "path") == NULL)
            return refuse(reader, "a module has no path");
        session->modules[session->module_count] = copy_text(object, "path", &failed);
        session->build_ids[session->module_count] = copy_text(object, "build_id", &failed);
    }
    return failed ? run_out(reader) : 0;
}

static enum symbols_source source_named(const char *name)
{
    for (int i = 0; name != NULL && i < SYMBOLS_NONE; i++)
        if (strcmp(name, describe_named_by[i]) == 0)
            return (enum symbols_source)i;
    return SYMBOLS_NONE;
}

static struct symbols_frame read_symbol(const json_t *object, enum symbols_source source, bool inlined)
{
    return (struct symbols_frame){
        .function = get_text(object, "function"),
        .linkage_name = get_text(object, "linkage_name"),
        .file = get_text(object, "file"),
        .line = get_line(object, "line"),
        .function_line = get_line(object, "function_line"),
        .function_file = get_text(object, "function_file"),
        .inlined = inlined,
        .source = source,
    };
}

static int read_place(struct reader *reader, const json_t *object, struct place *place)
{
    const struct session *session = reader->stored->session;
    const json_t *callers = json_object_get(object, "inlined_into");
    const char *module = get_text(object, "module");
    enum symbols_source source = source_named(get_text(object, "named_by"));
    place->frame.module = find_module(session, module);
    place->frame.address = get(object, "address");
    if (module != NULL && place->frame.module == SESSION_NO_MODULE)
        return refuse(reader, "a frame is in no module");
    place->chain_count = 1 + json_array_size(callers);
    if (place->chain_count > SYMBOLS_MAX_FRAMES)
        return refuse(reader, "a frame has too many callers");
    place->chain = calloc(place->chain_count, sizeof *place->chain);
    if (place->chain == NULL)
        return run_out(reader);
    for (size_t i = 0; i < place->chain_count; i++)
        place->chain[i] =
            read_symbol(i == 0 ? object : json_array_get(callers, i - 1), source, i + 1 < place->chain_count);
    return 0;
}

static size_t home_of(const struct stored *stored, const struct session_frame *frame)
{
    uint64_t hash = (frame->address ^ (uint64_t)frame->module << 48) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(hash >> 20) & (stored->slot_count - 1);
}

static int index_places(struct reader *reader)
{
    struct stored *stored = reader->stored;
    stored->slot_count = 64;
    while (stored->slot_count < 2 * stored->place_count)
        stored->slot_count *= 2;
    stored->slots = calloc(stored->slot_count, sizeof *stored->slots);
    if (stored->slots == NULL)
        return run_out(reader);
    for (size_t i = 0; i < stored->place_count; i++) {
        size_t at = home_of(stored, &stored->places[i].frame);
        while (stored->slots[at] != 0)
            at = (at + 1) & (stored->slot_count - 1);
        stored->slots[at] = (uint32_t)i + 1;
    }
    return 0;
}

static int read_places(struct reader *reader, const json_t *array)
{
    struct stored *stored = reader->stored;
    size_t count = json_array_size(array);
    stored->places = calloc(count + 1, sizeof *stored->places);
    if (stored->places == NULL)
        return run_out(reader);
    int code = 0;
    for (; stored->place_count < count && code == 0; stored->place_count++)
        code = read_place(reader, json_array_get(array, stored->place_count), &stored->places[stored->place_count]);
    return code == 0 ? index_places(reader) : code;
}

static int read_line(struct reader *reader, const json_t *object, struct session_line *out)
{
    *out = (struct session_line){
        .line = get_line(object, "line"),
        .occurrences = get(object, "occurrences"),
        .has_rss = has_number(object, "rss_bytes"),
        .rss_bytes = get_signed(object, "rss_bytes"),
        .increment_bytes = get_signed(object, "increment_bytes"),
        .heap_bytes = get_signed(object, "heap_bytes"),
        .has_time = has_number(object, "time_ns"),
        .time_ns = get(object, "time_ns"),
    };
    return out->line > 0 ? 0 : refuse(reader, "a line has no number");
}

static int read_function(struct reader *reader, const json_t *object, struct session_function *out)
{
    bool failed = false;
    const json_t *lines = json_object_get(object, "lines");
    *out = (struct session_function){
        .line = get_line(object, "line"),
        .block_first = get_line(object, "first_line"),
        .block_last = get_line(object, "last_line"),
        .last_line = get_line(object, "last_line"),
        .annotated = get_bool(object, "annotated"),
        .optimized = get_bool(object, "optimized"),
        .ran_outside = get_bool(object, "ran_outside"),
        .calls = get(object, "calls"),
        .has_rss = has_number(object, "increment_bytes"),
        .entry_rss_bytes = get_signed(object, "entry_rss_bytes"),
        .increment_bytes = get_signed(object, "increment_bytes"),
        .heap_bytes = get_signed(object, "heap_bytes"),
        .lines = calloc(json_array_size(lines) + 1, sizeof *out->lines),
    };
    if (get_text(object, "name") == NULL || get_text(object, "file") == NULL)
        return refuse(reader, "a function has no name");
    out->name = copy_text(object, "name", &failed);
    out->file = copy_text(object, "file", &failed);
    if (failed || out->lines == NULL)
        return run_out(reader);
    int code = 0;
    for (; out->line_count < json_array_size(lines) && code == 0; out->line_count++)
        code = read_line(reader, json_array_get(lines, out->line_count), &out->lines[out->line_count]);
    return code;
}

static int read_functions(struct reader *reader, const json_t *array, struct session_function **out, size_t *out_count)
{
    *out = calloc(json_array_size(array) + 1, sizeof **out);
    if (*out == NULL)
        return run_out(reader);
    int code = 0;
    for (; *out_count < json_array_size(array) && code == 0; ++*out_count)
        code = read_function(reader, json_array_get(array, *out_count), &(*out)[*out_count]);
    return code;
}

/* A stack: its frames are appended to the session's. */
static int read_stack(struct reader *reader, const json_t *array, uint32_t *first, uint32_t *count)
{
    struct stored *stored = reader->stored;
    struct session *session = stored->session;
    size_t needed = session->frame_count + json_array_size(array);
    struct session_frame *frames = array_grow(session->frames, &reader->frame_room, needed + 1, sizeof *frames);
    if (frames == NULL || needed > UINT32_MAX)
        return run_out(reader);
    session->frames = frames;
    *first = (uint32_t)session->frame_count;
    *count = (uint32_t)json_array_size(array);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *number = json_array_get(array, i);
        json_int_t value = json_integer_value(number);
        if (!json_is_integer(number) || value < 0 || (size_t)value >= stored->place_count)
            return refuse(reader, "a stack has a frame that is not there");
        frames[session->frame_count++] = stored->places[value].frame;
    }
    return 0;
}

/* Which class the sizes "up to `bytes`" are. */
static uint32_t class_of(const json_t *object)
{
    uint64_t bytes = get(object, "up_to_bytes");
    return bytes > 0 ? size_class(bytes) : SIZE_CLASSES - 1;
}

static int read_spread(struct reader *reader, const json_t *array, struct session_site *site)
{
    struct session *session = reader->stored->session;
    if (json_array_size(array) <= 1)
        return 0;
    struct session_spread *spreads =
        array_grow(session->spreads, &session->spread_room, session->spread_count + 1, sizeof *spreads);
    if (spreads == NULL)
        return run_out(reader);
    session->spreads = spreads;
    struct session_spread *spread = &spreads[session->spread_count++];
    *spread = (struct session_spread){{0}};
    for (size_t i = 0; i < json_array_size(array); i++)
        spread->counts[class_of(json_array_get(array, i))] += get(json_array_get(array, i), "count");
    site->spread = (uint32_t)session->spread_count;
    return 0;
}

static struct session_lifetimes read_lifetimes(const json_t *object)
{
    return (struct session_lifetimes){.count = get(object, "count"),
                                      .sum_ns = get(object, "sum_ns"),
                                      .min_ns = get(object, "min_ns"),
                                      .max_ns = get(object, "max_ns")};
}

static int read_site(struct reader *reader, const json_t *object, uint32_t request, struct session_site *site)
{
    *site = (struct session_site){
        .request = request,
        .alloc_bytes = get(object, "alloc_bytes"),
        .alloc_count = get(object, "alloc_count"),
        .live_bytes = get(object, "live_bytes"),
        .live_count = get(object, "live_count"),
        .survived_count = get(object, "survived_count"),
        .window_live_bytes = get(object, "window_live_bytes"),
        .window_live_count = get(object, "window_live_count"),
        .peak_bytes = get(object, "peak_bytes"),
        .temporary_count = get(object, "temporary_count"),
        .size_min_bytes = get(object, "size_min_bytes"),
        .size_max_bytes = get(object, "size_max_bytes"),
        .lifetimes = read_lifetimes(json_object_get(object, "lifetimes")),
        .cut = get_bool(object, "cut"),
        .stopped = get_bool(object, "ended_early"),
    };
    int code = read_stack(reader, json_object_get(object, "stack"), &site->frame_first, &site->frame_count);
    return code == 0 ? read_spread(reader, json_object_get(object, "sizes"), site) : code;
}

static int read_sites(struct reader *reader, const json_t *array, uint32_t request, struct session_site **sites,
                      size_t *count, size_t *room)
{
    struct session_site *grown = array_grow(*sites, room, *count + json_array_size(array) + 1, sizeof *grown);
    if (grown == NULL)
        return run_out(reader);
    *sites = grown;
    int code = 0;
    for (size_t i = 0; i < json_array_size(array) && code == 0; i++)
        code = read_site(reader, json_array_get(array, i), request, &grown[(*count)++]);
    return code;
}

static int read_times(struct reader *reader, const json_t *array, uint32_t request)
{
    struct session *session = reader->stored->session;
    struct session_time *times =
        array_grow(session->times, &reader->time_room, session->time_count + json_array_size(array) + 1, sizeof *times);
    if (times == NULL)
        return run_out(reader);
    session->times = times;
    int code = 0;
    for (size_t i = 0; i < json_array_size(array) && code == 0; i++) {
        const json_t *object = json_array_get(array, i);
        struct session_time *time = &times[session->time_count++];
        *time = (struct session_time){.request = request,
                                      .sample_count = get(object, "samples"),
                                      .ns = get(object, "ns"),
                                      .stopped = get_bool(object, "ended_early")};
        code = read_stack(reader, json_object_get(object, "stack"), &time->frame_first, &time->frame_count);
    }
    session->has_times |= json_is_array(array);
    return code;
}

static int read_firings(struct reader *reader, const json_t *array, struct session_request *request)
{
    size_t count = json_array_size(array);
    if (count != request->repeat_count || count < 2)
        return 0;
    request->firings_ns = calloc(count, sizeof *request->firings_ns);
    if (request->firings_ns == NULL)
        return run_out(reader);
    for (size_t i = 0; i < count; i++)
        request->firings_ns[i] = (uint64_t)json_integer_value(json_array_get(array, i));
    return 0;
}

static int read_request(struct reader *reader, const json_t *object, uint32_t index)
{
    struct session *session = reader->stored->session;
    struct session_request *request = &session->requests[index];
    const json_t *cpu = json_object_get(object, "cpu");
    bool failed = false;
    *request = (struct session_request){
        .is_run = get_bool(object, "run"),
        .method = copy_text(object, "method", &failed),
        .target = copy_text(object, "target", &failed),
        .status = (int)get_small(object, "status"),
        .ordinal = get_small(object, "ordinal"),
        .repeat_count = get_small(object, "repeat_count"),
        .elapsed_ns = get(object, "elapsed_ns"),
        .finished = get_bool(object, "finished"),
        .cpu = {.is_measured = json_is_object(cpu),
                .interval_ns = get(cpu, "interval_ns"),
                .sample_count = get(cpu, "samples"),
                .ns = get(cpu, "ns"),
                .lost_count = get(cpu, "lost"),
                .own_count = get(cpu, "own"),
                .user_only = get_bool(cpu, "user_only")},
    };
    if (failed)
        return run_out(reader);
    if (!request->is_run && (request->method == NULL || request->target == NULL))
        return refuse(reader, "a request has no method or no target");
    read_totals(json_object_get(object, "totals"), &request->totals);
    read_allocator(json_object_get(object, "allocator"), &request->allocator);
    int code = read_firings(reader, json_object_get(object, "firings_ns"), request);
    if (code == 0)
        code =
            read_functions(reader, json_object_get(object, "functions"), &request->functions, &request->function_count);
    if (code == 0)
        code = read_sites(reader, json_object_get(object, "sites"), index, &session->sites, &session->site_count,
                          &reader->site_room);
    if (code == 0)
        code = read_sites(reader, json_object_get(object, "mapped_sites"), index, &session->mapped,
                          &session->mapped_count, &reader->mapped_room);
    if (code == 0)
        code = read_times(reader, json_object_get(object, "times"), index);
    session->has_sites |= json_is_array(json_object_get(object, "sites"));
    return code;
}

static int read_requests(struct reader *reader, const json_t *array)
{
    struct session *session = reader->stored->session;
    size_t count = json_array_size(array);
    if (count == 0 || count > UINT32_MAX)
        return refuse(reader, "there is no request in it");
    session->requests = calloc(count, sizeof *session->requests);
    if (session->requests == NULL)
        return run_out(reader);
    int code = 0;
    for (; session->request_count < count && code == 0; session->request_count++)
        code = read_request(reader, json_array_get(array, session->request_count), (uint32_t)session->request_count);
    return code;
}

static uint32_t read_flags(const json_t *array)
{
    uint32_t flags = 0;
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *name = json_string_value(json_array_get(array, i));
        for (size_t j = 0; name != NULL && j < describe_flag_count; j++)
            if (strcmp(describe_flags[j].name, name) == 0)
                flags |= describe_flags[j].flag;
    }
    return flags;
}

static void read_threads(const json_t *array, struct session_process *process)
{
    process->threads = calloc(json_array_size(array) + 1, sizeof *process->threads);
    if (process->threads == NULL || json_array_size(array) != process->thread_count) {
        free(process->threads);
        process->threads = NULL; /* which says that they are not known */
        return;
    }
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *object = json_array_get(array, i);
        process->threads[i] = (struct session_thread){
            .tid = get_small(object, "tid"),
            .thread_count = get_small(object, "thread_count"),
            .alloc_bytes = get(object, "alloc_bytes"),
            .alloc_count = get(object, "alloc_count"),
            .free_bytes = get(object, "free_bytes"),
            .free_count = get(object, "free_count"),
            .mapped_bytes = get(object, "mapped_bytes"),
            .unmapped_bytes = get(object, "unmapped_bytes"),
        };
    }
}

static int read_timeline(struct reader *reader, const json_t *object, struct session_process *process)
{
    const json_t *points = json_object_get(object, "points");
    process->point_interval_ns = get(object, "interval_ns");
    process->has_peak_ns = has_number(object, "peak_ns");
    process->peak_ns = get(object, "peak_ns");
    process->points = calloc(json_array_size(points) + 1, sizeof *process->points);
    if (process->points == NULL)
        return run_out(reader);
    for (; process->point_count < json_array_size(points); process->point_count++) {
        const json_t *point = json_array_get(points, process->point_count);
        process->points[process->point_count] = (struct session_point){
            .ns = get(point, "ns"),
            .heap_bytes = get_signed(point, "heap_bytes"),
            .rss_bytes = has_number(point, "rss_bytes") ? get_signed(point, "rss_bytes") : -1,
        };
    }
    return 0;
}

static int read_process(struct reader *reader, const json_t *object, struct session_process *out)
{
    const json_t *waits = json_object_get(object, "waits");
    const char *allocator_name = get_text(object, "allocator_name");
    bool failed = false;
    *out = (struct session_process){
        .pid = get_small(object, "pid"),
        .parent_pid = get_small(object, "parent_pid"),
        .exe = copy_text(object, "exe", &failed),
        .allocator = copy_text(object, "allocator", &failed),
        .has_jemalloc = allocator_name != NULL && strcmp(allocator_name, "jemalloc") == 0,
        .stops_armed = get_small(object, "stops_armed"),
        .stops_refused = get_small(object, "stops_refused"),
        .rss_granularity_bytes = get(object, "rss_granularity_bytes"),
        .own_bytes = get(object, "own_bytes"),
        .flags = read_flags(json_object_get(object, "flags")),
        .thread_count = get_small(object, "thread_count"),
        .wait_count = get(waits, "count"),
        .wait_ns = get(waits, "ns"),
    };
    if (failed)
        return run_out(reader);
    if (out->exe == NULL)
        return refuse(reader, "a process has no file");
    read_totals(json_object_get(object, "totals"), &out->totals);
    read_threads(json_object_get(object, "threads"), out);
    read_allocator(json_object_get(object, "allocator_figures"), &out->allocator_figures);
    return read_timeline(reader, json_object_get(object, "timeline"), out);
}

static int read_processes(struct reader *reader, const json_t *array)
{
    struct session *session = reader->stored->session;
    session->processes = calloc(json_array_size(array) + 1, sizeof *session->processes);
    if (session->processes == NULL)
        return run_out(reader);
    int code = 0;
    for (; session->process_count < json_array_size(array) && code == 0; session->process_count++)
        code = read_process(reader, json_array_get(array, session->process_count),
                            &session->processes[session->process_count]);
    return code;
}

static int read_argv(struct reader *reader, const json_t *array)
{
    struct session *session = reader->stored->session;
    session->argv = calloc(json_array_size(array) + 1, sizeof *session->argv);
    if (session->argv == NULL)
        return run_out(reader);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *word = json_string_value(json_array_get(array, i));
        session->argv[i] = strdup(word != NULL ? word : "");
        if (session->argv[i] == NULL)
            return run_out(reader);
    }
    return 0;
}

static void read_exit(const json_t *object, struct session *session)
{
    uint32_t signal = get_small(object, "signal_number");
    session->wait_status = signal > 0 ? (int)(signal & 0x7f) : (int)(get_small(object, "status") & 0xff) << 8;
    session->ended_by_us = get_bool(object, "ended_by_syseng_mem");
}

static int read_session(struct reader *reader)
{
    const json_t *root = reader->stored->root;
    struct session *session = reader->stored->session;
    const json_t *losses = json_object_get(root, "losses"), *stacks = json_object_get(root, "stacks");
    bool failed = false;
    session->sample_bytes = get(root, "sample_bytes");
    session->depth = get_small(stacks, "depth");
    session->guessed_frames = get(stacks, "guessed_frames");
    session->unknown_frees = get(root, "unknown_frees");
    session->lost_records = get(losses, "records");
    session->refused = get(losses, "processes_and_threads");
    session->disorder = get(losses, "disorder");
    session->many_threads = get_bool(root, "many_threads");
    session->rss_granularity_bytes = get(root, "rss_granularity_bytes");
    session->no_times_reason = copy_text(root, "no_times_reason", &failed);
    read_exit(json_object_get(root, "exit"), session);
    int code = failed ? run_out(reader) : read_argv(reader, json_object_get(root, "argv"));
    if (code == 0)
        code = read_modules(reader, json_object_get(root, "modules"));
    if (code == 0)
        code = read_places(reader, json_object_get(root, "frames"));
    if (code == 0)
        code = read_requests(reader, json_object_get(root, "requests"));
    if (code == 0)
        code = read_processes(reader, json_object_get(root, "processes"));
    if (code == 0)
        code =
            read_functions(reader, json_object_get(root, "never_ran"), &session->never_ran, &session->never_ran_count);
    return code;
}

static int check_format(const struct reader *reader)
{
    const json_t *root = reader->stored->root;
    const char *format = get_text(root, "format");
    if (format == NULL || strcmp(format, FORMAT) != 0)
        return err_set(reader->err, -EINVAL, "%s: this is no report of syseng-mem", reader->path);
    int64_t version = get_signed(root, "version");
    if (version != VERSION)
        return err_set(reader->err, -EINVAL, "%s: format %lld, and this syseng-mem reads format %d; %s", reader->path,
                       (long long)version, VERSION,
                       version > VERSION ? "use a newer syseng-mem" : "make the snapshot anew");
    return 0;
}

static size_t read_bytes(void *buffer, size_t length, void *data)
{
    int got = gzread(data, buffer, length < READ_BYTES ? (unsigned)length : READ_BYTES);
    return got >= 0 ? (size_t)got : (size_t)-1;
}

static int parse_file(struct reader *reader)
{
    json_error_t error;
    errno = 0;
    gzFile file = gzopen(reader->path, "rbe");
    if (file == NULL) {
        int code = errno != 0 ? -errno : -ENOMEM;
        return err_set(reader->err, code, "%s: %s", reader->path, strerror(-code));
    }
    reader->stored->root = json_load_callback(read_bytes, file, JSON_REJECT_DUPLICATES, &error);
    gzclose(file);
    if (reader->stored->root == NULL)
        return err_set(reader->err, -EINVAL, "%s: damaged, or no report of syseng-mem: %s", reader->path, error.text);
    return 0;
}

int stored_read(const char *path, struct stored **out, struct err *err)
{
    struct stored *stored = calloc(1, sizeof *stored);
    struct reader reader = {.stored = stored, .path = path, .err = err};
    if (stored == NULL)
        return run_out(&reader);
    stored->session = calloc(1, sizeof *stored->session);
    int code = stored->session != NULL ? parse_file(&reader) : run_out(&reader);
    if (code == 0)
        code = check_format(&reader);
    if (code == 0)
        code = read_session(&reader);
    if (code != 0) {
        stored_free(stored);
        return code;
    }
    *out = stored;
    return 0;
}

void stored_free(struct stored *stored)
{
    if (stored == NULL)
        return;
    session_free(stored->session);
    for (size_t i = 0; i < stored->place_count; i++)
        free(stored->places[i].chain);
    free(stored->places);
    free(stored->slots);
    json_decref(stored->root);
    free(stored);
}

const struct session *stored_session(const struct stored *stored)
{
    return stored->session;
}

/* A report_lookup_fn. */
static size_t look_up(void *data, const char *path, uint64_t address, bool wants_lines, struct symbols_frame *out,
                      size_t max)
{
    const struct stored *stored = data;
    struct session_frame frame = {.module = find_module(stored->session, path), .address = address};
    (void)wants_lines; /* what was not wanted then is not there */
    for (size_t at = home_of(stored, &frame); stored->slots[at] != 0; at = (at + 1) & (stored->slot_count - 1)) {
        const struct place *place = &stored->places[stored->slots[at] - 1];
        if (place->frame.address != frame.address || place->frame.module != frame.module)
            continue;
        size_t count = place->chain_count < max ? place->chain_count : max;
        memcpy(out, place->chain, count * sizeof *out);
        return place->chain_count;
    }
    return 0;
}

/* A report_source_fn: the lines that were stored, each where it was in the file, with nothing between them. */
static char *read_source(void *data, const char *path, size_t *length)
{
    const struct stored *stored = data;
    const json_t *sources = json_object_get(stored->root, "sources"), *lines = NULL;
    for (size_t i = 0; i < json_array_size(sources) && lines == NULL; i++) {
        const char *file = get_text(json_array_get(sources, i), "file");
        if (file != NULL && strcmp(file, path) == 0)
            lines = json_object_get(json_array_get(sources, i), "lines");
    }
    struct text text = TEXT_EMPTY;
    uint32_t next = 1;
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *object = json_array_get(lines, i);
        uint32_t line = get_line(object, "line");
        for (; next <= line; next++)
            if (next > 1)
                text_add(&text, "\n");
        if (next == line + 1 && get_text(object, "text") != NULL)
            text_add(&text, get_text(object, "text"));
    }
    char *copy = lines != NULL && !text.failed ? strdup(text_get(&text)) : NULL;
    *length = copy != NULL ? strlen(copy) : 0;
    text_fini(&text);
    return copy;
}

void stored_serve(struct stored *stored, struct report_options *options)
{
    options->lookup = look_up;
    options->lookup_data = stored;
    options->read_source = read_source;
    options->source_data = stored;
}
