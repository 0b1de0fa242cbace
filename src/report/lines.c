/* The line report as text: memory_profiler's columns, with the heap, the visits and the time added in our own style. */

#include "report/report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "report/describe.h"
#include "report/rows.h"

#define LINES_BYTES_PER_MIB 1048576.0
#define LINES_NS_PER_MS 1e6
#define LINES_PRECISION_MAX 9
#define LINES_COLOR_END "\033[0m"

enum column {
    COLUMN_LINE,
    COLUMN_RSS,
    COLUMN_INCREMENT,
    COLUMN_HEAP,
    COLUMN_OCCURRENCES,
    COLUMN_TIME,
    COLUMN_SHARE,
    COLUMN_COUNT
};

struct style {
    const char *headings[COLUMN_COUNT]; /* NULL: no such column */
    int widths[COLUMN_COUNT];
    bool grows; /* a column is as wide as its widest cell; else such a cell pushes its row to the right */
    bool names_requests;
};

static const struct style styles[] = {
    [REPORT_STYLE_SYSENG] = {{"Line #", "Mem usage", "Increment", "Heap", "Occurrences", "Time (ms)", "% Time"},
                             {6, 12, 12, 12, 12, 12, 7},
                             true,
                             true},
    /* As show_results of memory_profiler 0.31 prints it. */
    [REPORT_STYLE_MEMORY_PROFILER] = {{"Line #", "Mem usage", "Increment"}, {6, 12, 12}, false, false},
};

#define CELL_BYTES 64
struct cell {
    char text[CELL_BYTES];
};

struct block {
    const struct report_options *options;
    const struct style *style;
    int widths[COLUMN_COUNT];
    int64_t growth[COLUMN_COUNT]; /* sum of the column's gains */
    uint64_t time_ns;             /* of all its lines */
    FILE *out;
};

static void print_mib(struct cell *cell, int64_t bytes, int precision)
{
    snprintf(cell->text, sizeof cell->text, "%*.*f MiB", precision + 4, precision, (double)bytes / LINES_BYTES_PER_MIB);
    /* A loss that rounds to nothing is shown as nothing: no "-0.000". */
    if (strpbrk(cell->text, "123456789") == NULL) {
        char *minus = strchr(cell->text, '-');
        if (minus != NULL)
            *minus = ' ';
    }
}

static bool has_column(const struct block *block, enum column column)
{
    bool is_time = column == COLUMN_TIME || column == COLUMN_SHARE;
    return block->style->headings[column] != NULL && (!is_time || block->options->time);
}

/* Of a line that was not timed, nothing. */
static void print_time(struct cell *cell, const struct block *block, const struct row *row, enum column column)
{
    if (row->has_time && column == COLUMN_TIME)
        snprintf(cell->text, sizeof cell->text, "%.3f", (double)row->time_ns / LINES_NS_PER_MS);
    else if (row->has_time && block->time_ns > 0)
        snprintf(cell->text, sizeof cell->text, "%.1f", 100 * (double)row->time_ns / (double)block->time_ns);
}

static void print_cell(struct cell *cell, const struct block *block, const struct row *row, enum column column)
{
    const int precision = block->options->precision;
    cell->text[0] = '\0';
    if (column == COLUMN_LINE)
        snprintf(cell->text, sizeof cell->text, "%" PRIu32, row->line);
    else if (!row->measured)
        return;
    else if (column == COLUMN_OCCURRENCES)
        snprintf(cell->text, sizeof cell->text, "%" PRIu64, row->occurrences);
    else if (column == COLUMN_TIME || column == COLUMN_SHARE)
        print_time(cell, block, row, column);
    else if (column == COLUMN_HEAP)
        print_mib(cell, row->heap_bytes, precision);
    else if (row->has_rss)
        print_mib(cell, column == COLUMN_RSS ? row->rss_bytes : row->increment_bytes, precision);
}

/* The change that decides on a cell's colour. */
static int64_t change_of(const struct row *row, enum column column)
{
    if (!row->measured)
        return 0;
    if (column == COLUMN_HEAP)
        return row->heap_bytes;
    return column == COLUMN_INCREMENT && row->has_rss ? row->increment_bytes : 0;
}

static const char *color_of(const struct block *block, const struct row *row, enum column column)
{
    int64_t change = change_of(row, column), growth = block->growth[column];
    if (!block->options->color || change == 0)
        return NULL;
    if (change < 0)
        return "\033[32m";
    if (change >= growth / 10 + (growth % 10 != 0))
        return "\033[31m";
    return change >= growth / 100 + (growth % 100 != 0) ? "\033[33m" : NULL;
}

static bool is_row_shown(const struct row *row, const struct report_options *options)
{
    return !options->only_changed || row->first || change_of(row, COLUMN_INCREMENT) != 0 ||
           change_of(row, COLUMN_HEAP) != 0;
}

/* Widths and growth of the block's columns. */
static void measure(struct block *block, const struct rows *rows)
{
    struct cell cell;
    block->time_ns = 0;
    for (size_t i = 0; i < rows->count; i++)
        block->time_ns += rows->items[i].time_ns;
    for (int column = 0; column < COLUMN_COUNT; column++) {
        block->widths[column] = block->style->widths[column];
        block->growth[column] = 0;
        if (!has_column(block, column))
            continue;
        for (size_t i = 0; i < rows->count; i++) {
            int64_t change = change_of(&rows->items[i], column);
            if (change > 0)
                block->growth[column] += change;
            print_cell(&cell, block, &rows->items[i], column);
            int width = (int)strlen(cell.text);
            if (block->style->grows && is_row_shown(&rows->items[i], block->options) && width > block->widths[column])
                block->widths[column] = width;
        }
    }
}

static void print_head(const struct block *block)
{
    struct text head = TEXT_EMPTY;
    for (int column = 0; column < COLUMN_COUNT; column++)
        if (has_column(block, column))
            text_addf(&head, "%s%*s", column == 0 ? "" : " ", block->widths[column], block->style->headings[column]);
    text_add(&head, "   Line Contents");
    fprintf(block->out, "%s\n", text_get(&head));
    for (size_t i = 0; i < head.length; i++)
        putc('=', block->out);
    putc('\n', block->out);
    text_fini(&head);
}

static void print_row(const struct block *block, const struct row *row)
{
    struct cell cell;
    for (int column = 0; column < COLUMN_COUNT; column++) {
        if (!has_column(block, column))
            continue;
        print_cell(&cell, block, row, column);
        const char *color = color_of(block, row, column);
        /* Blanks stay outside the colour, so that without it the bytes are the same. */
        size_t blanks = strspn(cell.text, " ");
        int padding = block->widths[column] - (int)strlen(cell.text) + (int)blanks;
        fprintf(block->out, "%s%*s%s%s%s", column == 0 ? "" : " ", padding > 0 ? padding : 0, "",
                color != NULL ? color : "", cell.text + blanks, color != NULL ? LINES_COLOR_END : "");
    }
    fputs("   ", block->out);
    if (row->text != NULL)
        fwrite(row->text, 1, row->text_length, block->out);
    putc('\n', block->out);
}

static int print_function(struct block *block, const struct session_function *function, const struct source *source)
{
    struct rows rows;
    int code = rows_build(function, source, &rows);
    if (code != 0)
        return code;
    struct text name = TEXT_EMPTY;
    source_add_name(&name, function->file);
    fprintf(block->out, "Filename: %s\n\n", text_get(&name));
    text_fini(&name);
    measure(block, &rows);
    print_head(block);
    for (size_t i = 0; i < rows.count; i++)
        if (is_row_shown(&rows.items[i], block->options))
            print_row(block, &rows.items[i]);
    fputs("\n\n", block->out);
    rows_free(&rows);
    return 0;
}

static int print_request(struct block *block, const struct session *session, const struct session_request *request,
                         struct source_cache *cache)
{
    if (block->style->names_requests && session->request_count > 1 && request->function_count > 0) {
        struct text text = TEXT_EMPTY;
        describe_request(&text, request, session);
        fprintf(block->out, "Request: %s\n\n", text_get(&text));
        text_fini(&text);
    }
    for (size_t i = 0; i < request->function_count; i++) {
        const struct session_function *function = &request->functions[i];
        const struct source *source = source_cache_get(cache, block->options->source ? function->file : NULL);
        int code = print_function(block, function, source);
        if (code == 0 && ferror(block->out))
            code = errno != 0 ? -errno : -EIO;
        if (code != 0)
            return code;
    }
    return 0;
}

int report_lines(const struct session *session, const struct report_options *options, FILE *out, struct err *err)
{
    struct report_options checked = *options;
    if (checked.precision < 0 || checked.precision > LINES_PRECISION_MAX)
        return err_set(err, -EINVAL, "precision %d: not between 0 and %d", checked.precision, LINES_PRECISION_MAX);
    struct block block = {.options = &checked, .style = &styles[checked.style], .out = out};
    struct source_cache cache = source_cache_of(options);
    int code = 0;
    errno = 0;
    for (size_t i = 0; i < session->request_count && code == 0; i++)
        code = print_request(&block, session, &session->requests[i], &cache);
    source_cache_fini(&cache);
    if (code == 0 && (fflush(out) != 0 || ferror(out)))
        code = errno != 0 ? -errno : -EIO;
    return code == 0 ? 0 : err_set(err, code, "line report: %s", strerror(-code));
}
