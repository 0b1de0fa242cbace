/* JSON -> session. Fields are looked up by name, in whatever order they come; numbers that index something are checked.
 */

#include "report/stored-parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/json-read.h"
#include "report/describe.h"

static void read_totals(const json_t *object, struct session_totals *out)
{
    *out = (struct session_totals){
        .alloc_bytes = json_read(object, "alloc_bytes"),
        .alloc_count = json_read(object, "alloc_count"),
        .free_bytes = json_read(object, "free_bytes"),
        .free_count = json_read(object, "free_count"),
        .peak_bytes = json_read_signed(object, "peak_bytes"),
        .not_freed_bytes = json_read_signed(object, "not_freed_bytes"),
        .not_freed_count = json_read_signed(object, "not_freed_count"),
        .mapped_bytes = json_read(object, "mapped_bytes"),
        .unmapped_bytes = json_read(object, "unmapped_bytes"),
        .has_rss = json_has_number(object, "rss_before_bytes"),
        .rss_before_bytes = json_read_signed(object, "rss_before_bytes"),
        .rss_after_bytes = json_read_signed(object, "rss_after_bytes"),
    };
}

static void read_allocator(const json_t *object, struct session_allocator *out)
{
    *out = (struct session_allocator){
        .is_known = json_is_object(object),
        .allocated_bytes = json_read(object, "allocated_bytes"),
        .active_bytes = json_read(object, "active_bytes"),
        .metadata_bytes = json_read(object, "metadata_bytes"),
        .resident_bytes = json_read(object, "resident_bytes"),
        .mapped_bytes = json_read(object, "mapped_bytes"),
        .retained_bytes = json_read(object, "retained_bytes"),
    };
}

uint64_t stored_find_module(const struct session *session, const char *path)
{
    for (size_t i = 0; path != NULL && i < session->module_count; i++)
        if (strcmp(session->modules[i], path) == 0)
            return i;
    return SESSION_NO_MODULE;
}

static int read_modules(struct stored_reader *reader, const json_t *array)
{
    struct session *session = reader->stored->session;
    size_t count = json_array_size(array);
    bool failed = false;
    if (count >= SESSION_NO_MODULE)
        return stored_refuse(reader, "too many modules");
    session->modules = calloc(count + 1, sizeof *session->modules);
    session->build_ids = calloc(count + 1, sizeof *session->build_ids);
    if (session->modules == NULL || session->build_ids == NULL)
        return stored_run_out(reader);
    for (; session->module_count < count && !failed; session->module_count++) {
        const json_t *object = json_array_get(array, session->module_count);
        if (json_read_text(object, "path") == NULL)
            return stored_refuse(reader, "a module has no path");
        session->modules[session->module_count] = json_copy_text(object, "path", &failed);
        session->build_ids[session->module_count] = json_copy_text(object, "build_id", &failed);
    }
    return failed ? stored_run_out(reader) : 0;
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
        .function = json_read_text(object, "function"),
        .linkage_name = json_read_text(object, "linkage_name"),
        .file = json_read_text(object, "file"),
        .line = stored_line(json_read(object, "line")),
        .function_line = stored_line(json_read(object, "function_line")),
        .function_file = json_read_text(object, "function_file"),
        .inlined = inlined,
        .source = source,
    };
}

static int read_place(struct stored_reader *reader, const json_t *object, struct stored_place *place)
{
    const struct session *session = reader->stored->session;
    const json_t *callers = json_object_get(object, "inlined_into");
    const char *module = json_read_text(object, "module");
    enum symbols_source source = source_named(json_read_text(object, "named_by"));
    place->frame.module = stored_find_module(session, module);
    place->frame.address = json_read(object, "address");
    if (module != NULL && place->frame.module == SESSION_NO_MODULE)
        return stored_refuse(reader, "a frame is in no module");
    place->chain_count = 1 + json_array_size(callers);
    if (place->chain_count > SYMBOLS_MAX_FRAMES)
        return stored_refuse(reader, "a frame has too many callers");
    place->chain = calloc(place->chain_count, sizeof *place->chain);
    if (place->chain == NULL)
        return stored_run_out(reader);
    for (size_t i = 0; i < place->chain_count; i++)
        place->chain[i] =
            read_symbol(i == 0 ? object : json_array_get(callers, i - 1), source, i + 1 < place->chain_count);
    return 0;
}

static int index_places(struct stored_reader *reader)
{
    struct stored *stored = reader->stored;
    stored->slot_count = 64;
    while (stored->slot_count < 2 * stored->place_count)
        stored->slot_count *= 2;
    stored->slots = calloc(stored->slot_count, sizeof *stored->slots);
    if (stored->slots == NULL)
        return stored_run_out(reader);
    for (size_t i = 0; i < stored->place_count; i++) {
        size_t at = stored_home(stored, &stored->places[i].frame);
        while (stored->slots[at] != 0)
            at = (at + 1) & (stored->slot_count - 1);
        stored->slots[at] = (uint32_t)i + 1;
    }
    return 0;
}

static int read_places(struct stored_reader *reader, const json_t *array)
{
    struct stored *stored = reader->stored;
    size_t count = json_array_size(array);
    stored->places = calloc(count + 1, sizeof *stored->places);
    if (stored->places == NULL)
        return stored_run_out(reader);
    int code = 0;
    for (; stored->place_count < count && code == 0; stored->place_count++)
        code = read_place(reader, json_array_get(array, stored->place_count), &stored->places[stored->place_count]);
    return code == 0 ? index_places(reader) : code;
}

static int read_line(struct stored_reader *reader, const json_t *object, struct session_line *out)
{
    *out = (struct session_line){
        .line = stored_line(json_read(object, "line")),
        .occurrences = json_read(object, "occurrences"),
        .has_rss = json_has_number(object, "rss_bytes"),
        .rss_bytes = json_read_signed(object, "rss_bytes"),
        .increment_bytes = json_read_signed(object, "increment_bytes"),
        .heap_bytes = json_read_signed(object, "heap_bytes"),
        .has_time = json_has_number(object, "time_ns"),
        .time_ns = json_read(object, "time_ns"),
    };
    return out->line > 0 ? 0 : stored_refuse(reader, "a line has no number");
}

static int read_function(struct stored_reader *reader, const json_t *object, struct session_function *out)
{
    bool failed = false;
    const json_t *lines = json_object_get(object, "lines");
    *out = (struct session_function){
        .line = stored_line(json_read(object, "line")),
        .block_first = stored_line(json_read(object, "first_line")),
        .block_last = stored_line(json_read(object, "last_line")),
        .last_line = stored_line(json_read(object, "last_line")),
        .annotated = json_read_bool(object, "annotated"),
        .optimized = json_read_bool(object, "optimized"),
        .ran_outside = json_read_bool(object, "ran_outside"),
        .calls = json_read(object, "calls"),
        .has_rss = json_has_number(object, "increment_bytes"),
        .entry_rss_bytes = json_read_signed(object, "entry_rss_bytes"),
        .increment_bytes = json_read_signed(object, "increment_bytes"),
        .heap_bytes = json_read_signed(object, "heap_bytes"),
        .lines = calloc(json_array_size(lines) + 1, sizeof *out->lines),
    };
    if (json_read_text(object, "name") == NULL || json_read_text(object, "file") == NULL)
        return stored_refuse(reader, "a function has no name");
    out->name = json_copy_text(object, "name", &failed);
    out->file = json_copy_text(object, "file", &failed);
    if (failed || out->lines == NULL)
        return stored_run_out(reader);
    int code = 0;
    for (; out->line_count < json_array_size(lines) && code == 0; out->line_count++)
        code = read_line(reader, json_array_get(lines, out->line_count), &out->lines[out->line_count]);
    return code;
}

static int read_functions(struct stored_reader *reader, const json_t *array, struct session_function **out,
                          size_t *out_count)
{
    *out = calloc(json_array_size(array) + 1, sizeof **out);
    if (*out == NULL)
        return stored_run_out(reader);
    int code = 0;
    for (; *out_count < json_array_size(array) && code == 0; ++*out_count)
        code = read_function(reader, json_array_get(array, *out_count), &(*out)[*out_count]);
    return code;
}

/* A stack: its frames are appended to the session's. */
static int read_stack(struct stored_reader *reader, const json_t *array, uint32_t *first, uint32_t *count)
{
    struct stored *stored = reader->stored;
    struct session *session = stored->session;
    size_t needed = session->frame_count + json_array_size(array);
    struct session_frame *frames = array_grow(session->frames, &reader->frame_room, needed + 1, sizeof *frames);
    if (frames == NULL || needed > UINT32_MAX)
        return stored_run_out(reader);
    session->frames = frames;
    *first = (uint32_t)session->frame_count;
    *count = (uint32_t)json_array_size(array);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *number = json_array_get(array, i);
        json_int_t value = json_integer_value(number);
        if (!json_is_integer(number) || value < 0 || (size_t)value >= stored->place_count)
            return stored_refuse(reader, "a stack has a frame that is not there");
        frames[session->frame_count++] = stored->places[value].frame;
    }
    return 0;
}

/* Which class the sizes "up to `bytes`" are. */
static uint32_t class_of(const json_t *object)
{
    uint64_t bytes = json_read(object, "up_to_bytes");
    return bytes > 0 ? size_class(bytes) : SIZE_CLASSES - 1;
}

static int read_spread(struct stored_reader *reader, const json_t *array, struct session_site *site)
{
    struct session *session = reader->stored->session;
    if (json_array_size(array) <= 1)
        return 0;
    struct session_spread *spreads =
        array_grow(session->spreads, &session->spread_room, session->spread_count + 1, sizeof *spreads);
    if (spreads == NULL)
        return stored_run_out(reader);
    session->spreads = spreads;
    struct session_spread *spread = &spreads[session->spread_count++];
    *spread = (struct session_spread){{0}};
    for (size_t i = 0; i < json_array_size(array); i++)
        spread->counts[class_of(json_array_get(array, i))] += json_read(json_array_get(array, i), "count");
    site->spread = (uint32_t)session->spread_count;
    return 0;
}

static struct session_lifetimes read_lifetimes(const json_t *object)
{
    return (struct session_lifetimes){.count = json_read(object, "count"),
                                      .sum_ns = json_read(object, "sum_ns"),
                                      .min_ns = json_read(object, "min_ns"),
                                      .max_ns = json_read(object, "max_ns")};
}

static int read_site(struct stored_reader *reader, const json_t *object, uint32_t request, struct session_site *site)
{
    *site = (struct session_site){
        .request = request,
        .alloc_bytes = json_read(object, "alloc_bytes"),
        .alloc_count = json_read(object, "alloc_count"),
        .live_bytes = json_read(object, "live_bytes"),
        .live_count = json_read(object, "live_count"),
        .survived_count = json_read(object, "survived_count"),
        .window_live_bytes = json_read(object, "window_live_bytes"),
        .window_live_count = json_read(object, "window_live_count"),
        .peak_bytes = json_read(object, "peak_bytes"),
        .temporary_count = json_read(object, "temporary_count"),
        .size_min_bytes = json_read(object, "size_min_bytes"),
        .size_max_bytes = json_read(object, "size_max_bytes"),
        .lifetimes = read_lifetimes(json_object_get(object, "lifetimes")),
        .cut = json_read_bool(object, "cut"),
        .stopped = json_read_bool(object, "ended_early"),
    };
    int code = read_stack(reader, json_object_get(object, "stack"), &site->frame_first, &site->frame_count);
    return code == 0 ? read_spread(reader, json_object_get(object, "sizes"), site) : code;
}

static int read_sites(struct stored_reader *reader, const json_t *array, uint32_t request, struct session_site **sites,
                      size_t *count, size_t *room)
{
    struct session_site *grown = array_grow(*sites, room, *count + json_array_size(array) + 1, sizeof *grown);
    if (grown == NULL)
        return stored_run_out(reader);
    *sites = grown;
    int code = 0;
    for (size_t i = 0; i < json_array_size(array) && code == 0; i++)
        code = read_site(reader, json_array_get(array, i), request, &grown[(*count)++]);
    return code;
}

static int read_times(struct stored_reader *reader, const json_t *array, uint32_t request)
{
    struct session *session = reader->stored->session;
    struct session_time *times =
        array_grow(session->times, &reader->time_room, session->time_count + json_array_size(array) + 1, sizeof *times);
    if (times == NULL)
        return stored_run_out(reader);
    session->times = times;
    int code = 0;
    for (size_t i = 0; i < json_array_size(array) && code == 0; i++) {
        const json_t *object = json_array_get(array, i);
        struct session_time *time = &times[session->time_count++];
        *time = (struct session_time){.request = request,
                                      .sample_count = json_read(object, "samples"),
                                      .ns = json_read(object, "ns"),
                                      .stopped = json_read_bool(object, "ended_early")};
        code = read_stack(reader, json_object_get(object, "stack"), &time->frame_first, &time->frame_count);
    }
    session->has_times |= json_is_array(array);
    return code;
}

static int read_firings(struct stored_reader *reader, const json_t *array, struct session_request *request)
{
    size_t count = json_array_size(array);
    if (count != request->repeat_count || count < 2)
        return 0;
    request->firings_ns = calloc(count, sizeof *request->firings_ns);
    if (request->firings_ns == NULL)
        return stored_run_out(reader);
    for (size_t i = 0; i < count; i++)
        request->firings_ns[i] = (uint64_t)json_integer_value(json_array_get(array, i));
    return 0;
}

static int read_request(struct stored_reader *reader, const json_t *object, uint32_t index)
{
    struct session *session = reader->stored->session;
    struct session_request *request = &session->requests[index];
    const json_t *cpu = json_object_get(object, "cpu");
    bool failed = false;
    *request = (struct session_request){
        .is_run = json_read_bool(object, "run"),
        .method = json_copy_text(object, "method", &failed),
        .target = json_copy_text(object, "target", &failed),
        .status = (int)json_read_small(object, "status"),
        .ordinal = json_read_small(object, "ordinal"),
        .repeat_count = json_read_small(object, "repeat_count"),
        .elapsed_ns = json_read(object, "elapsed_ns"),
        .finished = json_read_bool(object, "finished"),
        .cpu = {.is_measured = json_is_object(cpu),
                .interval_ns = json_read(cpu, "interval_ns"),
                .sample_count = json_read(cpu, "samples"),
                .ns = json_read(cpu, "ns"),
                .lost_count = json_read(cpu, "lost"),
                .own_count = json_read(cpu, "own"),
                .user_only = json_read_bool(cpu, "user_only")},
    };
    if (failed)
        return stored_run_out(reader);
    if (!request->is_run && (request->method == NULL || request->target == NULL))
        return stored_refuse(reader, "a request has no method or no target");
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

static int read_requests(struct stored_reader *reader, const json_t *array)
{
    struct session *session = reader->stored->session;
    size_t count = json_array_size(array);
    if (count == 0 || count > UINT32_MAX)
        return stored_refuse(reader, "there is no request in it");
    session->requests = calloc(count, sizeof *session->requests);
    if (session->requests == NULL)
        return stored_run_out(reader);
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
            .tid = json_read_small(object, "tid"),
            .thread_count = json_read_small(object, "thread_count"),
            .alloc_bytes = json_read(object, "alloc_bytes"),
            .alloc_count = json_read(object, "alloc_count"),
            .free_bytes = json_read(object, "free_bytes"),
            .free_count = json_read(object, "free_count"),
            .mapped_bytes = json_read(object, "mapped_bytes"),
            .unmapped_bytes = json_read(object, "unmapped_bytes"),
        };
    }
}

static int read_timeline(struct stored_reader *reader, const json_t *object, struct session_process *process)
{
    const json_t *points = json_object_get(object, "points");
    process->point_interval_ns = json_read(object, "interval_ns");
    process->has_peak_ns = json_has_number(object, "peak_ns");
    process->peak_ns = json_read(object, "peak_ns");
    process->points = calloc(json_array_size(points) + 1, sizeof *process->points);
    if (process->points == NULL)
        return stored_run_out(reader);
    for (; process->point_count < json_array_size(points); process->point_count++) {
        const json_t *point = json_array_get(points, process->point_count);
        process->points[process->point_count] = (struct session_point){
            .ns = json_read(point, "ns"),
            .heap_bytes = json_read_signed(point, "heap_bytes"),
            .rss_bytes = json_has_number(point, "rss_bytes") ? json_read_signed(point, "rss_bytes") : -1,
        };
    }
    return 0;
}

static int read_process(struct stored_reader *reader, const json_t *object, struct session_process *out)
{
    const json_t *waits = json_object_get(object, "waits");
    const char *allocator_name = json_read_text(object, "allocator_name");
    bool failed = false;
    *out = (struct session_process){
        .pid = json_read_small(object, "pid"),
        .parent_pid = json_read_small(object, "parent_pid"),
        .exe = json_copy_text(object, "exe", &failed),
        .allocator = json_copy_text(object, "allocator", &failed),
        .has_jemalloc = allocator_name != NULL && strcmp(allocator_name, "jemalloc") == 0,
        .stops_armed = json_read_small(object, "stops_armed"),
        .stops_refused = json_read_small(object, "stops_refused"),
        .rss_granularity_bytes = json_read(object, "rss_granularity_bytes"),
        .own_bytes = json_read(object, "own_bytes"),
        .flags = read_flags(json_object_get(object, "flags")),
        .thread_count = json_read_small(object, "thread_count"),
        .wait_count = json_read(waits, "count"),
        .wait_ns = json_read(waits, "ns"),
    };
    if (failed)
        return stored_run_out(reader);
    if (out->exe == NULL)
        return stored_refuse(reader, "a process has no file");
    read_totals(json_object_get(object, "totals"), &out->totals);
    read_threads(json_object_get(object, "threads"), out);
    read_allocator(json_object_get(object, "allocator_figures"), &out->allocator_figures);
    return read_timeline(reader, json_object_get(object, "timeline"), out);
}

static int read_processes(struct stored_reader *reader, const json_t *array)
{
    struct session *session = reader->stored->session;
    session->processes = calloc(json_array_size(array) + 1, sizeof *session->processes);
    if (session->processes == NULL)
        return stored_run_out(reader);
    int code = 0;
    for (; session->process_count < json_array_size(array) && code == 0; session->process_count++)
        code = read_process(reader, json_array_get(array, session->process_count),
                            &session->processes[session->process_count]);
    return code;
}

static int read_argv(struct stored_reader *reader, const json_t *array)
{
    struct session *session = reader->stored->session;
    session->argv = calloc(json_array_size(array) + 1, sizeof *session->argv);
    if (session->argv == NULL)
        return stored_run_out(reader);
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *word = json_string_value(json_array_get(array, i));
        session->argv[i] = strdup(word != NULL ? word : "");
        if (session->argv[i] == NULL)
            return stored_run_out(reader);
    }
    return 0;
}

static void read_exit(const json_t *object, struct session *session)
{
    uint32_t signal = json_read_small(object, "signal_number");
    session->wait_status = signal > 0 ? (int)(signal & 0x7f) : (int)(json_read_small(object, "status") & 0xff) << 8;
    session->ended_by_us = json_read_bool(object, "ended_by_syseng_mem");
}

int stored_read_session(struct stored_reader *reader)
{
    const json_t *root = reader->stored->root;
    struct session *session = reader->stored->session;
    const json_t *losses = json_object_get(root, "losses"), *stacks = json_object_get(root, "stacks");
    bool failed = false;
    session->sample_bytes = json_read(root, "sample_bytes");
    session->depth = json_read_small(stacks, "depth");
    session->guessed_frames = json_read(stacks, "guessed_frames");
    session->unknown_frees = json_read(root, "unknown_frees");
    session->lost_records = json_read(losses, "records");
    session->refused = json_read(losses, "processes_and_threads");
    session->disorder = json_read(losses, "disorder");
    const json_t *overhead = json_object_get(root, "overhead");
    session->has_own_cpu = json_has_number(overhead, "cpu_ns");
    session->own_cpu_ns = json_read(overhead, "cpu_ns");
    session->program_cpu_ns = json_read(overhead, "program_cpu_ns");
    session->events = json_read(overhead, "events");
    session->line_stops = json_read(overhead, "line_stops");
    session->many_threads = json_read_bool(root, "many_threads");
    session->rss_granularity_bytes = json_read(root, "rss_granularity_bytes");
    session->no_times_reason = json_copy_text(root, "no_times_reason", &failed);
    read_exit(json_object_get(root, "exit"), session);
    int code = failed ? stored_run_out(reader) : read_argv(reader, json_object_get(root, "argv"));
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
