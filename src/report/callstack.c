/* callstack.txt: the text of Python's pstats, of CPU time and of allocations. */

#include "report/formats.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/call-graph.h"
#include "report/describe.h"
#include "report/format-parts.h"
#include "report/heap-stacks.h"

/* One unit for all figures of a table. */
struct unit {
    uint64_t size;
    const char *name;
};

struct printer {
    const struct model *model;
    struct call_graph graph;
    FILE *out;
};

/* A function's line in a table. */
struct row {
    uint32_t function;
    uint64_t own;
    char *place; /* "src/app.c:10(range)", "{strdup}"; owned */
};

/* The largest unit in which `largest` is at least 1; the last one stands for everything smaller. */
static struct unit choose_unit(const struct unit *units, uint64_t largest)
{
    while (units->size > largest && units[1].size != 0)
        units++;
    return *units;
}

static struct unit time_unit(uint64_t ns)
{
    static const struct unit units[] = {
        {1000000000, "seconds"}, {1000000, "milliseconds"}, {1000, "microseconds"}, {0, NULL}};
    return choose_unit(units, ns);
}

/* KiB stays up to 10 MiB, so that what is small is seen beside what is large. */
static struct unit size_unit(uint64_t bytes)
{
    static const struct unit units[] = {{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}, {0, NULL}};
    return choose_unit(units, bytes / 10);
}

static double in_unit(uint64_t value, struct unit unit)
{
    return (double)value / (double)unit.size;
}

static char *place_of(const struct printer *printer, uint32_t number)
{
    const struct model_function *function = &printer->model->functions[number];
    const bool has_place = function->file != NULL && function->line > 0;
    struct text text = TEXT_EMPTY;
    if (has_place)
        stacks_add_place(&text, printer->model->session, NULL, function->file, function->line);
    text_add(&text, has_place ? "(" : "{");
    format_add_name(&text, function->name);
    text_add(&text, has_place ? ")" : "}");
    char *place = text.failed ? NULL : strdup(text_get(&text));
    text_fini(&text);
    return place;
}

/* Own figures first; what has as much follows by name. */
static int compare_rows(const void *left, const void *right, void *data)
{
    const struct row *a = left, *b = right;
    if (a->own != b->own)
        return a->own > b->own ? -1 : 1;
    return format_compare_functions(data, a->function, b->function);
}

static void free_rows(struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(rows[i].place);
    free(rows);
}

/* The functions that have some of `measure` or are on the way to some, ordered. NULL when memory is out. */
static struct row *make_rows(const struct printer *printer, enum model_measure measure, enum model_measure besides,
                             size_t *count)
{
    struct row *rows = calloc(printer->model->function_count + 1, sizeof *rows);
    *count = 0;
    for (uint32_t i = 0; rows != NULL && i < printer->model->function_count; i++) {
        const struct call_node *node = &printer->graph.nodes[i];
        if (node->total[measure] == 0 && node->total[besides] == 0)
            continue;
        rows[*count] = (struct row){.function = i, .own = node->own[measure], .place = place_of(printer, i)};
        if (rows[(*count)++].place == NULL) {
            free_rows(rows, *count);
            return NULL;
        }
    }
    if (rows != NULL)
        qsort_r(rows, *count, sizeof *rows, compare_rows, (void *)(uintptr_t)printer->model);
    return rows;
}

/* How often a function was called, where line stops counted it; else 0. */
static uint64_t calls_of(const struct model *model, const struct model_function *function)
{
    uint64_t calls = 0;
    for (size_t i = 0; i < model->request->function_count; i++) {
        const struct session_function *counted = &model->request->functions[i];
        if (counted->line == function->line && strcmp(counted->name, function->name) == 0 &&
            format_compare_texts(counted->file, function->file) == 0)
            calls += counted->calls;
    }
    return calls;
}

/* A figure divided by a number of calls that may be unknown. */
static void print_per_call(FILE *out, double value, uint64_t calls)
{
    if (calls > 0)
        fprintf(out, " %8.3f", value / (double)calls);
    else
        fprintf(out, " %8s", "-");
}

static void print_time_row(const struct printer *printer, const struct row *row, struct unit unit)
{
    const struct call_node *node = &printer->graph.nodes[row->function];
    const double own = in_unit(node->own[MODEL_TIME_NS], unit), total = in_unit(node->total[MODEL_TIME_NS], unit);
    const uint64_t calls = calls_of(printer->model, &printer->model->functions[row->function]);
    if (calls > 0)
        fprintf(printer->out, "%9" PRIu64, calls);
    else
        fprintf(printer->out, "%9s", "-");
    fprintf(printer->out, " %8.3f", own);
    print_per_call(printer->out, own, calls);
    fprintf(printer->out, " %8.3f", total);
    print_per_call(printer->out, total, calls);
    fprintf(printer->out, " %s\n", row->place);
}

static int print_time(const struct printer *printer)
{
    const uint64_t ns = printer->model->totals[MODEL_TIME_NS];
    const struct session_cpu *cpu = &printer->model->request->cpu;
    const struct unit unit = time_unit(ns);
    if (ns == 0 && cpu->user_only && cpu->ns > cpu->interval_ns) {
        fprintf(printer->out,
                "         %.3f milliseconds of CPU time, all in the kernel, which only root may sample\n\n\n",
                (double)cpu->ns / 1e6);
        return 0;
    }
    if (ns == 0) {
        fprintf(printer->out,
                "         no CPU time: too short to be sampled (a sample is taken every %.3f milliseconds)\n\n\n",
                (double)cpu->interval_ns / 1e6);
        return 0;
    }
    size_t count;
    struct row *rows = make_rows(printer, MODEL_TIME_NS, MODEL_TIME_NS, &count);
    if (rows == NULL)
        return -ENOMEM;
    fprintf(printer->out, "         %.3f %s of CPU time in %" PRIu64 " samples", in_unit(ns, unit), unit.name,
            cpu->sample_count);
    if (cpu->lost_count > 0)
        fprintf(printer->out, "; %" PRIu64 " more were lost", cpu->lost_count);
    fputs("\n\n", printer->out);
    fprintf(printer->out, "   Ordered by: internal time, function name (times in %s, by samples)\n\n", unit.name);
    fputs("   ncalls  tottime  percall  cumtime  percall filename:lineno(function)\n", printer->out);
    for (size_t i = 0; i < count; i++)
        print_time_row(printer, &rows[i], unit);
    fputs("\n\n", printer->out);
    free_rows(rows, count);
    return 0;
}

static void print_memory_row(const struct printer *printer, const struct row *row, struct unit unit)
{
    const struct call_node *node = &printer->graph.nodes[row->function];
    const double own = in_unit(node->own[MODEL_ALLOC_BYTES], unit);
    fprintf(printer->out, "%9" PRIu64 " %8.3f", node->own[MODEL_ALLOC_COUNT], own);
    print_per_call(printer->out, own, node->own[MODEL_ALLOC_COUNT]);
    fprintf(printer->out, " %8.3f %8" PRIu64 " %s\n", in_unit(node->total[MODEL_ALLOC_BYTES], unit),
            node->total[MODEL_LIVE_BYTES], row->place);
}

static int print_memory(const struct printer *printer)
{
    const uint64_t *totals = printer->model->totals;
    const struct unit unit = size_unit(totals[MODEL_ALLOC_BYTES]);
    size_t count;
    int code = 0;
    struct row *rows = make_rows(printer, MODEL_ALLOC_BYTES, MODEL_ALLOC_COUNT, &count);
    if (rows == NULL)
        return -ENOMEM;
    fprintf(printer->out,
            "         %" PRIu64 " %s of %" PRIu64 " bytes; %" PRIu64 " %s, %" PRIu64 " bytes not freed; peak %" PRIu64
            " bytes\n\n",
            totals[MODEL_ALLOC_COUNT], totals[MODEL_ALLOC_COUNT] == 1 ? "allocation" : "allocations",
            totals[MODEL_ALLOC_BYTES], totals[MODEL_LIVE_COUNT], totals[MODEL_LIVE_COUNT] == 1 ? "block" : "blocks",
            totals[MODEL_LIVE_BYTES], totals[MODEL_PEAK_BYTES]);
    struct text estimate = TEXT_EMPTY;
    describe_estimate(&estimate, printer->model->session);
    if (estimate.failed)
        code = -ENOMEM;
    fprintf(printer->out, "   Ordered by: bytes allocated, function name (sizes in %s, notfree in bytes%s)\n\n",
            unit.name, text_get(&estimate));
    text_fini(&estimate);
    fputs("  nallocs   totmem  percall   cummem  notfree filename:lineno(function)\n", printer->out);
    for (size_t i = 0; i < count; i++)
        print_memory_row(printer, &rows[i], unit);
    fputs("\n\n", printer->out);
    free_rows(rows, count);
    return code;
}

/* The first line, as pstats writes it. */
static int print_origin(const struct report_origin *origin, FILE *out)
{
    char date[32];
    const time_t time = (time_t)origin->time_s;
    struct text text = TEXT_EMPTY;
    int code = 0;
    if (ctime_r(&time, date) == NULL)
        return 0;
    text_addf(&text, "%.*s    ", (int)strcspn(date, "\n"), date);
    format_add_name(&text, origin->path != NULL ? origin->path : "");
    text_add(&text, "\n\n");
    format_print(&text, out, &code);
    return code;
}

int report_callstack(const struct model *model, const struct report_options *options, FILE *out, struct err *err)
{
    struct printer printer = {.model = model, .out = out};
    int code = format_check(model, err);
    if (code != 0)
        return code;
    code = call_graph_build(model, CALL_GRAPH_FUNCTIONS, &printer.graph);
    if (code == 0 && options->origin != NULL)
        code = print_origin(options->origin, out);
    if (code == 0 && model->has_time)
        code = print_time(&printer);
    if (code == 0 && model->has_memory)
        code = print_memory(&printer);
    call_graph_fini(&printer.graph);
    return format_finish(out, code, "callstack.txt", err);
}
