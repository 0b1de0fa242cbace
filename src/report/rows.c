/* The rows of a function's block. */

#include "report/rows.h"

#include <errno.h>
#include <stdlib.h>

#include "base/array.h"

/* No function is longer; line numbers beyond come from damaged debug information. */
#define ROWS_SPAN_MAX 1000000u

struct build {
    const struct session_function *function;
    const struct source *source;
    uint32_t first; /* line of the first row */
    size_t capacity;
    struct rows *rows;
};

/* Does the declaration's line show its own figures although the entry has a row of its own? When it has any, and when
   all of the function's code is on that line. */
static bool is_declaration_shown(const struct session_function *function, const struct session_line *line)
{
    if (line->increment_bytes != 0 || line->heap_bytes != 0 || line->occurrences > function->calls)
        return true;
    for (size_t i = 0; i < function->line_count; i++)
        if (function->lines[i].line != function->line && function->lines[i].occurrences > 0)
            return false;
    return true;
}

static void fill(struct row *row, const struct build *build, const struct session_line *line)
{
    const struct session_function *function = build->function;
    bool own = line != NULL && line->occurrences > 0 &&
               (line->line != function->line || row->first || is_declaration_shown(function, line));
    if (own) {
        row->measured = true;
        row->has_rss = line->has_rss;
        row->rss_bytes = line->rss_bytes;
        row->increment_bytes = line->increment_bytes;
        row->heap_bytes = line->heap_bytes;
        row->occurrences = line->occurrences;
        row->has_time = line->has_time;
        row->time_ns = line->time_ns;
    } else if (row->first && function->calls > 0) {
        row->measured = true;
        row->occurrences = function->calls;
    }
    /* At the entry nothing has changed yet: what there is, is what the function found. */
    if (row->first && row->measured && !row->has_rss && function->has_rss) {
        row->has_rss = true;
        row->rss_bytes = function->entry_rss_bytes;
    }
}

static int add(struct build *build, uint32_t line_number, const struct session_line *line)
{
    struct rows *rows = build->rows;
    struct row *items = array_grow(rows->items, &build->capacity, rows->count + 1, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    rows->items = items;
    struct row *row = &items[rows->count++];
    *row = (struct row){.line = line_number, .first = line_number == build->first};
    row->text = source_line(build->source, line_number, &row->text_length);
    fill(row, build, line);
    return 0;
}

/* Lines of the block and measured lines, merged. */
static int merge(struct build *build, struct source_block block)
{
    const struct session_function *function = build->function;
    uint64_t next_line = block.first;
    size_t i = 0;
    int code = 0;
    while (code == 0 && (i < function->line_count || next_line <= block.last)) {
        const struct session_line *line = i < function->line_count ? &function->lines[i] : NULL;
        if (line != NULL && (line->line < next_line || next_line > block.last)) {
            code = line->occurrences > 0 ? add(build, line->line, line) : 0;
            i++;
        } else {
            bool here = line != NULL && line->line == next_line;
            code = add(build, (uint32_t)next_line, here ? line : NULL);
            next_line++;
            i += here;
        }
    }
    return code;
}

int rows_build(const struct session_function *function, const struct source *source, struct rows *out)
{
    struct source_block block = source_find_block(source, function);
    if (block.last - block.first >= ROWS_SPAN_MAX)
        block.last = block.first;
    *out = (struct rows){0};
    struct build build = {.function = function, .source = source, .first = block.first, .rows = out};
    int code = merge(&build, block);
    if (code != 0)
        rows_free(out);
    return code;
}

void rows_free(struct rows *rows)
{
    free(rows->items);
    *rows = (struct rows){0};
}
