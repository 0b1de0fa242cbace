/* A comparison for people at a terminal. */

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "report/check-print.h"
#include "report/compare-print.h"

#define SHOWN_LINES 10
#define SHOWN_FUNCTIONS 10
#define SOURCE_WIDTH 60
/* One long C++ name must not push everything else aside. */
#define NAME_WIDTH 40

struct printer {
    const struct compare_result *result;
    const struct compare_print *print;
    struct text out;
    int failure;
};

static const char *paint(const struct printer *printer, int sign)
{
    if (!printer->print->color || sign == 0)
        return "";
    return sign > 0 ? "\033[31m" : "\033[32m";
}

static const char *unpaint(const struct printer *printer, int sign)
{
    return printer->print->color && sign != 0 ? "\033[0m" : "";
}

/* Bytes are not columns: those that go on a character of UTF-8 take no place. */
static size_t width_of(const struct text *text)
{
    size_t width = 0;
    for (const char *at = text_get(text); *at != '\0'; at++)
        width += ((unsigned char)*at & 0xc0) != 0x80;
    return width;
}

static void add_cell(struct text *out, const struct text *cell, size_t width, bool to_the_right)
{
    const size_t own = width_of(cell);
    const int blanks = own < width ? (int)(width - own) : 0;
    text_addf(out, "%*s%s%*s", to_the_right ? blanks : 0, "", text_get(cell), to_the_right ? 0 : blanks, "");
}

static void end_line(struct text *out)
{
    text_trim(out);
    text_add(out, "\n");
}

static void add_head(struct printer *printer)
{
    size_t widths[2] = {0};
    struct text commits[COMPARE_SIDES] = {TEXT_EMPTY, TEXT_EMPTY}, names[COMPARE_SIDES] = {TEXT_EMPTY, TEXT_EMPTY};
    for (int side = 0; side < COMPARE_SIDES; side++) {
        compare_add_commit(&commits[side], &printer->result->sides[side]);
        text_add_printable(&names[side], printer->result->sides[side].name);
        widths[0] = width_of(&names[side]) > widths[0] ? width_of(&names[side]) : widths[0];
        widths[1] = width_of(&commits[side]) > widths[1] ? width_of(&commits[side]) : widths[1];
    }
    for (int side = 0; side < COMPARE_SIDES; side++) {
        text_addf(&printer->out, "%s  ", compare_side_names[side]);
        add_cell(&printer->out, &names[side], widths[0], false);
        text_add(&printer->out, "  ");
        add_cell(&printer->out, &commits[side], widths[1], false);
        text_add(&printer->out, "  ");
        if (printer->result->sides[side].subject != NULL)
            text_add_printable(&printer->out, printer->result->sides[side].subject);
        end_line(&printer->out);
        text_fini(&commits[side]);
        text_fini(&names[side]);
    }
}

static void emit_note(const char *line, void *data)
{
    struct printer *printer = data;
    text_addf(&printer->out, "%s\n", line);
}

static const bool to_the_right[COMPARE_CELL_COUNT] = {
    [COMPARE_CELL_OLD] = true, [COMPARE_CELL_NEW] = true, [COMPARE_CELL_CHANGE] = true, [COMPARE_CELL_PERCENT] = true};

static void measure_rows(const struct compare_rows *rows, size_t widths[COMPARE_CELL_COUNT])
{
    for (size_t i = 0; i < rows->count; i++) {
        const struct text *cells = rows->items[i].cells;
        for (int cell = 0; cell < COMPARE_CELL_REMARK; cell++) {
            /* Of a request without figures, the second cell is a sentence that may reach into the others. */
            if (cell == COMPARE_CELL_METRIC && cells[COMPARE_CELL_REQUEST].length > 0 &&
                cells[COMPARE_CELL_OLD].length == 0 && cells[COMPARE_CELL_NEW].length == 0)
                continue;
            const size_t width = width_of(&cells[cell]);
            widths[cell] = width > widths[cell] ? width : widths[cell];
        }
    }
}

static void print_row(struct printer *printer, const struct compare_row *row, const size_t widths[COMPARE_CELL_COUNT])
{
    struct text *out = &printer->out;
    int end = COMPARE_CELL_COUNT; /* blanks within colours would not be trimmed */
    while (end > 0 && row->cells[end - 1].length == 0)
        end--;
    for (int cell = 0; cell < end; cell++) {
        const bool is_change = cell == COMPARE_CELL_CHANGE || cell == COMPARE_CELL_PERCENT;
        if (is_change && row->cells[COMPARE_CELL_CHANGE].length == 0)
            continue; /* what there is to say instead begins here */
        text_add(out, is_change ? paint(printer, row->sign) : "");
        add_cell(out, &row->cells[cell], cell < COMPARE_CELL_REMARK ? widths[cell] : 0, to_the_right[cell]);
        text_add(out, is_change ? unpaint(printer, row->sign) : "");
        text_add(out, "  ");
    }
    end_line(out);
}

static void print_requests(struct printer *printer)
{
    static const char *const headings[COMPARE_CELL_COUNT] = {"request", "metric", "old",          "new",
                                                             "",        "",       "new minus old"};
    struct compare_rows rows = {0};
    size_t widths[COMPARE_CELL_COUNT];
    struct compare_row heading = {0};
    for (int cell = 0; cell < COMPARE_CELL_COUNT; cell++) {
        text_add(&heading.cells[cell], headings[cell]);
        widths[cell] = heading.cells[cell].length;
    }
    for (size_t i = 0; i < printer->result->request_count && printer->failure == 0; i++)
        printer->failure = compare_add_rows(&printer->result->requests[i], printer->print->limits, &rows);
    measure_rows(&rows, widths);
    print_row(printer, &heading, widths);
    for (size_t i = 0; i < rows.count; i++)
        print_row(printer, &rows.items[i], widths);
    compare_rows_fini(&rows);
    for (int cell = 0; cell < COMPARE_CELL_COUNT; cell++)
        text_fini(&heading.cells[cell]);
}

enum { LINE_CHANGE, LINE_PLACE, LINE_FUNCTION, LINE_TEXT, LINE_COUNT };
struct line_row {
    struct text cells[LINE_COUNT];
    struct text figures, remarks, old_text;
    int sign;
};

static void make_line_row(struct printer *printer, const struct compare_top *top, struct line_row *row)
{
    const struct compare_result *result = printer->result;
    *row = (struct line_row){.sign = compare_sign(&top->pair)};
    compare_add_change(&row->cells[LINE_CHANGE], &top->pair, true);
    compare_add_place(&row->cells[LINE_PLACE], result, top->place);
    text_add_printable(&row->cells[LINE_FUNCTION], result->functions[top->place->function].name);
    compare_add_number(&row->figures, &top->pair.sides[COMPARE_OLD], true);
    text_add(&row->figures, " -> ");
    compare_add_number(&row->figures, &top->pair.sides[COMPARE_NEW], true);
    compare_add_remarks(&row->remarks, result, top);
    if (!printer->print->source)
        return;
    compare_add_text(&row->cells[LINE_TEXT], result, top->request, top->place, COMPARE_NEW, SOURCE_WIDTH);
    compare_add_text(&row->old_text, result, top->request, top->place, COMPARE_OLD, SOURCE_WIDTH);
    if (row->cells[LINE_TEXT].length == 0) {
        text_add(&row->cells[LINE_TEXT], text_get(&row->old_text));
        text_clear(&row->old_text);
    } else if (strcmp(text_get(&row->cells[LINE_TEXT]), text_get(&row->old_text)) == 0) {
        text_clear(&row->old_text);
    }
}

static void print_line_row(struct printer *printer, const struct line_row *row, const size_t widths[LINE_COUNT])
{
    struct text *out = &printer->out;
    text_addf(out, "  %s", paint(printer, row->sign));
    add_cell(out, &row->cells[LINE_CHANGE], widths[LINE_CHANGE], true);
    text_add(out, unpaint(printer, row->sign));
    for (int cell = LINE_PLACE; cell < LINE_COUNT; cell++) {
        if (widths[cell] == 0)
            continue;
        text_add(out, "  ");
        add_cell(out, &row->cells[cell], widths[cell], false);
    }
    text_addf(out, "  %s", text_get(&row->figures));
    if (row->remarks.length > 0)
        text_addf(out, "  (%s)", text_get(&row->remarks));
    end_line(out);
    if (row->old_text.length > 0)
        text_addf(out, "  %*s  was  %s\n", (int)(widths[LINE_CHANGE] + widths[LINE_PLACE] + widths[LINE_FUNCTION] - 1),
                  "", text_get(&row->old_text));
}

static void line_row_fini(struct line_row *row)
{
    for (int cell = 0; cell < LINE_COUNT; cell++)
        text_fini(&row->cells[cell]);
    text_fini(&row->figures);
    text_fini(&row->remarks);
    text_fini(&row->old_text);
}

static void print_lines(struct printer *printer, const struct compare_list *list, size_t *lines)
{
    struct compare_top *tops;
    struct line_row rows[SHOWN_LINES];
    size_t count, widths[LINE_COUNT] = {0};
    printer->failure = compare_next_list(printer->result, list, lines, &tops, &count);
    if (count == 0) {
        free(tops);
        return;
    }
    const size_t shown = count < SHOWN_LINES ? count : SHOWN_LINES;
    for (size_t i = 0; i < shown; i++) {
        make_line_row(printer, &tops[i], &rows[i]);
        for (int cell = 0; cell < LINE_COUNT; cell++) {
            const size_t width = width_of(&rows[i].cells[cell]);
            widths[cell] = width > widths[cell] ? width : widths[cell];
        }
    }
    widths[LINE_FUNCTION] = widths[LINE_FUNCTION] < NAME_WIDTH ? widths[LINE_FUNCTION] : NAME_WIDTH;
    text_addf(&printer->out, "\n%s\n", list->title);
    for (size_t i = 0; i < shown; i++) {
        print_line_row(printer, &rows[i], widths);
        line_row_fini(&rows[i]);
    }
    if (count > shown)
        text_addf(&printer->out, "  and %zu more; --as json has all\n", count - shown);
    free(tops);
}

static void print_functions(struct printer *printer, int side)
{
    const struct compare_function **functions = NULL;
    size_t count = 0, width = 0;
    printer->failure = compare_only_functions(printer->result, side, &functions, &count);
    if (printer->failure == 0 && count > 0)
        text_addf(&printer->out, "\nfunctions only in %s (bytes that they and what they call allocate)\n",
                  compare_side_names[side]);
    const size_t shown = count < SHOWN_FUNCTIONS ? count : SHOWN_FUNCTIONS;
    for (size_t i = 0; i < shown; i++) {
        const size_t own = strlen(units_bytes(functions[i]->sides[side].alloc_bytes).text);
        width = own > width ? own : width;
    }
    for (size_t i = 0; i < shown; i++) {
        text_addf(&printer->out, "  %*s  ", (int)width, units_bytes(functions[i]->sides[side].alloc_bytes).text);
        text_add_printable(&printer->out, functions[i]->name);
        text_add(&printer->out, "  ");
        compare_add_function_place(&printer->out, printer->result, functions[i], side);
        end_line(&printer->out);
    }
    if (count > shown)
        text_addf(&printer->out, "  and %zu more; --as json has all\n", count - shown);
    free(functions);
}

static void print_hint(struct printer *printer)
{
    const struct compare_request *request = compare_find_folders(printer->result);
    if (request == NULL)
        return;
    text_add(&printer->out, "\nsee also: go tool pprof -sample_index=alloc_space -diff_base");
    for (int side = 0; side < COMPARE_SIDES; side++) {
        struct text path = TEXT_EMPTY, word = TEXT_EMPTY;
        text_addf(&path, "%s/profile.prof", request->inputs[side]->folder);
        text_add_shell(&word, text_get(&path));
        text_add(&printer->out, " ");
        text_add_printable(&printer->out, text_get(&word));
        text_fini(&path);
        text_fini(&word);
    }
    text_add(&printer->out, "\n");
}

int compare_text(const struct compare_result *result, const struct compare_print *print, FILE *out, struct err *err)
{
    struct printer printer = {.result = result, .print = print, .out = TEXT_EMPTY};
    add_head(&printer);
    compare_add_notes(result, emit_note, &printer);
    text_add(&printer.out, "\n");
    print_requests(&printer);
    size_t lines = 0;
    for (size_t i = 0; i < compare_list_count && printer.failure == 0; i++)
        print_lines(&printer, &compare_lists[i], &lines);
    for (int side = 0; side < COMPARE_SIDES && printer.failure == 0; side++)
        print_functions(&printer, side);
    print_hint(&printer);
    text_add(&printer.out, "\n");
    compare_add_verdict(&printer.out, result, print->limits);
    text_add(&printer.out, "\n");
    printer.out.failed |= printer.failure != 0;
    return check_write(&printer.out, out, err);
}
