/* The call graph in the look of gprof2dot: colours from dark blue to red by share, what has a small share left out.
   What memory that was not freed is blamed on stays, whatever its share, and a way from the root to it. */

#include "report/formats.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "report/call-graph.h"
#include "report/format-parts.h"

#define LEAST_NODE 0.005
#define LEAST_EDGE 0.001
/* Graphviz takes minutes for some thousands of nodes, and nobody finds anything among them. */
#define MOST_NODES 200
#define MOST_LEAKING 100
/* Longer names make boxes that fill the picture; the whole name is the tooltip of an SVG. */
#define MOST_NAME_BYTES 96
#define MOST_TOOLTIP_BYTES 4096 /* graphviz reads no longer strings */

struct drawer {
    const struct model *model;
    enum model_measure measure;
    struct call_graph graph;
    bool *has_node, *has_edge; /* by number: is drawn */
    uint32_t *ranking;         /* of functions, for a while */
    size_t unshown_leaking;    /* functions, and what is blamed on them */
    uint64_t unshown_leaked_bytes;
    size_t unshown; /* functions above the least share */
    int code;
    FILE *out;
};

static double share_of(const struct drawer *drawer, uint64_t value)
{
    const uint64_t total = drawer->model->totals[drawer->measure];
    return total > 0 ? (double)value / (double)total : 0;
}

/* One channel of hue, saturation and lightness to red, green and blue; CSS Color 3, section 4.2.4. */
static unsigned channel_of(double low, double high, double hue)
{
    hue -= floor(hue);
    double value = low;
    if (hue * 6 < 1)
        value = low + (high - low) * hue * 6;
    else if (hue * 2 < 1)
        value = high;
    else if (hue * 3 < 2)
        value = low + (high - low) * (2.0 / 3 - hue) * 6;
    return (unsigned)(255 * value + 0.5);
}

/* gprof2dot's default theme. */
static void add_color(struct text *out, double share)
{
    const double hue = 2.0 / 3 * (1 - share), saturation = 0.8 + 0.2 * share, lightness = 0.25 + 0.25 * share;
    const double high = lightness * (saturation + 1), low = lightness * 2 - high;
    text_addf(out, "\"#%02x%02x%02x\"", channel_of(low, high, hue + 1.0 / 3), channel_of(low, high, hue),
              channel_of(low, high, hue - 1.0 / 3));
}

/* Add at most `most` bytes of a name, without what would end the string. */
static void add_escaped(struct text *out, const char *name, size_t most)
{
    struct text clean = TEXT_EMPTY;
    format_add_name(&clean, name);
    const bool is_cut = clean.length > most;
    size_t length = is_cut ? most : clean.length;
    while (is_cut && length > 0 && ((unsigned char)clean.bytes[length] & 0xc0) == 0x80)
        length--; /* not within a character */
    const char *bytes = text_get(&clean);
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '"' || bytes[i] == '\\')
            text_add(out, "\\");
        text_add_bytes(out, bytes + i, 1);
    }
    text_add(out, is_cut ? "..." : "");
    out->failed |= clean.failed;
    text_fini(&clean);
}

/* How many allocations or blocks `values` tell of; nothing where a measure has no number. */
static void add_count(struct text *out, const struct drawer *drawer, const uint64_t values[MODEL_MEASURE_COUNT])
{
    static const enum model_measure counts[MODEL_MEASURE_COUNT] = {
        [MODEL_ALLOC_COUNT] = MODEL_ALLOC_COUNT,  [MODEL_ALLOC_BYTES] = MODEL_ALLOC_COUNT,
        [MODEL_LIVE_COUNT] = MODEL_LIVE_COUNT,    [MODEL_LIVE_BYTES] = MODEL_LIVE_COUNT,
        [MODEL_PEAK_BYTES] = MODEL_MEASURE_COUNT, [MODEL_TEMPORARY_COUNT] = MODEL_TEMPORARY_COUNT,
        [MODEL_TIME_NS] = MODEL_MEASURE_COUNT,
    };
    const enum model_measure count = counts[drawer->measure];
    if (count != MODEL_MEASURE_COUNT)
        text_addf(out, "\\n%" PRIu64 "\u00d7", values[count]);
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static void add_node_label(struct text *out, const struct drawer *drawer, uint32_t number)
{
    const struct model_function *function = &drawer->model->functions[number];
    const struct call_node *node = &drawer->graph.nodes[number];
    if (function->module != NULL) {
        add_escaped(out, base_name(function->module), MOST_NAME_BYTES);
        text_add(out, "\\n");
    }
    add_escaped(out, function->name, MOST_NAME_BYTES);
    text_addf(out, "\\n%.2f%%\\n(%.2f%%)", 100 * share_of(drawer, node->total[drawer->measure]),
              100 * share_of(drawer, node->own[drawer->measure]));
    add_count(out, drawer, node->total);
    if (node->blamed_count > 0)
        text_addf(out, "\\nleaks %s", units_bytes(node->blamed_bytes).text);
}

static void print_node(struct drawer *drawer, uint32_t number)
{
    const struct call_node *node = &drawer->graph.nodes[number];
    struct text text = TEXT_EMPTY;
    text_addf(&text, "\tn%" PRIu32 " [fillcolor=", number);
    add_color(&text, share_of(drawer, node->total[drawer->measure]));
    if (node->blamed_count > 0) {
        text_add(&text, ", color=\"#d9a400\", penwidth=4, style=\"filled,dashed\"");
    } else {
        text_add(&text, ", color=");
        add_color(&text, share_of(drawer, node->total[drawer->measure]));
    }
    text_add(&text, ", label=\"");
    add_node_label(&text, drawer, number);
    text_add(&text, "\", tooltip=\"");
    add_escaped(&text, drawer->model->functions[number].name, MOST_TOOLTIP_BYTES);
    text_add(&text, "\"];\n");
    format_print(&text, drawer->out, &drawer->code);
}

static void print_edge(struct drawer *drawer, const struct call_edge *edge)
{
    const double share = share_of(drawer, edge->measures[drawer->measure]);
    const double width = fmax(4 * share, 0.5);
    struct text text = TEXT_EMPTY;
    text_addf(&text, "\tn%" PRIu32 " -> n%" PRIu32 " [arrowsize=\"%.2f\", color=", edge->place, edge->callee,
              0.5 * sqrt(width));
    add_color(&text, share);
    text_add(&text, ", fontcolor=");
    add_color(&text, share);
    text_addf(&text, ", label=\"%.2f%%", 100 * share);
    add_count(&text, drawer, edge->measures);
    text_addf(&text, "\", labeldistance=\"%.2f\", penwidth=\"%.2f\", tooltip=\" \"];\n", width, width);
    format_print(&text, drawer->out, &drawer->code);
}

struct ranked {
    const struct drawer *drawer;
    bool by_leak;
};

static uint64_t weight_of(const struct ranked *ranked, uint32_t number)
{
    const struct call_node *node = &ranked->drawer->graph.nodes[number];
    return ranked->by_leak ? node->blamed_bytes : node->total[ranked->drawer->measure];
}

static int compare_weights(const void *left, const void *right, void *data)
{
    const uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    const uint64_t one = weight_of(data, a), other = weight_of(data, b);
    if (one != other)
        return one > other ? -1 : 1;
    return format_compare_functions(((const struct ranked *)data)->drawer->model, a, b);
}

/* Order the functions, heaviest first. */
static void rank(struct drawer *drawer, bool by_leak)
{
    struct ranked ranked = {drawer, by_leak};
    for (uint32_t i = 0; i < drawer->model->function_count; i++)
        drawer->ranking[i] = i;
    qsort_r(drawer->ranking, drawer->model->function_count, sizeof *drawer->ranking, compare_weights, &ranked);
}

static void choose_heavy(struct drawer *drawer)
{
    size_t chosen = 0;
    rank(drawer, false);
    for (size_t i = 0; i < drawer->model->function_count; i++) {
        const uint32_t number = drawer->ranking[i];
        const double share = share_of(drawer, drawer->graph.nodes[number].total[drawer->measure]);
        if (share < LEAST_NODE)
            break;
        if (chosen++ < MOST_NODES)
            drawer->has_node[number] = true;
        else
            drawer->unshown++;
    }
    for (size_t i = 0; i < drawer->graph.edge_count; i++) {
        const struct call_edge *edge = &drawer->graph.edges[i];
        drawer->has_edge[i] = edge->place != CALL_GRAPH_ROOT && drawer->has_node[edge->place] &&
                              drawer->has_node[edge->callee] &&
                              share_of(drawer, edge->measures[drawer->measure]) >= LEAST_EDGE;
    }
}

/* A stack's way from the root to the frame that is blamed. */
static int keep_way(struct drawer *drawer, const struct model_stack *stack, struct format_frames *frames)
{
    const struct model *model = drawer->model;
    uint32_t blamed, place = CALL_GRAPH_ROOT;
    if (format_find_blamed(model, stack, &blamed) != 0 || format_frames_take(frames, model, stack) != 0)
        return -ENOMEM;
    for (size_t i = frames->count; i-- > 0;) {
        const uint32_t function = model->frames[frames->numbers[i]].function;
        drawer->has_node[function] = true;
        if (place != CALL_GRAPH_ROOT)
            drawer->has_edge[call_graph_find(&drawer->graph, place, function) - drawer->graph.edges] = true;
        place = function;
        if (frames->numbers[i] == blamed)
            break;
    }
    return 0;
}

/* By function: the stack that most of what is blamed on it came by, plus one. */
static int find_ways(const struct drawer *drawer, uint32_t *ways)
{
    const struct model *model = drawer->model;
    for (uint32_t i = 0; i < model->stack_count; i++) {
        uint32_t blamed;
        if (model->stacks[i].measures[MODEL_LIVE_COUNT] == 0)
            continue;
        if (format_find_blamed(model, &model->stacks[i], &blamed) != 0)
            return -ENOMEM;
        uint32_t *way = &ways[model->frames[blamed].function];
        if (*way == 0 ||
            model->stacks[i].measures[MODEL_LIVE_BYTES] > model->stacks[*way - 1].measures[MODEL_LIVE_BYTES])
            *way = i + 1;
    }
    return 0;
}

static int choose_leaking(struct drawer *drawer)
{
    const struct model *model = drawer->model;
    struct format_frames frames = {0};
    size_t chosen = 0;
    uint32_t *ways = calloc(model->function_count + 1, sizeof *ways);
    int code = ways != NULL ? find_ways(drawer, ways) : -ENOMEM;
    if (code == 0)
        rank(drawer, true);
    for (size_t i = 0; i < model->function_count && code == 0; i++) {
        const uint32_t number = drawer->ranking[i];
        if (ways[number] == 0)
            continue;
        if (chosen++ < MOST_LEAKING) {
            code = keep_way(drawer, &model->stacks[ways[number] - 1], &frames);
        } else if (!drawer->has_node[number]) {
            drawer->unshown_leaking++;
            drawer->unshown_leaked_bytes += drawer->graph.nodes[number].blamed_bytes;
        }
    }
    format_frames_fini(&frames);
    free(ways);
    return code;
}

static void add_total(struct text *out, const struct drawer *drawer)
{
    static const char *const names[MODEL_MEASURE_COUNT] = {
        [MODEL_ALLOC_COUNT] = "allocations",     [MODEL_ALLOC_BYTES] = "allocated",
        [MODEL_LIVE_COUNT] = "blocks not freed", [MODEL_LIVE_BYTES] = "not freed",
        [MODEL_PEAK_BYTES] = "at the peak",      [MODEL_TEMPORARY_COUNT] = "temporary allocations",
        [MODEL_TIME_NS] = "of CPU time",
    };
    const uint64_t total = drawer->model->totals[drawer->measure];
    if (drawer->measure == MODEL_TIME_NS)
        text_add(out, units_duration(total).text);
    else if (drawer->measure == MODEL_ALLOC_BYTES || drawer->measure == MODEL_LIVE_BYTES ||
             drawer->measure == MODEL_PEAK_BYTES)
        text_add(out, units_bytes(total).text);
    else
        text_addf(out, "%" PRIu64, total);
    text_addf(out, " %s", names[drawer->measure]);
}

static void print_title(struct drawer *drawer)
{
    struct text title = TEXT_EMPTY, text = TEXT_EMPTY;
    format_add_title(&title, drawer->model);
    text_add(&text, "digraph {\n\tgraph [charset=\"UTF-8\", fontname=Arial, fontsize=12, label=\"");
    add_escaped(&text, text_get(&title), MOST_TOOLTIP_BYTES);
    text_add(&text, "\\n");
    add_total(&text, drawer);
    if (drawer->model->has_memory && drawer->measure != MODEL_LIVE_BYTES)
        text_addf(&text, ", %s not freed", units_bytes(drawer->model->totals[MODEL_LIVE_BYTES]).text);
    if (drawer->unshown > 0)
        text_addf(&text, "\\n%zu more functions are not shown", drawer->unshown);
    if (drawer->unshown_leaking > 0)
        text_addf(&text, "\\n%zu more functions that %s are blamed on are not shown; callstack.txt has all",
                  drawer->unshown_leaking, units_bytes(drawer->unshown_leaked_bytes).text);
    text_add(&text,
             "\", labelloc=t, nodesep=0.125, ranksep=0.25];\n"
             "\tnode [fontcolor=white, fontname=Arial, fontsize=10, height=0, shape=box, style=filled, width=0];\n"
             "\tedge [fontname=Arial, fontsize=10];\n");
    text.failed |= title.failed;
    text_fini(&title);
    format_print(&text, drawer->out, &drawer->code);
}

static void print_graph(struct drawer *drawer)
{
    print_title(drawer);
    for (uint32_t i = 0; i < drawer->model->function_count; i++)
        if (drawer->has_node[i])
            print_node(drawer, i);
    for (size_t i = 0; i < drawer->graph.edge_count; i++)
        if (drawer->has_edge[i])
            print_edge(drawer, &drawer->graph.edges[i]);
    fputs("}\n", drawer->out);
}

int report_dot_of(const struct model *model, enum model_measure measure, const struct report_options *options,
                  FILE *out, struct err *err)
{
    struct drawer drawer = {.model = model, .measure = measure, .out = out};
    int code = format_check_measure(model, measure, err);
    if (code != 0)
        return code;
    code = call_graph_build(model, CALL_GRAPH_FUNCTIONS, &drawer.graph);
    if (code == 0) {
        drawer.has_node = calloc(model->function_count + 1, sizeof *drawer.has_node);
        drawer.has_edge = calloc(drawer.graph.edge_count + 1, sizeof *drawer.has_edge);
        drawer.ranking = calloc(model->function_count + 1, sizeof *drawer.ranking);
        code = drawer.has_node != NULL && drawer.has_edge != NULL && drawer.ranking != NULL ? 0 : -ENOMEM;
    }
    if (code == 0) {
        choose_heavy(&drawer);
        code = choose_leaking(&drawer);
    }
    if (code == 0) {
        print_graph(&drawer);
        code = drawer.code;
    }
    free(drawer.has_node);
    free(drawer.has_edge);
    free(drawer.ranking);
    call_graph_fini(&drawer.graph);
    return format_finish(out, code, "dot.dot", err);
}

int report_dot(const struct model *model, const struct report_options *options, FILE *out, struct err *err)
{
    const int code = format_check(model, err);
    return code != 0 ? code : report_dot_of(model, format_main_measure(model), options, out, err);
}
