/* Stacks are written outermost frame first and in lexical order, so that neighbours share their beginnings. */

#include "report/page-stacks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/page-names.h"

/* A stack with its frames, outermost first. */
struct path {
    const struct model_stack *stack;
    const uint32_t *frames;
    size_t depth;
};

struct paths {
    struct path *items;
    uint32_t *frames; /* of all of them */
};

static int compare_paths(const void *a, const void *b)
{
    const struct path *left = a, *right = b;
    for (size_t i = 0; i < left->depth && i < right->depth; i++)
        if (left->frames[i] != right->frames[i])
            return left->frames[i] < right->frames[i] ? -1 : 1;
    if (left->depth != right->depth)
        return left->depth < right->depth ? -1 : 1;
    return left->stack < right->stack ? -1 : left->stack > right->stack;
}

/* Fill `frames`, which has room for them, from the end. */
static void lay_out(const struct model *model, const struct model_stack *stack, uint32_t *frames, size_t depth)
{
    struct model_walk walk = {0};
    for (const struct model_frame *frame; (frame = model_next(model, stack, &walk)) != NULL;)
        frames[--depth] = (uint32_t)(frame - model->frames);
}

static int paths_build(const struct model *model, struct paths *out)
{
    size_t total = 0, at = 0;
    for (size_t i = 0; i < model->stack_count; i++)
        total += model_depth(model, &model->stacks[i]);
    *out = (struct paths){.items = calloc(model->stack_count + 1, sizeof *out->items),
                          .frames = calloc(total + 1, sizeof *out->frames)};
    if (out->items == NULL || out->frames == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < model->stack_count; i++) {
        size_t depth = model_depth(model, &model->stacks[i]);
        lay_out(model, &model->stacks[i], &out->frames[at], depth);
        out->items[i] = (struct path){&model->stacks[i], &out->frames[at], depth};
        at += depth;
    }
    qsort(out->items, model->stack_count, sizeof *out->items, compare_paths);
    return 0;
}

static void paths_fini(struct paths *paths)
{
    free(paths->items);
    free(paths->frames);
}

static size_t shared(const struct path *before, const struct path *path)
{
    size_t i = 0;
    while (i < before->depth && i < path->depth && before->frames[i] == path->frames[i])
        i++;
    return i;
}

static void put_shape(struct json_build *build, json_t *stacks, const struct paths *paths, size_t count)
{
    json_t *keep = json_array(), *fresh = json_array(), *path = json_array();
    for (size_t i = 0; i < count; i++) {
        const struct path *item = &paths->items[i];
        size_t kept = i > 0 ? shared(item - 1, item) : 0;
        build_append(build, keep, json_integer((json_int_t)kept));
        build_append(build, fresh, json_integer((json_int_t)(item->depth - kept)));
        for (size_t j = kept; j < item->depth; j++)
            build_append(build, path, json_integer(item->frames[j]));
    }
    build_put(build, stacks, "keep", keep);
    build_put(build, stacks, "fresh", fresh);
    build_put(build, stacks, "path", path);
}

static const struct {
    const char *name;
    enum model_measure measure;
} columns[] = {
    {"peak_bytes", MODEL_PEAK_BYTES}, {"alloc_bytes", MODEL_ALLOC_BYTES}, {"alloc_count", MODEL_ALLOC_COUNT},
    {"live_bytes", MODEL_LIVE_BYTES}, {"live_count", MODEL_LIVE_COUNT},   {"temporary_count", MODEL_TEMPORARY_COUNT},
    {"time_ns", MODEL_TIME_NS},
};

/* Measures that were not taken have no column. */
static void put_values(struct json_build *build, json_t *stacks, const struct model *model, const struct paths *paths)
{
    json_t *values = json_object();
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        if (columns[i].measure == MODEL_TIME_NS ? !model->has_time : !model->has_memory)
            continue;
        json_t *column = json_array();
        for (size_t j = 0; j < model->stack_count; j++)
            build_append(build, column, build_integer(paths->items[j].stack->measures[columns[i].measure]));
        build_put(build, values, columns[i].name, column);
    }
    build_put(build, stacks, "values", values);
}

/* What is known of the blocks besides; 0 allocations' sizes and 0 ages mean nothing. */
static void put_blocks(struct json_build *build, json_t *stacks, const struct model *model, const struct paths *paths)
{
    json_t *least = json_array(), *most = json_array(), *ages = json_array(), *age_ns = json_array(),
           *ends = json_array();
    for (size_t i = 0; i < model->stack_count; i++) {
        static const struct session_site none;
        const struct session_site *site = paths->items[i].stack->site;
        if (site == NULL)
            site = &none;
        build_append(build, least, build_integer(site->size_min_bytes));
        build_append(build, most, build_integer(site->size_max_bytes));
        build_append(build, ages, build_integer(site->lifetimes.count));
        build_append(build, age_ns, build_integer(site->lifetimes.sum_ns));
        build_append(build, ends, json_integer(site->cut || site->stopped));
    }
    build_put(build, stacks, "size_min", least);
    build_put(build, stacks, "size_max", most);
    build_put(build, stacks, "age_count", ages);
    build_put(build, stacks, "age_ns", age_ns);
    build_put(build, stacks, "cut", ends);
}

static json_t *build_functions(struct json_build *build, const struct model *model, const struct names *names,
                               const struct names *files)
{
    json_t *object = json_object(), *name = json_array(), *file = json_array(), *line = json_array(),
           *module = json_array(), *rank = json_array();
    for (size_t i = 0; i < model->function_count; i++) {
        const struct model_function *function = &model->functions[i];
        build_append(build, name, json_integer(names_find(names, function->name)));
        build_append(build, file, json_integer(names_find(files, function->file)));
        build_append(build, line, json_integer(function->line));
        build_append(build, module, json_integer(names_find(names, function->module)));
        build_append(build, rank, json_integer(function->rank));
    }
    build_put(build, object, "name", name);
    build_put(build, object, "file", file);
    build_put(build, object, "line", line);
    build_put(build, object, "module", module);
    build_put(build, object, "rank", rank);
    return object;
}

/* The source line of a frame in the program's own sources, without its indentation; null when there is none. */
static json_t *build_frame_text(const struct model *model, const struct model_frame *frame, struct source_cache *cache)
{
    if (cache == NULL || frame->line == 0 || model->functions[frame->function].rank != STACKS_LINE)
        return json_null();
    size_t length;
    const char *text = source_line(source_cache_get(cache, frame->file), frame->line, &length);
    for (; text != NULL && length > 0 && (*text == ' ' || *text == '\t'); text++)
        length--;
    return text != NULL ? build_bytes(text, length) : json_null();
}

static json_t *build_frames(struct json_build *build, const struct model *model, const struct names *files,
                            struct source_cache *cache)
{
    json_t *object = json_object(), *function = json_array(), *file = json_array(), *line = json_array(),
           *inlined = json_array(), *text = json_array();
    for (size_t i = 0; i < model->frame_count; i++) {
        const struct model_frame *frame = &model->frames[i];
        build_append(build, function, json_integer(frame->function));
        build_append(build, file, json_integer(names_find(files, frame->file)));
        build_append(build, line, json_integer(frame->line));
        build_append(build, inlined, json_integer(frame->inlined));
        build_append(build, text, build_frame_text(model, frame, cache));
    }
    build_put(build, object, "function", function);
    build_put(build, object, "file", file);
    build_put(build, object, "line", line);
    build_put(build, object, "inlined", inlined);
    build_put(build, object, "text", text);
    return object;
}

static int collect_names(const struct model *model, struct names *names, struct names *files)
{
    for (size_t i = 0; i < model->function_count; i++) {
        names_add(names, model->functions[i].name);
        names_add(names, model->functions[i].module);
        names_add(files, model->functions[i].file);
    }
    for (size_t i = 0; i < model->frame_count; i++)
        names_add(files, model->frames[i].file);
    int code = names_seal(names);
    return code != 0 ? code : names_seal(files);
}

int page_stacks_put(struct json_build *build, json_t *root, const struct model *model, struct source_cache *cache)
{
    struct paths paths;
    struct names names = {0}, files = {0};
    int code = paths_build(model, &paths);
    if (code == 0)
        code = collect_names(model, &names, &files);
    if (code == 0) {
        json_t *stacks = json_object();
        put_shape(build, stacks, &paths, model->stack_count);
        put_values(build, stacks, model, &paths);
        put_blocks(build, stacks, model, &paths);
        build_put(build, root, "names", names_build(&names, NULL, build));
        build_put(build, root, "files", names_build(&files, source_add_name, build));
        build_put(build, root, "functions", build_functions(build, model, &names, &files));
        build_put(build, root, "frames", build_frames(build, model, &files, cache));
        build_put(build, root, "stacks", stacks);
    }
    paths_fini(&paths);
    names_fini(&names);
    names_fini(&files);
    return code;
}
