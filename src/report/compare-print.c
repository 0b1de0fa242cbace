/* Words for figures and changes. */

#include "report/compare-print.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/units.h"
#include "report/compare-work.h"

const char *const compare_side_names[COMPARE_SIDES] = {[COMPARE_OLD] = "old", [COMPARE_NEW] = "new"};

const struct compare_list compare_lists[] = {
    {.measure = MODEL_ALLOC_BYTES, .title = "lines that changed most (bytes allocated per request)"},
    {.measure = MODEL_LIVE_BYTES, .title = "lines that keep more or less (bytes not freed per request)"},
    {.is_watched = true, .title = "watched lines (change of the heap per request, what they call included)"},
    {.measure = MODEL_PEAK_BYTES, .title = "lines that changed most at the peak (bytes)", .is_fallback = true},
};
const size_t compare_list_count = sizeof compare_lists / sizeof *compare_lists;

static const char *const metric_titles[COMPARE_METRIC_COUNT] = {
    [COMPARE_PEAK] = "peak",           [COMPARE_ALLOCATED] = "allocated", [COMPARE_ALLOCS] = "allocs",
    [COMPARE_NOT_FREED] = "not freed", [COMPARE_RSS] = "rss growth",      [COMPARE_TIME] = "time",
};

void compare_add_number(struct text *out, const struct compare_number *number, bool is_bytes)
{
    int64_t each;
    const bool is_whole = compare_per_firing(number, &each);
    if (is_bytes)
        text_add(out, units_signed(each).text);
    else if (is_whole)
        text_addf(out, "%" PRId64, each);
    else
        text_addf(out, "%.2f", (double)number->sum / number->firings);
    if (!is_whole)
        text_addf(out, " (%" PRId64 "/%" PRIu32 ")", number->sum, number->firings);
}

void compare_add_change(struct text *out, const struct compare_pair *pair, bool is_bytes)
{
    int64_t change;
    const bool is_whole = compare_change(pair, &change);
    if (is_bytes && is_whole)
        text_add(out, units_change(change).text);
    else if (is_bytes) /* not even a byte is still a change */
        text_addf(out, "about %s", change == 0 ? compare_sign(pair) < 0 ? "-1 B" : "+1 B" : units_change(change).text);
    else if (is_whole)
        text_addf(out, "%+" PRId64, change);
    else
        text_addf(out, "%+.2f",
                  (double)((long double)compare_difference(pair) / pair->sides[COMPARE_OLD].firings /
                           pair->sides[COMPARE_NEW].firings));
}

static void add_percent(struct text *out, double percent)
{
    text_addf(out, fabs(percent) < 999.95 ? "%+.1f %%" : "%+.0f %%", percent);
}

static void add_time(struct text *out, const struct compare_number *number)
{
    text_add(out, units_duration((uint64_t)number->sum).text);
}

static void add_time_change(struct text *out, const struct compare_time *time)
{
    const uint64_t old = time->median_ns[COMPARE_OLD], new = time->median_ns[COMPARE_NEW];
    text_addf(out, "%s%s", new < old ? "-" : "+", units_duration(new < old ? old - new : new - old).text);
}

static void add_runs(struct text *out, const struct compare_time *time)
{
    const size_t old = time->runs[COMPARE_OLD], new = time->runs[COMPARE_NEW];
    if (old == new)
        text_addf(out, "%zu", old);
    else
        text_addf(out, "%zu and %zu", old, new);
}

static void add_time_remark(struct text *out, const struct compare_time *time)
{
    if (time->verdict == COMPARE_TIME_UNKNOWN) {
        text_add(out, "not compared: of several firings only the sum is known");
        return;
    }
    if (time->verdict == COMPARE_TIME_SINGLE) {
        const bool both = time->runs[COMPARE_OLD] == 1 && time->runs[COMPARE_NEW] == 1;
        text_addf(out, "not compared: one firing %s; use --repeat",
                  both                           ? "each"
                  : time->runs[COMPARE_OLD] == 1 ? "in old"
                                                 : "in new");
        return;
    }
    if (time->verdict == COMPARE_TIME_TOO_FEW)
        text_add(out, "too few firings to tell (");
    else
        text_add(out, time->verdict == COMPARE_TIME_NOISE ? "within noise (" : "beyond noise (");
    add_runs(out, time);
    text_addf(out, " runs, +-%.0f %%)", 100 * time->noise);
}

static struct compare_row *new_row(struct compare_rows *rows)
{
    struct compare_row *items = array_grow(rows->items, &rows->room, rows->count + 1, sizeof *items);
    if (items == NULL)
        return NULL;
    rows->items = items;
    items[rows->count] = (struct compare_row){0};
    return &items[rows->count++];
}

static int add_plain_row(struct compare_rows *rows, const char *name, const char *remark)
{
    struct compare_row *row = new_row(rows);
    if (row == NULL)
        return -ENOMEM;
    text_add_printable(&row->cells[COMPARE_CELL_REQUEST], name);
    text_add(&row->cells[COMPARE_CELL_METRIC], remark);
    return 0;
}

static void fill_change(struct compare_row *row, const struct compare_pair *pair, bool is_bytes)
{
    double percent;
    row->sign = compare_sign(pair);
    if (row->sign == 0) {
        text_add(&row->cells[COMPARE_CELL_REMARK], "no change");
        return;
    }
    compare_add_change(&row->cells[COMPARE_CELL_CHANGE], pair, is_bytes);
    if (compare_percent(pair, &percent))
        add_percent(&row->cells[COMPARE_CELL_PERCENT], percent);
}

static void fill_time(struct compare_row *row, const struct compare_request *request)
{
    const struct compare_pair *pair = &request->metrics[COMPARE_TIME];
    const bool differs = request->time.verdict == COMPARE_TIME_SLOWER || request->time.verdict == COMPARE_TIME_FASTER;
    double percent;
    for (int side = 0; side < COMPARE_SIDES; side++)
        if (pair->sides[side].is_known)
            add_time(&row->cells[COMPARE_CELL_OLD + side], &pair->sides[side]);
    if (differs) {
        row->sign = compare_sign(pair);
        add_time_change(&row->cells[COMPARE_CELL_CHANGE], &request->time);
        if (compare_percent(pair, &percent))
            add_percent(&row->cells[COMPARE_CELL_PERCENT], percent);
    }
    add_time_remark(&row->cells[COMPARE_CELL_REMARK], &request->time);
}

static void fill_metric(struct compare_row *row, const struct compare_request *request, enum compare_metric metric)
{
    const struct compare_pair *pair = &request->metrics[metric];
    const bool is_bytes = metric != COMPARE_ALLOCS;
    text_add(&row->cells[COMPARE_CELL_METRIC], metric_titles[metric]);
    if (metric == COMPARE_TIME) {
        fill_time(row, request);
        return;
    }
    for (int side = 0; side < COMPARE_SIDES; side++)
        if (pair->sides[side].is_known)
            compare_add_number(&row->cells[COMPARE_CELL_OLD + side], &pair->sides[side], is_bytes);
    if (compare_is_known(pair))
        fill_change(row, pair, is_bytes);
    else
        text_addf(&row->cells[COMPARE_CELL_REMARK], "not measured in %s",
                  compare_side_names[pair->sides[COMPARE_OLD].is_known ? COMPARE_NEW : COMPARE_OLD]);
    if (metric == COMPARE_RSS && row->sign != 0)
        text_add(&row->cells[COMPARE_CELL_REMARK], "differs from run to run");
}

static bool is_limited(const struct compare_limits *limits, enum compare_metric metric)
{
    for (size_t i = 0; i < limits->count; i++)
        if (limits->items[i].metric == metric)
            return true;
    return false;
}

/* The resident set only where somebody asks for it: it differs from run to run. */
static bool is_shown(const struct compare_request *request, const struct compare_limits *limits,
                     enum compare_metric metric)
{
    return metric != COMPARE_RSS ||
           (is_limited(limits, metric) && (request->metrics[metric].sides[COMPARE_OLD].is_known ||
                                           request->metrics[metric].sides[COMPARE_NEW].is_known));
}

static void add_answer(struct text *out, const struct session_request *request)
{
    if (request->is_run)
        text_add(out, request->finished ? "ended" : "broke off");
    else if (request->status == 0)
        text_add(out, "no answer");
    else
        text_addf(out, "%d%s", request->status, request->finished ? "" : ", incomplete");
}

/* How it was answered, when that differs: figures of an error page are those of another request. */
static int add_status_row(const struct compare_request *request, struct compare_rows *rows)
{
    const struct session_request *old = request->inputs[COMPARE_OLD]->model->request,
                                 *new = request->inputs[COMPARE_NEW]->model->request;
    if (old->status == new->status && old->finished == new->finished)
        return 0;
    struct compare_row *row = new_row(rows);
    if (row == NULL)
        return -ENOMEM;
    text_add(&row->cells[COMPARE_CELL_METRIC], "answer");
    add_answer(&row->cells[COMPARE_CELL_OLD], old);
    add_answer(&row->cells[COMPARE_CELL_NEW], new);
    text_add(&row->cells[COMPARE_CELL_REMARK], "the answers differ");
    return 0;
}

bool compare_is_unchanged(const struct compare_request *request)
{
    return compare_is_common(request) && !request->totals_differ && !request->lines_differ;
}

/* COMPARE_METRIC_COUNT: by any metric. */
static bool is_over(const struct compare_request *request, const struct compare_limits *limits,
                    enum compare_metric metric)
{
    for (size_t i = 0; i < limits->count; i++)
        if ((metric == COMPARE_METRIC_COUNT || metric == limits->items[i].metric) &&
            compare_exceeds(request, &limits->items[i]))
            return true;
    return false;
}

int compare_add_rows(const struct compare_request *request, const struct compare_limits *limits,
                     struct compare_rows *rows)
{
    const size_t first = rows->count;
    if (!compare_is_common(request))
        return add_plain_row(rows, request->name, request->inputs[COMPARE_OLD] != NULL ? "only in old" : "only in new");
    if (!request->totals_differ && !is_over(request, limits, COMPARE_METRIC_COUNT))
        return add_plain_row(rows, request->name, request->lines_differ ? "same totals, other lines" : "no change");
    int code = 0;
    for (int metric = 0; metric < COMPARE_METRIC_COUNT && code == 0; metric++) {
        if (!is_shown(request, limits, (enum compare_metric)metric))
            continue;
        struct compare_row *row = new_row(rows);
        if (row == NULL)
            return -ENOMEM;
        fill_metric(row, request, (enum compare_metric)metric);
        row->is_worse = is_over(request, limits, (enum compare_metric)metric);
    }
    code = add_status_row(request, rows);
    text_add_printable(&rows->items[first].cells[COMPARE_CELL_REQUEST], request->name);
    return code;
}

void compare_rows_fini(struct compare_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        for (int cell = 0; cell < COMPARE_CELL_COUNT; cell++)
            text_fini(&rows->items[i].cells[cell]);
    free(rows->items);
    *rows = (struct compare_rows){0};
}

/* In double: requests have different numbers of firings. */
static double size_of_change(const struct compare_pair *pair)
{
    if (!compare_is_known(pair))
        return 0;
    return fabs((double)compare_difference(pair) / pair->sides[COMPARE_OLD].firings / pair->sides[COMPARE_NEW].firings);
}

static int by_place_and_change(const void *left, const void *right)
{
    const struct compare_top *x = left, *y = right;
    const int by = compare_places(x->place, y->place);
    const double a = size_of_change(&x->pair), b = size_of_change(&y->pair);
    return by != 0 ? by : (a < b) - (a > b);
}

static int by_change(const void *left, const void *right)
{
    const struct compare_top *x = left, *y = right;
    const double a = size_of_change(&x->pair), b = size_of_change(&y->pair);
    return a != b ? (a < b) - (a > b) : compare_places(x->place, y->place);
}

static size_t count_lines(const struct compare_request *request, const struct compare_list *list)
{
    return list->is_watched ? request->watched_count : request->line_count;
}

/* Those of a request that changed. Of one that did not, watched lines may differ by how the allocator rounds. */
static size_t add_tops(const struct compare_request *request, const struct compare_list *list, struct compare_top *out)
{
    size_t count = 0;
    for (size_t i = 0; i < count_lines(request, list) && !compare_is_unchanged(request); i++) {
        struct compare_top top = {.request = request};
        if (list->is_watched) {
            top.place = &request->watched[i].place;
            top.pair = compare_heap(request, &request->watched[i]);
        } else {
            top.place = &request->lines[i].place;
            top.pair = compare_measure(request, request->lines[i].measures, list->measure);
        }
        if (size_of_change(&top.pair) > 0)
            out[count++] = top;
    }
    return count;
}

int compare_top_lines(const struct compare_result *result, const struct compare_list *list, struct compare_top **out,
                      size_t *count)
{
    size_t most = 0, gathered = 0;
    for (size_t i = 0; i < result->request_count; i++)
        most += count_lines(&result->requests[i], list);
    struct compare_top *tops = malloc((most + 1) * sizeof *tops);
    if (tops == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < result->request_count; i++)
        gathered += add_tops(&result->requests[i], list, &tops[gathered]);
    *count = 0;
    if (gathered > 1)
        qsort(tops, gathered, sizeof *tops, by_place_and_change);
    for (size_t i = 0; i < gathered; i++) {
        if (*count > 0 && compare_places(tops[*count - 1].place, tops[i].place) == 0)
            tops[*count - 1].others++;
        else
            tops[(*count)++] = tops[i];
    }
    if (*count > 1)
        qsort(tops, *count, sizeof *tops, by_change);
    *out = tops;
    return 0;
}

int compare_next_list(const struct compare_result *result, const struct compare_list *list, size_t *shown,
                      struct compare_top **out, size_t *count)
{
    *out = NULL;
    *count = 0;
    if (list->is_fallback && *shown > 0)
        return 0;
    const int code = compare_top_lines(result, list, out, count);
    *shown += *count;
    return code;
}

static int by_bytes(const void *left, const void *right, void *data)
{
    const struct compare_function *a = *(const struct compare_function *const *)left,
                                  *b = *(const struct compare_function *const *)right;
    const int side = *(const int *)data;
    if (a->sides[side].alloc_bytes != b->sides[side].alloc_bytes)
        return a->sides[side].alloc_bytes > b->sides[side].alloc_bytes ? -1 : 1;
    return (a > b) - (a < b);
}

int compare_only_functions(const struct compare_result *result, int side, const struct compare_function ***out,
                           size_t *count)
{
    const struct compare_function **functions = malloc((result->function_count + 1) * sizeof *functions);
    if (functions == NULL)
        return -ENOMEM;
    *count = 0;
    for (size_t i = 0; i < result->function_count; i++) {
        const struct compare_function *function = &result->functions[i];
        const struct compare_definition *here = &function->sides[side], *there = &function->sides[1 - side];
        if (here->allocates && there->function == NULL && here->function->rank >= STACKS_NAMED)
            functions[(*count)++] = function;
    }
    if (*count > 1)
        qsort_r(functions, *count, sizeof *functions, by_bytes, &side);
    *out = functions;
    return 0;
}

void compare_add_file(struct text *out, const struct compare_result *result, int side, const char *file)
{
    if (file == NULL)
        return;
    const char *stripped = compare_paths_strip(&result->private->roots, side, file);
    if (stripped != file)
        text_add_printable(out, stripped);
    else
        source_add_name(out, file);
}

static void add_file_line(struct text *out, const struct compare_result *result, int side, const char *file,
                          uint32_t line)
{
    compare_add_file(out, result, side, file);
    if (line > 0)
        text_addf(out, ":%" PRIu32, line);
}

void compare_add_function_place(struct text *out, const struct compare_result *result,
                                const struct compare_function *function, int side)
{
    const struct model_function *definition = function->sides[side].function;
    if (definition == NULL)
        return;
    const char *module = definition->module != NULL ? strrchr(definition->module, '/') : NULL;
    if (definition->file != NULL)
        add_file_line(out, result, side, definition->file, definition->line);
    else
        text_add_printable(out, module != NULL ? module + 1 : definition->module != NULL ? definition->module : "");
}

void compare_add_place(struct text *out, const struct compare_result *result, const struct compare_place *place)
{
    const struct compare_function *function = &result->functions[place->function];
    for (int side = COMPARE_NEW; side >= COMPARE_OLD; side--) {
        if (place->files[side] == NULL)
            continue;
        add_file_line(out, result, side, place->files[side], place->lines[side]);
        return;
    }
    compare_add_function_place(out, result, function,
                               function->sides[COMPARE_NEW].function != NULL ? COMPARE_NEW : COMPARE_OLD);
}

void compare_add_text(struct text *out, const struct compare_result *result, const struct compare_request *request,
                      const struct compare_place *place, int side, size_t most)
{
    size_t length = 0;
    if (place->files[side] == NULL || request->inputs[side] == NULL)
        return;
    const char *text = source_line(compare_source(result, side, request->inputs[side], place->files[side]),
                                   place->lines[side], &length);
    if (text != NULL)
        source_add_trimmed(out, text, length, most);
}

/* How many requests have lines that changed. */
static size_t count_changed(const struct compare_result *result)
{
    size_t count = 0;
    for (size_t i = 0; i < result->request_count; i++)
        count += result->requests[i].lines_differ;
    return count;
}

void compare_add_remarks(struct text *out, const struct compare_result *result, const struct compare_top *top)
{
    const struct compare_place *place = top->place;
    const struct compare_function *function = &result->functions[place->function];
    const char *between = "";
    if (place->files[COMPARE_OLD] == NULL && place->files[COMPARE_NEW] != NULL) {
        text_add(out, "line only in new");
        between = ", ";
    } else if (place->files[COMPARE_NEW] == NULL && place->files[COMPARE_OLD] != NULL) {
        text_add(out, "line only in old");
        between = ", ";
    } else if (function->is_moved && place->files[COMPARE_OLD] != NULL) {
        text_add(out, "was ");
        add_file_line(out, result, COMPARE_OLD, place->files[COMPARE_OLD], place->lines[COMPARE_OLD]);
        between = ", ";
    }
    if (count_changed(result) > 1) {
        text_add(out, between);
        text_add_printable(out, top->request->name);
    }
    if (top->others > 0)
        text_addf(out, " and %zu more", top->others);
}

void compare_add_commit(struct text *out, const struct compare_snapshot *snapshot)
{
    if (snapshot->commit == NULL)
        return;
    struct text commit = TEXT_EMPTY;
    text_add_printable(&commit, snapshot->commit);
    text_addf(out, "%.*s%s", strlen(text_get(&commit)) == 40 ? 7 : 100, text_get(&commit),
              snapshot->is_dirty ? " (modified)" : "");
    text_fini(&commit);
}

bool compare_add_builds(struct text *out, const struct compare_result *result)
{
    const char *old = result->sides[COMPARE_OLD].compiler, *new = result->sides[COMPARE_NEW].compiler;
    if (old == NULL || new == NULL || strcmp(old, new) == 0)
        return false;
    text_add(out, "old was built with ");
    text_add_printable(out, old);
    text_add(out, " and new with ");
    text_add_printable(out, new);
    text_add(out, "; allocations may differ for that reason alone");
    return true;
}

static bool lacks_memory(const struct compare_input *input)
{
    return !input->model->has_memory;
}

static bool is_sampled(const struct compare_input *input)
{
    return input->model->has_memory && input->model->session->sample_bytes > 0;
}

/* Is it so of a side, in some request that both have? */
static bool has_such(const struct compare_result *result, int side, bool (*is_such)(const struct compare_input *))
{
    for (size_t i = 0; i < result->request_count; i++) {
        const struct compare_request *request = &result->requests[i];
        if (compare_is_common(request) && is_such(request->inputs[side]))
            return true;
    }
    return false;
}

/* How many firings were added up, when it is the same for all requests of a side; 0: not so. */
static uint32_t common_firings(const struct compare_result *result, int side)
{
    const struct compare_snapshot *snapshot = &result->sides[side];
    const uint32_t first = snapshot->input_count > 0 ? compare_firings(&snapshot->inputs[0]) : 1;
    for (size_t i = 1; i < snapshot->input_count; i++)
        if (compare_firings(&snapshot->inputs[i]) != first)
            return 0;
    return first;
}

static void add_firings(const struct compare_result *result, report_emit_fn *emit, void *data)
{
    const uint32_t old = common_firings(result, COMPARE_OLD), new = common_firings(result, COMPARE_NEW);
    struct text text = TEXT_EMPTY;
    if (old == 1 && new == 1)
        return;
    text_add(&text, "figures are per firing");
    if (old > 0 && new > 0)
        text_addf(&text, ": old had %" PRIu32 ", new %" PRIu32, old, new);
    text_add(&text, "; the peak is the highest of them");
    emit(text_get(&text), data);
    text_fini(&text);
}

void compare_add_notes(const struct compare_result *result, report_emit_fn *emit, void *data)
{
    if (result->looks_swapped)
        emit("old is newer than new: the arguments look swapped", data);
    add_firings(result, emit, data);
    for (int side = 0; side < COMPARE_SIDES; side++) {
        if (has_such(result, side, lacks_memory))
            emit(side == COMPARE_OLD ? "old has no stacks: lines and functions are not compared"
                                     : "new has no stacks: lines and functions are not compared",
                 data);
        if (has_such(result, side, is_sampled))
            emit(side == COMPARE_OLD ? "old was sampled: what its lines allocated is an estimate"
                                     : "new was sampled: what its lines allocated is an estimate",
                 data);
    }
    if (result->has_offsets)
        emit("some functions have no source text: their lines are compared by the distance from the function's first",
             data);
}

static void add_limit(struct text *out, const struct compare_limit *limit)
{
    if (limit->is_percent)
        text_addf(out, "+%g %%", limit->percent);
    else if (limit->amount == 0)
        text_add(out, "0");
    else if (limit->metric == COMPARE_ALLOCS)
        text_addf(out, "+%" PRIu64, limit->amount);
    else
        text_addf(out, "+%s", units_bytes(limit->amount).text);
}

static void add_excess(struct text *out, const struct compare_request *request, const struct compare_limit *limit)
{
    const struct compare_pair *pair = &request->metrics[limit->metric];
    double percent;
    text_addf(out, "%s ", metric_titles[limit->metric]);
    if (limit->is_percent && compare_percent(pair, &percent))
        add_percent(out, percent);
    else if (limit->metric == COMPARE_TIME)
        add_time_change(out, &request->time);
    else
        compare_add_change(out, pair, limit->metric != COMPARE_ALLOCS);
    text_add(out, " (limit ");
    add_limit(out, limit);
    text_add(out, ")");
}

static void add_limits(struct text *out, const struct compare_limits *limits)
{
    if (limits->count == 0)
        text_add(out, "there are no limits");
    for (size_t i = 0; i < limits->count; i++)
        text_addf(out, "%s%.*s", i == 0 ? "limits: " : ", ", limits->items[i].text_length, limits->items[i].text);
}

void compare_add_verdict(struct text *out, const struct compare_result *result, const struct compare_limits *limits)
{
    bool is_worse = false;
    for (size_t i = 0; i < result->request_count; i++) {
        bool is_first = true;
        for (size_t j = 0; j < limits->count; j++) {
            if (!compare_exceeds(&result->requests[i], &limits->items[j]))
                continue;
            text_add(out, !is_worse ? "worse: " : is_first ? "; " : ", ");
            if (is_first) {
                text_add_printable(out, result->requests[i].name);
                text_add(out, " ");
            }
            add_excess(out, &result->requests[i], &limits->items[j]);
            is_worse = true;
            is_first = false;
        }
    }
    if (is_worse)
        return;
    text_add(out, "not worse (");
    add_limits(out, limits);
    text_add(out, ")");
}

const struct compare_request *compare_find_folders(const struct compare_result *result)
{
    const struct compare_request *best = NULL;
    double most = -1;
    for (size_t i = 0; i < result->request_count; i++) {
        const struct compare_request *request = &result->requests[i];
        const struct compare_pair *pair = &request->metrics[COMPARE_ALLOCATED];
        if (!compare_is_common(request) || request->inputs[COMPARE_OLD]->folder == NULL ||
            request->inputs[COMPARE_NEW]->folder == NULL)
            continue;
        const double change = size_of_change(pair);
        if (compare_is_unchanged(request) || change <= most)
            continue;
        most = change;
        best = request;
    }
    return best;
}
