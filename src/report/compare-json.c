/* A comparison as one JSON object: docs/json.md describes it. Figures are sums over a request's firings, as they were
   measured. */

#include <config.h>

#include <jansson.h>
#include <stdlib.h>

#include "report/compare-data.h"
#include "report/compare-lines.h"
#include "report/compare-print.h"
#include "report/compare-work.h"
#include "report/json-build.h"

#define JSON_FORMAT "syseng-mem-compare"
#define JSON_VERSION 1

static const char *const measure_names[MODEL_MEASURE_COUNT] = {
    [MODEL_ALLOC_COUNT] = "alloc_count", [MODEL_ALLOC_BYTES] = "alloc_bytes",
    [MODEL_LIVE_COUNT] = "live_count",   [MODEL_LIVE_BYTES] = "live_bytes",
    [MODEL_PEAK_BYTES] = "peak_bytes",   [MODEL_TEMPORARY_COUNT] = "temporary_count",
    [MODEL_TIME_NS] = "time_ns",
};

static const char *const metric_fields[COMPARE_METRIC_COUNT] = {
    [COMPARE_PEAK] = "peak_bytes",           [COMPARE_ALLOCATED] = "alloc_bytes", [COMPARE_ALLOCS] = "alloc_count",
    [COMPARE_NOT_FREED] = "not_freed_bytes", [COMPARE_RSS] = "rss_growth_bytes",  [COMPARE_TIME] = "time_ns",
};

struct build {
    const struct compare_result *result;
    const struct compare_print *print;
    bool *changed; /* by function: some line of it has */
    struct json_build json;
};

static json_t *build_snapshot(struct build *build, int side)
{
    const struct compare_snapshot *snapshot = &build->result->sides[side];
    json_t *object = json_object();
    build_put(&build->json, object, "name", build_string(snapshot->name));
    build_put(&build->json, object, "time_s", snapshot->time_s > 0 ? json_integer(snapshot->time_s) : json_null());
    build_put(&build->json, object, "commit", build_string(snapshot->commit));
    build_put(&build->json, object, "subject", build_string(snapshot->subject));
    build_put(&build->json, object, "modified", json_boolean(snapshot->is_dirty));
    build_put(&build->json, object, "compiler", build_string(snapshot->compiler));
    return object;
}

/* Its text with the lines of both sides beside each other: pairs share an element. */
static json_t *build_text_line(struct build *build, const struct compare_part *part,
                               const uint32_t lines[COMPARE_SIDES])
{
    static const char *const fields[COMPARE_SIDES] = {"old_text", "new_text"};
    const struct compare_function *function = &build->result->functions[part->function];
    json_t *object = json_object();
    for (int side = 0; side < COMPARE_SIDES; side++)
        build_put(&build->json, object, compare_side_names[side],
                  lines[side] > 0 ? json_integer(lines[side]) : json_null());
    for (int side = 0; side < COMPARE_SIDES && build->print->source; side++) {
        size_t length = 0;
        const char *text = NULL;
        if (lines[side] > 0)
            text = source_line(compare_source(build->result, side, function->sides[side].input, part->sides[side].file),
                               lines[side], &length);
        build_put(&build->json, object, fields[side], text != NULL ? build_bytes(text, length) : json_null());
    }
    return object;
}

static void add_text_lines(struct build *build, json_t *array, const struct compare_part *part)
{
    uint32_t at[COMPARE_SIDES], ends[COMPARE_SIDES];
    for (int side = 0; side < COMPARE_SIDES; side++) {
        const bool is_there = part->sides[side].file != NULL;
        at[side] = is_there ? part->sides[side].first : 1;
        ends[side] = is_there ? part->sides[side].last : 0;
    }
    while (at[COMPARE_OLD] <= ends[COMPARE_OLD] || at[COMPARE_NEW] <= ends[COMPARE_NEW]) {
        const bool has_old = at[COMPARE_OLD] <= ends[COMPARE_OLD], has_new = at[COMPARE_NEW] <= ends[COMPARE_NEW];
        const uint32_t old_offset = at[COMPARE_OLD] - part->sides[COMPARE_OLD].first,
                       new_offset = at[COMPARE_NEW] - part->sides[COMPARE_NEW].first;
        const bool old_alone = has_old && (!part->is_paired || part->partners[COMPARE_OLD][old_offset] == 0);
        const bool new_alone = has_new && (!part->is_paired || part->partners[COMPARE_NEW][new_offset] == 0);
        const bool takes_old = old_alone || (has_old && !new_alone), takes_new = !old_alone && has_new;
        const uint32_t lines[COMPARE_SIDES] = {takes_old ? at[COMPARE_OLD] : 0, takes_new ? at[COMPARE_NEW] : 0};
        build_append(&build->json, array, build_text_line(build, part, lines));
        at[COMPARE_OLD] += takes_old;
        at[COMPARE_NEW] += takes_new;
    }
}

/* Only of functions with a line that changed, and where the pairs are those of the text. */
static json_t *build_text(struct build *build, uint32_t number)
{
    const struct compare_part *part = NULL;
    for (int side = 0; side < COMPARE_SIDES && part == NULL; side++) {
        const struct model_function *definition = build->result->functions[number].sides[side].function;
        if (definition != NULL)
            part = compare_find_part(build->result, side, number, definition->file);
    }
    if (!build->changed[number] || part == NULL || part->by_offset)
        return json_null();
    bool has_source = false;
    for (int side = 0; side < COMPARE_SIDES; side++)
        has_source |= part->sides[side].file != NULL &&
                      compare_source(build->result, side, build->result->functions[number].sides[side].input,
                                     part->sides[side].file)
                              ->line_count > 0;
    if (!has_source)
        return json_null();
    json_t *array = json_array();
    add_text_lines(build, array, part);
    return array;
}

static json_t *build_definition(struct build *build, const struct compare_function *function, int side)
{
    const struct compare_definition *at = &function->sides[side];
    if (at->function == NULL)
        return json_null();
    struct text place = TEXT_EMPTY;
    json_t *object = json_object();
    compare_add_file(&place, build->result, side, at->function->file);
    build_put(&build->json, object, "file", at->function->file != NULL ? build_take(&place) : json_null());
    build_put(&build->json, object, "line", at->function->line > 0 ? json_integer(at->function->line) : json_null());
    build_put(&build->json, object, "module", build_string(at->function->module));
    build_put(&build->json, object, "own", json_boolean(at->function->rank == STACKS_LINE));
    build_put(&build->json, object, "allocates", json_boolean(at->allocates));
    build_put(&build->json, object, "alloc_bytes", build_integer(at->alloc_bytes));
    text_fini(&place);
    return object;
}

static json_t *next_function(void *data, uint32_t number, size_t *position)
{
    struct build *build = data;
    (void)number;
    if (*position >= build->result->function_count)
        return NULL;
    const uint32_t index = (uint32_t)(*position)++;
    const struct compare_function *function = &build->result->functions[index];
    json_t *object = json_object();
    build_put(&build->json, object, "name", build_string(function->name));
    build_put(&build->json, object, "moved", json_boolean(function->is_moved));
    for (int side = 0; side < COMPARE_SIDES; side++)
        build_put(&build->json, object, compare_side_names[side], build_definition(build, function, side));
    build_put(&build->json, object, "text", build_text(build, index));
    return object;
}

static json_t *build_number(struct build *build, const struct compare_number *number)
{
    if (!number->is_known)
        return json_null();
    int64_t each;
    const bool is_whole = compare_per_firing(number, &each);
    json_t *object = json_object();
    build_put(&build->json, object, "sum", json_integer(number->sum));
    build_put(&build->json, object, "firings", json_integer(number->firings));
    build_put(&build->json, object, "per_firing", is_whole ? json_integer(each) : json_null());
    return object;
}

static json_t *build_pair(struct build *build, const struct compare_pair *pair)
{
    json_t *object = json_object();
    int64_t change = 0;
    const bool is_whole = compare_is_known(pair) && compare_change(pair, &change);
    for (int side = 0; side < COMPARE_SIDES; side++)
        build_put(&build->json, object, compare_side_names[side], build_number(build, &pair->sides[side]));
    build_put(&build->json, object, "change", is_whole ? json_integer(change) : json_null());
    return object;
}

static json_t *build_metrics(struct build *build, const struct compare_request *request)
{
    json_t *object = json_object();
    for (int metric = 0; metric < COMPARE_METRIC_COUNT; metric++)
        build_put(&build->json, object, metric_fields[metric], build_pair(build, &request->metrics[metric]));
    return object;
}

static json_t *build_time(struct build *build, const struct compare_request *request)
{
    static const char *const verdicts[] = {
        [COMPARE_TIME_UNKNOWN] = "unknown",         [COMPARE_TIME_SINGLE] = "single-firing",
        [COMPARE_TIME_TOO_FEW] = "too-few-firings", [COMPARE_TIME_NOISE] = "within-noise",
        [COMPARE_TIME_SLOWER] = "slower",           [COMPARE_TIME_FASTER] = "faster"};
    if (!compare_is_common(request))
        return json_null();
    const bool has_noise = request->time.verdict >= COMPARE_TIME_TOO_FEW;
    json_t *object = json_object();
    build_put(&build->json, object, "verdict", json_string(verdicts[request->time.verdict]));
    build_put(&build->json, object, "noise", has_noise ? json_real(request->time.noise) : json_null());
    return object;
}

static json_t *build_answer(struct build *build, const struct compare_request *request, int side)
{
    if (request->inputs[side] == NULL)
        return json_null();
    const struct session_request *at = request->inputs[side]->model->request;
    json_t *object = json_object();
    build_put(&build->json, object, "method", build_string(at->is_run ? NULL : at->method));
    build_put(&build->json, object, "target", build_string(at->is_run ? NULL : at->target));
    build_put(&build->json, object, "ordinal", json_integer(at->ordinal));
    build_put(&build->json, object, "status", at->status > 0 ? json_integer(at->status) : json_null());
    build_put(&build->json, object, "finished", json_boolean(at->finished));
    build_put(&build->json, object, "firings", json_integer(at->repeat_count > 0 ? at->repeat_count : 1));
    build_put(&build->json, object, "folder", build_string(request->inputs[side]->folder));
    return object;
}

/* null as a whole where nothing was measured. */
static void put_measures(struct build *build, json_t *object, const struct compare_request *request,
                         const uint64_t measures[COMPARE_SIDES][MODEL_MEASURE_COUNT])
{
    for (int side = 0; side < COMPARE_SIDES; side++) {
        json_t *array = request->has_memory[side] || request->has_time[side] ? json_array() : json_null();
        for (int i = 0; i < MODEL_MEASURE_COUNT && json_is_array(array); i++) {
            const struct compare_pair pair = compare_measure(request, measures, (enum model_measure)i);
            build_append(&build->json, array,
                         pair.sides[side].is_known ? json_integer(pair.sides[side].sum) : json_null());
        }
        build_put(&build->json, object, compare_side_names[side], array);
    }
}

static void put_place(struct build *build, json_t *object, const struct compare_place *place)
{
    static const char *const fields[COMPARE_SIDES] = {"old_line", "new_line"};
    struct text text = TEXT_EMPTY;
    compare_add_place(&text, build->result, place);
    build_put(&build->json, object, "function", json_integer(place->function));
    build_put(&build->json, object, "place", build_take(&text));
    for (int side = 0; side < COMPARE_SIDES; side++)
        build_put(&build->json, object, fields[side],
                  place->lines[side] > 0 ? json_integer(place->lines[side]) : json_null());
    build_put(&build->json, object, "by_offset", json_boolean(place->by_offset));
}

static json_t *next_line(void *data, uint32_t number, size_t *position)
{
    struct build *build = data;
    const struct compare_request *request = &build->result->requests[number];
    if (*position >= request->line_count)
        return NULL;
    const struct compare_line *line = &request->lines[(*position)++];
    json_t *object = json_object();
    put_place(build, object, &line->place);
    put_measures(build, object, request, line->measures);
    return object;
}

static json_t *build_watched(struct build *build, const struct compare_watched *watched, int side)
{
    if (watched->occurrences[side] == 0)
        return json_null();
    json_t *object = json_object();
    build_put(&build->json, object, "occurrences", build_integer(watched->occurrences[side]));
    build_put(&build->json, object, "heap_bytes", json_integer(watched->heap_bytes[side]));
    build_put(&build->json, object, "increment_bytes",
              watched->has_rss[side] ? json_integer(watched->increment_bytes[side]) : json_null());
    return object;
}

static json_t *next_watched(void *data, uint32_t number, size_t *position)
{
    struct build *build = data;
    const struct compare_request *request = &build->result->requests[number];
    if (*position >= request->watched_count)
        return NULL;
    const struct compare_watched *watched = &request->watched[(*position)++];
    json_t *object = json_object();
    put_place(build, object, &watched->place);
    for (int side = 0; side < COMPARE_SIDES; side++)
        build_put(&build->json, object, compare_side_names[side], build_watched(build, watched, side));
    return object;
}

static json_t *next_stack(void *data, uint32_t number, size_t *position)
{
    struct build *build = data;
    const struct compare_request *request = &build->result->requests[number];
    if (*position >= request->stack_count)
        return NULL;
    const struct compare_stack *stack = &request->stacks[(*position)++];
    json_t *object = json_object(), *frames = json_array();
    for (size_t i = 0; i < stack->frame_count; i++)
        build_append(&build->json, frames, json_integer(request->frames[stack->frame_first + i]));
    build_put(&build->json, object, "frames", frames);
    put_measures(build, object, request, stack->measures);
    return object;
}

static json_t *build_request(struct build *build, uint32_t index)
{
    const struct compare_request *request = &build->result->requests[index];
    json_t *object = json_object();
    build_put(&build->json, object, "name", build_string(request->name));
    for (int side = 0; side < COMPARE_SIDES; side++)
        build_put(&build->json, object, compare_side_names[side], build_answer(build, request, side));
    build_put(&build->json, object, "changed", json_boolean(!compare_is_unchanged(request)));
    build_put(&build->json, object, "metrics", build_metrics(build, request));
    build_put(&build->json, object, "metrics_by_stacks", json_boolean(request->by_stacks));
    build_put(&build->json, object, "time", build_time(build, request));
    build_put(&build->json, object, "lines", build_array_of(&build->json, next_line, build, index));
    build_put(&build->json, object, "watched", build_array_of(&build->json, next_watched, build, index));
    build_put(&build->json, object, "stacks", build_array_of(&build->json, next_stack, build, index));
    return object;
}

static json_t *build_limits(struct build *build)
{
    const struct compare_limits *limits = build->print->limits;
    json_t *array = json_array();
    for (size_t i = 0; i < limits->count; i++)
        build_append(&build->json, array, build_bytes(limits->items[i].text, (size_t)limits->items[i].text_length));
    return array;
}

static json_t *build_worse(struct build *build)
{
    const struct compare_limits *limits = build->print->limits;
    json_t *array = json_array();
    for (size_t i = 0; i < build->result->request_count; i++) {
        for (size_t j = 0; j < limits->count; j++) {
            if (!compare_exceeds(&build->result->requests[i], &limits->items[j]))
                continue;
            json_t *object = json_object();
            build_put(&build->json, object, "request", build_integer(i));
            build_put(&build->json, object, "metric", json_string(metric_fields[limits->items[j].metric]));
            build_put(&build->json, object, "limit", build_integer(j));
            build_append(&build->json, array, object);
        }
    }
    return array;
}

static void add_note(const char *line, void *data)
{
    json_array_append_new(data, json_string(line));
}

static json_t *build_notes(struct build *build)
{
    json_t *array = json_array();
    struct text builds = TEXT_EMPTY;
    compare_add_notes(build->result, add_note, array);
    if (compare_add_builds(&builds, build->result))
        build_append(&build->json, array, build_string(text_get(&builds)));
    text_fini(&builds);
    return array;
}

static json_t *build_comparison(struct build *build)
{
    json_t *root = json_object(), *measures = json_array(), *requests = json_array();
    build_put(&build->json, root, "format", json_string(JSON_FORMAT));
    build_put(&build->json, root, "version", json_integer(JSON_VERSION));
    build_put(&build->json, root, "tool", json_string(PACKAGE_STRING));
    build_put(&build->json, root, "change", json_string("new minus old"));
    for (int side = 0; side < COMPARE_SIDES; side++)
        build_put(&build->json, root, compare_side_names[side], build_snapshot(build, side));
    build_put(&build->json, root, "looks_swapped", json_boolean(build->result->looks_swapped));
    build_put(&build->json, root, "notes", build_notes(build));
    build_put(&build->json, root, "limits", build_limits(build));
    build_put(&build->json, root, "worse", build_worse(build));
    for (int i = 0; i < MODEL_MEASURE_COUNT; i++)
        build_append(&build->json, measures, json_string(measure_names[i]));
    build_put(&build->json, root, "measures", measures);
    build_put(&build->json, root, "functions", build_array_of(&build->json, next_function, build, 0));
    for (uint32_t i = 0; i < build->result->request_count; i++)
        build_append(&build->json, requests, build_request(build, i));
    build_put(&build->json, root, "requests", requests);
    return root;
}

/* By function: does some line of it differ? */
static bool *find_changed(const struct compare_result *result)
{
    bool *changed = calloc(result->function_count + 1, sizeof *changed);
    for (size_t i = 0; i < compare_list_count && changed != NULL; i++) {
        struct compare_top *tops;
        size_t count;
        if (compare_top_lines(result, &compare_lists[i], &tops, &count) != 0) {
            free(changed);
            return NULL;
        }
        for (size_t j = 0; j < count; j++)
            changed[tops[j].place->function] = true;
        free(tops);
    }
    return changed;
}

int compare_data_write(const struct compare_result *result, const struct compare_print *print, json_t *more,
                       build_dump_fn *dump, FILE *out, struct err *err)
{
    struct build build = {.result = result, .print = print, .changed = find_changed(result)};
    json_t *root = build.changed != NULL ? build_comparison(&build) : NULL;
    if (more != NULL && json_object_update(root, more) != 0)
        build.json.failed = true;
    const int code = dump(&build.json, root, out, err);
    json_decref(more);
    free(build.changed);
    return code;
}

int compare_json(const struct compare_result *result, const struct compare_print *print, FILE *out, struct err *err)
{
    return compare_data_write(result, print, NULL, build_dump, out, err);
}
