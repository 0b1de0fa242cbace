/* The request, its figures, the line report and the timeline as data for a page's script. */

#include <config.h>

#include "report/page-data.h"

#include "report/describe.h"
#include "report/page-stacks.h"
#include "report/rows.h"

struct data {
    struct json_build *build;
    const struct model *model;
    const struct report_options *options;
    struct source_cache cache;
};

static json_t *integer_if(bool known, int64_t value)
{
    return known ? json_integer(value) : json_null();
}

static json_t *build_totals(struct data *data, const struct session_totals *totals)
{
    struct json_build *build = data->build;
    json_t *object = json_object();
    build_put(build, object, "peak_bytes", json_integer(totals->peak_bytes));
    build_put(build, object, "alloc_bytes", build_integer(totals->alloc_bytes));
    build_put(build, object, "alloc_count", build_integer(totals->alloc_count));
    build_put(build, object, "not_freed_bytes", json_integer(totals->not_freed_bytes));
    build_put(build, object, "not_freed_count", json_integer(totals->not_freed_count));
    build_put(build, object, "mapped_bytes", build_integer(totals->mapped_bytes));
    build_put(build, object, "rss_bytes",
              integer_if(totals->has_rss, totals->rss_after_bytes - totals->rss_before_bytes));
    return object;
}

static json_t *build_request(struct data *data, const struct session_request *request)
{
    struct json_build *build = data->build;
    struct text end = TEXT_EMPTY;
    json_t *object = json_object();
    describe_exit(&end, data->model->session);
    build_put(build, object, "is_run", json_boolean(request->is_run));
    build_put(build, object, "method", build_string(request->is_run ? NULL : request->method));
    build_put(build, object, "target", build_string(request->is_run ? NULL : request->target));
    build_put(build, object, "status", integer_if(!request->is_run && request->status > 0, request->status));
    build_put(build, object, "end", build_take(&end));
    build_put(build, object, "ordinal", json_integer(request->ordinal));
    build_put(build, object, "repeat_count", json_integer(request->repeat_count));
    build_put(build, object, "finished", json_boolean(request->finished));
    build_put(build, object, "elapsed_ns", build_integer(request->elapsed_ns));
    build_put(build, object, "cpu_ns", integer_if(request->cpu.is_measured, (int64_t)request->cpu.ns));
    build_put(build, object, "totals", build_totals(data, &request->totals));
    return object;
}

static json_t *build_command(struct data *data)
{
    json_t *array = json_array();
    char *const *argv = data->model->session->argv;
    for (size_t i = 0; argv != NULL && argv[i] != NULL; i++)
        build_append(data->build, array, build_string(argv[i]));
    return array;
}

static json_t *build_origin(struct data *data)
{
    static const struct report_origin none;
    const struct report_origin *origin = data->options->origin != NULL ? data->options->origin : &none;
    struct json_build *build = data->build;
    json_t *object = json_object(), *files = origin->files != NULL ? json_array() : json_null();
    build_put(build, object, "time_s", integer_if(origin->time_s > 0, origin->time_s));
    build_put(build, object, "commit", build_string(origin->commit));
    build_put(build, object, "subject", build_string(origin->subject));
    for (size_t i = 0; origin->files != NULL && origin->files[i] != NULL; i++)
        build_append(build, files, build_string(origin->files[i]));
    build_put(build, object, "files", files);
    build_put(build, object, "graph_svg", build_string(origin->graph_svg));
    return object;
}

struct sentences {
    struct json_build *build;
    json_t *array;
};

static void add_sentence(const char *line, void *data)
{
    struct sentences *sentences = data;
    build_append(sentences->build, sentences->array, build_string(line));
}

/* Everything that limits what the figures mean. */
static json_t *build_warnings(struct data *data)
{
    struct sentences sentences = {data->build, json_array()};
    report_warnings(data->model->session, add_sentence, &sentences);
    if (data->model->has_memory && report_stack_ends(data->model->session, add_sentence, &sentences) != 0)
        data->build->failed = true;
    if (report_overhead(data->model->session, add_sentence, &sentences) != 0)
        data->build->failed = true;
    return sentences.array;
}

static json_t *build_row(struct data *data, const struct row *row)
{
    struct json_build *build = data->build;
    json_t *object = json_object();
    build_put(build, object, "line", json_integer(row->line));
    build_put(build, object, "text", row->text != NULL ? build_bytes(row->text, row->text_length) : json_null());
    if (!row->measured)
        return object;
    build_put(build, object, "rss", integer_if(row->has_rss, row->rss_bytes));
    build_put(build, object, "increment", integer_if(row->has_rss, row->increment_bytes));
    build_put(build, object, "heap", json_integer(row->heap_bytes));
    build_put(build, object, "time", integer_if(row->has_time, (int64_t)row->time_ns));
    build_put(build, object, "visits", build_integer(row->occurrences));
    return object;
}

static json_t *build_function_head(struct data *data, const struct session_function *function)
{
    json_t *object = json_object();
    struct text file = TEXT_EMPTY;
    source_add_name(&file, function->file);
    build_put(data->build, object, "name", build_string(function->name));
    build_put(data->build, object, "file", build_take(&file));
    build_put(data->build, object, "line", json_integer(function->line));
    return object;
}

static json_t *build_function(struct data *data, const struct session_function *function)
{
    struct json_build *build = data->build;
    json_t *object = build_function_head(data, function), *rows = json_array();
    struct rows found;
    const struct source *source = source_cache_get(&data->cache, data->options->source ? function->file : NULL);
    build->failed |= rows_build(function, source, &found) != 0;
    for (size_t i = 0; i < found.count; i++)
        build_append(build, rows, build_row(data, &found.items[i]));
    rows_free(&found);
    build_put(build, object, "optimized", json_boolean(function->optimized));
    build_put(build, object, "calls", build_integer(function->calls));
    build_put(build, object, "increment", integer_if(function->has_rss, function->increment_bytes));
    build_put(build, object, "heap", json_integer(function->heap_bytes));
    build_put(build, object, "rows", rows);
    return object;
}

static json_t *build_lines(struct data *data)
{
    json_t *array = json_array();
    for (size_t i = 0; i < data->model->request->function_count; i++)
        build_append(data->build, array, build_function(data, &data->model->request->functions[i]));
    return array;
}

static json_t *build_never_ran(struct data *data)
{
    json_t *array = json_array();
    const struct session *session = data->model->session;
    for (size_t i = 0; i < session->never_ran_count; i++)
        build_append(data->build, array, build_function_head(data, &session->never_ran[i]));
    return array;
}

/* Allocations by powers of two. */
static json_t *build_sizes(struct data *data)
{
    const struct model *model = data->model;
    uint64_t counts[SIZE_CLASSES] = {0};
    json_t *array = json_array();
    for (size_t i = 0; i < model->stack_count; i++)
        if (model->stacks[i].site != NULL)
            session_site_add_sizes(model->session, model->stacks[i].site, counts);
    for (int i = 0; i < SIZE_CLASSES; i++)
        build_append(data->build, array, build_integer(counts[i]));
    return array;
}

static json_t *build_process(struct data *data, const struct session_process *process)
{
    struct json_build *build = data->build;
    json_t *object = json_object(), *ns = json_array(), *heap = json_array(), *rss = json_array();
    struct text name = TEXT_EMPTY;
    describe_process(&name, process);
    for (size_t i = 0; i < process->point_count; i++) {
        const struct session_point *point = &process->points[i];
        build_append(build, ns, build_integer(point->ns));
        build_append(build, heap, json_integer(point->heap_bytes));
        build_append(build, rss, integer_if(point->rss_bytes >= 0, point->rss_bytes));
    }
    build_put(build, object, "name", build_take(&name));
    build_put(build, object, "peak_ns", integer_if(process->has_peak_ns, (int64_t)process->peak_ns));
    build_put(build, object, "peak_bytes", json_integer(process->totals.peak_bytes));
    build_put(build, object, "interval_ns", build_integer(process->point_interval_ns));
    build_put(build, object, "ns", ns);
    build_put(build, object, "heap", heap);
    build_put(build, object, "rss", rss);
    return object;
}

static json_t *build_processes(struct data *data)
{
    json_t *array = json_array();
    for (size_t i = 0; i < data->model->session->process_count; i++)
        build_append(data->build, array, build_process(data, &data->model->session->processes[i]));
    return array;
}

json_t *page_data_build(struct json_build *build, const struct model *model, const struct report_options *options)
{
    struct data data = {.build = build, .model = model, .options = options, .cache = source_cache_of(options)};
    const struct session *session = model->session;
    json_t *root = json_object();
    build_put(build, root, "tool", json_string(PACKAGE_STRING));
    build_put(build, root, "command", build_command(&data));
    build_put(build, root, "origin", build_origin(&data));
    build_put(build, root, "request", build_request(&data, model->request));
    build_put(build, root, "has_memory", json_boolean(model->has_memory));
    build_put(build, root, "has_time", json_boolean(model->has_time));
    build_put(build, root, "no_times_reason", build_string(session->no_times_reason));
    build_put(build, root, "has_source", json_boolean(options->source));
    build_put(build, root, "sample_bytes", build_integer(session->sample_bytes));
    build_put(build, root, "warnings", build_warnings(&data));
    build_put(build, root, "lines", build_lines(&data));
    build_put(build, root, "never_ran", build_never_ran(&data));
    build_put(build, root, "sizes", model->has_memory ? build_sizes(&data) : json_null());
    build_put(build, root, "processes", build_processes(&data));
    build->failed |= page_stacks_put(build, root, model, options->source ? &data.cache : NULL) != 0;
    source_cache_fini(&data.cache);
    return root;
}
