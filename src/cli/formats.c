/* The table of formats. */

#include "cli/formats.h"

#include <string.h>

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

const struct format formats[] = {
    {"text", "lines.txt", write_text, true},
    {"json", NULL, write_json, false},
};
const size_t formats_count = sizeof formats / sizeof *formats;

const struct format *format_named(const char *name)
{
    for (size_t i = 0; i < formats_count; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}
