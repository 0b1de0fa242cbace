/* check: leaks and limits, for CI. The program is measured as by the default form, or as by `run`; what was recorded is
   then judged, and the findings are written in each format that was asked for. */

#include "cli/cmd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/profile.h"
#include "report/check.h"

#define CHECK_FOUND 1

/* Read by themselves when they are there. */
#define SUPPRESSIONS_FILE ".syseng-mem.supp"
#define CONFIG_FILE ".syseng-mem.conf"

struct check_command {
    const struct options *options;
    struct suppressions *suppressions;
    struct limits *limits;
    struct output *outputs; /* one per format */
};

static int refuse(const struct err *err, int status)
{
    message(MESSAGE_ERROR, "%s", err->text);
    return status == -ENOMEM ? PROFILE_FAILED : PROFILE_USAGE;
}

static int read_rules(struct check_command *command)
{
    const struct options_check *options = &command->options->check;
    struct err err = {"out of memory"};
    int status = 0;
    command->suppressions = suppressions_new();
    command->limits = limits_new();
    if (command->suppressions == NULL || command->limits == NULL)
        return refuse(&err, -ENOMEM);
    if (access(SUPPRESSIONS_FILE, F_OK) == 0)
        status = suppressions_read(command->suppressions, SUPPRESSIONS_FILE, &err);
    for (size_t i = 0; status == 0 && i < options->suppressions.count; i++)
        if (strcmp(options->suppressions.items[i], SUPPRESSIONS_FILE) != 0)
            status = suppressions_read(command->suppressions, options->suppressions.items[i], &err);
    if (status == 0 && (options->config != NULL || access(CONFIG_FILE, F_OK) == 0))
        status = limits_read(command->limits, options->config != NULL ? options->config : CONFIG_FILE, &err);
    return status < 0 ? refuse(&err, status) : 0;
}

static int open_outputs(struct check_command *command)
{
    const struct options_check *options = &command->options->check;
    struct err err = {"out of memory"};
    command->outputs = calloc(options->formats.count, sizeof *command->outputs);
    int status = command->outputs != NULL ? 0 : -ENOMEM;
    for (size_t i = 0; status == 0 && i < options->formats.count; i++)
        status = output_open(&command->outputs[i], options->outputs.items[i], &err);
    if (status == 0)
        return 0;
    message(MESSAGE_ERROR, "%s", err.text);
    return PROFILE_FAILED;
}

static bool is_expected(int status, void *data)
{
    const struct check_command *command = data;
    return options_status_is_expected(command->options->requests.expect, status);
}

static check_print_fn *format_of(const char *name)
{
    static const struct {
        const char *name;
        check_print_fn *print;
    } formats[] = {{"text", check_text},   {"json", check_json},     {"sarif", check_sarif},
                   {"junit", check_junit}, {"github", check_github}, {"gitlab", check_gitlab}};
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(name, formats[i].name) == 0)
            return formats[i].print;
    return check_text;
}

/* Returns 0, or PROFILE_FAILED when some format could not be written; the others are. */
static int print_all(struct check_command *command, const struct profile *profile, const struct check_result *result)
{
    const struct options *options = command->options;
    int failure = 0;
    bool is_shown = false;
    for (size_t i = 0; i < options->check.formats.count; i++) {
        struct output *output = &command->outputs[i];
        struct err err = {""};
        const struct check_print print = {
            .program = profile->program.name,
            .verbose = options->verbose,
            .color = message_wants_color(options->color, fileno(output->stream)),
            .source = !options->report.no_source,
        };
        is_shown |= !output->to_file && strcmp(options->check.formats.items[i], "text") == 0;
        int status = output_begin(output, &err);
        if (status == 0)
            status = output_close(
                output, format_of(options->check.formats.items[i])(result, &print, output->stream, &err), &err);
        if (status < 0) {
            message(MESSAGE_ERROR, "%s", err.text);
            failure = PROFILE_FAILED;
        }
    }
    struct text totals = TEXT_EMPTY;
    check_add_totals(&totals, result);
    if (!is_shown)
        message(MESSAGE_NOTE, "%s", text_get(&totals));
    text_fini(&totals);
    return failure;
}

static void say_unused(const struct check_command *command)
{
    const char *name, *path;
    uint32_t line;
    for (size_t at = 0; suppressions_next_unused(command->suppressions, &at, &name, &path, &line);)
        message(MESSAGE_NOTE, "%s:%u: the suppression %s matched nothing; remove it if that stays so", path, line,
                name);
    for (size_t at = 0; limits_next_unused(command->limits, &at, &name, &path, &line);)
        message(MESSAGE_NOTE, "%s:%u: the limits of \"%s\" were not looked at: there was no such request", path, line,
                name);
}

static void say_note(const char *line, void *data)
{
    message(MESSAGE_NOTE, "%s", line);
}

static void say_doubts(const struct check_command *command, const struct profile *profile,
                       const struct session *session)
{
    const char *name = profile->program.name;
    if (session->lost_records > 0)
        message(MESSAGE_WARNING, "%s: %llu records lost: some blocks may be missing from the findings", name,
                (unsigned long long)session->lost_records);
    if (session->refused > 0)
        message(MESSAGE_WARNING,
                "%s: %llu processes or threads not profiled: their blocks are missing from the findings", name,
                (unsigned long long)session->refused);
    if (command->options->requests.repeat == 1 && !session->requests[0].is_run)
        message(
            MESSAGE_WARNING,
            "--repeat 1: one repeat cannot tell a leak from what is kept: only limits are checked; give at least 2");
    report_stack_ends(session, say_note, NULL);
    if (!session->has_sites)
        message(MESSAGE_WARNING, "%s: no stacks were recorded: leaks are not found", name);
}

static int judge(struct profile *profile, struct session *session, void *data)
{
    struct check_command *command = data;
    const struct check_options options = {
        .repeat = (uint32_t)command->options->requests.repeat,
        .lookup = profile->symbols != NULL ? profile_look_up : NULL,
        .lookup_data = profile->symbols,
        .suppressions = command->suppressions,
        .limits = command->limits,
        .status_is_right = is_expected,
        .status_data = command,
    };
    struct check_result *result;
    struct err err;
    if (check_session(session, &options, &result, &err) < 0) {
        message(MESSAGE_ERROR, "%s", err.text);
        return PROFILE_FAILED;
    }
    int failure = print_all(command, profile, result);
    say_doubts(command, profile, session);
    say_unused(command);
    bool found = result->finding_count > 0;
    check_free(result);
    return failure != 0 ? failure : found ? CHECK_FOUND : 0;
}

int cmd_check(const struct options *options)
{
    struct check_command command = {.options = options};
    const struct profile_view view = {.judge = judge, .data = &command};
    bool has_requests = options->requests.targets.count > 0 || options->requests.file != NULL;
    int status = read_rules(&command);
    if (status == 0)
        status = open_outputs(&command);
    if (status == 0)
        status = has_requests ? cmd_requests(options, &view) : cmd_whole_run(options, &view);
    for (size_t i = 0; command.outputs != NULL && i < options->check.formats.count; i++)
        output_close(&command.outputs[i], 0, NULL);
    free(command.outputs);
    suppressions_free(command.suppressions);
    limits_free(command.limits);
    return status;
}
