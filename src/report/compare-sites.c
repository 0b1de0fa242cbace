/* A request's lines and stacks: those of both sides in one list, sorted, so that equal ones can be added up. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/compare-work.h"

static void add_measures(uint64_t into[COMPARE_SIDES][MODEL_MEASURE_COUNT],
                         const uint64_t from[COMPARE_SIDES][MODEL_MEASURE_COUNT])
{
    for (int side = 0; side < COMPARE_SIDES; side++)
        for (int i = 0; i < MODEL_MEASURE_COUNT; i++)
            into[side][i] += from[side][i];
}

static size_t count_stacks(const struct compare_request *request)
{
    size_t count = 0;
    for (int side = 0; side < COMPARE_SIDES; side++)
        count += request->inputs[side] != NULL ? request->inputs[side]->model->stack_count : 0;
    return count;
}

/* The innermost of the program's own lines, else the innermost frame. */
static const struct model_frame *find_own_frame(const struct model *model, const struct model_stack *stack)
{
    struct model_walk walk = {0};
    const struct model_frame *first = model_next(model, stack, &walk), *frame = first;
    while (frame != NULL && (model->functions[frame->function].rank != STACKS_LINE || frame->line == 0))
        frame = model_next(model, stack, &walk);
    return frame != NULL ? frame : first;
}

/* The frame that a stack is blamed on, as the heap report has it; of CPU time, the program's innermost line. */
static int find_blamed(const struct model *model, const struct model_stack *stack, const struct model_frame **out)
{
    struct stacks_blame blame;
    *out = find_own_frame(model, stack);
    if (stack->site == NULL)
        return 0;
    if (stacks_find_blame(model->stacks_of, stack->site, &blame) != 0)
        return -ENOMEM;
    const uint32_t inner = stacks_inner(model->stacks_of, stack->site);
    if (blame.frame == NULL || blame.depth < inner || blame.depth - inner >= stack->address_count)
        return 0;
    const struct model_address *address =
        &model->addresses[model->stack_addresses[stack->address_first + blame.depth - inner]];
    if (blame.link < address->link_count)
        *out = &model->frames[model->links[address->link_first + blame.link]];
    return 0;
}

static int make_line(struct compare_result *result, const struct compare_request *request, int side,
                     const struct model_stack *stack, struct compare_line *out)
{
    const struct compare_input *input = request->inputs[side];
    const struct model_frame *frame;
    *out = (struct compare_line){0};
    if (find_blamed(input->model, stack, &frame) != 0)
        return -ENOMEM;
    memcpy(out->measures[side], stack->measures, sizeof stack->measures);
    return compare_locate(result, side, compare_function_of(result, side, input, frame), frame->file, frame->line,
                          &out->place);
}

static int by_place(const void *left, const void *right)
{
    const struct compare_line *a = left, *b = right;
    return compare_places(&a->place, &b->place);
}

/* Measures by which lines are put in order, and which make a line differ. */
static const enum model_measure exact_measures[] = {MODEL_ALLOC_BYTES, MODEL_LIVE_BYTES, MODEL_PEAK_BYTES,
                                                    MODEL_ALLOC_COUNT, MODEL_LIVE_COUNT};
#define EXACT_COUNT (sizeof exact_measures / sizeof *exact_measures)

static compare_wide line_change(const struct compare_request *request, const struct compare_line *line,
                                enum model_measure measure)
{
    const struct compare_pair pair = compare_measure(request, line->measures, measure);
    const compare_wide difference = compare_is_known(&pair) ? compare_difference(&pair) : 0;
    return difference < 0 ? -difference : difference;
}

static int by_change(const void *left, const void *right, void *data)
{
    const struct compare_request *request = data;
    for (size_t i = 0; i < EXACT_COUNT; i++) {
        const compare_wide a = line_change(request, left, exact_measures[i]),
                           b = line_change(request, right, exact_measures[i]);
        if (a != b)
            return a > b ? -1 : 1;
    }
    return by_place(left, right);
}

static void settle_lines(struct compare_result *result, struct compare_request *request)
{
    if (request->line_count > 1)
        qsort_r(request->lines, request->line_count, sizeof *request->lines, by_change, request);
    for (size_t i = 0; i < request->line_count; i++) {
        result->has_offsets |= request->lines[i].place.by_offset;
        for (size_t j = 0; j < EXACT_COUNT; j++)
            request->lines_differ |= line_change(request, &request->lines[i], exact_measures[j]) != 0;
    }
}

int compare_match_lines(struct compare_result *result, struct compare_request *request)
{
    struct compare_line *lines = request->lines = calloc(count_stacks(request) + 1, sizeof *lines);
    size_t count = 0, kept = 0;
    if (lines == NULL)
        return -ENOMEM;
    for (int side = 0; side < COMPARE_SIDES; side++) {
        const struct model *model = request->inputs[side] != NULL ? request->inputs[side]->model : NULL;
        for (size_t i = 0; model != NULL && i < model->stack_count; i++)
            if (make_line(result, request, side, &model->stacks[i], &lines[count++]) != 0)
                return -ENOMEM;
    }
    if (count > 1)
        qsort(lines, count, sizeof *lines, by_place);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && by_place(&lines[kept - 1], &lines[i]) == 0)
            add_measures(lines[kept - 1].measures, lines[i].measures);
        else
            lines[kept++] = lines[i];
    }
    request->line_count = kept;
    settle_lines(result, request);
    return 0;
}

static size_t count_watched(const struct compare_request *request)
{
    size_t count = 0;
    for (int side = 0; side < COMPARE_SIDES; side++) {
        const struct session_request *at = request->inputs[side] != NULL ? request->inputs[side]->model->request : NULL;
        for (size_t i = 0; at != NULL && i < at->function_count; i++)
            count += at->functions[i].line_count;
    }
    return count;
}

static int add_watched(struct compare_result *result, struct compare_request *request, int side, size_t index)
{
    const struct compare_input *input = request->inputs[side];
    const struct session_function *function = &input->model->request->functions[index];
    for (size_t i = 0; i < function->line_count; i++) {
        const struct session_line *line = &function->lines[i];
        struct compare_watched *watched = &request->watched[request->watched_count++];
        *watched = (struct compare_watched){0};
        watched->occurrences[side] = line->occurrences;
        watched->heap_bytes[side] = line->heap_bytes;
        watched->has_rss[side] = line->has_rss;
        watched->increment_bytes[side] = line->increment_bytes;
        if (compare_locate(result, side, compare_watched_of(result, side, input, index), function->file, line->line,
                           &watched->place) != 0)
            return -ENOMEM;
    }
    return 0;
}

static void add_watched_figures(struct compare_watched *into, const struct compare_watched *from)
{
    for (int side = 0; side < COMPARE_SIDES; side++) {
        into->occurrences[side] += from->occurrences[side];
        into->heap_bytes[side] += from->heap_bytes[side];
        into->has_rss[side] |= from->has_rss[side];
        into->increment_bytes[side] += from->increment_bytes[side];
    }
}

static int by_watched_place(const void *left, const void *right)
{
    const struct compare_watched *a = left, *b = right;
    return compare_places(&a->place, &b->place);
}

/* The allocator's counters, of which they are, are less exact than stacks: they make no difference where there are
 * such.
 */
static void settle_watched(struct compare_result *result, struct compare_request *request)
{
    for (size_t i = 0; i < request->watched_count; i++) {
        const struct compare_pair pair = compare_heap(request, &request->watched[i]);
        result->has_offsets |= request->watched[i].place.by_offset;
        request->lines_differ |= !request->by_stacks && compare_is_known(&pair) && compare_sign(&pair) != 0;
    }
}

int compare_match_watched(struct compare_result *result, struct compare_request *request)
{
    struct compare_watched *watched = request->watched = calloc(count_watched(request) + 1, sizeof *watched);
    size_t kept = 0;
    if (watched == NULL)
        return -ENOMEM;
    for (int side = 0; side < COMPARE_SIDES; side++) {
        const struct session_request *at = request->inputs[side] != NULL ? request->inputs[side]->model->request : NULL;
        for (size_t i = 0; at != NULL && i < at->function_count; i++)
            if (add_watched(result, request, side, i) != 0)
                return -ENOMEM;
    }
    if (request->watched_count > 1)
        qsort(watched, request->watched_count, sizeof *watched, by_watched_place);
    for (size_t i = 0; i < request->watched_count; i++) {
        if (kept > 0 && compare_places(&watched[kept - 1].place, &watched[i].place) == 0)
            add_watched_figures(&watched[kept - 1], &watched[i]);
        else
            watched[kept++] = watched[i];
    }
    request->watched_count = kept;
    settle_watched(result, request);
    return 0;
}

/* The stack's functions, innermost first, into the request's frames; same functions behind each other stay several. */
static void add_frames(const struct compare_result *result, struct compare_request *request, int side,
                       const struct model_stack *from, struct compare_stack *out)
{
    const struct compare_input *input = request->inputs[side];
    struct model_walk walk = {0};
    const struct model_frame *frame;
    out->frame_first = request->frame_count;
    while ((frame = model_next(input->model, from, &walk)) != NULL)
        request->frames[request->frame_count++] = compare_function_of(result, side, input, frame);
    out->frame_count = request->frame_count - out->frame_first;
    memcpy(out->measures[side], from->measures, sizeof from->measures);
}

static int by_frames(const void *left, const void *right, void *data)
{
    const struct compare_stack *a = left, *b = right;
    const uint32_t *frames = data, *a_frames = frames + a->frame_first, *b_frames = frames + b->frame_first;
    /* From the root, so that branches stay together. */
    for (size_t i = 1; i <= a->frame_count && i <= b->frame_count; i++) {
        const uint32_t x = a_frames[a->frame_count - i], y = b_frames[b->frame_count - i];
        if (x != y)
            return x < y ? -1 : 1;
    }
    return (a->frame_count > b->frame_count) - (a->frame_count < b->frame_count);
}

static size_t count_frames(const struct compare_request *request)
{
    size_t count = 0;
    for (int side = 0; side < COMPARE_SIDES; side++) {
        const struct model *model = request->inputs[side] != NULL ? request->inputs[side]->model : NULL;
        for (size_t i = 0; model != NULL && i < model->stack_count; i++)
            count += model_depth(model, &model->stacks[i]);
    }
    return count;
}

/* Does a stack do anything with memory on that side? */
static bool has_memory(const struct compare_stack *stack, int side)
{
    for (size_t i = 0; i < EXACT_COUNT; i++)
        if (stack->measures[side][exact_measures[i]] > 0)
            return true;
    return false;
}

/* Each function once per stack: recursion allocates nothing twice. `seen` and `sums` are of the result's functions. */
static void add_to_functions(struct compare_result *result, const struct compare_request *request, int side,
                             size_t *seen, uint64_t *sums)
{
    for (size_t i = 0; i < request->stack_count; i++) {
        const struct compare_stack *stack = &request->stacks[i];
        for (size_t j = 0; j < stack->frame_count && has_memory(stack, side); j++) {
            const uint32_t function = request->frames[stack->frame_first + j];
            if (seen[function] == i + 1)
                continue;
            seen[function] = i + 1;
            sums[function] += stack->measures[side][MODEL_ALLOC_BYTES];
            result->functions[function].sides[side].allocates = true;
        }
    }
}

static int sum_functions(struct compare_result *result, const struct compare_request *request)
{
    if (!request->has_memory[COMPARE_OLD] || !request->has_memory[COMPARE_NEW])
        return 0;
    int code = 0;
    for (int side = 0; side < COMPARE_SIDES && code == 0; side++) {
        size_t *seen = calloc(result->function_count + 1, sizeof *seen);
        uint64_t *sums = calloc(result->function_count + 1, sizeof *sums);
        if (seen != NULL && sums != NULL)
            add_to_functions(result, request, side, seen, sums);
        else
            code = -ENOMEM;
        for (size_t i = 0; code == 0 && i < result->function_count; i++)
            result->functions[i].sides[side].alloc_bytes += sums[i] / compare_firings(request->inputs[side]);
        free(seen);
        free(sums);
    }
    return code;
}

int compare_match_stacks(struct compare_result *result, struct compare_request *request)
{
    struct compare_stack *stacks = request->stacks = calloc(count_stacks(request) + 1, sizeof *stacks);
    request->frames = calloc(count_frames(request) + 1, sizeof *request->frames);
    size_t count = 0, kept = 0;
    if (stacks == NULL || request->frames == NULL)
        return -ENOMEM;
    for (int side = 0; side < COMPARE_SIDES; side++) {
        const struct model *model = request->inputs[side] != NULL ? request->inputs[side]->model : NULL;
        for (size_t i = 0; model != NULL && i < model->stack_count; i++)
            add_frames(result, request, side, &model->stacks[i], &stacks[count++]);
    }
    if (count > 1)
        qsort_r(stacks, count, sizeof *stacks, by_frames, request->frames);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && by_frames(&stacks[kept - 1], &stacks[i], request->frames) == 0)
            add_measures(stacks[kept - 1].measures, stacks[i].measures);
        else
            stacks[kept++] = stacks[i];
    }
    request->stack_count = kept;
    return sum_functions(result, request);
}
