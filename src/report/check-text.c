/* Findings for people. */

#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "report/check-print.h"
#include "report/source.h"

/* So many frames are shown from each end of a deep stack, unless --verbose. */
#define SHOWN_INNER 24
#define SHOWN_OUTER 4
#define SOURCE_WIDTH 100
/* So many leaks of a request are shown, the largest, unless --verbose; the others are added up. */
#define SHOWN_LEAKS 50

struct printer {
    const struct check_result *result;
    const struct check_print *print;
    struct text out;
    struct source_cache cache;
    size_t left_out; /* leaks of this request, so far */
    uint64_t left_out_bytes;
};

static const char *paint(const struct printer *printer, const char *color)
{
    return printer->print->color ? color : "";
}

static void add_padded(struct text *out, const char *text, size_t width)
{
    text_addf(out, "%-*s", (int)width, text);
}

/* The line of source that a frame is at, without its indentation. */
static void add_source(struct printer *printer, const struct check_frame *frame)
{
    if (!printer->print->source || frame->file == NULL || frame->line == 0)
        return;
    size_t length;
    const char *line = source_line(source_cache_get(&printer->cache, frame->file), frame->line, &length);
    if (line == NULL || length == 0)
        return;
    text_add(&printer->out, "     ");
    source_add_trimmed(&printer->out, line, length, SOURCE_WIDTH);
}

struct column {
    size_t function, place;
};

/* Is the frame left out of a deep stack? */
static bool is_elided(const struct printer *printer, size_t index, size_t count)
{
    return !printer->print->verbose && count > SHOWN_INNER + SHOWN_OUTER + 1 && index >= SHOWN_INNER &&
           index + SHOWN_OUTER < count;
}

static struct column measure(const struct printer *printer, const struct check_finding *finding, size_t count)
{
    struct column width = {0};
    for (size_t i = 0; i < count; i++) {
        struct text text = TEXT_EMPTY;
        if (is_elided(printer, i, count))
            continue;
        check_add_function(&text, &finding->frames[i]);
        width.function = text.length > width.function ? text.length : width.function;
        text_clear(&text);
        check_add_frame_place(&text, &finding->frames[i]);
        width.place = text.length > width.place ? text.length : width.place;
        text_fini(&text);
    }
    /* One long C++ name must not push everything else aside. */
    width.function = width.function < 40 ? width.function : 40;
    width.place = width.place < 40 ? width.place : 40;
    return width;
}

static void add_stack(struct printer *printer, const struct check_finding *finding)
{
    size_t count = printer->print->verbose ? finding->frame_count : check_shown_frames(finding);
    struct column width = measure(printer, finding, count);
    struct text *out = &printer->out;
    for (size_t i = 0; i < count; i++) {
        const struct check_frame *frame = &finding->frames[i];
        struct text text = TEXT_EMPTY;
        if (is_elided(printer, i, count)) {
            text_addf(out, "        ... %zu frames; --verbose shows them\n", count - SHOWN_INNER - SHOWN_OUTER);
            i = count - SHOWN_OUTER - 1;
            continue;
        }
        text_addf(out, "        #%-*zu ", count > 10 ? 2 : 1, i);
        check_add_function(&text, frame);
        if (i == finding->blamed)
            text_add(out, paint(printer, "\033[1m"));
        add_padded(out, text_get(&text), width.function);
        text_clear(&text);
        check_add_frame_place(&text, frame);
        text_add(out, "  ");
        add_padded(out, text_get(&text), width.place);
        text_fini(&text);
        if (i == finding->blamed)
            text_add(out, paint(printer, "\033[0m"));
        add_source(printer, frame);
        text_trim(out);
        text_add(out, "\n");
    }
}

/* `word` is NULL for a finding, which gets that of its kind. */
static void add_finding(struct printer *printer, const struct check_finding *finding, size_t name_width,
                        const char *word)
{
    static const char *const colors[] = {
        [CHECK_LEAK] = "\033[1;31m", [CHECK_LIMIT] = "\033[1;35m", [CHECK_FAILED] = "\033[1;31m"};
    struct text *out = &printer->out, cure = TEXT_EMPTY;
    text_add(out, paint(printer, word != NULL ? "\033[2m" : colors[finding->kind]));
    add_padded(out, word != NULL ? word : check_kind_name(finding->kind), 6);
    text_add(out, paint(printer, "\033[0m"));
    add_padded(out, printer->result->requests[finding->request].name, name_width + 3);
    check_add_what(out, printer->result, finding);
    text_add(out, "\n");
    if (finding->kind != CHECK_LEAK)
        return;
    add_stack(printer, finding);
    if (word == NULL && check_add_suppression(&cure, finding))
        text_addf(out, "      cure: free it, or put this line in .syseng-mem.supp:   %s\n", text_get(&cure));
    text_fini(&cure);
}

static size_t widest_name(const struct check_finding *findings, size_t count, const struct check_result *result)
{
    size_t width = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(result->requests[findings[i].request].name);
        width = length > width ? length : width;
    }
    return width < 40 ? width : 40;
}

/* Is this leak the `number`th or a later one of its request? They are in a row. */
static bool is_beyond(const struct check_finding *findings, size_t index, size_t number)
{
    return findings[index].kind == CHECK_LEAK && index >= number && findings[index - number].kind == CHECK_LEAK &&
           findings[index - number].request == findings[index].request;
}

/* Finding number `index`, in its turn. */
static void add_next(struct printer *printer, size_t index, size_t width)
{
    const struct check_result *result = printer->result;
    const struct check_finding *findings = result->findings;
    if (printer->print->verbose || !is_beyond(findings, index, SHOWN_LEAKS)) {
        add_finding(printer, &findings[index], width, NULL);
        return;
    }
    printer->left_out++;
    printer->left_out_bytes += findings[index].bytes_total;
    if (index + 1 < result->finding_count && is_beyond(findings, index + 1, SHOWN_LEAKS))
        return;
    text_addf(&printer->out, "LEAK  %s   %zu more leaks, %s in all; --verbose shows them, --as json has them\n",
              result->requests[findings[index].request].name, printer->left_out,
              units_bytes(printer->left_out_bytes).text);
    printer->left_out = 0;
    printer->left_out_bytes = 0;
}

/* All of what is no finding. */
static void add_all(struct printer *printer, const struct check_finding *findings, size_t count, const char *word)
{
    size_t width = widest_name(findings, count, printer->result);
    for (size_t i = 0; i < count; i++)
        add_finding(printer, &findings[i], width, word);
}

/* What is no finding, in one line. */
static void add_still_live(struct text *out, const struct check_result *result, bool verbose)
{
    uint64_t bytes = 0, blocks = 0;
    for (size_t i = 0; i < result->still_live_count; i++) {
        bytes += result->still_live[i].bytes_total;
        blocks += result->still_live[i].blocks_total;
    }
    if (blocks > 0)
        text_addf(out, "%s in %" PRIu64 " block%s still live at exit, and reachable%s\n", units_bytes(bytes).text,
                  blocks, blocks == 1 ? "" : "s",
                  verbose ? "" : "; --verbose lists them, --still-live makes them findings");
}

int check_text(const struct check_result *result, const struct check_print *print, FILE *out, struct err *err)
{
    struct printer printer = {.result = result,
                              .print = print,
                              .out = TEXT_EMPTY,
                              .cache = {.read = print->read_source, .data = print->source_data}};
    size_t width = widest_name(result->findings, result->finding_count, result);
    for (size_t i = 0; i < result->finding_count; i++)
        add_next(&printer, i, width);
    if (print->verbose) {
        add_all(&printer, result->indirect, result->indirect_count, "LOST");
        add_all(&printer, result->kept, result->kept_count, "KEPT");
        add_all(&printer, result->still_live, result->still_live_count, "LIVE");
    }
    add_still_live(&printer.out, result, print->verbose);
    check_add_totals(&printer.out, result);
    text_add(&printer.out, "\n");
    source_cache_fini(&printer.cache);
    return check_write(&printer.out, out, err);
}
