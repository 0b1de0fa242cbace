/* check: leaks and limits, for CI. The program is measured as by the default form, or as by `run`; what was recorded is
   then judged, and the findings are written in each format that was asked for. */

#include "cli/cmd.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/message.h"
#include "cli/output.h"
#include "cli/profile.h"
#include "probes/probes.h"
#include "report/check.h"

#define CHECK_FOUND 1

/* Read by themselves when they are there. */
#define SUPPRESSIONS_FILE ".syseng-mem.supp"
#define CONFIG_FILE ".syseng-mem.conf"
/* A program's own, for LeakSanitizer (its interface, <sanitizer/lsan_interface.h>). */
#define DEFAULT_SUPPRESSIONS "__lsan_default_suppressions"

struct check_command {
    const struct options *options;
    struct suppressions *suppressions;
    struct limits *limits;
    struct output *outputs; /* one per format */
};

/* The file that LSAN_OPTIONS names, as somebody who comes from LeakSanitizer has it in CI: "a=b:suppressions=FILE",
   with blanks, commas or colons between options, and quotes around a value that has such. */
static int read_sanitizers_rules(struct suppressions *suppressions, struct err *err)
{
    static const char between[] = " ,:\n\t\r", wanted[] = "suppressions=";
    const char *at = getenv("LSAN_OPTIONS");
    int status = 0;
    while (status == 0 && at != NULL && *(at += strspn(at, between)) != '\0') {
        const char *value = at + strcspn(at, "= ,:\n\t\r");
        bool is_wanted = strncmp(at, wanted, sizeof wanted - 1) == 0;
        value += *value == '=';
        char quote = *value == '"' || *value == '\'' ? *value++ : '\0';
        size_t length = quote != '\0' ? strcspn(value, (const char[]){quote, '\0'}) : strcspn(value, between);
        char *path = is_wanted && length > 0 ? strndup(value, length) : NULL;
        if (path != NULL)
            status = suppressions_read(suppressions, path, err);
        free(path);
        at = value + length + (quote != '\0' && value[length] == quote);
    }
    return status;
}

static int read_rules(struct check_command *command)
{
    const struct options_check *options = &command->options->check;
    struct err err = {"out of memory"};
    int status = 0;
    command->suppressions = suppressions_new();
    command->limits = limits_new();
    if (command->suppressions == NULL || command->limits == NULL)
        return profile_refuse(&err, -ENOMEM);
    if (access(SUPPRESSIONS_FILE, F_OK) == 0)
        status = suppressions_read(command->suppressions, SUPPRESSIONS_FILE, &err);
    for (size_t i = 0; status == 0 && i < options->suppressions.count; i++)
        if (strcmp(options->suppressions.items[i], SUPPRESSIONS_FILE) != 0)
            status = suppressions_read(command->suppressions, options->suppressions.items[i], &err);
    if (status == 0)
        status = read_sanitizers_rules(command->suppressions, &err);
    if (status == 0 && (options->config != NULL || access(CONFIG_FILE, F_OK) == 0))
        status = limits_read(command->limits, options->config != NULL ? options->config : CONFIG_FILE, &err);
    return status < 0 ? profile_refuse(&err, status) : 0;
}

static int open_outputs(struct check_command *command)
{
    const struct options_formats *options = &command->options->formats;
    struct err err = {"out of memory"};
    command->outputs = calloc(options->names.count, sizeof *command->outputs);
    int status = command->outputs != NULL ? 0 : -ENOMEM;
    for (size_t i = 0; status == 0 && i < options->names.count; i++)
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
    for (size_t i = 0; i < options->formats.names.count; i++) {
        struct output *output = &command->outputs[i];
        struct err err = {""};
        const struct check_print print = {
            .program = profile->program.name,
            .verbose = options->verbose,
            .color = message_wants_color(options->color, fileno(output->stream)),
            .source = !options->report.no_source,
        };
        is_shown |= !output->to_file && strcmp(options->formats.names.items[i], "text") == 0;
        int status = output_begin(output, &err);
        if (status == 0)
            status = output_close(
                output, format_of(options->formats.names.items[i])(result, &print, output->stream, &err), &err);
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
    if (session->disorder > 0)
        message(MESSAGE_WARNING,
                "%s: %llu blocks were given back by calls that nobody saw: they may be among the findings", name,
                (unsigned long long)session->disorder);
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

/* What the program and its libraries have themselves for LeakSanitizer. */
static void ask_modules(struct check_command *command, const struct session *session)
{
    for (size_t i = 0; i < session->module_count; i++) {
        char *rules, name[PATH_MAX + 64];
        struct err err;
        snprintf(name, sizeof name, "%s: " DEFAULT_SUPPRESSIONS, session->modules[i]);
        if (probes_constant_string(session->modules[i], DEFAULT_SUPPRESSIONS, &rules, &err) < 0)
            message(MESSAGE_WARNING, "%s, which is not run: its suppressions are not known; put them into %s", err.text,
                    SUPPRESSIONS_FILE);
        else if (rules != NULL && suppressions_parse(command->suppressions, name, rules, &err) < 0)
            message(MESSAGE_WARNING, "%s; its suppressions from there on are not known", err.text);
        else if (rules != NULL)
            message(MESSAGE_DETAIL, "%s: taken", name);
        free(rules);
    }
}

static int judge(struct profile *profile, struct session *session, void *data)
{
    struct check_command *command = data;
    ask_modules(command, session);
    const struct check_options options = {
        .repeat = (uint32_t)command->options->requests.repeat,
        .finds_reachable = command->options->check.still_live,
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
    const char *why = check_why_unknown(result);
    if (why != NULL)
        message(MESSAGE_NOTE, "%s: what it still refers to is not known of every process: %s%s", profile->program.name,
                why, session->requests[0].is_run ? "; all that it left is reported" : "");
    say_unused(command);
    bool found = result->finding_count > 0;
    check_free(result);
    return failure != 0 ? failure : found ? CHECK_FOUND : 0;
}

int cmd_check(const struct options *options)
{
    struct check_command command = {.options = options};
    const struct profile_view view = {
        .judge = judge, .data = &command, .obstacle = "cannot be checked", .looks_at_heap = true};
    bool has_requests = options->requests.targets.count > 0 || options->requests.file != NULL;
    int status = read_rules(&command);
    if (status == 0)
        status = open_outputs(&command);
    if (status == 0)
        status = has_requests ? cmd_requests(options, &view) : cmd_whole_run(options, &view);
    for (size_t i = 0; command.outputs != NULL && i < options->formats.names.count; i++)
        output_close(&command.outputs[i], 0, NULL);
    free(command.outputs);
    suppressions_free(command.suppressions);
    limits_free(command.limits);
    return status;
}
