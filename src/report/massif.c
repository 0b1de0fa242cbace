/* Valgrind's massif.out: docs of valgrind, "Massif: a heap profiler", and what ms_print reads. */

#include <config.h>

#include "report/formats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "report/format-parts.h"

/* A caller in the tree: of everything that its parent stands for, what came this way. Number 0 is the top. */
struct node {
    uint32_t parent, frame;
    uint64_t bytes;
};

/* The nodes of a parent follow each other, largest first. */
struct tree {
    struct node *nodes;
    size_t count;
    uint32_t *order;                         /* all but the top, by parent */
    uint32_t *first_children, *child_counts; /* by node; the first in `order` */
};

/* The stacks that hold something at the peak, as lists of frames. */
struct paths {
    uint32_t *frames;
    size_t frame_count;
    struct path {
        size_t first;
        size_t count;
        uint64_t bytes;
    } * items;
    size_t count;
};

struct sorter {
    const struct model *model;
    const void *items;
};

static int paths_init(const struct model *model, struct paths *paths)
{
    size_t frame_count = 0;
    for (size_t i = 0; i < model->stack_count; i++)
        frame_count += model->stacks[i].measures[MODEL_PEAK_BYTES] > 0 ? model_depth(model, &model->stacks[i]) : 0;
    *paths = (struct paths){.frames = calloc(frame_count + 1, sizeof *paths->frames),
                            .items = calloc(model->stack_count + 1, sizeof *paths->items)};
    if (paths->frames == NULL || paths->items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < model->stack_count; i++) {
        const struct model_stack *stack = &model->stacks[i];
        if (stack->measures[MODEL_PEAK_BYTES] == 0)
            continue;
        struct path *path = &paths->items[paths->count++];
        struct model_walk walk = {0};
        *path = (struct path){.first = paths->frame_count, .bytes = stack->measures[MODEL_PEAK_BYTES]};
        for (const struct model_frame *frame; (frame = model_next(model, stack, &walk)) != NULL; path->count++)
            paths->frames[paths->frame_count++] = (uint32_t)(frame - model->frames);
    }
    return 0;
}

static void paths_fini(struct paths *paths)
{
    free(paths->frames);
    free(paths->items);
}

/* How many frames two paths begin with in common. */
static size_t common_length(const uint32_t *frames, const struct path *a, const struct path *b)
{
    size_t length = 0;
    while (length < a->count && length < b->count && frames[a->first + length] == frames[b->first + length])
        length++;
    return length;
}

static int compare_paths(const void *left, const void *right, void *data)
{
    const struct path *a = left, *b = right;
    const uint32_t *frames = data;
    const size_t length = common_length(frames, a, b);
    if (length == a->count || length == b->count)
        return (a->count > b->count) - (a->count < b->count);
    return frames[a->first + length] < frames[b->first + length] ? -1 : 1;
}

/* From sorted paths: what one has in common with the one before is there already. `open` has the nodes of the path
 * before. */
static void plant(const struct paths *paths, struct tree *tree, uint32_t *open)
{
    tree->nodes[tree->count++] = (struct node){0};
    for (size_t i = 0; i < paths->count; i++) {
        const struct path *path = &paths->items[i];
        const size_t common = i > 0 ? common_length(paths->frames, path - 1, path) : 0;
        tree->nodes[0].bytes += path->bytes;
        for (size_t depth = 0; depth < path->count; depth++) {
            if (depth >= common) {
                open[depth] = (uint32_t)tree->count++;
                tree->nodes[open[depth]] = (struct node){.parent = depth > 0 ? open[depth - 1] : 0,
                                                         .frame = paths->frames[path->first + depth]};
            }
            tree->nodes[open[depth]].bytes += path->bytes;
        }
    }
}

static int compare_siblings(const void *left, const void *right, void *data)
{
    const struct sorter *sorter = data;
    const struct node *nodes = sorter->items, *a = &nodes[*(const uint32_t *)left],
                      *b = &nodes[*(const uint32_t *)right];
    if (a->parent != b->parent)
        return a->parent < b->parent ? -1 : 1;
    if (a->bytes != b->bytes)
        return a->bytes > b->bytes ? -1 : 1;
    const struct model_frame *one = &sorter->model->frames[a->frame], *other = &sorter->model->frames[b->frame];
    const int order = format_compare_functions(sorter->model, one->function, other->function);
    return order != 0 ? order : one->line != other->line ? (one->line < other->line ? -1 : 1) : 0;
}

static void order_tree(const struct model *model, struct tree *tree)
{
    const struct sorter sorter = {model, tree->nodes};
    for (size_t i = 1; i < tree->count; i++)
        tree->order[i - 1] = (uint32_t)i;
    if (tree->count > 1)
        qsort_r(tree->order, tree->count - 1, sizeof *tree->order, compare_siblings, (void *)(uintptr_t)&sorter);
    for (size_t i = tree->count - 1; i-- > 0;) {
        const uint32_t parent = tree->nodes[tree->order[i]].parent;
        tree->first_children[parent] = (uint32_t)i;
        tree->child_counts[parent]++;
    }
}

static int tree_init(const struct model *model, struct tree *tree)
{
    struct paths paths;
    uint32_t *open = NULL;
    int code = paths_init(model, &paths);
    if (code == 0) {
        if (paths.count > 0)
            qsort_r(paths.items, paths.count, sizeof *paths.items, compare_paths, paths.frames);
        open = calloc(paths.frame_count + 1, sizeof *open);
        tree->nodes = calloc(paths.frame_count + 1, sizeof *tree->nodes);
        tree->order = calloc(paths.frame_count + 1, sizeof *tree->order);
        tree->first_children = calloc(paths.frame_count + 1, sizeof *tree->first_children);
        tree->child_counts = calloc(paths.frame_count + 1, sizeof *tree->child_counts);
        if (open == NULL || tree->nodes == NULL || tree->order == NULL || tree->first_children == NULL ||
            tree->child_counts == NULL)
            code = -ENOMEM;
    }
    if (code == 0) {
        plant(&paths, tree, open);
        order_tree(model, tree);
    }
    free(open);
    paths_fini(&paths);
    return code;
}

static void tree_fini(struct tree *tree)
{
    free(tree->nodes);
    free(tree->order);
    free(tree->first_children);
    free(tree->child_counts);
}

/* An address of each frame; 0 where there is none. NULL when memory is out. */
static uint64_t *find_addresses(const struct model *model)
{
    uint64_t *addresses = calloc(model->frame_count + 1, sizeof *addresses);
    for (size_t i = 0; addresses != NULL && i < model->address_count; i++) {
        const struct model_address *address = &model->addresses[i];
        for (uint32_t link = 0; link < address->link_count && address->place != NULL; link++) {
            uint64_t *known = &addresses[model->links[address->link_first + link]];
            if (*known == 0 || address->place->address < *known)
                *known = address->place->address;
        }
    }
    return addresses;
}

struct writer {
    const struct model *model;
    FILE *out;
    unsigned snapshot_count;
    int code;
};

static void print_frame(struct writer *writer, const struct model_frame *frame, uint64_t address)
{
    const struct model_function *function = &writer->model->functions[frame->function];
    struct text text = TEXT_EMPTY;
    text_addf(&text, "0x%" PRIX64 ": ", address);
    format_add_name(&text, function->name);
    if (frame->file != NULL) {
        const char *slash = strrchr(frame->file, '/');
        text_add(&text, " (");
        format_add_name(&text, slash != NULL ? slash + 1 : frame->file);
        text_addf(&text, ":%" PRIu32 ")", frame->line);
    } else if (function->module != NULL) {
        text_add(&text, " (in ");
        format_add_name(&text, function->module);
        text_add(&text, ")");
    }
    text_add(&text, "\n");
    format_print(&text, writer->out, &writer->code);
}

/* The nodes from the top downwards, each before its children, without recursion: stacks may be deep. */
static int print_tree(struct writer *writer, const struct tree *tree)
{
    uint64_t *addresses = find_addresses(writer->model);
    uint32_t *nexts = calloc(tree->count + 1, sizeof *nexts); /* by node: how many children are printed */
    const bool is_ready = addresses != NULL && nexts != NULL;
    size_t depth = 0;
    if (is_ready)
        fprintf(writer->out, "n%" PRIu32 ": %" PRIu64 " (heap allocation functions) malloc, new and the like\n",
                tree->child_counts[0], tree->nodes[0].bytes);
    for (uint32_t at = 0; is_ready;) {
        if (nexts[at] == tree->child_counts[at]) {
            if (at == 0)
                break;
            at = tree->nodes[at].parent;
            depth--;
            continue;
        }
        at = tree->order[tree->first_children[at] + nexts[at]++];
        fprintf(writer->out, "%*sn%" PRIu32 ": %" PRIu64 " ", (int)++depth, "", tree->child_counts[at],
                tree->nodes[at].bytes);
        print_frame(writer, &writer->model->frames[tree->nodes[at].frame], addresses[tree->nodes[at].frame]);
    }
    free(addresses);
    free(nexts);
    return is_ready ? writer->code : -ENOMEM;
}

static void print_snapshot(struct writer *writer, uint64_t ns, uint64_t bytes, uint64_t extra_bytes, const char *tree)
{
    fprintf(writer->out,
            "#-----------\nsnapshot=%u\n#-----------\ntime=%" PRIu64 "\nmem_heap_B=%" PRIu64
            "\nmem_heap_extra_B=%" PRIu64 "\nmem_stacks_B=0\nheap_tree=%s\n",
            writer->snapshot_count++, ns / 1000000, bytes, extra_bytes, tree);
}

static int print_peak(struct writer *writer, uint64_t ns)
{
    const struct model *model = writer->model;
    const uint64_t bytes = model->totals[MODEL_PEAK_BYTES];
    uint64_t extra = 0;
    struct tree tree = {0};
    /* Of one process, all of its heap at that moment is known as the allocator counts it. */
    if (model->request->is_run && model->session->process_count == 1 && model->request->totals.peak_bytes > 0 &&
        (uint64_t)model->request->totals.peak_bytes > bytes)
        extra = (uint64_t)model->request->totals.peak_bytes - bytes;
    print_snapshot(writer, ns, bytes, extra, "peak");
    int code = tree_init(model, &tree);
    if (code == 0)
        code = print_tree(writer, &tree);
    tree_fini(&tree);
    return code;
}

static int64_t highest(const struct session_process *process)
{
    int64_t bytes = 0;
    for (size_t i = 0; i < process->point_count; i++)
        if (process->points[i].heap_bytes > bytes)
            bytes = process->points[i].heap_bytes;
    return bytes;
}

/* The process whose heap was largest; NULL when no process has points. */
static const struct session_process *find_process(const struct session *session)
{
    const struct session_process *found = NULL;
    for (size_t i = 0; i < session->process_count; i++) {
        const struct session_process *process = &session->processes[i];
        if (process->point_count > 0 && (found == NULL || highest(process) > highest(found)))
            found = process;
    }
    return found;
}

static uint64_t time_of_peak(const struct session_process *process)
{
    if (process->has_peak_ns)
        return process->peak_ns;
    const int64_t bytes = highest(process);
    uint64_t ns = 0;
    for (size_t i = process->point_count; i-- > 0;)
        if (process->points[i].heap_bytes == bytes)
            ns = process->points[i].ns;
    return ns;
}

/* A whole run: a process's heap over time, the peak among it. */
static int print_series(struct writer *writer, const struct session_process *process)
{
    const uint64_t peak_ns = time_of_peak(process);
    bool is_printed = false;
    int code = 0;
    for (size_t i = 0; i < process->point_count && code == 0; i++) {
        const struct session_point *point = &process->points[i];
        if (!is_printed && point->ns >= peak_ns) {
            code = print_peak(writer, peak_ns);
            is_printed = true;
        }
        print_snapshot(writer, point->ns, point->heap_bytes > 0 ? (uint64_t)point->heap_bytes : 0, 0, "empty");
    }
    return is_printed || code != 0 ? code : print_peak(writer, peak_ns);
}

static void print_head(struct writer *writer, const struct session_process *process)
{
    const struct session *session = writer->model->session;
    struct text text = TEXT_EMPTY;
    text_add(&text, "desc: " PACKAGE_STRING ": ");
    format_add_title(&text, writer->model);
    if (process == NULL)
        text_add(&text, "\ndesc: when the peak was is not known: it stands at the end");
    else if (session->process_count > 1)
        text_addf(&text, "\ndesc: over time, process %" PRIu32 " of %zu; at the peak, all of them", process->pid,
                  session->process_count);
    text_add(&text, "\ncmd: ");
    format_add_command(&text, session);
    text_add(&text, "\ntime_unit: ms\n");
    format_print(&text, writer->out, &writer->code);
}

int report_massif(const struct model *model, const struct report_options *options, FILE *out, struct err *err)
{
    struct writer writer = {.model = model, .out = out};
    int code = format_check_measure(model, MODEL_PEAK_BYTES, err);
    if (code != 0)
        return code;
    const struct session_process *process = model->request->is_run ? find_process(model->session) : NULL;
    print_head(&writer, process);
    if (process != NULL) {
        code = print_series(&writer, process);
    } else {
        print_snapshot(&writer, 0, 0, 0, "empty");
        code = print_peak(&writer, model->request->elapsed_ns);
    }
    return format_finish(out, code, "massif.out", err);
}
