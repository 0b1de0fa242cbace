/* A comparison as a comment on a merge request: what is worse first, the rest folded away. Forges refuse comments of
   64 KiB and more. */

#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "report/check-print.h"
#include "report/compare-print.h"
#include "report/markdown.h"

#define MOST_BYTES 50000 /* begin no row beyond; what follows is short */
#define SHOWN_LINES 20
#define SHOWN_FUNCTIONS 20
#define SOURCE_WIDTH 80
#define CELL_MOST 160
#define VERDICT_MOST 4000

struct printer {
    const struct compare_result *result;
    const struct compare_print *print;
    struct text out;
    int failure;
};

/* Text of anybody's, cut where it is too long for a table. */
static void add_escaped(struct text *out, const char *text)
{
    const size_t length = strlen(text);
    size_t shown = length < CELL_MOST ? length : CELL_MOST;
    while (shown < length && shown > 0 && ((unsigned char)text[shown] & 0xc0) == 0x80) /* within a character of UTF-8 */
        shown--;
    markdown_add(out, text, shown);
    text_add(out, shown < length ? "..." : "");
}

static void add_cell(struct text *out, const struct text *cell)
{
    add_escaped(out, text_get(cell));
    text_add(out, " | ");
}

/* What consists of our own words and figures. */
static void add_own_cell(struct text *out, const struct text *cell)
{
    text_addf(out, "%s | ", text_get(cell));
}

static bool is_full(const struct printer *printer)
{
    return printer->out.length > MOST_BYTES;
}

static void add_head(struct printer *printer)
{
    for (int side = 0; side < COMPARE_SIDES; side++) {
        const struct compare_snapshot *snapshot = &printer->result->sides[side];
        struct text text = TEXT_EMPTY;
        text_add(&text, snapshot->name);
        if (snapshot->commit != NULL) {
            text_add(&text, ", ");
            compare_add_commit(&text, snapshot);
        }
        if (snapshot->subject != NULL) {
            text_add(&text, ", ");
            text_add_printable(&text, snapshot->subject);
        }
        text_addf(&printer->out, "- %s: ", compare_side_names[side]);
        add_escaped(&printer->out, text_get(&text));
        text_add(&printer->out, "\n");
        text_fini(&text);
    }
}

static void emit_note(const char *line, void *data)
{
    struct printer *printer = data;
    text_add(&printer->out, "- ");
    add_escaped(&printer->out, line);
    text_add(&printer->out, "\n");
}

static void print_rows(struct printer *printer, const struct compare_rows *rows)
{
    struct text *out = &printer->out;
    if (rows->count == 0)
        return;
    text_add(
        out,
        "\n| request | metric | old | new | new minus old | | |\n| --- | --- | ---: | ---: | ---: | ---: | --- |\n");
    size_t shown = 0;
    for (; shown < rows->count && !is_full(printer); shown++) {
        text_add(out, "| ");
        for (int cell = 0; cell < COMPARE_CELL_COUNT; cell++)
            (cell == COMPARE_CELL_REQUEST ? add_cell : add_own_cell)(out, &rows->items[shown].cells[cell]);
        text_trim(out);
        text_add(out, "\n");
    }
    if (shown < rows->count)
        text_addf(out, "\n%zu more rows; the text report has all.\n", rows->count - shown);
}

/* Requests that did not change are only counted. */
static void print_requests(struct printer *printer)
{
    struct compare_rows rows = {0};
    size_t unchanged = 0;
    for (size_t i = 0; i < printer->result->request_count && printer->failure == 0; i++) {
        if (compare_is_unchanged(&printer->result->requests[i]))
            unchanged++;
        else
            printer->failure = compare_add_rows(&printer->result->requests[i], printer->print->limits, &rows);
    }
    print_rows(printer, &rows);
    if (unchanged > 0)
        text_addf(&printer->out, "\n%zu request%s without change.\n", unchanged, unchanged == 1 ? "" : "s");
    compare_rows_fini(&rows);
}

static void print_line(struct printer *printer, const struct compare_top *top)
{
    struct text cell = TEXT_EMPTY, *out = &printer->out;
    text_add(out, "| ");
    compare_add_change(&cell, &top->pair, true);
    add_own_cell(out, &cell);
    text_clear(&cell);
    compare_add_place(&cell, printer->result, top->place);
    add_cell(out, &cell);
    text_clear(&cell);
    text_add_printable(&cell, printer->result->functions[top->place->function].name);
    add_cell(out, &cell);
    text_clear(&cell);
    if (printer->print->source)
        compare_add_text(&cell, printer->result, top->request, top->place,
                         top->place->files[COMPARE_NEW] != NULL ? COMPARE_NEW : COMPARE_OLD, SOURCE_WIDTH);
    markdown_add_code(out, text_get(&cell), cell.length);
    text_add(out, " | ");
    for (int side = 0; side < COMPARE_SIDES; side++) {
        text_clear(&cell);
        compare_add_number(&cell, &top->pair.sides[side], true);
        add_own_cell(out, &cell);
    }
    text_clear(&cell);
    compare_add_remarks(&cell, printer->result, top);
    add_cell(out, &cell);
    text_trim(out);
    text_add(out, "\n");
    text_fini(&cell);
}

static void begin_details(struct printer *printer, const char *title)
{
    text_addf(&printer->out, "\n<details><summary>%c%s</summary>\n", title[0] & ~0x20, title + 1);
}

static void end_details(struct printer *printer, size_t left)
{
    if (left > 0)
        text_addf(&printer->out, "\n%zu more.\n", left);
    text_add(&printer->out, "\n</details>\n");
}

static void print_lines(struct printer *printer, const struct compare_list *list, size_t *lines)
{
    struct compare_top *tops;
    size_t count, shown = 0;
    printer->failure = compare_next_list(printer->result, list, lines, &tops, &count);
    if (count > 0) {
        begin_details(printer, list->title);
        text_add(&printer->out, "\n| change | line | function | text | old | new | |\n"
                                "| ---: | --- | --- | --- | ---: | ---: | --- |\n");
        for (; shown < count && shown < SHOWN_LINES && !is_full(printer); shown++)
            print_line(printer, &tops[shown]);
        end_details(printer, count - shown);
    }
    free(tops);
}

static void print_functions(struct printer *printer, int side)
{
    const struct compare_function **functions = NULL;
    size_t count = 0, shown = 0;
    printer->failure = compare_only_functions(printer->result, side, &functions, &count);
    if (printer->failure == 0 && count > 0) {
        begin_details(printer, side == COMPARE_OLD ? "functions only in old" : "functions only in new");
        text_add(&printer->out, "\n| allocate | function | |\n| ---: | --- | --- |\n");
        for (; shown < count && shown < SHOWN_FUNCTIONS && !is_full(printer); shown++) {
            struct text place = TEXT_EMPTY;
            text_addf(&printer->out, "| %s | ", units_bytes(functions[shown]->sides[side].alloc_bytes).text);
            add_escaped(&printer->out, functions[shown]->name);
            text_add(&printer->out, " | ");
            compare_add_function_place(&place, printer->result, functions[shown], side);
            add_cell(&printer->out, &place);
            text_trim(&printer->out);
            text_add(&printer->out, "\n");
            text_fini(&place);
        }
        end_details(printer, count - shown);
    }
    free(functions);
}

/* As many words of it as a comment has room for. */
static void print_verdict(struct printer *printer)
{
    struct text verdict = TEXT_EMPTY;
    compare_add_verdict(&verdict, printer->result, printer->print->limits);
    const size_t shown = verdict.length < VERDICT_MOST ? verdict.length : VERDICT_MOST;
    text_add(&printer->out, "**syseng-mem compare: ");
    markdown_add(&printer->out, text_get(&verdict), shown);
    text_add(&printer->out, shown < verdict.length ? "...**\n\n" : "**\n\n");
    text_fini(&verdict);
}

int compare_markdown(const struct compare_result *result, const struct compare_print *print, FILE *out, struct err *err)
{
    struct printer printer = {.result = result, .print = print, .out = TEXT_EMPTY};
    struct text builds = TEXT_EMPTY;
    print_verdict(&printer);
    add_head(&printer);
    compare_add_notes(result, emit_note, &printer);
    if (compare_add_builds(&builds, result))
        emit_note(text_get(&builds), &printer);
    text_fini(&builds);
    print_requests(&printer);
    size_t lines = 0;
    for (size_t i = 0; i < compare_list_count && printer.failure == 0; i++)
        print_lines(&printer, &compare_lists[i], &lines);
    for (int side = 0; side < COMPARE_SIDES && printer.failure == 0; side++)
        print_functions(&printer, side);
    printer.out.failed |= printer.failure != 0;
    return check_write(&printer.out, out, err);
}
