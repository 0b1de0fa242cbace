/* The table of formats. */

#include "cli/formats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "report/check.h"
#include "report/formats.h"
#include "report/markdown.h"
#include "report/page.h"

/* A picture that is larger is nothing to look at. */
#define PICTURE_MAX_BYTES ((size_t)64 << 20)

static int write_text(const struct formats_input *input, FILE *out, struct err *err)
{
    int status = report_title(input->session, input->options, out, err);
    if (status == 0)
        status = report_head(input->session, input->options, out, err);
    if (status == 0)
        status = report_lines(input->session, input->options, out, err);
    if (status == 0)
        status = report_heap(input->session, input->options, out, err);
    if (status == 0)
        status = report_allocator(input->session, input->options, out, err);
    return status;
}

static int write_json(const struct formats_input *input, FILE *out, struct err *err)
{
    return report_json(input->session, input->options, out, err);
}

/* What the request left, as findings. */
static int write_findings(const struct formats_input *input, check_print_fn *print, FILE *out, struct err *err)
{
    const struct report_options *options = input->options;
    const struct check_options wanted = {.repeat = 1,
                                         .finds_reachable = true,
                                         .finds_kept = true,
                                         .lookup = options->lookup,
                                         .lookup_data = options->lookup_data};
    const struct check_print how = {.program = input->session->argv[0] != NULL ? input->session->argv[0] : "?",
                                    .source = options->source,
                                    .read_source = options->read_source,
                                    .source_data = options->source_data};
    struct check_result *result;
    int status = check_session(input->session, &wanted, &result, err);
    if (status < 0)
        return status;
    status = print(result, &how, out, err);
    check_free(result);
    return status;
}

static int write_sarif(const struct formats_input *input, FILE *out, struct err *err)
{
    return write_findings(input, check_sarif, out, err);
}

static int write_junit(const struct formats_input *input, FILE *out, struct err *err)
{
    return write_findings(input, check_junit, out, err);
}

/* --- Written from the model --- */

#define FROM_MODEL(NAME)                                                                                               \
    static int write_##NAME(const struct formats_input *input, FILE *out, struct err *err)                             \
    {                                                                                                                  \
        return report_##NAME(input->model, input->options, out, err);                                                  \
    }
FROM_MODEL(markdown)
FROM_MODEL(callstack)
FROM_MODEL(pprof)
FROM_MODEL(callgrind)
FROM_MODEL(speedscope)
FROM_MODEL(massif)

/* MODEL_MEASURE_COUNT when none was asked for. */
static enum model_measure measure_of(const struct formats_input *input)
{
    static const char *const names[MODEL_MEASURE_COUNT] = {
        [MODEL_ALLOC_BYTES] = "allocated", [MODEL_ALLOC_COUNT] = "allocs",        [MODEL_LIVE_BYTES] = "not-freed",
        [MODEL_PEAK_BYTES] = "peak",       [MODEL_TEMPORARY_COUNT] = "temporary", [MODEL_TIME_NS] = "time",
    };
    int measure = 0;
    while (measure < MODEL_MEASURE_COUNT && input->measure != NULL &&
           (names[measure] == NULL || strcmp(names[measure], input->measure) != 0))
        measure++;
    return input->measure != NULL ? (enum model_measure)measure : MODEL_MEASURE_COUNT;
}

static int write_dot(const struct formats_input *input, FILE *out, struct err *err)
{
    enum model_measure measure = measure_of(input);
    return measure == MODEL_MEASURE_COUNT ? report_dot(input->model, input->options, out, err)
                                          : report_dot_of(input->model, measure, input->options, out, err);
}

static int write_folded(const struct formats_input *input, FILE *out, struct err *err)
{
    enum model_measure measure = measure_of(input);
    return measure == MODEL_MEASURE_COUNT ? report_folded(input->model, input->options, out, err)
                                          : report_folded_of(input->model, measure, input->options, out, err);
}

/* --- Pictures --- */

static int write_file(const struct formats_input *input, formats_write_fn *write, const char *path, struct err *err)
{
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return err_set(err, -errno, "%s: cannot be written: %s", path, strerror(errno));
    int status = write(input, file, err);
    if (fclose(file) != 0 && status == 0)
        status = err_set(err, -errno, "%s: cannot be written: %s", path, strerror(errno));
    return status;
}

/* A folder for a picture on its way, to be removed; -errno with a sentence. */
static int make_scratch(struct text *folder, struct err *err)
{
    const char *temporary = getenv("TMPDIR");
    text_addf(folder, "%s/syseng-mem-graph-XXXXXX", temporary != NULL && *temporary != '\0' ? temporary : "/tmp");
    if (!folder->failed && mkdtemp(folder->bytes) != NULL)
        return 0;
    int code = folder->failed ? -ENOMEM : -errno;
    return err_set(err, code == -ENOENT ? -EIO : code, "%s: cannot be made: %s; set TMPDIR", text_get(folder),
                   strerror(-code));
}

/* The call graph as graphviz draws it, of the type "png" or "svg", into `picture`, by way of files in `folder`. */
static int draw_in(const struct formats_input *input, const char *folder, const char *type, struct text *picture,
                   struct err *err)
{
    struct text graph = TEXT_EMPTY, drawn = TEXT_EMPTY;
    text_addf(&graph, "%s/.graph.dot", folder);
    text_addf(&drawn, "%s/.graph.%s", folder, type);
    int status = write_file(input, write_dot, text_get(&graph), err);
    if (status == 0)
        status = report_dot_render(text_get(&graph), text_get(&drawn), type, err);
    if (status == -ENOENT) /* the files that it names are not there any more */
        err_set(err, status, "dot not found, %s not made; apt install graphviz", type);
    else if (status == -ETIMEDOUT)
        err_set(err, status, "%s not made: dot took longer than half a minute; draw a part of the dot file", type);
    if (status == 0)
        status = text_add_file(picture, text_get(&drawn), PICTURE_MAX_BYTES);
    unlink(text_get(&graph));
    unlink(text_get(&drawn));
    text_fini(&graph);
    text_fini(&drawn);
    return status;
}

static int draw(const struct formats_input *input, const char *type, struct text *picture, struct err *err)
{
    struct text folder = TEXT_EMPTY;
    if (input->scratch != NULL)
        return draw_in(input, input->scratch, type, picture, err);
    int status = make_scratch(&folder, err);
    if (status == 0) {
        status = draw_in(input, text_get(&folder), type, picture, err);
        rmdir(text_get(&folder));
    }
    text_fini(&folder);
    return status;
}

static int write_picture(const struct formats_input *input, const char *type, FILE *out, struct err *err)
{
    struct text picture = TEXT_EMPTY;
    int status = draw(input, type, &picture, err);
    errno = 0;
    if (status == 0 && fwrite(text_get(&picture), 1, picture.length, out) != picture.length)
        status = err_set(err, errno != 0 ? -errno : -EIO, "the picture cannot be written");
    text_fini(&picture);
    return status;
}

static int write_svg(const struct formats_input *input, FILE *out, struct err *err)
{
    return write_picture(input, "svg", out, err);
}

static int write_png(const struct formats_input *input, FILE *out, struct err *err)
{
    return write_picture(input, "png", out, err);
}

/* Without a picture the page draws its own. */
static int write_html(const struct formats_input *input, FILE *out, struct err *err)
{
    struct text picture = TEXT_EMPTY;
    struct report_options options = *input->options;
    struct report_origin origin = *input->options->origin;
    if (draw(input, "svg", &picture, NULL) == 0)
        origin.graph_svg = text_get(&picture);
    options.origin = &origin;
    int status = report_page(input->model, &options, out, err);
    text_fini(&picture);
    return status;
}

const struct format formats[] = {
    {.name = "text", .file = "lines.txt", .write = write_text, .takes_several = true},
    {.name = "json", .write = write_json},
    {.name = "md", .write = write_markdown, .takes_several = true},
    {.name = "callstack", .file = "callstack.txt", .write = write_callstack, .takes_several = true},
    {.name = "pprof", .file = "profile.prof", .write = write_pprof},
    {.name = "kgrind", .file = "profile.kgrind", .write = write_callgrind},
    {.name = "folded", .file = "profile.folded", .write = write_folded, .takes_several = true, .spells_stacks = true},
    {.name = "speedscope", .file = "profile.speedscope.json", .write = write_speedscope, .spells_stacks = true},
    {.name = "dot", .file = "dot.dot", .write = write_dot},
    {.name = "png", .file = "dot.png", .write = write_png, .needs_graphviz = true},
    {.name = "svg", .write = write_svg, .needs_graphviz = true},
    {.name = "html", .file = "index.html", .write = write_html},
    {.name = "massif", .write = write_massif},
    {.name = "sarif", .write = write_sarif},
    {.name = "junit", .write = write_junit},
};
const size_t formats_count = sizeof formats / sizeof *formats;

const struct format *format_named(const char *name)
{
    for (size_t i = 0; i < formats_count; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}
