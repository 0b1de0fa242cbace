/* Stored profiles, plain or compressed, and every report and format of what is read. */

#include "fuzz.h"

#include <string.h>

#include "cli/formats.h"
#include "profile.h"
#include "report/check.h"
#include "report/page.h"

static void ignore_line(const char *line, void *data)
{
    fputs(line, data);
}

/* All but those that call other programs. */
static void write_formats(const struct fuzz_profile *profile, FILE *out)
{
    struct formats_input input = {stored_session(profile->stored), &profile->model, &profile->options, NULL, NULL};
    struct err err;
    for (size_t i = 0; i < formats_count; i++)
        if (!formats[i].needs_graphviz && strcmp(formats[i].name, "svg") != 0 && strcmp(formats[i].name, "html") != 0)
            formats[i].write(&input, out, &err);
    input.measure = "not-freed";
    format_named("folded")->write(&input, out, &err);
    format_named("dot")->write(&input, out, &err);
    report_page(&profile->model, &profile->options, out, &err);
}

static void write_lines(const struct fuzz_profile *profile, FILE *out)
{
    struct report_options options = profile->options;
    struct err err;
    options.style = REPORT_STYLE_MEMORY_PROFILER;
    options.only_changed = options.color = true;
    report_lines(stored_session(profile->stored), &options, out, &err);
    report_heap_functions(stored_session(profile->stored), &options, 5, ignore_line, out);
    report_stack_ends(stored_session(profile->stored), ignore_line, out);
    report_summary(stored_session(profile->stored), ignore_line, out);
    report_warnings(stored_session(profile->stored), ignore_line, out);
}

static void write_findings(const struct fuzz_profile *profile, FILE *out)
{
    static check_print_fn *const prints[] = {check_text,  check_json,   check_sarif,
                                             check_junit, check_github, check_gitlab};
    const struct check_options options = {.repeat = 1,
                                          .finds_reachable = true,
                                          .lookup = profile->options.lookup,
                                          .lookup_data = profile->options.lookup_data};
    const struct check_print print = {.program = "program",
                                      .verbose = true,
                                      .color = true,
                                      .source = true,
                                      .read_source = profile->options.read_source,
                                      .source_data = profile->options.source_data};
    struct check_result *result;
    struct err err;
    if (check_session(stored_session(profile->stored), &options, &result, &err) != 0)
        return;
    for (size_t i = 0; i < sizeof prints / sizeof *prints; i++)
        prints[i](result, &print, out, &err);
    check_free(result);
}

static void compare_with(const struct fuzz_profile *old, const struct fuzz_profile *new, FILE *out)
{
    static compare_print_fn *const prints[] = {compare_text, compare_markdown, compare_json, compare_folded,
                                               compare_html};
    struct compare_input inputs[COMPARE_SIDES];
    struct compare_result result;
    struct compare_limits limits;
    struct err err;
    compare_limits_parse("peak>10%,time>1%,allocs>0", &limits, &err);
    fuzz_profile_compare(old, new, inputs, &result);
    for (size_t i = 0; i < sizeof prints / sizeof *prints; i++)
        prints[i](&result, &(struct compare_print){.limits = &limits, .color = true, .source = true}, out, &err);
    compare_is_worse(&result, &limits);
    compare_fini(&result);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fuzz_profile golden;
    struct fuzz_profile profile;
    FILE *out = fuzz_nowhere();
    if (golden.stored == NULL)
        fuzz_profile_read_golden(&golden, "heap.json");
    if (!fuzz_profile_read(&profile, fuzz_file(data, size)))
        return 0;
    write_formats(&profile, out);
    write_lines(&profile, out);
    write_findings(&profile, out);
    compare_with(&golden, &profile, out);
    compare_with(&profile, &profile, out);
    fuzz_profile_fini(&profile);
    return 0;
}
