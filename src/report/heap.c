/* The heap report as text: totals, then tables of the lines that allocate, with stacks below the first rows. */

#include "report/report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "base/units.h"
#include "collector/session.h"
#include "report/describe.h"
#include "report/heap-stacks.h"
#include "report/heap-tables.h"
#include "report/source.h"

#define HEAP_ROWS_MAX 10
#define HEAP_STACKS_MAX 3
#define HEAP_SMALL_CLASS 4 /* up to 16 bytes */
/* Functions are looked for in so many lines. */
#define HEAP_CANDIDATES 40
/* Of a deep stack: so many inner frames, and as many outer ones. */
#define HEAP_INNER_FRAMES 24
#define HEAP_OUTER_FRAMES 4
/* Columns beyond which a longer name pushes what follows to the right. */
#define HEAP_FUNCTION_COLUMNS 40
#define HEAP_PLACE_COLUMNS 40

struct heap_report {
    const struct session *session;
    const struct report_options *options;
    struct stacks *stacks;
    struct source_cache sources;
    FILE *out;
    /* Stacks of this request that are already there, and under which title. */
    struct {
        const struct session_site *site;
        const char *title;
    } printed[(TABLES_ORDER_COUNT + 1) * HEAP_STACKS_MAX] /* of all tables */;
    size_t printed_count;
};

struct layout {
    const char *title, *run_title; /* of a request's, and of a whole run's */
    const char *weight_heading, *count_heading;
};

static const struct layout layouts[TABLES_ORDER_COUNT] = {
    [TABLES_BY_PEAK] = {"Largest at the peak", "Largest at the peak", "Bytes", "Allocations"},
    [TABLES_BY_ALLOCATED] = {"Most allocated", "Most allocated", "Bytes", "Allocations"},
    [TABLES_BY_TEMPORARY] = {"Temporary: freed by the thread's very next event",
                             "Temporary: freed by the thread's very next event", "Temporary", "Allocations"},
    [TABLES_BY_LIVE] = {"Still live after the last request; what of it is lost, syseng-mem check tells",
                        "Still live at exit; what of it is lost, syseng-mem check tells", "Bytes", "Blocks"},
};

static void print_share(struct text *out, uint64_t part, uint64_t whole)
{
    if (whole == 0)
        text_addf(out, " %7s", "");
    else
        text_addf(out, " %6.1f%%", 100.0 * (double)part / (double)whole);
}

static void add_function(struct text *out, const struct heap_report *report, const struct session_frame *frame,
                         const char *function)
{
    if (function != NULL)
        text_add_printable(out, function);
    else
        stacks_add_address(out, report->session, frame);
}

static void print_row(struct heap_report *report, const struct tables_group *group, const struct tables_sum *all,
                      enum tables_order order)
{
    struct text row = TEXT_EMPTY;
    uint64_t weight = tables_weight(&group->sum, order), whole = tables_weight(all, order);
    if (order == TABLES_BY_TEMPORARY)
        text_addf(&row, "%12" PRIu64, weight);
    else
        text_addf(&row, "%12s", units_bytes(weight).text);
    text_addf(&row, " %12" PRIu64, order == TABLES_BY_LIVE ? group->sum.live_count : group->sum.alloc_count);
    print_share(&row, weight, whole);
    text_add(&row, "   ");
    add_function(&row, report, group->blame.frame, group->blame.function);
    if (group->blame.function != NULL || group->blame.file != NULL) {
        text_add(&row, "  ");
        stacks_add_place(&row, report->session, group->blame.frame, group->blame.file, group->blame.line);
    }
    fprintf(report->out, "%s\n", text_get(&row));
    text_fini(&row);
}

/* One frame of a chain as it stands in a stack. */
struct shown {
    const struct session_frame *frame;
    const struct symbols_frame *symbol;
    bool blamed;
    uint32_t omitted; /* with a NULL frame: how many are left out */
};

/* Call `visit` with each frame that is shown of a site's stack, in order; with a NULL frame where some are left out. */
typedef void visit_fn(struct heap_report *report, const struct shown *shown, void *data);

static int visit_stack(struct heap_report *report, const struct session_site *site, const struct stacks_blame *blame,
                       visit_fn *visit, void *data)
{
    const struct session_frame *frames = &report->session->frames[site->frame_first];
    uint32_t first = stacks_inner(report->stacks, site), count = stacks_outer(report->stacks, site);
    uint32_t inner_end = first + HEAP_INNER_FRAMES,
             outer_begin = count > HEAP_OUTER_FRAMES ? count - HEAP_OUTER_FRAMES : 0;
    if (blame->depth >= inner_end)
        inner_end = blame->depth + 1; /* the blamed line is always there */
    for (uint32_t depth = first; depth < count; depth++) {
        if (depth >= inner_end && depth < outer_begin) {
            visit(report, &(struct shown){.omitted = outer_begin - depth}, data);
            depth = outer_begin - 1;
            continue;
        }
        const struct stacks_chain *chain = stacks_resolve(report->stacks, &frames[depth]);
        if (chain == NULL)
            return -ENOMEM;
        for (uint32_t link = 0; link < chain->count; link++)
            visit(report,
                  &(struct shown){.frame = &frames[depth],
                                  .symbol = &chain->items[link],
                                  .blamed = blame->rank == STACKS_LINE && depth == blame->depth && link == blame->link},
                  data);
    }
    return 0;
}

struct columns {
    size_t function, place; /* widths */
    uint32_t number;        /* of the next frame */
};

static void describe_frame(struct heap_report *report, const struct shown *shown, struct text *function,
                           struct text *place)
{
    add_function(function, report, shown->frame, shown->symbol->function);
    if (shown->symbol->function != NULL || shown->symbol->file != NULL)
        stacks_add_place(place, report->session, shown->frame, shown->symbol->file, shown->symbol->line);
    if (shown->symbol->inlined)
        text_add(place, " (inlined)");
}

static void measure_frame(struct heap_report *report, const struct shown *shown, void *data)
{
    struct columns *columns = data;
    struct text function = TEXT_EMPTY, place = TEXT_EMPTY;
    if (shown->frame == NULL)
        return;
    describe_frame(report, shown, &function, &place);
    if (function.length > columns->function && function.length <= HEAP_FUNCTION_COLUMNS)
        columns->function = function.length;
    if (place.length > columns->place && place.length <= HEAP_PLACE_COLUMNS)
        columns->place = place.length;
    text_fini(&function);
    text_fini(&place);
}

static void add_source(struct heap_report *report, const struct symbols_frame *symbol, struct text *row)
{
    size_t length = 0;
    const struct source *source = source_cache_get(&report->sources, report->options->source ? symbol->file : NULL);
    const char *line = source_line(source, symbol->line, &length);
    if (line == NULL)
        return;
    size_t blanks = 0;
    while (blanks < length && (line[blanks] == ' ' || line[blanks] == '\t'))
        blanks++;
    while (length > blanks && (line[length - 1] == '\r' || line[length - 1] == ' '))
        length--;
    text_add(row, "   ");
    text_add_bytes(row, line + blanks, length - blanks);
}

static void print_frame(struct heap_report *report, const struct shown *shown, void *data)
{
    struct columns *columns = data;
    struct text function = TEXT_EMPTY, row = TEXT_EMPTY, place = TEXT_EMPTY;
    if (shown->frame == NULL) {
        fprintf(report->out, "                 ... %" PRIu32 " more frames\n", shown->omitted);
        columns->number += shown->omitted;
        return;
    }
    describe_frame(report, shown, &function, &place);
    text_addf(&row, "                 #%-2" PRIu32 " %-*s", columns->number++, (int)columns->function,
              text_get(&function));
    if (place.length > 0)
        text_addf(&row, "  %-*s", shown->blamed ? (int)columns->place : 0, text_get(&place));
    if (shown->blamed)
        add_source(report, shown->symbol, &row);
    text_trim(&row);
    fprintf(report->out, "%s\n", text_get(&row));
    text_fini(&function);
    text_fini(&place);
    text_fini(&row);
}

/* The title under which the stack was printed already; else NULL, and from now on `title`. */
static const char *printed_under(struct heap_report *report, const struct session_site *site, const char *title)
{
    for (size_t i = 0; i < report->printed_count; i++)
        if (report->printed[i].site == site)
            return report->printed[i].title;
    report->printed[report->printed_count].site = site;
    report->printed[report->printed_count++].title = title;
    return NULL;
}

static int print_stack(struct heap_report *report, const struct tables_group *group, enum tables_order order,
                       const char *title)
{
    struct columns columns = {0};
    const struct session_site *site = group->heaviest[order];
    const struct stacks_blame *blame = &group->heaviest_blame[order];
    const char *earlier = printed_under(report, site, title);
    int code = 0;
    if (earlier != NULL)
        fprintf(report->out, "                 stack as under '%.*s'\n", (int)strcspn(earlier, ":;"), earlier);
    else
        code = visit_stack(report, site, blame, measure_frame, &columns);
    if (earlier == NULL && code == 0)
        code = visit_stack(report, site, blame, print_frame, &columns);
    if (earlier == NULL && code == 0 && (site->cut || site->stopped))
        fprintf(report->out, "                 ... %s\n",
                site->cut ? "cut here" : "called by code without unwind information");
    size_t others = group->stack_count[order] - 1;
    if (code == 0 && others > 0)
        fprintf(report->out, "                 and %zu more %s\n", others, others == 1 ? "stack" : "stacks");
    return code;
}

static int print_groups(struct heap_report *report, const struct tables *tables, enum tables_order order,
                        const char *title, const struct layout *layout)
{
    const struct tables_group *top[HEAP_ROWS_MAX];
    size_t count = tables_top(tables, order, top, HEAP_ROWS_MAX);
    if (count == 0)
        return 0;
    fprintf(report->out, "%s\n\n%12s %12s %7s   Function\n", title, layout->weight_heading, layout->count_heading,
            "Share");
    for (int i = 0; i < 44; i++)
        putc('=', report->out);
    putc('\n', report->out);
    int code = 0;
    for (size_t i = 0; i < count && i < HEAP_ROWS_MAX && code == 0; i++) {
        print_row(report, top[i], &tables->sum, order);
        if (i < HEAP_STACKS_MAX)
            code = print_stack(report, top[i], order, title);
    }
    if (count > HEAP_ROWS_MAX)
        fprintf(report->out, "%12s and %zu more\n", "", count - HEAP_ROWS_MAX);
    fputs("\n\n", report->out);
    return code;
}

static int print_table(struct heap_report *report, const struct tables *tables, enum tables_order order, bool is_run)
{
    const struct layout *layout = &layouts[order];
    return print_groups(report, tables, order, is_run ? layout->run_title : layout->title, layout);
}

static void print_total(struct heap_report *report, const char *name, uint64_t bytes, uint64_t count)
{
    fprintf(report->out, "%12s %12" PRIu64 "   %s\n", units_bytes(bytes).text, count, name);
}

/* Allocations by size; what is tiny is one class. */
static void print_sizes(struct heap_report *report, const uint64_t counts[SIZE_CLASSES], uint64_t whole)
{
    uint64_t small = 0;
    for (int i = 0; i < HEAP_SMALL_CLASS; i++)
        small += counts[i];
    fprintf(report->out, "Sizes\n\n%12s %12s %7s\n", "Up to", "Allocations", "Share");
    for (int i = 0; i < 44; i++)
        putc('=', report->out);
    putc('\n', report->out);
    for (int i = HEAP_SMALL_CLASS; i < SIZE_CLASSES; i++) {
        uint64_t count = counts[i] + (i == HEAP_SMALL_CLASS ? small : 0);
        if (count == 0)
            continue;
        struct text row = TEXT_EMPTY;
        text_addf(&row, "%12s %12" PRIu64, i + 1 < SIZE_CLASSES ? units_bytes(UINT64_C(1) << i).text : "more", count);
        print_share(&row, count, whole);
        fprintf(report->out, "%s\n", text_get(&row));
        text_fini(&row);
    }
    fputs("\n\n", report->out);
}

static void print_totals(struct heap_report *report, const struct session_request *request,
                         const struct tables_sum *sum)
{
    struct text title = TEXT_EMPTY, estimate = TEXT_EMPTY;
    if (report->session->request_count > 1)
        describe_request(&title, request, report->session);
    describe_estimate(&estimate, report->session);
    fprintf(report->out, "Heap%s%s, in bytes as the program asked for them%s", title.length > 0 ? " of " : "",
            text_get(&title), text_get(&estimate));
    text_fini(&estimate);
    fprintf(report->out, "\n\n%12s %12s\n", "Bytes", "Blocks");
    text_fini(&title);
    for (int i = 0; i < 44; i++)
        putc('=', report->out);
    putc('\n', report->out);
    print_total(report, "allocated", sum->alloc_bytes, sum->alloc_count);
    print_total(report, "freed", sum->alloc_bytes - sum->live_bytes, sum->alloc_count - sum->live_count);
    print_total(report, request->is_run ? "still live at exit" : "still live after the last request", sum->live_bytes,
                sum->live_count);
    if (sum->temporary_count > 0)
        fprintf(report->out, "%12s %12" PRIu64 "   temporary\n", "", sum->temporary_count);
    fprintf(report->out, "%12s %12s   peak\n", units_bytes(sum->peak_bytes).text, "");
    fputs("\n\n", report->out);
}

/* What the program itself mapped: the same figures of other sites. */
static int print_mapped(struct heap_report *report, uint32_t index)
{
    struct session mapped = *report->session;
    mapped.sites = report->session->mapped;
    mapped.site_count = report->session->mapped_count;
    struct tables tables;
    int code = tables_build(report->stacks, &mapped, index, &tables);
    if (code != 0 || tables.sum.alloc_count == 0) {
        tables_fini(&tables);
        return code;
    }
    static const struct layout layout = {NULL, NULL, "Bytes", "Mappings"};
    struct text title = TEXT_EMPTY;
    bool is_run = report->session->requests[index].is_run;
    text_addf(&title, "Mapped by the program itself: %s in %" PRIu64, units_bytes(tables.sum.alloc_bytes).text,
              tables.sum.alloc_count);
    if (is_run)
        text_addf(&title, ", at most %s at once", units_bytes(tables.sum.peak_bytes).text);
    text_addf(&title, ", still there %s: %s", is_run ? "at exit" : "after the last request",
              units_bytes(tables.sum.live_bytes).text);
    code = print_groups(report, &tables, TABLES_BY_ALLOCATED, text_get(&title), &layout);
    text_fini(&title);
    tables_fini(&tables);
    return code;
}

static int print_request(struct heap_report *report, uint32_t index)
{
    struct tables tables;
    const struct session_request *request = &report->session->requests[index];
    int code = tables_build(report->stacks, report->session, index, &tables);
    if (code != 0)
        return code;
    uint64_t counts[SIZE_CLASSES] = {0};
    for (size_t i = 0; i < report->session->site_count; i++)
        if (report->session->sites[i].request == index)
            session_site_add_sizes(report->session, &report->session->sites[i], counts);
    report->printed_count = 0;
    print_totals(report, request, &tables.sum);
    if (tables.sum.alloc_count > 0)
        print_sizes(report, counts, tables.sum.alloc_count);
    for (int order = 0; order < TABLES_ORDER_COUNT && code == 0; order++)
        code = print_table(report, &tables, order, request->is_run);
    if (code == 0)
        code = print_mapped(report, index);
    if (code == 0 && ferror(report->out))
        code = errno != 0 ? -errno : -EIO;
    tables_fini(&tables);
    return code;
}

static void print_end(const char *line, void *data)
{
    const struct heap_report *report = data;
    fprintf(report->out, "%s\n", line);
}

int report_heap(const struct session *session, const struct report_options *options, FILE *out, struct err *err)
{
    if (!session->has_sites || options->style == REPORT_STYLE_MEMORY_PROFILER)
        return 0;
    struct heap_report report = {.session = session,
                                 .options = options,
                                 .stacks = stacks_new(session, options->lookup, options->lookup_data),
                                 .sources = source_cache_of(options),
                                 .out = out};
    int code = report.stacks != NULL ? 0 : -ENOMEM;
    errno = 0;
    for (uint32_t i = 0; i < session->request_count && code == 0; i++)
        code = print_request(&report, i);
    if (code == 0)
        code = report_stack_ends(session, print_end, &report);
    if (code == 0 && (fflush(out) != 0 || ferror(out)))
        code = errno != 0 ? -errno : -EIO;
    stacks_free(report.stacks);
    source_cache_fini(&report.sources);
    return code == 0 ? 0 : err_set(err, code, "heap report: %s", strerror(-code));
}

/* The function that the compiler made: one that was inlined into it cannot be chosen by name. */
static const char *compiled_function(struct stacks *stacks, const struct stacks_blame *blame)
{
    const struct stacks_chain *chain = blame->rank == STACKS_LINE ? stacks_resolve(stacks, blame->frame) : NULL;
    return chain != NULL ? chain->items[chain->count - 1].function : NULL;
}

static void emit_functions(struct stacks *stacks, const struct tables *tables, size_t max, report_emit_fn *emit,
                           void *data)
{
    const struct tables_group *top[HEAP_CANDIDATES];
    const char *named[HEAP_CANDIDATES];
    size_t count = tables_top(tables, TABLES_BY_ALLOCATED, top, HEAP_CANDIDATES), named_count = 0;
    for (size_t i = 0; i < count && i < HEAP_CANDIDATES && named_count < max; i++) {
        const char *function = compiled_function(stacks, &top[i]->blame);
        bool is_new = function != NULL;
        for (size_t j = 0; j < named_count && is_new; j++)
            is_new = strcmp(named[j], function) != 0;
        if (!is_new)
            continue;
        named[named_count++] = function;
        struct text text = TEXT_EMPTY;
        text_add_printable(&text, function);
        emit(text_get(&text), data);
        text_fini(&text);
    }
}

int report_heap_functions(const struct session *session, const struct report_options *options, size_t max,
                          report_emit_fn *emit, void *data)
{
    if (!session->has_sites || session->request_count == 0)
        return 0;
    struct tables tables = {0};
    struct stacks *stacks = stacks_new(session, options->lookup, options->lookup_data);
    int code = stacks != NULL ? tables_build(stacks, session, 0, &tables) : -ENOMEM;
    if (code == 0)
        emit_functions(stacks, &tables, max, emit, data);
    tables_fini(&tables);
    stacks_free(stacks);
    return code;
}
