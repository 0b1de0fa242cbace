/* Which functions and which of their lines are the same on both sides. Everything is gathered in lists and sorted, so
   that what belongs together is side by side. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "report/compare-lines.h"
#include "report/compare-work.h"

int compare_texts(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}

/* A function of one model. */
struct known {
    const struct model_function *function;
    const char *file; /* without the root; that of the module where the source is not known */
    int side;
    uint32_t input, index;
};

static size_t count_of(const struct compare_input *input)
{
    return input->model->function_count + input->model->request->function_count;
}

static size_t count_functions(const struct compare_result *result)
{
    size_t count = 0;
    for (int side = 0; side < COMPARE_SIDES; side++)
        for (size_t i = 0; i < result->sides[side].input_count; i++)
            count += count_of(&result->sides[side].inputs[i]);
    return count;
}

static size_t gather(const struct compare_result *result, struct known *out)
{
    size_t count = 0;
    for (int side = 0; side < COMPARE_SIDES; side++) {
        for (size_t i = 0; i < result->sides[side].input_count; i++) {
            const struct model *model = result->sides[side].inputs[i].model;
            const struct model_function *watched = result->private->watched[side][i];
            for (size_t j = 0; j < count_of(&result->sides[side].inputs[i]); j++)
                out[count++] = (struct known){
                    .function = j < model->function_count ? &model->functions[j] : &watched[j - model->function_count],
                    .side = side,
                    .input = (uint32_t)i,
                    .index = (uint32_t)j};
        }
    }
    return count;
}

static int by_text(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static size_t remove_doubles(const char **texts, size_t count)
{
    size_t kept = 0;
    if (count > 1)
        qsort(texts, count, sizeof *texts, by_text);
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || strcmp(texts[kept - 1], texts[i]) != 0)
            texts[kept++] = texts[i];
    return kept;
}

/* The program's own source files say where its tree lies. */
static int find_roots(struct compare_result *result, const struct known *known, size_t count)
{
    const char **files[COMPARE_SIDES];
    size_t counts[COMPARE_SIDES];
    int code = 0;
    for (int side = 0; side < COMPARE_SIDES; side++) {
        files[side] = malloc((count + 1) * sizeof *files[side]);
        counts[side] = 0;
        for (size_t i = 0; files[side] != NULL && i < count; i++)
            if (known[i].side == side && known[i].function->rank == STACKS_LINE && known[i].function->file != NULL)
                files[side][counts[side]++] = known[i].function->file;
        if (files[side] == NULL)
            code = -ENOMEM;
        else
            counts[side] = remove_doubles(files[side], counts[side]);
    }
    if (code == 0)
        code = compare_paths_find(files, counts, &result->private->roots);
    for (int side = 0; side < COMPARE_SIDES; side++)
        free(files[side]);
    return code;
}

static const char *last_name(const char *path)
{
    const char *slash = path != NULL ? strrchr(path, '/') : NULL;
    return slash != NULL ? slash + 1 : path;
}

static void name_files(const struct compare_result *result, struct known *known, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct model_function *function = known[i].function;
        known[i].file = function->file != NULL
                            ? compare_paths_strip(&result->private->roots, known[i].side, function->file)
                            : last_name(function->module);
    }
}

static int compare_known(const struct known *a, const struct known *b)
{
    const int by = compare_texts(a->function->name, b->function->name);
    return by != 0 ? by : compare_texts(a->file, b->file);
}

static int by_function(const void *left, const void *right)
{
    const struct known *a = left, *b = right;
    const int by = compare_known(a, b);
    if (by != 0)
        return by;
    if (a->side != b->side)
        return a->side < b->side ? -1 : 1;
    if (a->input != b->input)
        return a->input < b->input ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

/* Number the functions, and note for each model's which it is. */
static int number(struct compare_result *result, const struct known *known, size_t count)
{
    result->functions = calloc(count + 1, sizeof *result->functions);
    if (result->functions == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || compare_known(&known[i - 1], &known[i]) != 0)
            result->functions[result->function_count++].name = known[i].function->name;
        struct compare_definition *definition = &result->functions[result->function_count - 1].sides[known[i].side];
        if (definition->function == NULL) {
            definition->function = known[i].function;
            definition->input = &result->sides[known[i].side].inputs[known[i].input];
        }
        result->private->functions[known[i].side][known[i].input][known[i].index] =
            (uint32_t)result->function_count - 1;
    }
    return 0;
}

static void copy_watched(const struct session_request *request, struct model_function *out)
{
    for (size_t i = 0; i < request->function_count; i++)
        out[i] = (struct model_function){.name = request->functions[i].name,
                                         .file = request->functions[i].file,
                                         .line = request->functions[i].line,
                                         .rank = STACKS_LINE};
}

static int make_maps(struct compare_result *result)
{
    for (int side = 0; side < COMPARE_SIDES; side++) {
        const struct compare_snapshot *snapshot = &result->sides[side];
        uint32_t **maps = result->private->functions[side] = calloc(snapshot->input_count + 1, sizeof *maps);
        struct model_function **watched = result->private->watched[side] =
            calloc(snapshot->input_count + 1, sizeof *watched);
        for (size_t i = 0; maps != NULL && watched != NULL && i < snapshot->input_count; i++) {
            const struct session_request *request = snapshot->inputs[i].model->request;
            maps[i] = calloc(count_of(&snapshot->inputs[i]) + 1, sizeof *maps[i]);
            watched[i] = calloc(request->function_count + 1, sizeof *watched[i]);
            if (maps[i] == NULL || watched[i] == NULL)
                return -ENOMEM;
            copy_watched(request, watched[i]);
        }
        if (maps == NULL || watched == NULL)
            return -ENOMEM;
    }
    return 0;
}

/* The lines of a function, as far as they are known. */
static struct compare_span span_of(const struct compare_result *result, int side, const struct compare_definition *at)
{
    const struct model_function *function = at->function;
    const struct source *source = compare_source(result, side, at->input, function->file);
    const struct source_block block = source_find_named(source, function->name, function->line, at->last_line);
    return (struct compare_span){.source = source, .first = block.first, .last = block.last};
}

static bool has_text(const struct compare_span *span)
{
    return span->source->line_count > 0 && span->first > 0 && span->last >= span->first &&
           span->last <= span->source->line_count;
}

/* A name that went from one file and came to another is the same function when at least half of its lines are; without
   text the name alone has to do. */
static int is_moved(const struct compare_result *result, const struct compare_function *old,
                    const struct compare_function *new, bool *out)
{
    const struct compare_definition *from = &old->sides[COMPARE_OLD], *to = &new->sides[COMPARE_NEW];
    *out = from->function->rank == STACKS_LINE && to->function->rank == STACKS_LINE && from->function->file != NULL &&
           to->function->file != NULL;
    if (!*out)
        return 0;
    const struct compare_span before = span_of(result, COMPARE_OLD, from), after = span_of(result, COMPARE_NEW, to);
    if (!has_text(&before) || !has_text(&after))
        return 0;
    const int code = compare_lines_are_alike(&before, &after, out);
    *out &= code == 0;
    return code == -ENOMEM ? code : 0;
}

/* The one function of a run of equal names that is on that side only; the end when there is none, or several. */
static size_t find_single(const struct compare_result *result, size_t first, size_t end, int side)
{
    size_t found = end;
    for (size_t i = first; i < end; i++) {
        if (result->functions[i].sides[side].function == NULL || result->functions[i].sides[1 - side].function != NULL)
            continue;
        if (found < end)
            return end;
        found = i;
    }
    return found;
}

/* renumber[i]: the new number of function i. */
static int find_moved(struct compare_result *result, uint32_t *renumber)
{
    struct compare_function *functions = result->functions;
    const size_t count = result->function_count;
    for (uint32_t i = 0; i < count; i++)
        renumber[i] = i;
    for (size_t first = 0, end; first < count; first = end) {
        for (end = first + 1; end < count && strcmp(functions[first].name, functions[end].name) == 0; end++)
            ;
        const size_t old = find_single(result, first, end, COMPARE_OLD),
                     new = find_single(result, first, end, COMPARE_NEW);
        bool moved = false;
        if (old < end && new < end && is_moved(result, &functions[old], &functions[new], &moved) != 0)
            return -ENOMEM;
        if (!moved)
            continue;
        functions[old].sides[COMPARE_NEW] = functions[new].sides[COMPARE_NEW];
        functions[old].is_moved = true;
        functions[new].sides[COMPARE_NEW].function = NULL;
        renumber[new] = (uint32_t)old;
    }
    return 0;
}

/* Close the gaps that moved functions left. */
static void close_gaps(struct compare_result *result, uint32_t *renumber)
{
    const size_t count = result->function_count;
    uint32_t *places = renumber + count, kept = 0;
    for (size_t i = 0; i < count; i++) {
        places[i] = kept;
        if (renumber[i] == i)
            result->functions[kept++] = result->functions[i];
    }
    result->function_count = kept;
    for (int side = 0; side < COMPARE_SIDES; side++)
        for (size_t i = 0; i < result->sides[side].input_count; i++)
            for (size_t j = 0; j < count_of(&result->sides[side].inputs[i]); j++) {
                uint32_t *function = &result->private->functions[side][i][j];
                *function = places[renumber[*function]];
            }
}

static int match_moved(struct compare_result *result)
{
    uint32_t *renumber = calloc(2 * result->function_count + 1, sizeof *renumber);
    const int code = renumber != NULL ? find_moved(result, renumber) : -ENOMEM;
    if (code == 0)
        close_gaps(result, renumber);
    free(renumber);
    return code;
}

uint32_t compare_function_of(const struct compare_result *result, int side, const struct compare_input *input,
                             const struct model_frame *frame)
{
    return result->private->functions[side][input - result->sides[side].inputs][frame->function];
}

uint32_t compare_watched_of(const struct compare_result *result, int side, const struct compare_input *input,
                            size_t index)
{
    return result->private->functions[side][input - result->sides[side].inputs][input->model->function_count + index];
}

/* The name of a part: NULL for the file where the function is defined. */
static const char *part_file(const struct compare_result *result, int side, uint32_t function, const char *file)
{
    const struct model_function *definition = result->functions[function].sides[side].function;
    if (definition != NULL && definition->file != NULL && strcmp(definition->file, file) == 0)
        return NULL;
    return compare_paths_strip(&result->private->roots, side, file);
}

/* A line that stacks go through. */
struct place {
    uint32_t function, line;
    int side;
    const char *part, *file;
};

static int by_place(const void *left, const void *right)
{
    const struct place *a = left, *b = right;
    if (a->function != b->function)
        return a->function < b->function ? -1 : 1;
    return compare_texts(a->part, b->part);
}

struct places {
    struct place *items;
    size_t count, room;
};

static struct place *reserve(struct places *places, size_t more)
{
    struct place *items = array_grow(places->items, &places->room, places->count + more + 1, sizeof *items);
    if (items != NULL)
        places->items = items;
    return items;
}

static void add_line(const struct compare_result *result, int side, uint32_t function, const char *file, uint32_t line,
                     struct places *places)
{
    if (file != NULL && line > 0)
        places->items[places->count++] = (struct place){.function = function,
                                                        .line = line,
                                                        .side = side,
                                                        .part = part_file(result, side, function, file),
                                                        .file = file};
}

static int gather_lines(const struct compare_result *result, int side, const struct compare_input *input,
                        struct places *places)
{
    const struct model *model = input->model;
    if (reserve(places, model->frame_count) == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < model->frame_count; i++)
        add_line(result, side, compare_function_of(result, side, input, &model->frames[i]), model->frames[i].file,
                 model->frames[i].line, places);
    for (size_t i = 0; i < model->request->function_count; i++) {
        const struct session_function *function = &model->request->functions[i];
        if (reserve(places, function->line_count) == NULL)
            return -ENOMEM;
        for (size_t j = 0; j < function->line_count; j++)
            add_line(result, side, compare_watched_of(result, side, input, i), function->file, function->lines[j].line,
                     places);
    }
    return 0;
}

static int gather_places(const struct compare_result *result, struct places *places)
{
    int code = reserve(places, 0) != NULL ? 0 : -ENOMEM;
    for (int side = 0; side < COMPARE_SIDES; side++)
        for (size_t i = 0; i < result->sides[side].input_count && code == 0; i++)
            code = gather_lines(result, side, &result->sides[side].inputs[i], places);
    return code;
}

static void add_place(struct compare_part *part, const struct place *place)
{
    const char **file = &part->sides[place->side].file;
    uint32_t *first = &part->sides[place->side].first, *last = &part->sides[place->side].last;
    if (*file == NULL || place->line < *first)
        *first = place->line;
    if (*file == NULL || place->line > *last)
        *last = place->line;
    *file = place->file;
}

/* The lines of a part are those that stacks go through and what is between them; of a function's own block, all of it.
 */
static void widen_parts(struct compare_result *result)
{
    for (size_t i = 0; i < result->private->part_count; i++) {
        struct compare_part *part = &result->private->parts[i];
        for (int side = 0; part->file == NULL && side < COMPARE_SIDES; side++) {
            struct compare_definition *definition = &result->functions[part->function].sides[side];
            if (part->sides[side].file == NULL)
                continue;
            definition->last_line = part->sides[side].last;
            const struct compare_span span = span_of(result, side, definition);
            if (definition->function->line > 0 && span.first <= part->sides[side].first) {
                part->sides[side].first = span.first;
                part->sides[side].last = span.last > part->sides[side].last ? span.last : part->sides[side].last;
            }
        }
    }
}

static int make_parts(struct compare_result *result)
{
    struct compare_work *work = result->private;
    struct places places = {0};
    if (gather_places(result, &places) == 0)
        work->parts = calloc(places.count + 1, sizeof *work->parts);
    if (work->parts == NULL) {
        free(places.items);
        return -ENOMEM;
    }
    if (places.count > 1)
        qsort(places.items, places.count, sizeof *places.items, by_place);
    for (size_t i = 0; i < places.count; i++) {
        const struct place *place = &places.items[i];
        if (i == 0 || by_place(&place[-1], place) != 0)
            work->parts[work->part_count++] = (struct compare_part){.function = place->function, .file = place->part};
        add_place(&work->parts[work->part_count - 1], place);
    }
    free(places.items);
    widen_parts(result);
    return 0;
}

int compare_match_functions(struct compare_result *result)
{
    size_t count = count_functions(result);
    struct known *known = malloc((count + 1) * sizeof *known);
    int code = known != NULL ? make_maps(result) : -ENOMEM;
    if (code == 0) {
        count = gather(result, known);
        code = find_roots(result, known, count);
    }
    if (code == 0) {
        name_files(result, known, count);
        if (count > 1)
            qsort(known, count, sizeof *known, by_function);
        code = number(result, known, count);
    }
    free(known);
    if (code == 0)
        code = match_moved(result);
    return code == 0 ? make_parts(result) : code;
}

static int by_part(const void *left, const void *right)
{
    const struct compare_part *a = left, *b = right;
    if (a->function != b->function)
        return a->function < b->function ? -1 : 1;
    return compare_texts(a->file, b->file);
}

struct compare_part *compare_find_part(const struct compare_result *result, int side, uint32_t function,
                                       const char *file)
{
    if (file == NULL || result->private->part_count == 0)
        return NULL;
    const struct compare_part wanted = {.function = function, .file = part_file(result, side, function, file)};
    return bsearch(&wanted, result->private->parts, result->private->part_count, sizeof wanted, by_part);
}

/* Without text: a line is as far from its function's beginning as it was. */
static void pair_by_offset(const struct compare_result *result, struct compare_part *part)
{
    const struct compare_function *function = &result->functions[part->function];
    const uint32_t *beginnings[COMPARE_SIDES];
    for (int side = 0; side < COMPARE_SIDES; side++)
        beginnings[side] = &function->sides[side].function->line;
    const bool has_beginning = part->file == NULL && *beginnings[COMPARE_OLD] > 0 && *beginnings[COMPARE_NEW] > 0;
    const int64_t moved = has_beginning ? (int64_t)*beginnings[COMPARE_NEW] - *beginnings[COMPARE_OLD] : 0;
    for (int side = 0; side < COMPARE_SIDES; side++) {
        for (uint32_t i = 0; i <= part->sides[side].last - part->sides[side].first; i++) {
            const int64_t line = (int64_t)part->sides[side].first + i + (side == COMPARE_OLD ? moved : -moved);
            part->partners[side][i] = line > 0 ? (uint32_t)line : 0;
        }
    }
    part->by_offset = true;
}

static int pair_by_text(const struct compare_span spans[COMPARE_SIDES], struct compare_part *part)
{
    uint32_t *partners = part->partners[COMPARE_OLD];
    const int code = compare_lines_pair(&spans[COMPARE_OLD], &spans[COMPARE_NEW], partners);
    for (size_t i = 0; code == 0 && i < compare_span_count(&spans[COMPARE_OLD]); i++) {
        if (partners[i] == 0)
            continue;
        part->partners[COMPARE_NEW][partners[i] - 1] = spans[COMPARE_OLD].first + (uint32_t)i;
        partners[i] += spans[COMPARE_NEW].first - 1;
    }
    return code;
}

static int pair_part(struct compare_result *result, struct compare_part *part)
{
    const struct compare_function *function = &result->functions[part->function];
    struct compare_span spans[COMPARE_SIDES];
    part->is_paired = true;
    for (int side = 0; side < COMPARE_SIDES; side++) {
        spans[side] = (struct compare_span){
            .source = compare_source(result, side, function->sides[side].input, part->sides[side].file),
            .first = part->sides[side].first,
            .last = part->sides[side].last};
        part->partners[side] = calloc(compare_span_count(&spans[side]), sizeof *part->partners[side]);
        if (part->partners[side] == NULL)
            return -ENOMEM;
    }
    int code = -E2BIG;
    if (has_text(&spans[COMPARE_OLD]) && has_text(&spans[COMPARE_NEW]))
        code = pair_by_text(spans, part);
    if (code == -E2BIG) {
        pair_by_offset(result, part);
        code = 0;
    }
    return code;
}

static int find_partner(struct compare_result *result, struct compare_part *part, int side, uint32_t line,
                        uint32_t *partner)
{
    *partner = 0;
    if (part->sides[1 - side].file == NULL || line < part->sides[side].first || line > part->sides[side].last)
        return 0;
    const int code = part->is_paired ? 0 : pair_part(result, part);
    if (code == 0)
        *partner = part->partners[side][line - part->sides[side].first];
    return code;
}

int compare_locate(struct compare_result *result, int side, uint32_t function, const char *file, uint32_t line,
                   struct compare_place *out)
{
    *out = (struct compare_place){.function = function};
    struct compare_part *part = compare_find_part(result, side, function, file);
    uint32_t partner;
    if (part == NULL)
        return 0;
    if (find_partner(result, part, side, line, &partner) != 0)
        return -ENOMEM;
    out->files[side] = part->sides[side].file;
    out->lines[side] = line;
    out->files[1 - side] = partner > 0 ? part->sides[1 - side].file : NULL;
    out->lines[1 - side] = partner;
    out->by_offset = partner > 0 && part->by_offset;
    return 0;
}

int compare_places(const struct compare_place *a, const struct compare_place *b)
{
    int by = (a->function > b->function) - (a->function < b->function);
    for (int side = 0; by == 0 && side < COMPARE_SIDES; side++) {
        by = compare_texts(a->files[side], b->files[side]);
        if (by == 0)
            by = (a->lines[side] > b->lines[side]) - (a->lines[side] < b->lines[side]);
    }
    return by;
}
