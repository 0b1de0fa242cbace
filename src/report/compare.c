/* Requests are matched, then their functions, lines and stacks. Figures stay sums with the number of their firings, so
   that nothing is rounded before it is printed. */

#include "report/compare.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/compare-time.h"
#include "report/compare-work.h"

bool compare_is_known(const struct compare_pair *pair)
{
    return pair->sides[COMPARE_OLD].is_known && pair->sides[COMPARE_NEW].is_known;
}

compare_wide compare_difference(const struct compare_pair *pair)
{
    const struct compare_number *old = &pair->sides[COMPARE_OLD], *new = &pair->sides[COMPARE_NEW];
    return (compare_wide) new->sum * old->firings - (compare_wide)old->sum *new->firings;
}

int compare_sign(const struct compare_pair *pair)
{
    const compare_wide difference = compare_difference(pair);
    return (difference > 0) - (difference < 0);
}

bool compare_change(const struct compare_pair *pair, int64_t *out)
{
    const compare_wide difference = compare_difference(pair),
                       firings = (compare_wide)pair->sides[COMPARE_OLD].firings * pair->sides[COMPARE_NEW].firings;
    *out = (int64_t)(difference / firings);
    return difference % firings == 0;
}

bool compare_per_firing(const struct compare_number *number, int64_t *out)
{
    *out = number->sum / number->firings;
    return number->sum % number->firings == 0;
}

bool compare_percent(const struct compare_pair *pair, double *out)
{
    const compare_wide old = (compare_wide)pair->sides[COMPARE_OLD].sum * pair->sides[COMPARE_NEW].firings;
    if (old == 0)
        return false;
    *out = (double)(100 * (long double)compare_difference(pair) / (long double)(old < 0 ? -old : old));
    return true;
}

uint32_t compare_firings(const struct compare_input *input)
{
    const uint32_t count = input->model->request->repeat_count;
    return count > 0 ? count : 1;
}

static int64_t clamp(uint64_t value)
{
    return value > INT64_MAX ? INT64_MAX : (int64_t)value;
}

struct compare_pair compare_measure(const struct compare_request *request,
                                    const uint64_t measures[COMPARE_SIDES][MODEL_MEASURE_COUNT],
                                    enum model_measure measure)
{
    struct compare_pair pair = {0};
    for (int side = 0; side < COMPARE_SIDES; side++) {
        const struct compare_input *input = request->inputs[side];
        if (input != NULL)
            pair.sides[side] = (struct compare_number){
                .is_known = measure == MODEL_TIME_NS ? request->has_time[side] : request->has_memory[side],
                .sum = clamp(measures[side][measure]),
                /* Of several firings the one that held most speaks for all. */
                .firings = measure == MODEL_PEAK_BYTES ? 1 : compare_firings(input)};
    }
    return pair;
}

/* A line that is on one side only has a figure there; on the other there is nothing to run, which is 0 and measured. */
struct compare_pair compare_heap(const struct compare_request *request, const struct compare_watched *watched)
{
    struct compare_pair pair = {0};
    for (int side = 0; side < COMPARE_SIDES; side++) {
        const bool is_there = watched->place.lines[side] > 0;
        if (request->inputs[side] != NULL)
            pair.sides[side] = (struct compare_number){.is_known = !is_there || watched->occurrences[side] > 0,
                                                       .sum = watched->heap_bytes[side],
                                                       .firings = compare_firings(request->inputs[side])};
    }
    return pair;
}

/* By the allocator's counters. */
static int64_t count_total(const struct session_totals *totals, enum compare_metric metric)
{
    switch (metric) {
    case COMPARE_PEAK:
        return totals->peak_bytes;
    case COMPARE_ALLOCATED:
        return clamp(totals->alloc_bytes);
    case COMPARE_ALLOCS:
        return clamp(totals->alloc_count);
    case COMPARE_NOT_FREED:
        return totals->not_freed_bytes;
    case COMPARE_RSS:
        return totals->rss_after_bytes - totals->rss_before_bytes;
    case COMPARE_TIME:
    case COMPARE_METRIC_COUNT:
        break;
    }
    return 0;
}

/* By the stacks: so the lines sum to it. */
static int64_t sum_total(const struct model *model, enum compare_metric metric)
{
    static const enum model_measure measures[] = {[COMPARE_PEAK] = MODEL_PEAK_BYTES,
                                                  [COMPARE_ALLOCATED] = MODEL_ALLOC_BYTES,
                                                  [COMPARE_ALLOCS] = MODEL_ALLOC_COUNT,
                                                  [COMPARE_NOT_FREED] = MODEL_LIVE_BYTES};
    return clamp(model->totals[measures[metric]]);
}

static struct compare_number total_of(const struct compare_input *input, enum compare_metric metric, bool by_stacks)
{
    const struct session_totals *totals = &input->model->request->totals;
    return (struct compare_number){.is_known = metric != COMPARE_TIME && (metric != COMPARE_RSS || totals->has_rss),
                                   .sum = by_stacks && metric < COMPARE_RSS ? sum_total(input->model, metric)
                                                                            : count_total(totals, metric),
                                   .firings = metric == COMPARE_PEAK ? 1 : compare_firings(input)};
}

/* Are the stacks all there is, on both sides? */
static bool has_all_stacks(const struct compare_request *request)
{
    for (int side = 0; side < COMPARE_SIDES; side++) {
        const struct compare_input *input = request->inputs[side];
        if (input != NULL && (!input->model->has_memory || input->model->session->sample_bytes > 0))
            return false;
    }
    return true;
}

/* The elapsed time of each firing; none when only their sum is known. */
static size_t times_of(const struct compare_input *input, const uint64_t **out)
{
    const struct session_request *request = input->model->request;
    *out = request->firings_ns != NULL ? request->firings_ns : &request->elapsed_ns;
    return compare_firings(input) > 1 && request->firings_ns == NULL ? 0 : compare_firings(input);
}

static int compare_times(struct compare_request *request)
{
    const uint64_t *times[COMPARE_SIDES];
    size_t counts[COMPARE_SIDES];
    for (int side = 0; side < COMPARE_SIDES; side++)
        counts[side] = times_of(request->inputs[side], &times[side]);
    if (counts[COMPARE_OLD] == 0 || counts[COMPARE_NEW] == 0)
        return 0;
    const int code = compare_time_test(times, counts, &request->time);
    for (int side = 0; side < COMPARE_SIDES; side++)
        request->metrics[COMPARE_TIME].sides[side] =
            (struct compare_number){.is_known = code == 0, .sum = clamp(request->time.median_ns[side]), .firings = 1};
    return code;
}

static bool is_answered_alike(const struct compare_request *request)
{
    const struct session_request *old = request->inputs[COMPARE_OLD]->model->request,
                                 *new = request->inputs[COMPARE_NEW]->model->request;
    return old->status == new->status && old->finished == new->finished;
}

static int fill_totals(struct compare_request *request)
{
    request->by_stacks = has_all_stacks(request);
    for (int side = 0; side < COMPARE_SIDES; side++) {
        const struct compare_input *input = request->inputs[side];
        if (input == NULL)
            continue;
        for (int metric = 0; metric < COMPARE_METRIC_COUNT; metric++)
            request->metrics[metric].sides[side] = total_of(input, (enum compare_metric)metric, request->by_stacks);
        request->has_memory[side] = input->model->has_memory;
        request->has_time[side] = input->model->has_time;
    }
    if (!compare_is_common(request))
        return 0;
    if (compare_times(request) != 0)
        return -ENOMEM;
    for (int metric = COMPARE_PEAK; metric <= COMPARE_NOT_FREED; metric++)
        request->totals_differ |= compare_sign(&request->metrics[metric]) != 0;
    request->totals_differ |=
        request->time.verdict == COMPARE_TIME_SLOWER || request->time.verdict == COMPARE_TIME_FASTER;
    request->totals_differ |= !is_answered_alike(request);
    return 0;
}

static size_t path_length(const char *target)
{
    return strcspn(target, "?");
}

/* The same but for the query and the ordinal? */
static bool is_same_route(const struct session_request *a, const struct session_request *b)
{
    if (a->is_run || b->is_run)
        return a->is_run == b->is_run;
    const size_t length = path_length(a->target);
    return strcmp(a->method, b->method) == 0 && length == path_length(b->target) &&
           strncmp(a->target, b->target, length) == 0;
}

static bool is_same_target(const struct session_request *a, const struct session_request *b)
{
    return is_same_route(a, b) && (a->is_run || strcmp(a->target, b->target) == 0);
}

/* Does a side have the route with another query as well? */
static bool has_other_query(const struct compare_snapshot *side, const struct session_request *request)
{
    for (size_t i = 0; i < side->input_count; i++) {
        const struct session_request *other = side->inputs[i].model->request;
        if (is_same_route(request, other) && !is_same_target(request, other))
            return true;
    }
    return false;
}

static const struct compare_input *
find_input(const struct compare_snapshot *side, const struct session_request *request,
           bool (*is_same)(const struct session_request *, const struct session_request *))
{
    for (size_t i = 0; i < side->input_count; i++)
        if (is_same(request, side->inputs[i].model->request) &&
            request->ordinal == side->inputs[i].model->request->ordinal)
            return &side->inputs[i];
    return NULL;
}

/* The same request on the other side. One that differs by its query alone is the same where neither side has the route
   with several queries. */
static const struct compare_input *find_counterpart(const struct compare_snapshot sides[COMPARE_SIDES], int side,
                                                    const struct session_request *request)
{
    const struct compare_snapshot *other = &sides[1 - side];
    const struct compare_input *input = find_input(other, request, is_same_target);
    if (input != NULL || has_other_query(&sides[side], request))
        return input;
    input = find_input(other, request, is_same_route);
    return input != NULL && !has_other_query(other, input->model->request) ? input : NULL;
}

/* The query is part of the name where both sides have the same. */
static char *make_name(const struct compare_request *request)
{
    const struct compare_input *old = request->inputs[COMPARE_OLD], *new = request->inputs[COMPARE_NEW];
    const struct session_request *one = (new != NULL ? new : old)->model->request;
    struct text name = TEXT_EMPTY;
    if (one->is_run) {
        text_add(&name, "run");
    } else {
        const bool is_whole = old == NULL || new == NULL || is_same_target(old->model->request, one);
        text_add(&name, one->method);
        text_add(&name, " ");
        text_add_bytes(&name, one->target, is_whole ? strlen(one->target) : path_length(one->target));
    }
    if (one->ordinal > 1)
        text_addf(&name, " #%u", one->ordinal);
    char *copy = name.failed ? NULL : strdup(text_get(&name));
    text_fini(&name);
    return copy;
}

static int add_request(struct compare_result *result, const struct compare_input *old, const struct compare_input *new)
{
    struct compare_request *request = &result->requests[result->request_count];
    *request = (struct compare_request){.inputs = {[COMPARE_OLD] = old, [COMPARE_NEW] = new}};
    request->name = make_name(request);
    if (request->name == NULL)
        return -ENOMEM;
    result->request_count++;
    result->common_count += compare_is_common(request);
    return fill_totals(request);
}

static int match_requests(struct compare_result *result)
{
    const struct compare_snapshot *old = &result->sides[COMPARE_OLD], *new = &result->sides[COMPARE_NEW];
    result->requests = calloc(old->input_count + new->input_count + 1, sizeof *result->requests);
    int code = result->requests != NULL ? 0 : -ENOMEM;
    for (size_t i = 0; code == 0 && i < old->input_count; i++)
        code = add_request(result, &old->inputs[i],
                           find_counterpart(result->sides, COMPARE_OLD, old->inputs[i].model->request));
    for (size_t i = 0; code == 0 && i < new->input_count; i++)
        if (find_counterpart(result->sides, COMPARE_NEW, new->inputs[i].model->request) == NULL)
            code = add_request(result, NULL, &new->inputs[i]);
    return code;
}

static int open_sources(struct compare_result *result)
{
    for (int side = 0; side < COMPARE_SIDES; side++) {
        const struct compare_snapshot *snapshot = &result->sides[side];
        struct source_cache *caches = calloc(snapshot->input_count + 1, sizeof *caches);
        if (caches == NULL)
            return -ENOMEM;
        for (size_t i = 0; i < snapshot->input_count; i++)
            caches[i] = source_cache_of(snapshot->inputs[i].options);
        result->private->sources[side] = caches;
    }
    return 0;
}

const struct source *compare_source(const struct compare_result *result, int side, const struct compare_input *input,
                                    const char *file)
{
    return source_cache_get(&result->private->sources[side][input - result->sides[side].inputs], file);
}

static int build(struct compare_result *result)
{
    result->private = calloc(1, sizeof *result->private);
    if (result->private == NULL || open_sources(result) != 0)
        return -ENOMEM;
    int code = match_requests(result);
    if (code == 0)
        code = compare_match_functions(result);
    for (size_t i = 0; code == 0 && i < result->request_count; i++) {
        code = compare_match_lines(result, &result->requests[i]);
        if (code == 0)
            code = compare_match_watched(result, &result->requests[i]);
        if (code == 0)
            code = compare_match_stacks(result, &result->requests[i]);
    }
    return code;
}

/* Of the same second, names have a number behind them: "2014-02-17_18:20:37.2". */
static bool is_later(const struct compare_snapshot *a, const struct compare_snapshot *b)
{
    if (a->time_s == 0 || b->time_s == 0)
        return false;
    return a->time_s != b->time_s ? a->time_s > b->time_s : strverscmp(a->name, b->name) > 0;
}

int compare_build(const struct compare_snapshot snapshots[COMPARE_SIDES], struct compare_result *out, struct err *err)
{
    *out = (struct compare_result){.sides = {snapshots[COMPARE_OLD], snapshots[COMPARE_NEW]}};
    out->looks_swapped = is_later(&snapshots[COMPARE_OLD], &snapshots[COMPARE_NEW]);
    if (build(out) == 0)
        return 0;
    compare_fini(out);
    return err_set(err, -ENOMEM, "out of memory");
}

static void work_free(struct compare_result *result)
{
    struct compare_work *work = result->private;
    for (int side = 0; work != NULL && side < COMPARE_SIDES; side++) {
        for (size_t i = 0; i < result->sides[side].input_count; i++) {
            if (work->functions[side] != NULL)
                free(work->functions[side][i]);
            if (work->watched[side] != NULL)
                free(work->watched[side][i]);
            if (work->sources[side] != NULL)
                source_cache_fini(&work->sources[side][i]);
        }
        free(work->functions[side]);
        free(work->watched[side]);
        free(work->sources[side]);
    }
    for (size_t i = 0; work != NULL && i < work->part_count; i++)
        for (int side = 0; side < COMPARE_SIDES; side++)
            free(work->parts[i].partners[side]);
    if (work != NULL)
        free(work->parts);
    free(work);
}

void compare_fini(struct compare_result *result)
{
    for (size_t i = 0; i < result->request_count; i++) {
        free(result->requests[i].name);
        free(result->requests[i].lines);
        free(result->requests[i].watched);
        free(result->requests[i].frames);
        free(result->requests[i].stacks);
    }
    free(result->requests);
    free(result->functions);
    work_free(result);
    *result = (struct compare_result){0};
}
