/* Stacks are walked from the root; what a stack has already added to is known by the stack's number. */

#include "report/call-graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "report/format-parts.h"

struct builder {
    const struct model *model;
    struct call_graph *graph;
    struct format_frames frames;
    uint32_t *last_stacks; /* by function: the stack that it was seen in last, plus one */
};

static size_t home_of(uint32_t place, uint32_t callee, size_t slots)
{
    const uint64_t hash = ((uint64_t)place << 32 | callee) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(hash >> 24) & (slots - 1);
}

/* The slot of a call, or the free one where it belongs. */
static uint32_t *slot_of(const struct call_graph *graph, uint32_t place, uint32_t callee)
{
    size_t at = home_of(place, callee, graph->slot_count);
    for (; graph->slots[at] != 0; at = (at + 1) & (graph->slot_count - 1)) {
        const struct call_edge *edge = &graph->edges[graph->slots[at] - 1];
        if (edge->place == place && edge->callee == callee)
            break;
    }
    return &graph->slots[at];
}

static int grow_slots(struct call_graph *graph)
{
    if (2 * (graph->edge_count + 1) <= graph->slot_count)
        return 0;
    const size_t count = graph->slot_count > 0 ? 2 * graph->slot_count : 256;
    uint32_t *slots = calloc(count, sizeof *slots);
    if (slots == NULL)
        return -ENOMEM;
    free(graph->slots);
    graph->slots = slots;
    graph->slot_count = count;
    for (size_t i = 0; i < graph->edge_count; i++)
        *slot_of(graph, graph->edges[i].place, graph->edges[i].callee) = (uint32_t)i + 1;
    return 0;
}

/* The edge of a call, made at first sight; NULL when memory is out. */
static struct call_edge *edge_of(struct call_graph *graph, uint32_t place, uint32_t callee)
{
    if (grow_slots(graph) != 0)
        return NULL;
    uint32_t *slot = slot_of(graph, place, callee);
    if (*slot != 0)
        return &graph->edges[*slot - 1];
    struct call_edge *edges = array_grow(graph->edges, &graph->edge_room, graph->edge_count + 1, sizeof *edges);
    if (edges == NULL)
        return NULL;
    graph->edges = edges;
    *slot = (uint32_t)++graph->edge_count;
    edges[*slot - 1] = (struct call_edge){.place = place, .callee = callee};
    return &edges[*slot - 1];
}

static void add(uint64_t into[MODEL_MEASURE_COUNT], const uint64_t measures[MODEL_MEASURE_COUNT])
{
    for (int i = 0; i < MODEL_MEASURE_COUNT; i++)
        into[i] += measures[i];
}

/* The function `callee` as it stands in stack number `number`, called at `place`. */
static int add_call(struct builder *builder, const struct model_stack *stack, uint32_t number, uint32_t place,
                    uint32_t callee)
{
    struct call_edge *edge = edge_of(builder->graph, place, callee);
    if (edge == NULL)
        return -ENOMEM;
    if (builder->last_stacks[callee] != number + 1) {
        add(edge->entering, stack->measures);
        add(builder->graph->nodes[callee].total, stack->measures);
    }
    if (edge->last_stack != number + 1)
        add(edge->measures, stack->measures);
    builder->last_stacks[callee] = edge->last_stack = number + 1;
    return 0;
}

static int add_stack(struct builder *builder, uint32_t number)
{
    const struct model *model = builder->model;
    const struct model_stack *stack = &model->stacks[number];
    struct call_graph *graph = builder->graph;
    uint32_t place = CALL_GRAPH_ROOT, blamed = 0;
    int code = format_frames_take(&builder->frames, model, stack);
    for (size_t i = code == 0 ? builder->frames.count : 0; i-- > 0 && code == 0;) {
        const uint32_t frame = builder->frames.numbers[i];
        code = add_call(builder, stack, number, place, model->frames[frame].function);
        place = graph->places[frame];
    }
    if (code == 0)
        code = format_find_blamed(model, stack, &blamed);
    if (code != 0)
        return code;
    add(graph->nodes[model->frames[builder->frames.numbers[0]].function].own, stack->measures);
    struct call_node *to_blame = &graph->nodes[model->frames[blamed].function];
    to_blame->blamed_bytes += stack->measures[MODEL_LIVE_BYTES];
    to_blame->blamed_count += stack->measures[MODEL_LIVE_COUNT];
    return 0;
}

struct line {
    const struct model_frame *frame;
    uint32_t number;
};

static int compare_places(const struct line *a, const struct line *b)
{
    if (a->frame->function != b->frame->function)
        return a->frame->function < b->frame->function ? -1 : 1;
    if (a->frame->line != b->frame->line)
        return a->frame->line < b->frame->line ? -1 : 1;
    return format_compare_texts(a->frame->file, b->frame->file);
}

static int compare_lines(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    const int order = compare_places(a, b);
    return order != 0 ? order : (a->number > b->number) - (a->number < b->number);
}

/* Frames of one line are told apart by how they were called (inlined or not), which is nothing to the line. */
static int number_lines(const struct model *model, uint32_t *places)
{
    struct line *lines = calloc(model->frame_count + 1, sizeof *lines);
    if (lines == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < model->frame_count; i++)
        lines[i] = (struct line){&model->frames[i], (uint32_t)i};
    qsort(lines, model->frame_count, sizeof *lines, compare_lines);
    for (size_t i = 0; i < model->frame_count; i++) {
        const bool is_same = i > 0 && compare_places(&lines[i - 1], &lines[i]) == 0;
        places[lines[i].number] = is_same ? places[lines[i - 1].number] : lines[i].number;
    }
    free(lines);
    return 0;
}

static int number_places(const struct model *model, enum call_graph_places places, struct call_graph *graph)
{
    if (places == CALL_GRAPH_LINES)
        return number_lines(model, graph->places);
    for (size_t i = 0; i < model->frame_count; i++)
        graph->places[i] = model->frames[i].function;
    return 0;
}

int call_graph_build(const struct model *model, enum call_graph_places places, struct call_graph *out)
{
    *out = (struct call_graph){.nodes = calloc(model->function_count + 1, sizeof *out->nodes),
                               .places = calloc(model->frame_count + 1, sizeof *out->places)};
    struct builder builder = {
        .model = model, .graph = out, .last_stacks = calloc(model->function_count + 1, sizeof *builder.last_stacks)};
    int code = out->nodes != NULL && out->places != NULL && builder.last_stacks != NULL ? 0 : -ENOMEM;
    if (code == 0)
        code = number_places(model, places, out);
    for (size_t i = 0; i < model->stack_count && code == 0; i++)
        code = add_stack(&builder, (uint32_t)i);
    format_frames_fini(&builder.frames);
    free(builder.last_stacks);
    if (code != 0)
        call_graph_fini(out);
    return code;
}

void call_graph_fini(struct call_graph *graph)
{
    free(graph->nodes);
    free(graph->places);
    free(graph->edges);
    free(graph->slots);
    *graph = (struct call_graph){0};
}

struct call_edge *call_graph_find(const struct call_graph *graph, uint32_t place, uint32_t callee)
{
    const uint32_t *slot = graph->slot_count > 0 ? slot_of(graph, place, callee) : NULL;
    return slot != NULL && *slot != 0 ? &graph->edges[*slot - 1] : NULL;
}
