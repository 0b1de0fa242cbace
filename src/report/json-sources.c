/* Ranges of lines are collected, sorted and merged. */

#include "report/json-sources.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct range {
    const char *file;
    uint32_t first, last;
};

struct json_sources {
    struct range *ranges;
    size_t count, room;
    struct source_cache *cache;
};

static int add(struct json_sources *sources, const char *file, uint32_t first, uint32_t last)
{
    struct range *ranges = array_grow(sources->ranges, &sources->room, sources->count + 1, sizeof *ranges);
    if (ranges == NULL)
        return -1;
    sources->ranges = ranges;
    ranges[sources->count++] = (struct range){file, first, last};
    return 0;
}

static int add_functions(struct json_sources *sources, const struct session_request *request)
{
    for (size_t i = 0; i < request->function_count; i++) {
        const struct session_function *function = &request->functions[i];
        struct source_block block = source_find_block(source_cache_get(sources->cache, function->file), function);
        if (function->file != NULL && add(sources, function->file, block.first, block.last) != 0)
            return -1;
        /* Code of a header that was included in its middle has lines outside. */
        for (size_t j = 0; j < function->line_count; j++)
            if (function->file != NULL &&
                add(sources, function->file, function->lines[j].line, function->lines[j].line) != 0)
                return -1;
    }
    return 0;
}

/* A function of a stack, and its line there. */
struct mention {
    const char *file, *name;
    uint32_t line, last_line;
};

static int by_function(const void *left, const void *right)
{
    const struct mention *a = left, *b = right;
    int by = strcmp(a->file, b->file);
    if (by == 0)
        by = (a->line > b->line) - (a->line < b->line);
    if (by == 0)
        by = strcmp(a->name, b->name);
    return by != 0 ? by : (a->last_line < b->last_line) - (a->last_line > b->last_line);
}

/* Add the blocks of the functions, each of which may be mentioned many times: the one with the highest line comes
 * first.
 */
static int add_blocks(struct json_sources *sources, struct mention *mentions, size_t count)
{
    if (count > 1)
        qsort(mentions, count, sizeof *mentions, by_function);
    for (size_t i = 0; i < count; i++) {
        const struct mention *at = &mentions[i];
        if (i > 0 && at->line == at[-1].line && strcmp(at->file, at[-1].file) == 0 &&
            strcmp(at->name, at[-1].name) == 0)
            continue;
        const struct source *source = source_cache_get(sources->cache, at->file);
        const struct source_block block = source_find_named(source, at->name, at->line, at->last_line);
        if (add(sources, at->file, block.first, block.last) != 0)
            return -1;
    }
    return 0;
}

/* Of the program's own functions the whole block, so that another version's lines can be found in it by their text. */
static int add_frames(struct json_sources *sources, const struct stacks *stacks)
{
    struct mention *mentions = NULL;
    size_t count = 0, room = 0;
    int code = 0;
    for (uint32_t i = 0; i < stacks_count(stacks) && code == 0; i++) {
        struct session_frame frame;
        const struct stacks_chain *chain = stacks_numbered(stacks, i, &frame);
        for (size_t j = 0; j < chain->count && code == 0; j++) {
            const struct symbols_frame *symbol = &chain->items[j];
            if (stacks_rank(stacks, &frame, symbol) != STACKS_LINE)
                continue;
            code = add(sources, symbol->file, symbol->line, symbol->line);
            struct mention *larger = array_grow(mentions, &room, count + 1, sizeof *mentions);
            if (larger == NULL) {
                code = -1;
                break;
            }
            mentions = larger;
            if (symbol->function != NULL && symbol->function_line > 0 && symbol->function_file != NULL &&
                strcmp(symbol->function_file, symbol->file) == 0)
                mentions[count++] =
                    (struct mention){symbol->file, symbol->function, symbol->function_line, symbol->line};
        }
    }
    if (code == 0)
        code = add_blocks(sources, mentions, count);
    free(mentions);
    return code;
}

static int compare(const void *left, const void *right)
{
    const struct range *a = left, *b = right;
    int by = strcmp(a->file, b->file);
    if (by != 0)
        return by;
    return a->first != b->first ? (a->first > b->first) - (a->first < b->first)
                                : (a->last > b->last) - (a->last < b->last);
}

struct json_sources *json_sources_new(const struct session *session, const struct stacks *stacks,
                                      struct source_cache *cache)
{
    struct json_sources *sources = calloc(1, sizeof *sources);
    if (sources == NULL)
        return NULL;
    sources->cache = cache;
    int code = 0;
    for (size_t i = 0; i < session->request_count && code == 0; i++)
        code = add_functions(sources, &session->requests[i]);
    if (code == 0)
        code = add_frames(sources, stacks);
    if (code != 0) {
        json_sources_free(sources);
        return NULL;
    }
    if (sources->count > 1)
        qsort(sources->ranges, sources->count, sizeof *sources->ranges, compare);
    return sources;
}

void json_sources_free(struct json_sources *sources)
{
    if (sources != NULL)
        free(sources->ranges);
    free(sources);
}

/* Those of the lines `first` to `last` that come after `done` and are in the source; returns the last line done. */
static uint32_t append_lines(struct json_build *build, json_t *lines, const struct source *source, uint32_t done,
                             const struct range *range)
{
    for (uint32_t line = range->first > done ? range->first : done + 1; line <= range->last; line++) {
        size_t length;
        const char *text = source_line(source, line, &length);
        if (text == NULL)
            return done;
        json_t *object = json_object();
        build_put(build, object, "line", json_integer(line));
        build_put(build, object, "text", build_bytes(text, length));
        build_append(build, lines, object);
        done = line;
    }
    return done;
}

json_t *json_sources_next(struct json_sources *sources, struct json_build *build, size_t *position)
{
    while (*position < sources->count) {
        const char *file = sources->ranges[*position].file;
        const struct source *source = source_cache_get(sources->cache, file);
        json_t *lines = json_array();
        uint32_t done = 0;
        for (; *position < sources->count && strcmp(sources->ranges[*position].file, file) == 0; ++*position)
            done = append_lines(build, lines, source, done, &sources->ranges[*position]);
        if (json_array_size(lines) > 0) {
            json_t *object = json_object();
            build_put(build, object, "file", build_string(file));
            build_put(build, object, "lines", lines);
            return object;
        }
        json_decref(lines);
    }
    return NULL;
}
