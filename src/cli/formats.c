/* The table of formats. */

#include "cli/formats.h"

#include <string.h>

#include "report/check.h"
#include "report/markdown.h"

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

static int write_markdown(const struct formats_input *input, FILE *out, struct err *err)
{
    return report_markdown(input->model, input->options, out, err);
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

const struct format formats[] = {
    {"text", "lines.txt", write_text, true}, {"json", NULL, write_json, false},   {"md", NULL, write_markdown, true},
    {"sarif", NULL, write_sarif, false},     {"junit", NULL, write_junit, false},
};
const size_t formats_count = sizeof formats / sizeof *formats;

const struct format *format_named(const char *name)
{
    for (size_t i = 0; i < formats_count; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}
