/* A profile in Markdown: for merge requests, wikis and chats. */

#include "report/markdown.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "report/describe.h"
#include "report/heap-tables.h"
#include "report/rows.h"

#define MARKDOWN_ROWS_MAX 10

struct printer {
    const struct session *session;
    const struct report_options *options;
    const struct model *model;
    struct source_cache sources;
    struct text out;
};

void markdown_add(struct text *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == 0x7f)
            text_add(out, " ");
        else if (c == '<')
            text_add(out, "&lt;");
        else if (c == '&')
            text_add(out, "&amp;");
        else if (c == '@') /* nobody is to be notified */
            text_add(out, "&#64;");
        else if (strchr("\\`*_{}[]()#+!|~>", c) != NULL)
            text_addf(out, "\\%c", c);
        else
            text_add_bytes(out, &text[i], 1);
    }
}

/* The longest run of backticks. */
static size_t longest_run(const char *text, size_t length)
{
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < length; i++) {
        run = text[i] == '`' ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

void markdown_add_code(struct text *out, const char *text, size_t length)
{
    size_t ticks = 1 + longest_run(text, length);
    bool is_odd = length > 0 && (text[0] == '`' || text[length - 1] == '`');
    if (length == 0)
        return;
    for (size_t i = 0; i < ticks; i++)
        text_add(out, "`");
    text_add(out, is_odd ? " " : "");
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)text[i] < 0x20)
            text_add(out, " ");
        else
            text_addf(out, text[i] == '|' ? "\\%.1s" : "%.1s", &text[i]);
    }
    text_add(out, is_odd ? " " : "");
    for (size_t i = 0; i < ticks; i++)
        text_add(out, "`");
}

static void add_plain(struct printer *printer, const struct text *text)
{
    markdown_add(&printer->out, text_get(text), text->length);
}

static void add_totals(struct printer *printer)
{
    const struct model *model = printer->model;
    struct text *out = &printer->out;
    text_add(out, "| | bytes | blocks |\n|:--|--:|--:|\n");
    text_addf(out, "| allocated | %s | %" PRIu64 " |\n", units_bytes(model->totals[MODEL_ALLOC_BYTES]).text,
              model->totals[MODEL_ALLOC_COUNT]);
    text_addf(out, "| peak | %s | |\n", units_bytes(model->totals[MODEL_PEAK_BYTES]).text);
    text_addf(out, "| not freed | %s | %" PRIu64 " |\n", units_bytes(model->totals[MODEL_LIVE_BYTES]).text,
              model->totals[MODEL_LIVE_COUNT]);
    if (model->request->totals.has_rss)
        text_addf(out, "| resident set | %s | |\n",
                  units_change(model->request->totals.rss_after_bytes - model->request->totals.rss_before_bytes).text);
    text_add(out, "\n");
}

static void add_row(struct printer *printer, const struct row *row)
{
    struct text *out = &printer->out;
    text_addf(out, "| %" PRIu32 " | ", row->line);
    if (row->measured && row->has_rss)
        text_addf(out, "%s | %s | ", units_signed(row->rss_bytes).text, units_signed(row->increment_bytes).text);
    else
        text_add(out, "| | ");
    if (row->measured)
        text_addf(out, "%s | %" PRIu64 " | ", units_signed(row->heap_bytes).text, row->occurrences);
    else
        text_add(out, "| | ");
    if (row->text != NULL)
        markdown_add_code(out, row->text, row->text_length);
    text_add(out, " |\n");
}

static int add_function(struct printer *printer, const struct session_function *function)
{
    struct rows rows;
    struct text name = TEXT_EMPTY;
    const char *file = printer->options->source ? function->file : NULL;
    int code = rows_build(function, source_cache_get(&printer->sources, file), &rows);
    if (code != 0)
        return code;
    describe_function(&name, function);
    text_add(&printer->out, "#### ");
    add_plain(printer, &name);
    text_fini(&name);
    text_add(&printer->out, "\n\n| line | resident | increment | heap | visits | |\n|--:|--:|--:|--:|--:|:--|\n");
    for (size_t i = 0; i < rows.count; i++)
        if (rows.items[i].measured || rows.items[i].text_length > 0)
            add_row(printer, &rows.items[i]);
    text_add(&printer->out, "\n");
    rows_free(&rows);
    return 0;
}

static void add_group(struct printer *printer, const struct tables_group *group, enum tables_order order,
                      uint64_t whole)
{
    struct text *out = &printer->out, name = TEXT_EMPTY, place = TEXT_EMPTY;
    uint64_t weight = tables_weight(&group->sum, order);
    if (group->blame.function != NULL)
        text_add_printable(&name, group->blame.function);
    else
        stacks_add_address(&name, printer->session, group->blame.frame);
    stacks_add_place(&place, printer->session, group->blame.frame, group->blame.file, group->blame.line);
    text_addf(out, "| %s | %" PRIu64 " | %.1f %% | ", units_bytes(weight).text,
              order == TABLES_BY_LIVE ? group->sum.live_count : group->sum.alloc_count,
              whole > 0 ? 100.0 * (double)weight / (double)whole : 0.0);
    markdown_add_code(out, text_get(&name), name.length);
    text_add(out, " | ");
    add_plain(printer, &place);
    text_add(out, " |\n");
    text_fini(&name);
    text_fini(&place);
}

static void add_table(struct printer *printer, const struct tables *tables, enum tables_order order, const char *title)
{
    const struct tables_group *top[MARKDOWN_ROWS_MAX];
    size_t count = tables_top(tables, order, top, MARKDOWN_ROWS_MAX);
    if (count == 0)
        return;
    text_addf(&printer->out, "#### %s\n\n| bytes | %s | share | function | |\n|--:|--:|--:|:--|:--|\n", title,
              order == TABLES_BY_LIVE ? "blocks" : "allocations");
    for (size_t i = 0; i < count && i < MARKDOWN_ROWS_MAX; i++)
        add_group(printer, top[i], order, tables_weight(&tables->sum, order));
    if (count > MARKDOWN_ROWS_MAX)
        text_addf(&printer->out, "\nand %zu more\n", count - MARKDOWN_ROWS_MAX);
    text_add(&printer->out, "\n");
}

static int add_heap(struct printer *printer)
{
    struct tables tables;
    if (!printer->model->has_memory)
        return 0;
    int code = tables_build(printer->model->stacks_of, printer->session, 0, &tables);
    if (code != 0)
        return code;
    add_totals(printer);
    add_table(printer, &tables, TABLES_BY_LIVE, "Not freed");
    add_table(printer, &tables, TABLES_BY_PEAK, "Largest at the peak");
    add_table(printer, &tables, TABLES_BY_ALLOCATED, "Most allocated");
    tables_fini(&tables);
    return 0;
}

int report_markdown(const struct model *model, const struct report_options *options, FILE *out, struct err *err)
{
    struct printer printer = {.session = model->session,
                              .options = options,
                              .model = model,
                              .sources = source_cache_of(options),
                              .out = TEXT_EMPTY};
    struct text title = TEXT_EMPTY;
    describe_request(&title, model->request, model->session);
    text_add(&printer.out, "### ");
    add_plain(&printer, &title);
    text_addf(&printer.out, ", %s\n\n", units_duration(model->request->elapsed_ns).text);
    int code = add_heap(&printer);
    for (size_t i = 0; i < model->request->function_count && code == 0; i++)
        code = add_function(&printer, &model->request->functions[i]);
    if (code == 0 && (printer.out.failed || title.failed))
        code = -ENOMEM;
    errno = 0;
    if (code == 0 && (fputs(text_get(&printer.out), out) < 0 || fflush(out) != 0))
        code = errno != 0 ? -errno : -EIO;
    source_cache_fini(&printer.sources);
    text_fini(&title);
    text_fini(&printer.out);
    return code == 0 ? 0 : err_set(err, code, "Markdown report: %s", strerror(-code));
}
