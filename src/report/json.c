/* The session as one JSON object. docs/json.md is its description; fields are only ever added. */

#include <config.h>

#include "report/report.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <sys/wait.h>

#include "base/text.h"
#include "report/describe.h"
#include "report/heap-stacks.h"
#include "report/source.h"
#include "wire/session.h"

#define JSON_FORMAT "syseng-mem-report"
#define JSON_VERSION 1

struct build {
    const struct report_options *options;
    struct source_cache cache;
    struct stacks *stacks;
    bool failed; /* no memory */
};

/* Put `value`, whose reference is taken, under `key`. */
static void put(struct build *build, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        build->failed = true;
}

static void append(struct build *build, json_t *array, json_t *value)
{
    if (json_array_append_new(array, value) != 0)
        build->failed = true;
}

static json_t *unsigned_integer(uint64_t value)
{
    return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
}

static json_t *integer_if(bool known, int64_t value)
{
    return known ? json_integer(value) : json_null();
}

/* A string of any bytes: what is not UTF-8 becomes U+FFFD. */
static json_t *string(const char *bytes, size_t length)
{
    json_t *value = json_stringn(bytes, length);
    if (value != NULL)
        return value;
    struct text text = TEXT_EMPTY;
    text_add_utf8(&text, bytes, length);
    value = text.failed ? NULL : json_stringn(text_get(&text), text.length);
    text_fini(&text);
    return value;
}

static json_t *string_or_null(const char *bytes)
{
    return bytes != NULL ? string(bytes, strlen(bytes)) : json_null();
}

static json_t *build_argv(struct build *build, char *const *argv)
{
    json_t *array = json_array();
    for (size_t i = 0; argv != NULL && argv[i] != NULL; i++)
        append(build, array, string_or_null(argv[i]));
    return array;
}

static json_t *build_exit(struct build *build, const struct session *session)
{
    json_t *object = json_object();
    int status = session->wait_status;
    struct text name = TEXT_EMPTY;
    if (WIFSIGNALED(status))
        describe_signal(&name, WTERMSIG(status));
    put(build, object, "status", integer_if(WIFEXITED(status), WEXITSTATUS(status)));
    put(build, object, "signal", WIFSIGNALED(status) ? json_string(text_get(&name)) : json_null());
    put(build, object, "signal_number", integer_if(WIFSIGNALED(status), WTERMSIG(status)));
    put(build, object, "ended_by_syseng_mem", json_boolean(session->ended_by_us));
    text_fini(&name);
    return object;
}

static json_t *build_totals(struct build *build, const struct session_totals *totals)
{
    json_t *object = json_object();
    put(build, object, "alloc_bytes", unsigned_integer(totals->alloc_bytes));
    put(build, object, "alloc_count", unsigned_integer(totals->alloc_count));
    put(build, object, "free_bytes", unsigned_integer(totals->free_bytes));
    put(build, object, "free_count", unsigned_integer(totals->free_count));
    put(build, object, "peak_bytes", json_integer(totals->peak_bytes));
    put(build, object, "not_freed_bytes", json_integer(totals->not_freed_bytes));
    put(build, object, "not_freed_count", json_integer(totals->not_freed_count));
    put(build, object, "mapped_bytes", unsigned_integer(totals->mapped_bytes));
    put(build, object, "unmapped_bytes", unsigned_integer(totals->unmapped_bytes));
    put(build, object, "rss_before_bytes", integer_if(totals->has_rss, totals->rss_before_bytes));
    put(build, object, "rss_after_bytes", integer_if(totals->has_rss, totals->rss_after_bytes));
    return object;
}

static json_t *build_line(struct build *build, const struct session_line *line, const struct source *source)
{
    json_t *object = json_object();
    bool ran = line->occurrences > 0;
    size_t length = 0;
    const char *text = source_line(source, line->line, &length);
    put(build, object, "line", json_integer(line->line));
    put(build, object, "occurrences", unsigned_integer(line->occurrences));
    put(build, object, "rss_bytes", integer_if(ran && line->has_rss, line->rss_bytes));
    put(build, object, "increment_bytes", integer_if(ran && line->has_rss, line->increment_bytes));
    put(build, object, "heap_bytes", integer_if(ran, line->heap_bytes));
    put(build, object, "text", text != NULL ? string(text, length) : json_null());
    return object;
}

/* What identifies a function. */
static json_t *build_function_head(struct build *build, const struct session_function *function)
{
    json_t *object = json_object();
    put(build, object, "name", string_or_null(function->name));
    put(build, object, "file", string_or_null(function->file));
    put(build, object, "line", json_integer(function->line));
    put(build, object, "annotated", json_boolean(function->annotated));
    put(build, object, "optimized", json_boolean(function->optimized));
    return object;
}

static json_t *build_never_ran(struct build *build, const struct session_function *function)
{
    json_t *object = build_function_head(build, function);
    put(build, object, "ran_outside", json_boolean(function->ran_outside));
    return object;
}

static json_t *build_function(struct build *build, const struct session_function *function)
{
    json_t *object = build_function_head(build, function);
    const struct source *source = source_cache_get(&build->cache, build->options->source ? function->file : NULL);
    struct source_block block = source_find_block(source, function);
    put(build, object, "first_line", json_integer(block.first));
    put(build, object, "last_line", json_integer(block.last));
    put(build, object, "calls", unsigned_integer(function->calls));
    put(build, object, "entry_rss_bytes", integer_if(function->has_rss, function->entry_rss_bytes));
    put(build, object, "increment_bytes", integer_if(function->has_rss, function->increment_bytes));
    put(build, object, "heap_bytes", json_integer(function->heap_bytes));
    json_t *lines = json_array();
    for (size_t i = 0; i < function->line_count; i++)
        append(build, lines, build_line(build, &function->lines[i], source));
    put(build, object, "lines", lines);
    return object;
}

/* Figures that a site has, and all sites of a window together. */
static void put_sum(struct build *build, json_t *object, const struct session_site *site)
{
    put(build, object, "alloc_bytes", unsigned_integer(site->alloc_bytes));
    put(build, object, "alloc_count", unsigned_integer(site->alloc_count));
    put(build, object, "live_bytes", unsigned_integer(site->live_bytes));
    put(build, object, "live_count", unsigned_integer(site->live_count));
    put(build, object, "survived_count", unsigned_integer(site->survived_count));
    put(build, object, "window_live_bytes", unsigned_integer(site->window_live_bytes));
    put(build, object, "window_live_count", unsigned_integer(site->window_live_count));
    put(build, object, "peak_bytes", unsigned_integer(site->peak_bytes));
    put(build, object, "temporary_count", unsigned_integer(site->temporary_count));
}

static json_t *build_stack(struct build *build, const struct session *session, const struct session_site *site)
{
    json_t *stack = json_array();
    for (uint32_t i = 0; i < site->frame_count; i++) {
        const struct stacks_chain *chain = stacks_resolve(build->stacks, &session->frames[site->frame_first + i]);
        build->failed |= chain == NULL;
        append(build, stack, json_integer(chain != NULL ? chain->number : 0));
    }
    return stack;
}

static json_t *build_site(struct build *build, const struct session *session, const struct session_site *site)
{
    json_t *object = json_object(), *stack = build_stack(build, session, site);
    struct stacks_blame blame = {0};
    if (stacks_find_blame(build->stacks, site, &blame) != 0)
        build->failed = true;
    put(build, object, "function", string_or_null(blame.function));
    put(build, object, "file", string_or_null(blame.file));
    put(build, object, "line", integer_if(blame.line > 0, blame.line));
    put_sum(build, object, site);
    put(build, object, "stack", stack);
    return object;
}

static void add_to(struct session_site *sum, const struct session_site *site)
{
    sum->alloc_bytes += site->alloc_bytes;
    sum->alloc_count += site->alloc_count;
    sum->live_bytes += site->live_bytes;
    sum->live_count += site->live_count;
    sum->survived_count += site->survived_count;
    sum->window_live_bytes += site->window_live_bytes;
    sum->window_live_count += site->window_live_count;
    sum->peak_bytes += site->peak_bytes;
    sum->temporary_count += site->temporary_count;
}

/* The heap of request number `index`: nothing, when no stacks were recorded. */
static void put_heap(struct build *build, json_t *object, const struct session *session, uint32_t index)
{
    if (!session->has_sites) {
        put(build, object, "heap", json_null());
        put(build, object, "sites", json_null());
        return;
    }
    struct session_site sum = {0};
    json_t *heap = json_object(), *sites = json_array();
    for (size_t i = 0; i < session->site_count; i++) {
        if (session->sites[i].request != index)
            continue;
        add_to(&sum, &session->sites[i]);
        append(build, sites, build_site(build, session, &session->sites[i]));
    }
    put_sum(build, heap, &sum);
    put(build, object, "heap", heap);
    put(build, object, "sites", sites);
}

static void put_source(struct build *build, json_t *object, const struct symbols_frame *frame)
{
    put(build, object, "function", string_or_null(frame->function));
    put(build, object, "file", string_or_null(frame->file));
    put(build, object, "line", integer_if(frame->line > 0, frame->line));
}

/* The frames that the sites' stacks are made of. */
static json_t *build_frames(struct build *build, const struct session *session)
{
    if (!session->has_sites)
        return json_null();
    json_t *frames = json_array();
    for (uint32_t i = 0; i < stacks_count(build->stacks); i++) {
        struct session_frame frame;
        const struct stacks_chain *chain = stacks_numbered(build->stacks, i, &frame);
        json_t *object = json_object(), *callers = json_array();
        bool has_module = frame.module < session->module_count;
        put(build, object, "module", string_or_null(has_module ? session->modules[frame.module] : NULL));
        put(build, object, "address", unsigned_integer(frame.address));
        put_source(build, object, &chain->items[0]);
        for (size_t j = 1; j < chain->count; j++) {
            json_t *caller = json_object();
            put_source(build, caller, &chain->items[j]);
            append(build, callers, caller);
        }
        put(build, object, "inlined_into", callers);
        append(build, frames, object);
    }
    return frames;
}

static json_t *build_request(struct build *build, const struct session *session, uint32_t index)
{
    const struct session_request *request = &session->requests[index];
    json_t *object = json_object();
    put(build, object, "run", json_boolean(request->is_run));
    put(build, object, "method", string_or_null(request->is_run ? NULL : request->method));
    put(build, object, "target", string_or_null(request->is_run ? NULL : request->target));
    put(build, object, "ordinal", json_integer(request->ordinal));
    put(build, object, "repeat_count", json_integer(request->repeat_count > 0 ? request->repeat_count : 1));
    put(build, object, "status", integer_if(!request->is_run && request->status > 0, request->status));
    put(build, object, "finished", json_boolean(request->finished));
    put(build, object, "elapsed_ns", unsigned_integer(request->elapsed_ns));
    put(build, object, "totals", build_totals(build, &request->totals));
    json_t *functions = json_array();
    for (size_t i = 0; i < request->function_count; i++)
        append(build, functions, build_function(build, &request->functions[i]));
    put(build, object, "functions", functions);
    put_heap(build, object, session, index);
    return object;
}

static json_t *build_flags(struct build *build, uint32_t flags)
{
    static const struct {
        uint32_t flag;
        const char *name;
    } names[] = {
        {WIRE_PROCESS_STOPS_ARMED, "stops-armed"},
        {WIRE_PROCESS_TRACED, "traced"},
        {WIRE_PROCESS_NO_RSS, "no-rss"},
        {WIRE_PROCESS_SECCOMP, "seccomp"},
        {WIRE_PROCESS_PATCH_REFUSED, "patch-refused"},
        {WIRE_PROCESS_BYTES_DIFFER, "bytes-differ"},
        {WIRE_PROCESS_NO_NEAR_MEMORY, "no-near-memory"},
        {WIRE_PROCESS_PLAN_TIMEOUT, "plan-timeout"},
        {WIRE_PROCESS_FORKED, "forked"},
        {WIRE_PROCESS_GAVE_UP, "gave-up"},
    };
    json_t *array = json_array();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if ((flags & names[i].flag) != 0)
            append(build, array, json_string(names[i].name));
    return array;
}

static json_t *build_process(struct build *build, const struct session_process *process)
{
    json_t *object = json_object();
    bool has_rss = (process->flags & WIRE_PROCESS_NO_RSS) == 0;
    put(build, object, "pid", json_integer(process->pid));
    put(build, object, "parent_pid", json_integer(process->parent_pid));
    put(build, object, "exe", string_or_null(process->exe));
    put(build, object, "allocator", string_or_null(process->allocator));
    put(build, object, "thread_count", json_integer(process->thread_count));
    put(build, object, "stops_armed", json_integer(process->stops_armed));
    put(build, object, "stops_refused", json_integer(process->stops_refused));
    put(build, object, "rss_granularity_bytes",
        has_rss ? unsigned_integer(process->rss_granularity_bytes) : json_null());
    put(build, object, "own_bytes", unsigned_integer(process->own_bytes));
    put(build, object, "flags", build_flags(build, process->flags));
    put(build, object, "totals", build_totals(build, &process->totals));
    return object;
}

static json_t *build_session(struct build *build, const struct session *session)
{
    json_t *root = json_object();
    put(build, root, "format", json_string(JSON_FORMAT));
    put(build, root, "version", json_integer(JSON_VERSION));
    put(build, root, "tool", json_string(PACKAGE_STRING));
    put(build, root, "argv", build_argv(build, session->argv));
    put(build, root, "exit", build_exit(build, session));
    json_t *requests = json_array(), *processes = json_array(), *never_ran = json_array(), *losses = json_object();
    for (uint32_t i = 0; i < session->request_count; i++)
        append(build, requests, build_request(build, session, i));
    for (size_t i = 0; i < session->process_count; i++)
        append(build, processes, build_process(build, &session->processes[i]));
    for (size_t i = 0; i < session->never_ran_count; i++)
        append(build, never_ran, build_never_ran(build, &session->never_ran[i]));
    put(build, losses, "records", unsigned_integer(session->lost_records));
    put(build, losses, "processes_and_threads", unsigned_integer(session->refused));
    put(build, losses, "disorder", session->has_sites ? unsigned_integer(session->disorder) : json_null());
    put(build, root, "requests", requests);
    put(build, root, "frames", build_frames(build, session));
    put(build, root, "unknown_frees", session->has_sites ? unsigned_integer(session->unknown_frees) : json_null());
    put(build, root, "never_ran", never_ran);
    put(build, root, "processes", processes);
    put(build, root, "losses", losses);
    put(build, root, "many_threads", json_boolean(session->many_threads));
    put(build, root, "rss_granularity_bytes",
        session->process_count > 0 ? unsigned_integer(session->rss_granularity_bytes) : json_null());
    return root;
}

int report_json(const struct session *session, const struct report_options *options, FILE *out, struct err *err)
{
    struct build build = {.options = options,
                          .cache = SOURCE_CACHE_EMPTY,
                          .stacks = stacks_new(session, options->lookup, options->lookup_data)};
    json_t *root = build.stacks != NULL ? build_session(&build, session) : NULL;
    stacks_free(build.stacks);
    source_cache_fini(&build.cache);
    int code = 0;
    errno = 0;
    if (root == NULL || build.failed)
        code = -ENOMEM;
    else if (json_dumpf(root, out, JSON_INDENT(2)) != 0 || putc('\n', out) == EOF || fflush(out) != 0)
        code = errno != 0 ? -errno : -EIO;
    json_decref(root);
    return code == 0 ? 0 : err_set(err, code, "JSON report: %s", strerror(-code));
}
