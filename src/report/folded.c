/* Folded stacks: a line per stack, as flamegraph.pl and many others read it. */

#include "report/formats.h"

#include <inttypes.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "report/format-parts.h"

struct line {
    char *stack;
    uint64_t value;
};

struct lines {
    struct line *items;
    size_t count, room;
};

/* A name in which nothing can be taken for the end of a frame, a stack or a line. */
static void add_name(struct text *out, const char *name)
{
    const size_t begin = out->length;
    format_add_name(out, name);
    for (size_t i = begin; i < out->length; i++)
        if (out->bytes[i] == ';')
            out->bytes[i] = ':';
        else if (out->bytes[i] == ' ')
            out->bytes[i] = '_';
}

static char *fold(const struct model *model, const struct format_frames *frames)
{
    struct text text = TEXT_EMPTY;
    for (size_t i = frames->count; i-- > 0;) {
        const struct model_frame *frame = &model->frames[frames->numbers[i]];
        add_name(&text, model->functions[frame->function].name);
        text_add(&text, frame->inlined ? "_[i]" : "");
        text_add(&text, i > 0 ? ";" : "");
    }
    char *folded = text.failed ? NULL : strdup(text_get(&text));
    text_fini(&text);
    return folded;
}

static int add_line(struct lines *lines, char *stack, uint64_t value)
{
    struct line *items = stack != NULL ? array_grow(lines->items, &lines->room, lines->count + 1, sizeof *items) : NULL;
    if (items == NULL) {
        free(stack);
        return -ENOMEM;
    }
    lines->items = items;
    items[lines->count++] = (struct line){stack, value};
    return 0;
}

static int compare_lines(const void *left, const void *right)
{
    const struct line *a = left, *b = right;
    return strcmp(a->stack, b->stack);
}

static int fold_all(const struct model *model, enum model_measure measure, struct lines *lines)
{
    struct format_frames frames = {0};
    int code = 0;
    for (size_t i = 0; i < model->stack_count && code == 0; i++) {
        if (model->stacks[i].measures[measure] == 0)
            continue;
        code = format_frames_take(&frames, model, &model->stacks[i]);
        if (code == 0)
            code = add_line(lines, fold(model, &frames), model->stacks[i].measures[measure]);
    }
    format_frames_fini(&frames);
    return code;
}

static void print_lines(struct lines *lines, FILE *out)
{
    if (lines->count > 0)
        qsort(lines->items, lines->count, sizeof *lines->items, compare_lines);
    uint64_t value = 0;
    for (size_t i = 0; i < lines->count; i++) {
        value += lines->items[i].value;
        if (i + 1 < lines->count && compare_lines(&lines->items[i], &lines->items[i + 1]) == 0)
            continue;
        fprintf(out, "%s %" PRIu64 "\n", lines->items[i].stack, value);
        value = 0;
    }
}

int report_folded_of(const struct model *model, enum model_measure measure, const struct report_options *options,
                     FILE *out, struct err *err)
{
    struct lines lines = {0};
    int code = format_check_measure(model, measure, err);
    if (code != 0)
        return code;
    code = fold_all(model, measure, &lines);
    if (code == 0)
        print_lines(&lines, out);
    for (size_t i = 0; i < lines.count; i++)
        free(lines.items[i].stack);
    free(lines.items);
    return format_finish(out, code, "folded stacks", err);
}

int report_folded(const struct model *model, const struct report_options *options, FILE *out, struct err *err)
{
    const int code = format_check(model, err);
    return code != 0 ? code : report_folded_of(model, format_main_measure(model), options, out, err);
}
