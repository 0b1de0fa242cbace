/* The session as one JSON object. docs/json.md is its description; fields are only ever added. */

#include <config.h>

#include "report/report.h"

#include <jansson.h>
#include <string.h>
#include <sys/wait.h>

#include "base/text.h"
#include "collector/session.h"
#include "report/describe.h"
#include "report/heap-stacks.h"
#include "report/json-build.h"
#include "report/json-sources.h"
#include "report/overhead.h"
#include "report/source.h"
#include "report/stack-ends.h"
#include "wire/session.h"

#define JSON_FORMAT "syseng-mem-report"
#define JSON_VERSION 1

struct build {
    const struct report_options *options;
    struct source_cache cache;
    const struct session *session;
    struct stacks *stacks;
    struct json_sources *sources;
    struct json_build json;
};

static json_t *integer_if(bool known, int64_t value)
{
    return known ? json_integer(value) : json_null();
}

static json_t *build_argv(struct build *build, char *const *argv)
{
    json_t *array = json_array();
    for (size_t i = 0; argv != NULL && argv[i] != NULL; i++)
        build_append(&build->json, array, build_string(argv[i]));
    return array;
}

static json_t *build_exit(struct build *build, const struct session *session)
{
    json_t *object = json_object();
    int status = session->wait_status;
    struct text name = TEXT_EMPTY;
    if (WIFSIGNALED(status))
        describe_signal(&name, WTERMSIG(status));
    build_put(&build->json, object, "status", integer_if(WIFEXITED(status), WEXITSTATUS(status)));
    build_put(&build->json, object, "signal", WIFSIGNALED(status) ? json_string(text_get(&name)) : json_null());
    build_put(&build->json, object, "signal_number", integer_if(WIFSIGNALED(status), WTERMSIG(status)));
    build_put(&build->json, object, "ended_by_syseng_mem", json_boolean(session->ended_by_us));
    text_fini(&name);
    return object;
}

static json_t *build_totals(struct build *build, const struct session_totals *totals)
{
    json_t *object = json_object();
    build_put(&build->json, object, "alloc_bytes", build_integer(totals->alloc_bytes));
    build_put(&build->json, object, "alloc_count", build_integer(totals->alloc_count));
    build_put(&build->json, object, "free_bytes", build_integer(totals->free_bytes));
    build_put(&build->json, object, "free_count", build_integer(totals->free_count));
    build_put(&build->json, object, "peak_bytes", json_integer(totals->peak_bytes));
    build_put(&build->json, object, "not_freed_bytes", json_integer(totals->not_freed_bytes));
    build_put(&build->json, object, "not_freed_count", json_integer(totals->not_freed_count));
    build_put(&build->json, object, "mapped_bytes", build_integer(totals->mapped_bytes));
    build_put(&build->json, object, "unmapped_bytes", build_integer(totals->unmapped_bytes));
    build_put(&build->json, object, "rss_before_bytes", integer_if(totals->has_rss, totals->rss_before_bytes));
    build_put(&build->json, object, "rss_after_bytes", integer_if(totals->has_rss, totals->rss_after_bytes));
    return object;
}

static json_t *build_allocator(struct build *build, const struct session_allocator *figures)
{
    if (!figures->is_known)
        return json_null();
    json_t *object = json_object();
    build_put(&build->json, object, "allocated_bytes", build_integer(figures->allocated_bytes));
    build_put(&build->json, object, "active_bytes", build_integer(figures->active_bytes));
    build_put(&build->json, object, "resident_bytes", build_integer(figures->resident_bytes));
    build_put(&build->json, object, "retained_bytes", build_integer(figures->retained_bytes));
    build_put(&build->json, object, "mapped_bytes", build_integer(figures->mapped_bytes));
    build_put(&build->json, object, "metadata_bytes", build_integer(figures->metadata_bytes));
    return object;
}

static json_t *build_line(struct build *build, const struct session_line *line, const struct source *source)
{
    json_t *object = json_object();
    bool ran = line->occurrences > 0;
    size_t length = 0;
    const char *text = source_line(source, line->line, &length);
    build_put(&build->json, object, "line", json_integer(line->line));
    build_put(&build->json, object, "occurrences", build_integer(line->occurrences));
    build_put(&build->json, object, "rss_bytes", integer_if(ran && line->has_rss, line->rss_bytes));
    build_put(&build->json, object, "increment_bytes", integer_if(ran && line->has_rss, line->increment_bytes));
    build_put(&build->json, object, "heap_bytes", integer_if(ran, line->heap_bytes));
    build_put(&build->json, object, "time_ns", integer_if(ran && line->has_time, (int64_t)line->time_ns));
    build_put(&build->json, object, "text", text != NULL ? build_bytes(text, length) : json_null());
    return object;
}

/* What identifies a function. */
static json_t *build_function_head(struct build *build, const struct session_function *function)
{
    json_t *object = json_object();
    build_put(&build->json, object, "name", build_string(function->name));
    build_put(&build->json, object, "file", build_string(function->file));
    build_put(&build->json, object, "line", json_integer(function->line));
    build_put(&build->json, object, "annotated", json_boolean(function->annotated));
    build_put(&build->json, object, "optimized", json_boolean(function->optimized));
    return object;
}

static json_t *build_never_ran(struct build *build, const struct session_function *function)
{
    json_t *object = build_function_head(build, function);
    build_put(&build->json, object, "ran_outside", json_boolean(function->ran_outside));
    return object;
}

static json_t *build_function(struct build *build, const struct session_function *function)
{
    json_t *object = build_function_head(build, function);
    const struct source *source = source_cache_get(&build->cache, build->options->source ? function->file : NULL);
    struct source_block block = source_find_block(source, function);
    build_put(&build->json, object, "first_line", json_integer(block.first));
    build_put(&build->json, object, "last_line", json_integer(block.last));
    build_put(&build->json, object, "calls", build_integer(function->calls));
    build_put(&build->json, object, "entry_rss_bytes", integer_if(function->has_rss, function->entry_rss_bytes));
    build_put(&build->json, object, "increment_bytes", integer_if(function->has_rss, function->increment_bytes));
    build_put(&build->json, object, "heap_bytes", json_integer(function->heap_bytes));
    json_t *lines = json_array();
    for (size_t i = 0; i < function->line_count; i++)
        build_append(&build->json, lines, build_line(build, &function->lines[i], source));
    build_put(&build->json, object, "lines", lines);
    return object;
}

/* Only the classes that have some. */
static json_t *build_sizes(struct build *build, const uint64_t counts[SIZE_CLASSES])
{
    json_t *array = json_array();
    for (int i = 0; i < SIZE_CLASSES; i++) {
        if (counts[i] == 0)
            continue;
        json_t *object = json_object();
        build_put(&build->json, object, "up_to_bytes", integer_if(i + 1 < SIZE_CLASSES, INT64_C(1) << i));
        build_put(&build->json, object, "count", build_integer(counts[i]));
        build_append(&build->json, array, object);
    }
    return array;
}

static json_t *build_lifetimes(struct build *build, const struct session_lifetimes *lifetimes)
{
    if (lifetimes->count == 0)
        return json_null();
    json_t *object = json_object();
    build_put(&build->json, object, "count", build_integer(lifetimes->count));
    build_put(&build->json, object, "min_ns", build_integer(lifetimes->min_ns));
    build_put(&build->json, object, "sum_ns", build_integer(lifetimes->sum_ns));
    build_put(&build->json, object, "mean_ns", build_integer(lifetimes->sum_ns / lifetimes->count));
    build_put(&build->json, object, "max_ns", build_integer(lifetimes->max_ns));
    return object;
}

/* Figures that a site has, and all sites of a window together. */
static void put_sum(struct build *build, json_t *object, const struct session_site *site,
                    const uint64_t counts[SIZE_CLASSES])
{
    build_put(&build->json, object, "alloc_bytes", build_integer(site->alloc_bytes));
    build_put(&build->json, object, "alloc_count", build_integer(site->alloc_count));
    build_put(&build->json, object, "live_bytes", build_integer(site->live_bytes));
    build_put(&build->json, object, "live_count", build_integer(site->live_count));
    build_put(&build->json, object, "survived_count", build_integer(site->survived_count));
    build_put(&build->json, object, "window_live_bytes", build_integer(site->window_live_bytes));
    build_put(&build->json, object, "window_live_count", build_integer(site->window_live_count));
    build_put(&build->json, object, "peak_bytes", build_integer(site->peak_bytes));
    build_put(&build->json, object, "temporary_count", build_integer(site->temporary_count));
    build_put(&build->json, object, "size_min_bytes", integer_if(site->alloc_count > 0, (int64_t)site->size_min_bytes));
    build_put(&build->json, object, "size_max_bytes", integer_if(site->alloc_count > 0, (int64_t)site->size_max_bytes));
    build_put(&build->json, object, "sizes", build_sizes(build, counts));
    build_put(&build->json, object, "lifetimes", build_lifetimes(build, &site->lifetimes));
}

static json_t *build_stack(struct build *build, const struct session *session, uint32_t frame_first,
                           uint32_t frame_count)
{
    json_t *stack = json_array();
    for (uint32_t i = 0; i < frame_count; i++) {
        const struct stacks_chain *chain = stacks_resolve(build->stacks, &session->frames[frame_first + i]);
        build->json.failed |= chain == NULL;
        build_append(&build->json, stack, json_integer(chain != NULL ? chain->number : 0));
    }
    return stack;
}

static json_t *build_site(struct build *build, const struct session *session, const struct session_site *site)
{
    json_t *object = json_object(), *stack = build_stack(build, session, site->frame_first, site->frame_count);
    struct stacks_blame blame = {0};
    if (stacks_find_blame(build->stacks, site, &blame) != 0)
        build->json.failed = true;
    build_put(&build->json, object, "function", build_string(blame.function));
    build_put(&build->json, object, "file", build_string(blame.file));
    build_put(&build->json, object, "line", integer_if(blame.line > 0, blame.line));
    uint64_t counts[SIZE_CLASSES] = {0};
    session_site_add_sizes(session, site, counts);
    put_sum(build, object, site, counts);
    build_put(&build->json, object, "stack", stack);
    build_put(&build->json, object, "cut", json_boolean(site->cut));
    build_put(&build->json, object, "ended_early", json_boolean(site->stopped));
    return object;
}

/* There may be hundreds of thousands: each is made when it is written. */
static json_t *next_of(struct build *build, const struct session_site *sites, size_t count, uint32_t request,
                       size_t *position)
{
    while (*position < count && sites[*position].request != request)
        ++*position;
    return *position < count ? build_site(build, build->session, &sites[(*position)++]) : NULL;
}

static json_t *next_site(void *data, uint32_t request, size_t *position)
{
    struct build *build = data;
    return next_of(build, build->session->sites, build->session->site_count, request, position);
}

static json_t *next_mapped(void *data, uint32_t request, size_t *position)
{
    struct build *build = data;
    return next_of(build, build->session->mapped, build->session->mapped_count, request, position);
}

/* Only what is measured: nothing is null, not 0. */
static json_t *build_cpu(struct build *build, const struct session_cpu *cpu)
{
    if (!cpu->is_measured)
        return json_null();
    json_t *object = json_object();
    build_put(&build->json, object, "interval_ns", build_integer(cpu->interval_ns));
    build_put(&build->json, object, "samples", build_integer(cpu->sample_count));
    build_put(&build->json, object, "ns", build_integer(cpu->ns));
    build_put(&build->json, object, "lost", build_integer(cpu->lost_count));
    build_put(&build->json, object, "own", build_integer(cpu->own_count));
    build_put(&build->json, object, "user_only", json_boolean(cpu->user_only));
    return object;
}

static json_t *build_time(struct build *build, const struct session_time *time)
{
    json_t *object = json_object();
    build_put(&build->json, object, "stack", build_stack(build, build->session, time->frame_first, time->frame_count));
    build_put(&build->json, object, "ns", build_integer(time->ns));
    build_put(&build->json, object, "samples", build_integer(time->sample_count));
    build_put(&build->json, object, "ended_early", json_boolean(time->stopped));
    return object;
}

static json_t *next_time(void *data, uint32_t request, size_t *position)
{
    struct build *build = data;
    const struct session *session = build->session;
    while (*position < session->time_count && session->times[*position].request != request)
        ++*position;
    return *position < session->time_count ? build_time(build, &session->times[(*position)++]) : NULL;
}

static json_t *build_firings(struct build *build, const struct session_request *request)
{
    if (request->firings_ns == NULL)
        return json_null();
    json_t *array = json_array();
    for (uint32_t i = 0; i < request->repeat_count; i++)
        build_append(&build->json, array, build_integer(request->firings_ns[i]));
    return array;
}

static void put_time(struct build *build, json_t *object, const struct session *session, uint32_t index)
{
    const struct session_request *request = &session->requests[index];
    build_put(&build->json, object, "firings_ns", build_firings(build, request));
    build_put(&build->json, object, "cpu", build_cpu(build, &request->cpu));
    build_put(&build->json, object, "times",
              request->cpu.is_measured ? build_array_of(&build->json, next_time, build, index) : json_null());
}

/* The sum of what sites of request number `index` did. */
static json_t *build_sum(struct build *build, const struct session *session, uint32_t index,
                         const struct session_site *sites, size_t site_count)
{
    struct session_site sum = {0};
    uint64_t counts[SIZE_CLASSES] = {0};
    json_t *object = json_object();
    for (size_t i = 0; i < site_count; i++) {
        if (sites[i].request != index)
            continue;
        session_site_add_figures(&sum, &sites[i]);
        session_site_add_sizes(session, &sites[i], counts);
    }
    put_sum(build, object, &sum, counts);
    return object;
}

/* The heap of request number `index`, and what was mapped: nothing, when no stacks were recorded. */
static void put_heap(struct build *build, json_t *object, const struct session *session, uint32_t index)
{
    bool has = session->has_sites;
    build_put(&build->json, object, "heap",
              has ? build_sum(build, session, index, session->sites, session->site_count) : json_null());
    build_put(&build->json, object, "sites", has ? build_array_of(&build->json, next_site, build, index) : json_null());
    build_put(&build->json, object, "mapped",
              has ? build_sum(build, session, index, session->mapped, session->mapped_count) : json_null());
    build_put(&build->json, object, "mapped_sites",
              has ? build_array_of(&build->json, next_mapped, build, index) : json_null());
}

static void put_source(struct build *build, json_t *object, const struct symbols_frame *frame)
{
    build_put(&build->json, object, "function", build_string(frame->function));
    build_put(&build->json, object, "file", build_string(frame->file));
    build_put(&build->json, object, "line", integer_if(frame->line > 0, frame->line));
    build_put(&build->json, object, "function_file", build_string(frame->function_file));
    build_put(&build->json, object, "function_line", integer_if(frame->function_line > 0, frame->function_line));
    build_put(&build->json, object, "linkage_name", build_string(frame->linkage_name));
}

static json_t *build_frame(struct build *build, uint32_t number)
{
    const struct session *session = build->session;
    struct session_frame frame;
    const struct stacks_chain *chain = stacks_numbered(build->stacks, number, &frame);
    json_t *object = json_object(), *callers = json_array();
    bool has_module = frame.module < session->module_count;
    build_put(&build->json, object, "module", build_string(has_module ? session->modules[frame.module] : NULL));
    build_put(&build->json, object, "address", build_integer(frame.address));
    put_source(build, object, &chain->items[0]);
    build_put(&build->json, object, "named_by", build_string(describe_named_by[chain->items[0].source]));
    for (size_t j = 1; j < chain->count; j++) {
        json_t *caller = json_object();
        put_source(build, caller, &chain->items[j]);
        build_append(&build->json, callers, caller);
    }
    build_put(&build->json, object, "inlined_into", callers);
    return object;
}

/* Written behind the sites, whose stacks number the frames. */
static json_t *next_frame(void *data, uint32_t number, size_t *position)
{
    struct build *build = data;
    (void)number;
    return *position < stacks_count(build->stacks) ? build_frame(build, (uint32_t)(*position)++) : NULL;
}

/* The frames that the stacks of sites and of CPU time are made of. */
static json_t *build_frames(struct build *build, const struct session *session)
{
    bool has = session->has_sites || session->has_times;
    return has ? build_array_of(&build->json, next_frame, build, 0) : json_null();
}

static json_t *build_request(struct build *build, const struct session *session, uint32_t index)
{
    const struct session_request *request = &session->requests[index];
    json_t *object = json_object();
    build_put(&build->json, object, "run", json_boolean(request->is_run));
    build_put(&build->json, object, "method", build_string(request->is_run ? NULL : request->method));
    build_put(&build->json, object, "target", build_string(request->is_run ? NULL : request->target));
    build_put(&build->json, object, "ordinal", json_integer(request->ordinal));
    build_put(&build->json, object, "repeat_count",
              json_integer(request->repeat_count > 0 ? request->repeat_count : 1));
    build_put(&build->json, object, "status", integer_if(!request->is_run && request->status > 0, request->status));
    build_put(&build->json, object, "finished", json_boolean(request->finished));
    build_put(&build->json, object, "elapsed_ns", build_integer(request->elapsed_ns));
    build_put(&build->json, object, "totals", build_totals(build, &request->totals));
    build_put(&build->json, object, "allocator", build_allocator(build, &request->allocator));
    json_t *functions = json_array();
    for (size_t i = 0; i < request->function_count; i++)
        build_append(&build->json, functions, build_function(build, &request->functions[i]));
    build_put(&build->json, object, "functions", functions);
    put_heap(build, object, session, index);
    put_time(build, object, session, index);
    return object;
}

static json_t *build_flags(struct build *build, uint32_t flags)
{
    json_t *array = json_array();
    for (size_t i = 0; i < describe_flag_count; i++)
        if ((flags & describe_flags[i].flag) != 0)
            build_append(&build->json, array, json_string(describe_flags[i].name));
    return array;
}

static json_t *build_threads(struct build *build, const struct session_process *process)
{
    json_t *array = json_array();
    for (uint32_t i = 0; process->threads != NULL && i < process->thread_count; i++) {
        const struct session_thread *thread = &process->threads[i];
        json_t *object = json_object();
        build_put(&build->json, object, "tid", integer_if(thread->tid > 0, thread->tid));
        build_put(&build->json, object, "thread_count", json_integer(thread->thread_count));
        build_put(&build->json, object, "alloc_bytes", build_integer(thread->alloc_bytes));
        build_put(&build->json, object, "alloc_count", build_integer(thread->alloc_count));
        build_put(&build->json, object, "free_bytes", build_integer(thread->free_bytes));
        build_put(&build->json, object, "free_count", build_integer(thread->free_count));
        build_put(&build->json, object, "mapped_bytes", build_integer(thread->mapped_bytes));
        build_put(&build->json, object, "unmapped_bytes", build_integer(thread->unmapped_bytes));
        build_append(&build->json, array, object);
    }
    return array;
}

static json_t *build_timeline(struct build *build, const struct session_process *process)
{
    json_t *timeline = json_object(), *points = json_array();
    for (size_t i = 0; i < process->point_count; i++) {
        const struct session_point *point = &process->points[i];
        json_t *object = json_object();
        build_put(&build->json, object, "ns", build_integer(point->ns));
        build_put(&build->json, object, "heap_bytes", json_integer(point->heap_bytes));
        build_put(&build->json, object, "rss_bytes", integer_if(point->rss_bytes >= 0, point->rss_bytes));
        build_append(&build->json, points, object);
    }
    build_put(&build->json, timeline, "interval_ns", build_integer(process->point_interval_ns));
    build_put(&build->json, timeline, "peak_ns", integer_if(process->has_peak_ns, (int64_t)process->peak_ns));
    build_put(&build->json, timeline, "points", points);
    return timeline;
}

static json_t *build_waits(struct build *build, const struct session_process *process)
{
    json_t *object = json_object();
    build_put(&build->json, object, "count", build_integer(process->wait_count));
    build_put(&build->json, object, "ns", build_integer(process->wait_ns));
    return object;
}

static json_t *build_process(struct build *build, const struct session_process *process)
{
    json_t *object = json_object();
    bool has_rss = (process->flags & WIRE_PROCESS_NO_RSS) == 0;
    build_put(&build->json, object, "pid", json_integer(process->pid));
    build_put(&build->json, object, "parent_pid", json_integer(process->parent_pid));
    build_put(&build->json, object, "exe", build_string(process->exe));
    struct text name = TEXT_EMPTY;
    if (process->allocator != NULL)
        describe_allocator(&name, process, false);
    build_put(&build->json, object, "allocator", build_string(process->allocator));
    build_put(&build->json, object, "allocator_name", name.length > 0 ? build_take(&name) : json_null());
    build_put(&build->json, object, "allocator_figures", build_allocator(build, &process->allocator_figures));
    text_fini(&name);
    build_put(&build->json, object, "thread_count", json_integer(process->thread_count));
    build_put(&build->json, object, "stops_armed", json_integer(process->stops_armed));
    build_put(&build->json, object, "stops_refused", json_integer(process->stops_refused));
    build_put(&build->json, object, "rss_granularity_bytes",
              has_rss ? build_integer(process->rss_granularity_bytes) : json_null());
    build_put(&build->json, object, "own_bytes", build_integer(process->own_bytes));
    build_put(&build->json, object, "flags", build_flags(build, process->flags));
    build_put(&build->json, object, "totals", build_totals(build, &process->totals));
    build_put(&build->json, object, "threads", build_threads(build, process));
    build_put(&build->json, object, "timeline", build_timeline(build, process));
    build_put(&build->json, object, "waits", build_waits(build, process));
    return object;
}

/* What stacks do not reach the root. */
static json_t *build_stack_ends(struct build *build, const struct session *session)
{
    if (!session->has_sites)
        return json_null();
    struct stack_ends ends;
    json_t *object = json_object();
    build->json.failed |= stack_ends_count(session, &ends) != 0;
    build_put(&build->json, object, "depth", integer_if(session->depth > 0, session->depth));
    build_put(&build->json, object, "cut", build_integer(ends.cut));
    build_put(&build->json, object, "ended_early", build_integer(ends.stopped));
    build_put(&build->json, object, "guessed_frames", build_integer(session->guessed_frames));
    return object;
}

static json_t *build_modules(struct build *build, const struct session *session)
{
    json_t *array = json_array();
    for (size_t i = 0; i < session->module_count; i++) {
        json_t *object = json_object();
        build_put(&build->json, object, "path", build_string(session->modules[i]));
        build_put(&build->json, object, "build_id",
                  build_string(session->build_ids != NULL ? session->build_ids[i] : NULL));
        build_append(&build->json, array, object);
    }
    return array;
}

/* Written behind the frames, whose lines are among them. */
static json_t *next_source(void *data, uint32_t number, size_t *position)
{
    struct build *build = data;
    (void)number;
    if (build->sources == NULL)
        build->sources = json_sources_new(build->session, build->stacks, &build->cache);
    build->json.failed |= build->sources == NULL;
    return build->sources != NULL ? json_sources_next(build->sources, &build->json, position) : NULL;
}

static json_t *build_sources(struct build *build)
{
    return build->options->source ? build_array_of(&build->json, next_source, build, 0) : json_null();
}

static json_t *build_session(struct build *build, const struct session *session)
{
    json_t *root = json_object();
    build_put(&build->json, root, "format", json_string(JSON_FORMAT));
    build_put(&build->json, root, "version", json_integer(JSON_VERSION));
    build_put(&build->json, root, "tool", json_string(PACKAGE_STRING));
    build_put(&build->json, root, "argv", build_argv(build, session->argv));
    build_put(&build->json, root, "exit", build_exit(build, session));
    json_t *requests = json_array(), *processes = json_array(), *never_ran = json_array(), *losses = json_object();
    for (uint32_t i = 0; i < session->request_count; i++)
        build_append(&build->json, requests, build_request(build, session, i));
    for (size_t i = 0; i < session->process_count; i++)
        build_append(&build->json, processes, build_process(build, &session->processes[i]));
    for (size_t i = 0; i < session->never_ran_count; i++)
        build_append(&build->json, never_ran, build_never_ran(build, &session->never_ran[i]));
    build_put(&build->json, losses, "records", build_integer(session->lost_records));
    build_put(&build->json, losses, "processes_and_threads", build_integer(session->refused));
    build_put(&build->json, losses, "disorder", session->has_sites ? build_integer(session->disorder) : json_null());
    build_put(&build->json, root, "requests", requests);
    build_put(&build->json, root, "frames", build_frames(build, session));
    build_put(&build->json, root, "modules", build_modules(build, session));
    build_put(&build->json, root, "sources", build_sources(build));
    build_put(&build->json, root, "no_times_reason", build_string(session->no_times_reason));
    build_put(&build->json, root, "sample_bytes", build_integer(session->sample_bytes));
    build_put(&build->json, root, "stacks", build_stack_ends(build, session));
    build_put(&build->json, root, "unknown_frees",
              session->has_sites ? build_integer(session->unknown_frees) : json_null());
    build_put(&build->json, root, "never_ran", never_ran);
    build_put(&build->json, root, "processes", processes);
    build_put(&build->json, root, "losses", losses);
    build_put(&build->json, root, "overhead", overhead_build(&build->json, session));
    build_put(&build->json, root, "many_threads", json_boolean(session->many_threads));
    build_put(&build->json, root, "rss_granularity_bytes",
              session->process_count > 0 ? build_integer(session->rss_granularity_bytes) : json_null());
    return root;
}

int report_json(const struct session *session, const struct report_options *options, FILE *out, struct err *err)
{
    struct build build = {.options = options,
                          .session = session,
                          .cache = source_cache_of(options),
                          .stacks = stacks_new(session, options->lookup, options->lookup_data)};
    const bool is_ready = build.stacks != NULL && stacks_look_ahead(build.stacks, true) == 0;
    const int code = build_dump(&build.json, is_ready ? build_session(&build, session) : NULL, out, err);
    json_sources_free(build.sources);
    stacks_free(build.stacks);
    source_cache_fini(&build.cache);
    return code;
}
