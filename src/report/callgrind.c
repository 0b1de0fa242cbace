/* Callgrind's format: valgrind manual, "Callgrind Format Specification". Readers take a function's inclusive cost from
   the calls of it where there are any (callgrind_annotate --inclusive=yes, kcachegrind), else from its own cost and the
   calls in it. So that both are right, every stack gives each of its functions exactly one call with a cost: of a
   recursion the outermost, the others being there without cost; and what nobody called is called by "(root)". */

#include <config.h>

#include "report/formats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/call-graph.h"
#include "report/format-parts.h"

#define UNKNOWN "???"

static const struct {
    enum model_measure measure;
    const char *name, *meaning;
} events[] = {
    {MODEL_ALLOC_BYTES, "AllocBytes", "Bytes allocated"}, {MODEL_LIVE_BYTES, "LiveBytes", "Bytes not freed"},
    {MODEL_PEAK_BYTES, "PeakBytes", "Bytes at the peak"}, {MODEL_ALLOC_COUNT, "AllocCalls", "Allocations"},
    {MODEL_LIVE_COUNT, "LiveBlocks", "Blocks not freed"}, {MODEL_TIME_NS, "ns", "Nanoseconds of CPU time"},
};
#define EVENT_COUNT (sizeof events / sizeof *events)

/* Strings that are written in full the first time and as "(3)" from then on: of one kind, each once, sorted. */
struct names {
    const char **items;
    bool *written;
    size_t count;
};

/* A line of the file that costs something, or a call there. */
struct row {
    uint32_t function;
    const char *file; /* NULL: the function's */
    uint32_t line;
    const struct call_edge *call; /* NULL: own cost */
    const uint64_t *costs;
};

struct writer {
    const struct model *model;
    FILE *out;
    struct call_graph graph;
    uint64_t (*own)[MODEL_MEASURE_COUNT]; /* by place */
    struct names files, objects;
    uint32_t *ranks, *ordered; /* of functions by name, from 0; and the other way round */
    bool *written;             /* by function: its name */
    struct row *rows;
    size_t row_count;
    int code;
};

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static int names_init(struct names *names, size_t room)
{
    names->items = calloc(room + 1, sizeof *names->items);
    names->written = calloc(room + 1, sizeof *names->written);
    if (names->items == NULL || names->written == NULL)
        return -ENOMEM;
    names->items[names->count++] = UNKNOWN;
    return 0;
}

static void names_add(struct names *names, const char *name)
{
    if (name != NULL)
        names->items[names->count++] = name;
}

static void names_sort(struct names *names)
{
    size_t count = 0;
    qsort(names->items, names->count, sizeof *names->items, compare_names);
    for (size_t i = 0; i < names->count; i++)
        if (count == 0 || strcmp(names->items[count - 1], names->items[i]) != 0)
            names->items[count++] = names->items[i];
    names->count = count;
}

static void names_fini(struct names *names)
{
    free(names->items);
    free(names->written);
}

/* "fl=(3) /src/app.c". All names are written with their number: one that begins with "(" could be taken for it. */
static void print_compressed(struct writer *writer, const char *key, size_t number, const char *name)
{
    struct text text = TEXT_EMPTY;
    text_addf(&text, "%s=(%zu)%s", key, number, name != NULL ? " " : "");
    format_add_name(&text, name != NULL ? name : "");
    text_add(&text, "\n");
    format_print(&text, writer->out, &writer->code);
}

static void print_name(struct writer *writer, const char *key, struct names *names, const char *name)
{
    if (name == NULL)
        name = UNKNOWN;
    const char **found = bsearch(&name, names->items, names->count, sizeof *names->items, compare_names);
    const size_t number = (size_t)(found - names->items);
    print_compressed(writer, key, number + 1, names->written[number] ? NULL : name);
    names->written[number] = true;
}

static void print_function(struct writer *writer, const char *key, uint32_t function)
{
    print_compressed(writer, key, writer->ranks[function] + 2,
                     writer->written[function] ? NULL : writer->model->functions[function].name);
    writer->written[function] = true;
}

static int collect_names(struct writer *writer)
{
    const struct model *model = writer->model;
    if (names_init(&writer->files, 1 + model->function_count + model->frame_count) != 0 ||
        names_init(&writer->objects, 1 + model->function_count) != 0)
        return -ENOMEM;
    for (size_t i = 0; i < model->function_count; i++) {
        names_add(&writer->files, model->functions[i].file);
        names_add(&writer->objects, model->functions[i].module);
    }
    for (size_t i = 0; i < model->frame_count; i++)
        names_add(&writer->files, model->frames[i].file);
    names_sort(&writer->files);
    names_sort(&writer->objects);
    return 0;
}

static int compare_numbers(const void *left, const void *right, void *data)
{
    return format_compare_functions(data, *(const uint32_t *)left, *(const uint32_t *)right);
}

static int rank_functions(struct writer *writer)
{
    const size_t count = writer->model->function_count;
    writer->ranks = calloc(count + 1, sizeof *writer->ranks);
    writer->ordered = calloc(count + 1, sizeof *writer->ordered);
    writer->written = calloc(count + 1, sizeof *writer->written);
    if (writer->ranks == NULL || writer->ordered == NULL || writer->written == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++)
        writer->ordered[i] = i;
    qsort_r(writer->ordered, count, sizeof *writer->ordered, compare_numbers, (void *)(uintptr_t)writer->model);
    for (uint32_t i = 0; i < count; i++)
        writer->ranks[writer->ordered[i]] = i;
    return 0;
}

static int add_up_lines(struct writer *writer)
{
    const struct model *model = writer->model;
    writer->own = calloc(model->frame_count + 1, sizeof *writer->own);
    if (writer->own == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < model->stack_count; i++) {
        struct model_walk walk = {0};
        const struct model_frame *leaf = model_next(model, &model->stacks[i], &walk);
        uint64_t *own = writer->own[writer->graph.places[leaf - model->frames]];
        for (int measure = 0; measure < MODEL_MEASURE_COUNT; measure++)
            own[measure] += model->stacks[i].measures[measure];
    }
    return 0;
}

static bool has_costs(const struct model *model, const uint64_t *costs)
{
    for (size_t i = 0; i < EVENT_COUNT; i++)
        if (format_has(model, events[i].measure) && costs[events[i].measure] != 0)
            return true;
    return false;
}

static struct row row_at(const struct writer *writer, uint32_t place, const struct call_edge *call,
                         const uint64_t *costs)
{
    const struct model_frame *frame = &writer->model->frames[place];
    const char *file = writer->model->functions[frame->function].file;
    return (struct row){.function = frame->function,
                        .file = format_compare_texts(frame->file, file) != 0 ? frame->file : NULL,
                        .line = frame->line,
                        .call = call,
                        .costs = costs};
}

static int compare_rows(const void *left, const void *right, void *data)
{
    const struct row *a = left, *b = right;
    const struct writer *writer = data;
    if (a->function != b->function)
        return writer->ranks[a->function] < writer->ranks[b->function] ? -1 : 1;
    const int order = format_compare_texts(a->file, b->file);
    if (order != 0)
        return order;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->call == NULL || b->call == NULL)
        return (a->call != NULL) - (b->call != NULL);
    const uint32_t left_rank = writer->ranks[a->call->callee], right_rank = writer->ranks[b->call->callee];
    return (left_rank > right_rank) - (left_rank < right_rank);
}

static int make_rows(struct writer *writer)
{
    const struct call_graph *graph = &writer->graph;
    writer->rows = calloc(writer->model->frame_count + graph->edge_count + 1, sizeof *writer->rows);
    if (writer->rows == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < writer->model->frame_count; i++)
        if (has_costs(writer->model, writer->own[i]))
            writer->rows[writer->row_count++] = row_at(writer, i, NULL, writer->own[i]);
    for (size_t i = 0; i < graph->edge_count; i++)
        if (graph->edges[i].place != CALL_GRAPH_ROOT)
            writer->rows[writer->row_count++] =
                row_at(writer, graph->edges[i].place, &graph->edges[i], graph->edges[i].entering);
    qsort_r(writer->rows, writer->row_count, sizeof *writer->rows, compare_rows, writer);
    return 0;
}

static void print_costs(const struct writer *writer, const uint64_t *costs)
{
    for (size_t i = 0; i < EVENT_COUNT; i++)
        if (format_has(writer->model, events[i].measure))
            fprintf(writer->out, " %" PRIu64, costs[events[i].measure]);
    putc('\n', writer->out);
}

/* How often something was called is not known; what stands there instead is the number of allocations behind the call.
 */
static void print_call(struct writer *writer, uint32_t line, const struct call_edge *call)
{
    const struct model_function *callee = &writer->model->functions[call->callee];
    const uint64_t count = call->measures[MODEL_ALLOC_COUNT];
    print_name(writer, "cob", &writer->objects, callee->module);
    print_name(writer, "cfi", &writer->files, callee->file);
    print_function(writer, "cfn", call->callee);
    fprintf(writer->out, "calls=%" PRIu64 " %" PRIu32 "\n%" PRIu32, count > 0 ? count : 1, callee->line, line);
    print_costs(writer, call->entering);
}

static void print_rows(struct writer *writer)
{
    const char *file = NULL;
    for (size_t i = 0; i < writer->row_count; i++) {
        const struct row *row = &writer->rows[i];
        const struct model_function *function = &writer->model->functions[row->function];
        if (i == 0 || row[-1].function != row->function) {
            putc('\n', writer->out);
            print_name(writer, "ob", &writer->objects, function->module);
            print_name(writer, "fl", &writer->files, function->file);
            print_function(writer, "fn", row->function);
            file = NULL;
        }
        if (format_compare_texts(row->file, file) != 0) /* the function's own come first */
            print_name(writer, "fi", &writer->files, file = row->file);
        if (row->call != NULL) {
            print_call(writer, row->line, row->call);
        } else {
            fprintf(writer->out, "%" PRIu32, row->line);
            print_costs(writer, row->costs);
        }
    }
}

/* In the order of the functions' names. */
static void print_roots(struct writer *writer)
{
    if (writer->model->stack_count == 0)
        return;
    putc('\n', writer->out);
    print_name(writer, "ob", &writer->objects, NULL);
    print_name(writer, "fl", &writer->files, NULL);
    print_compressed(writer, "fn", 1, "(root)");
    for (size_t i = 0; i < writer->model->function_count; i++) {
        const struct call_edge *edge = call_graph_find(&writer->graph, CALL_GRAPH_ROOT, writer->ordered[i]);
        if (edge != NULL)
            print_call(writer, 0, edge);
    }
}

static void print_head(struct writer *writer, const struct report_origin *origin)
{
    const struct model *model = writer->model;
    struct text text = TEXT_EMPTY;
    text_add(&text, "# callgrind format\nversion: 1\ncreator: " PACKAGE_STRING "\ncmd: ");
    format_add_command(&text, model->session);
    text_add(&text, "\ndesc: Request: ");
    format_add_title(&text, model);
    if (origin != NULL && origin->commit != NULL) {
        text_add(&text, "\ndesc: Commit: ");
        format_add_name(&text, origin->commit);
    }
    text_add(&text, "\npositions: line\n");
    format_print(&text, writer->out, &writer->code);
    for (size_t i = 0; i < EVENT_COUNT; i++)
        if (format_has(model, events[i].measure))
            fprintf(writer->out, "event: %s : %s\n", events[i].name, events[i].meaning);
    fputs("events:", writer->out);
    for (size_t i = 0; i < EVENT_COUNT; i++)
        if (format_has(model, events[i].measure))
            fprintf(writer->out, " %s", events[i].name);
    fputs("\nsummary:", writer->out);
    print_costs(writer, model->totals);
}

int report_callgrind(const struct model *model, const struct report_options *options, FILE *out, struct err *err)
{
    struct writer writer = {.model = model, .out = out};
    int code = format_check(model, err);
    if (code != 0)
        return code;
    code = call_graph_build(model, CALL_GRAPH_LINES, &writer.graph);
    if (code == 0)
        code = collect_names(&writer);
    if (code == 0)
        code = rank_functions(&writer);
    if (code == 0)
        code = add_up_lines(&writer);
    if (code == 0)
        code = make_rows(&writer);
    if (code == 0) {
        print_head(&writer, options->origin);
        print_roots(&writer);
        print_rows(&writer);
        fputs("\ntotals:", out);
        print_costs(&writer, model->totals);
        code = writer.code;
    }
    names_fini(&writer.files);
    names_fini(&writer.objects);
    free(writer.ranks);
    free(writer.ordered);
    free(writer.written);
    free(writer.own);
    free(writer.rows);
    call_graph_fini(&writer.graph);
    return format_finish(out, code, "profile.kgrind", err);
}
