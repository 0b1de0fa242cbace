/* The pages that lead to others: plain HTML. A script adds to that of all snapshots how two are compared. */

#include "report/page.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "report/page-html.h"

/* The figures that are compared from one snapshot to the next. */
enum figure { FIGURE_PEAK, FIGURE_NOT_FREED, FIGURE_ALLOCS, FIGURE_COUNT };

static const char *const figure_names[FIGURE_COUNT] = {"peak", "not freed", "allocs"};

/* Fewer bytes than this more are not worth a word. */
#define WORSE_MIN_RATIO 0.01

struct change {
    const struct page_request *request; /* NULL: nothing got worse */
    enum figure figure;
    int64_t old, new;
};

static int64_t figure_of(const struct page_cell *cell, enum figure figure)
{
    switch (figure) {
    case FIGURE_PEAK:
        return cell->peak_bytes;
    case FIGURE_NOT_FREED:
        return cell->not_freed_bytes;
    default:
        return cell->alloc_count > INT64_MAX ? INT64_MAX : (int64_t)cell->alloc_count;
    }
}

static bool has_figures(const struct page_cell *cell)
{
    return cell->folder != NULL && cell->has_heap;
}

/* By how much of itself a figure grew; what was nothing before counts as grown by all of it. */
static double growth(int64_t old, int64_t new)
{
    if (new <= old)
        return 0;
    return old > 0 ? (double)(new - old) / (double)old : 1;
}

/* What grew most since the snapshot before, `before` of which may be NULL. */
static struct change find_worst(const struct page_history *history, const struct page_snapshot_row *before,
                                const struct page_snapshot_row *row)
{
    struct change worst = {0};
    double most = WORSE_MIN_RATIO;
    for (size_t i = 0; before != NULL && i < history->request_count; i++) {
        if (!has_figures(&before->cells[i]) || !has_figures(&row->cells[i]))
            continue;
        for (int figure = 0; figure < FIGURE_COUNT; figure++) {
            int64_t old = figure_of(&before->cells[i], figure), new = figure_of(&row->cells[i], figure);
            if (growth(old, new) <= most)
                continue;
            most = growth(old, new);
            worst = (struct change){&history->requests[i], figure, old, new};
        }
    }
    return worst;
}

static void put_request_name(FILE *out, const struct page_request *request)
{
    html_text(out, request->method);
    fputs(" ", out);
    html_text(out, request->target);
    if (request->ordinal > 1)
        fprintf(out, " #%" PRIu32, request->ordinal);
}

static struct units_text figure_text(enum figure figure, int64_t value)
{
    struct units_text text;
    if (figure != FIGURE_ALLOCS)
        return units_signed(value);
    snprintf(text.text, sizeof text.text, "%" PRId64, value);
    return text;
}

static void put_change(FILE *out, const struct change *change)
{
    if (change->request == NULL)
        return;
    fputs("<span class=\"worse\">", out);
    put_request_name(out, change->request);
    fprintf(out, " %s %s", figure_names[change->figure], figure_text(change->figure, change->old).text);
    fprintf(out, " &rarr; %s</span>", figure_text(change->figure, change->new).text);
}

/* A cell of the table of snapshots: three columns. `before`: the same of the snapshot before, or NULL. */
static void put_figures(FILE *out, const struct page_cell *before, const struct page_cell *cell,
                        const struct page_snapshot_row *row)
{
    if (!has_figures(cell)) {
        fputs("<td class=\"first\"></td><td></td><td></td>", out);
        return;
    }
    for (int figure = 0; figure < FIGURE_COUNT; figure++) {
        int64_t value = figure_of(cell, figure);
        bool is_worse =
            before != NULL && has_figures(before) && growth(figure_of(before, figure), value) > WORSE_MIN_RATIO;
        fprintf(out, "<td class=\"%s%s\">", figure == 0 ? "first" : "", is_worse ? " worse" : "");
        if (figure == 0) {
            fputs("<a href=\"", out);
            html_url(out, row->folder);
            putc('/', out);
            html_url(out, cell->folder);
            fputs("/index.html\">", out);
        }
        fprintf(out, "%s%s</td>", figure_text(figure, value).text, figure == 0 ? "</a>" : "");
    }
}

static void put_text_or_nothing(FILE *out, const char *text)
{
    if (text != NULL)
        html_text(out, text);
}

/* Twelve digits of a commit tell it from others. */
static void put_commit(FILE *out, const char *commit, bool dirty)
{
    if (commit == NULL)
        return;
    char start[13];
    snprintf(start, sizeof start, "%s", commit);
    fputs("<code>", out);
    html_text(out, start);
    fprintf(out, "</code>%s", dirty ? " <span class=\"badge\">with changes</span>" : "");
}

static void put_snapshot(FILE *out, const struct page_history *history, size_t number)
{
    const struct page_snapshot_row *row = &history->snapshots[number], *before = number > 0 ? row - 1 : NULL;
    const struct change worst = find_worst(history, before, row);
    fputs("<tr data-name=\"", out);
    html_text(out, row->folder);
    fputs("\"><th scope=\"row\"><a href=\"", out);
    html_url(out, row->folder);
    fputs("/index.html\">", out);
    html_text(out, row->time != NULL ? row->time : row->folder);
    fputs("</a></th><td class=\"text\">", out);
    put_commit(out, row->commit, row->dirty);
    fputs("</td><td class=\"text subject\">", out);
    put_text_or_nothing(out, row->subject);
    fputs("</td><td class=\"text\">", out);
    put_change(out, &worst);
    fputs("</td>", out);
    for (size_t i = 0; i < history->request_count; i++)
        put_figures(out, before != NULL ? &before->cells[i] : NULL, &row->cells[i], row);
    fputs("</tr>\n", out);
}

/* The peaks of a request over all snapshots. */
static int put_request_spark(FILE *out, const struct page_history *history, size_t request)
{
    size_t count = history->snapshot_count;
    int64_t *values = calloc(count + 1, sizeof *values);
    bool *has = calloc(count + 1, sizeof *has);
    int code = values == NULL || has == NULL ? -ENOMEM : 0;
    for (size_t i = 0; i < count && code == 0; i++) {
        const struct page_cell *cell = &history->snapshots[i].cells[request];
        has[i] = has_figures(cell);
        values[i] = has[i] ? cell->peak_bytes : 0;
    }
    if (code == 0)
        html_spark(out, &(struct html_spark){"peak, oldest snapshot first", values, has, count});
    free(values);
    free(has);
    return code;
}

static int put_history_head(FILE *out, const struct page_history *history)
{
    int code = 0;
    fputs("<thead><tr><th rowspan=\"2\" scope=\"col\">Snapshot</th><th rowspan=\"2\" scope=\"col\" "
          "class=\"text\">Commit</th>"
          "<th rowspan=\"2\" scope=\"col\" class=\"text\">Subject</th>"
          "<th rowspan=\"2\" scope=\"col\" class=\"text\">Got worse</th>",
          out);
    for (size_t i = 0; i < history->request_count && code == 0; i++) {
        fputs("<th colspan=\"3\" scope=\"colgroup\" class=\"first\"><div>", out);
        put_request_name(out, &history->requests[i]);
        fputs("</div>", out);
        code = put_request_spark(out, history, i);
        fputs("</th>", out);
    }
    fputs("</tr>\n<tr>", out);
    for (size_t i = 0; i < history->request_count; i++)
        for (int figure = 0; figure < FIGURE_COUNT; figure++)
            fprintf(out, "<th scope=\"col\"%s>%s</th>", figure == 0 ? " class=\"first\"" : "", figure_names[figure]);
    fputs("</tr></thead>\n", out);
    return code;
}

int page_snapshots(const struct page_history *history, FILE *out, struct err *err)
{
    html_begin(out, "Snapshots - syseng-mem", &page_history_script);
    fprintf(out,
            "<header><h1>Snapshots</h1><p class=\"facts\">%zu snapshot%s of %zu request%s, newest "
            "first</p></header>\n<main>",
            history->snapshot_count, history->snapshot_count == 1 ? "" : "s", history->request_count,
            history->request_count == 1 ? "" : "s");
    int code = 0;
    if (history->snapshot_count == 0) {
        fputs("<p class=\"empty\">There is none yet. Make one with: <code>syseng-mem snapshot ./app /path</code></p>",
              out);
    } else {
        fputs("<div class=\"wide\"><table class=\"figures history\">\n", out);
        code = put_history_head(out, history);
        fputs("<tbody>\n", out);
        for (size_t i = history->snapshot_count; i-- > 0;)
            put_snapshot(out, history, i);
        fputs("</tbody></table></div>", out);
    }
    fputs("</main>\n", out);
    html_script(out, &page_history_script);
    int write_code = html_end(out, err);
    return code != 0 ? err_set(err, code, "page: %s", strerror(-code)) : write_code;
}

static void put_request_row(FILE *out, const struct page_request *request, const struct page_cell *cell)
{
    fputs("<tr><th scope=\"row\"><a href=\"", out);
    html_url(out, cell->folder);
    fputs("/index.html\">", out);
    put_request_name(out, request);
    fputs("</a></th><td>", out);
    if (cell->status > 0)
        fprintf(out, "<span class=\"badge%s\">%d</span>", cell->status >= 400 ? " bad" : "", cell->status);
    fputs("</td>", out);
    if (cell->has_heap) {
        fprintf(out, "<td>%s</td>", units_signed(cell->peak_bytes).text);
        fprintf(out, "<td>%s</td><td>%" PRIu64 "</td>", units_bytes(cell->alloc_bytes).text, cell->alloc_count);
        fprintf(out, "<td>%s</td><td>%" PRId64 "</td>", units_signed(cell->not_freed_bytes).text,
                cell->not_freed_count);
    } else {
        fputs("<td></td><td></td><td></td><td></td><td></td>", out);
    }
    fprintf(out, "<td>%s</td></tr>\n", cell->has_elapsed ? units_duration(cell->elapsed_ns).text : "");
}

int page_snapshot(const struct page_snapshot_row *snapshot, const struct page_request *requests, size_t request_count,
                  FILE *out, struct err *err)
{
    const char *name = snapshot->time != NULL ? snapshot->time : snapshot->folder;
    struct text title = TEXT_EMPTY;
    text_addf(&title, "%s - syseng-mem", name);
    html_begin(out, text_get(&title), NULL);
    text_fini(&title);
    fputs("<header><p class=\"facts\"><a href=\"../index.html\">All snapshots</a></p><h1>", out);
    html_text(out, name);
    fputs("</h1><p class=\"facts\">", out);
    put_commit(out, snapshot->commit, snapshot->dirty);
    fputs(" ", out);
    put_text_or_nothing(out, snapshot->subject);
    fputs(
        "</p></header>\n<main><div class=\"wide\"><table class=\"figures\">\n<thead><tr><th scope=\"col\">Request</th>"
        "<th scope=\"col\">Status</th><th scope=\"col\">Peak</th><th scope=\"col\">Allocated</th>"
        "<th scope=\"col\">Allocs</th><th scope=\"col\">Not freed</th><th scope=\"col\">Blocks</th>"
        "<th scope=\"col\">Elapsed</th></tr></thead>\n<tbody>\n",
        out);
    for (size_t i = 0; i < request_count; i++)
        if (snapshot->cells[i].folder != NULL)
            put_request_row(out, &requests[i], &snapshot->cells[i]);
    fputs("</tbody></table></div></main>\n", out);
    return html_end(out, err);
}
