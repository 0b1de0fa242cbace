/* Parsing of the command line by the table.

   Options stand before PROGRAM. In the default form they may stand between and behind requests as well, where nothing
   else can be meant; the first word behind PROGRAM that is no request begins the program's own arguments, options of
   its own included. */

#include "cli/options.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "cli/options-table.h"
#include "cli/suggest.h"
#include "harness/harness.h"

#define TIMEOUT_DEFAULT_NS (UINT64_C(30) * 1000000000)
#define DURATION_MOST_S (366.0 * 24 * 3600)

struct parser {
    char **argv;
    int argc, at; /* argv[at] is looked at next */
    struct options *out;
    uint64_t seen; /* bit n: option_table[n] was given */
    struct err *err;
};

static int usage_error(struct parser *parser, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int usage_error(struct parser *parser, const char *format, ...)
{
    char text[ERR_TEXT_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return err_set(parser->err, -EINVAL, "%s", text);
}

static int list_add(struct options_list *list, const char *item)
{
    const char **items = array_grow(list->items, &list->capacity, list->count + 1, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    list->items = items;
    list->items[list->count++] = item;
    return 0;
}

bool options_parse_duration(const char *text, uint64_t *out_ns)
{
    static const struct {
        const char *unit;
        double seconds;
    } units[] = {{"", 1},   {"ns", 1e-9}, {"us", 1e-6}, {"ms", 1e-3}, {"s", 1},
                 {"m", 60}, {"min", 60},  {"h", 3600},  {"d", 86400}};
    if (!((*text >= '0' && *text <= '9') || *text == '.') || strpbrk(text, "xXpP") != NULL)
        return false;
    char *end;
    double number = strtod(text, &end);
    if (end == text)
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(end, units[i].unit) != 0)
            continue;
        double seconds = number * units[i].seconds;
        if (!(seconds > 0) || seconds > DURATION_MOST_S)
            return false;
        *out_ns = (uint64_t)llround(seconds * 1e9);
        return *out_ns > 0;
    }
    return false;
}

/* One item of an expectation: three characters, each a digit or 'x'. */
static bool matches_status(const char *pattern, const char *digits)
{
    for (int i = 0; i < 3; i++)
        if (pattern[i] != 'x' && pattern[i] != digits[i])
            return false;
    return true;
}

bool options_is_expectation(const char *expect)
{
    for (;; expect += 4) {
        if (expect[0] < '1' || expect[0] > '9')
            return false;
        for (int i = 1; i < 3; i++)
            if (expect[i] != 'x' && (expect[i] < '0' || expect[i] > '9'))
                return false;
        if (expect[3] == '\0')
            return true;
        if (expect[3] != ',')
            return false;
    }
}

bool options_status_is_expected(const char *expect, int status)
{
    if (expect == NULL)
        return status >= 100 && status < 400;
    char digits[16];
    snprintf(digits, sizeof digits, "%03d", status);
    for (;; expect += 4) {
        if (matches_status(expect, digits))
            return true;
        if (expect[3] == '\0')
            return false;
    }
}

static int set_number(struct parser *parser, const struct option *option, const char *value, long *out)
{
    char *end;
    errno = 0;
    long number = strtol(value, &end, 10);
    if (end == value || *end != '\0' || errno != 0 || number < option->low || number > option->high)
        return usage_error(parser, "--%s: '%s' is not a number from %ld to %ld", option->name, value, option->low,
                           option->high);
    *out = number;
    return 0;
}

static int set_choice(struct parser *parser, const struct option *option, const char *value, const char **out)
{
    char all[256] = "";
    for (size_t i = 0; option->choices[i] != NULL; i++) {
        if (strcmp(value, option->choices[i]) == 0) {
            *out = option->choices[i];
            return 0;
        }
        size_t length = strlen(all);
        snprintf(all + length, sizeof all - length, "%s%s", i == 0 ? "" : ", ", option->choices[i]);
    }
    return usage_error(parser, "--%s: '%s' is not one of %s", option->name, value, all);
}

static int add_format(struct parser *parser, const struct option *option, const char *value,
                      struct options_formats *out)
{
    const char *format;
    int status = set_choice(parser, option, value, &format);
    if (status == 0)
        status = list_add(&out->names, format);
    return status == 0 ? list_add(&out->outputs, NULL) : status;
}

/* -o belongs to the --as before it; the first one may stand before that. */
static int set_output(struct parser *parser, const char *value, const char **out)
{
    struct options_list *outputs = &parser->out->formats.outputs;
    if (outputs->count == 0)
        *out = value;
    else if (outputs->items[outputs->count - 1] != NULL)
        return usage_error(parser, "-o %s: this --as has a file already; name each format's file behind its --as",
                           value);
    else
        outputs->items[outputs->count - 1] = value;
    return 0;
}

static int set_option(struct parser *parser, const struct option *option, const char *value)
{
    void *field = (char *)parser->out + option->offset;
    parser->seen |= UINT64_C(1) << (option - option_table);
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)field = true;
        return 0;
    case OPTION_TEXT:
        *(const char **)field = value;
        return 0;
    case OPTION_LIST:
        return list_add(field, value);
    case OPTION_NUMBER:
        return set_number(parser, option, value, field);
    case OPTION_DURATION:
        if (!options_parse_duration(value, field))
            return usage_error(parser, "--%s: '%s' is not a time; write it like 30s, 500ms or 2m", option->name, value);
        return 0;
    case OPTION_CHOICE:
        return set_choice(parser, option, value, field);
    case OPTION_EXPECTATION:
        if (!options_is_expectation(value))
            return usage_error(parser, "--%s: '%s' is not an HTTP status; write it like 201, 2xx or 200,304",
                               option->name, value);
        *(const char **)field = value;
        return 0;
    case OPTION_FORMAT:
        return add_format(parser, option, value, field);
    case OPTION_OUTPUT:
        return set_output(parser, value, field);
    }
    return -EINVAL;
}

static int unknown_long(struct parser *parser, const char *name, size_t length)
{
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%.*s", (int)(length < 63 ? length : 63), name);
    struct suggest suggest = {.wanted = wanted};
    for (size_t i = 0; i < option_count; i++)
        if (option_table[i].group != OPTION_GROUP_HIDDEN)
            suggest_offer(&suggest, option_table[i].name);
    if (suggest.best[0] != '\0')
        return usage_error(parser, "--%s: there is no such option; did you mean --%s?", wanted, suggest.best);
    return usage_error(parser, "--%s: there is no such option; syseng-mem --help lists all", wanted);
}

/* "--name", "--name=value" or "--name value" */
static int parse_long(struct parser *parser)
{
    const char *word = parser->argv[parser->at++] + 2;
    size_t length = strcspn(word, "=");
    for (size_t i = 0; i < option_count; i++) {
        const struct option *option = &option_table[i];
        if (strncmp(option->name, word, length) != 0 || option->name[length] != '\0')
            continue;
        const char *value = word[length] == '=' ? word + length + 1 : NULL;
        if (option->kind == OPTION_FLAG && value != NULL)
            return usage_error(parser, "--%s takes no value", option->name);
        if (option->kind != OPTION_FLAG && value == NULL) {
            if (parser->at >= parser->argc)
                return usage_error(parser, "--%s: %s is missing", option->name, option->argument);
            value = parser->argv[parser->at++];
        }
        return set_option(parser, option, value);
    }
    return unknown_long(parser, word, length);
}

static const struct option *option_of_letter(char letter)
{
    for (size_t i = 0; i < option_count; i++)
        if (option_table[i].letter == letter)
            return &option_table[i];
    return NULL;
}

/* "-qv", "-oFILE" or "-o FILE" */
static int parse_letters(struct parser *parser)
{
    const char *letters = parser->argv[parser->at++] + 1;
    while (*letters != '\0') {
        const struct option *option = option_of_letter(*letters);
        if (option == NULL)
            return usage_error(parser, "-%c: there is no such option; syseng-mem --help lists all", *letters);
        letters++;
        const char *value = NULL;
        if (option->kind != OPTION_FLAG) {
            value = letters;
            letters = "";
            if (*value == '\0') {
                if (parser->at >= parser->argc)
                    return usage_error(parser, "-%c: %s is missing", option->letter, option->argument);
                value = parser->argv[parser->at++];
            }
        }
        int status = set_option(parser, option, value);
        if (status < 0)
            return status;
    }
    return 0;
}

static bool is_option(const char *word)
{
    return word[0] == '-' && word[1] != '\0' && strcmp(word, "--") != 0;
}

static int parse_option(struct parser *parser)
{
    return parser->argv[parser->at][1] == '-' ? parse_long(parser) : parse_letters(parser);
}

/* Options up to the next operand. *ended tells that "--" was met, and stepped over. */
static int parse_options(struct parser *parser, bool *ended)
{
    while (parser->at < parser->argc) {
        const char *word = parser->argv[parser->at];
        if (strcmp(word, "--") == 0) {
            parser->at++;
            *ended = true;
            return 0;
        }
        if (!is_option(word))
            return 0;
        int status = parse_option(parser);
        if (status < 0)
            return status;
    }
    return 0;
}

/* Names that belong to commands of other versions: never silently taken for a program. */
static const char *const reserved_commands[] = {"serve", "live"};

static int parse_command(struct parser *parser)
{
    const char *word = parser->argv[parser->at];
    for (size_t i = 0; i < option_command_count; i++) {
        if (option_commands[i].name != NULL && strcmp(word, option_commands[i].name) == 0) {
            parser->out->command = option_commands[i].command;
            parser->at++;
            return 0;
        }
    }
    for (size_t i = 0; i < sizeof reserved_commands / sizeof *reserved_commands; i++)
        if (strcmp(word, reserved_commands[i]) == 0)
            return usage_error(parser, "%s: this version has no such command; for a program of that name say ./%s",
                               word, word);
    return 0;
}

static bool is_request(const char *word)
{
    char *method;
    const char *target;
    if (!harness_parse_request(word, &method, &target))
        return false;
    free(method);
    return true;
}

/* What follows PROGRAM in the default form: requests with options between them, or else the program's arguments. */
static int parse_requests(struct parser *parser)
{
    struct options_list *targets = &parser->out->requests.targets;
    while (parser->at < parser->argc) {
        const char *word = parser->argv[parser->at];
        if (strcmp(word, "--") == 0) {
            parser->at++;
            return 0;
        }
        int status;
        if (is_request(word)) {
            status = list_add(targets, word);
            parser->at++;
        } else if (targets->count == 0) {
            return 0;
        } else if (is_option(word)) {
            status = parse_option(parser);
        } else {
            return usage_error(
                parser,
                "%s: not a request; requests are /path or 'METHOD /path', and the program's own arguments "
                "follow after --",
                word);
        }
        if (status < 0)
            return status;
    }
    return 0;
}

static const char *command_name(enum options_command command)
{
    for (size_t i = 0; i < option_command_count; i++)
        if (option_commands[i].command == command && option_commands[i].name != NULL)
            return option_commands[i].name;
    return "syseng-mem PROGRAM";
}

/* What can only be judged once everything is known. */
static int check_whole(struct parser *parser)
{
    struct options *out = parser->out;
    for (size_t i = 0; i < option_count; i++)
        if ((parser->seen >> i & 1) != 0 && (option_table[i].commands & out->command) == 0)
            return usage_error(parser, "--%s: '%s' has no such option", option_table[i].name,
                               command_name(out->command));
    bool needs_program = (out->command & (OPTIONS_REPORT | OPTIONS_COMPARE)) == 0 &&
                         !(out->command == OPTIONS_SNAPSHOT && out->snapshot.prune > 0);
    if (needs_program && (out->program == NULL || *out->program == '\0'))
        return usage_error(parser, "no program is given; syseng-mem --help shows how to call it");
    if (out->command == OPTIONS_DOCTOR && *out->arguments != NULL)
        return usage_error(parser, "%s: doctor takes one program and no arguments", *out->arguments);
    if ((out->command & (OPTIONS_REPORT | OPTIONS_COMPARE)) != 0 && *out->arguments != NULL)
        return usage_error(parser, "%s: %s takes no more than %s", *out->arguments, command_name(out->command),
                           out->command == OPTIONS_REPORT ? "one stored profile" : "two snapshots, OLD and NEW");
    if (out->requests.url != NULL && out->requests.unix_socket == NULL && strstr(out->requests.url, "://") == NULL)
        return usage_error(parser, "--url: '%s' is not a URL; write it like http://localhost:8080", out->requests.url);
    bool has_requests = out->requests.targets.count > 0 || out->requests.file != NULL;
    for (size_t i = 0; i < option_count && !has_requests; i++)
        if ((parser->seen >> i & 1) != 0 && option_table[i].group == OPTION_GROUP_REQUESTS)
            return usage_error(parser, "--%s: there is no request; name one, such as /, after the program",
                               option_table[i].name);
    return 0;
}

/* Every format a place of its own. Without --as there is one: text, or what --json asks for. */
static bool is_named(const struct options_list *list, const char *name, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list->items[i] != NULL && strcmp(list->items[i], name) == 0)
            return true;
    return false;
}

/* Does the command have it? Then NULL, else the names of those that it has. */
static const char *missing_format(const struct options *options, const char *name, char *all, size_t room)
{
    for (size_t i = 0; i < option_formats_count; i++) {
        if (option_formats[i].command != options->command)
            continue;
        *all = '\0';
        for (size_t j = 0; option_formats[i].names[j] != NULL; j++) {
            if (strcmp(option_formats[i].names[j], name) == 0)
                return NULL;
            size_t length = strlen(all);
            snprintf(all + length, room - length, "%s%s", j == 0 ? "" : ", ", option_formats[i].names[j]);
        }
    }
    return all;
}

static int check_formats(struct parser *parser)
{
    const struct options_list *names = &parser->out->formats.names;
    for (size_t i = 0; i < names->count; i++) {
        char all[256];
        if (missing_format(parser->out, names->items[i], all, sizeof all) != NULL)
            return usage_error(parser, "--as: '%s' is not one of %s", names->items[i], all);
    }
    return 0;
}

static int settle_formats(struct parser *parser)
{
    struct options *out = parser->out;
    struct options_formats *formats = &out->formats;
    int status = check_formats(parser);
    if (status < 0)
        return status;
    if (out->report.json && formats->names.count > 0 && !is_named(&formats->names, "json", formats->names.count))
        return usage_error(parser, "--json: with other formats, write --as json, and -o FILE behind it");
    if (formats->names.count == 0) {
        status = list_add(&formats->names, out->report.json ? "json" : "text");
        if (status == 0)
            status = list_add(&formats->outputs, NULL);
    }
    size_t to_stdout = 0;
    for (size_t i = 0; status == 0 && i < formats->outputs.count; i++) {
        if (formats->outputs.items[i] == NULL && out->report.output != NULL) {
            formats->outputs.items[i] = out->report.output;
            out->report.output = NULL;
        }
        if ((formats->outputs.items[i] == NULL || strcmp(formats->outputs.items[i], "-") == 0) && to_stdout++ > 0)
            return usage_error(parser, "--as %s: two formats on standard output; give each a file with -o",
                               formats->names.items[i]);
        const char *file = formats->outputs.items[i];
        if (file != NULL && strcmp(file, "-") != 0 && is_named(&formats->outputs, file, i))
            return usage_error(parser, "-o %s: two formats in one file; give each its own", file);
    }
    return status;
}

static void settle_repeats(struct options *out)
{
    bool is_check = out->command == OPTIONS_CHECK;
    if (out->requests.warmup < 0)
        out->requests.warmup = is_check ? 1 : 0;
    if (out->requests.repeat < 0)
        out->requests.repeat = is_check ? 10 : 1;
}

/* OLD and NEW, with options between and behind them. */
static int parse_sides(struct parser *parser)
{
    const char **sides[] = {&parser->out->compare.old, &parser->out->compare.new};
    int status = 0;
    bool ended = false;
    for (size_t i = 0; i < 2 && parser->at < parser->argc && status == 0; i++) {
        *sides[i] = parser->argv[parser->at++];
        status = ended ? 0 : parse_options(parser, &ended);
    }
    return status;
}

static int parse_words(struct parser *parser)
{
    struct options *out = parser->out;
    bool ended = false;
    int status = parse_options(parser, &ended);
    if (status == 0 && !ended && parser->at < parser->argc) {
        status = parse_command(parser);
        if (status == 0 && out->command != OPTIONS_LINES)
            status = parse_options(parser, &ended);
    }
    if (status < 0 || out->help || out->version || out->print_options != NULL)
        return status;
    if (out->command == OPTIONS_COMPARE)
        status = parse_sides(parser);
    else if (parser->at < parser->argc)
        out->program = parser->argv[parser->at++];
    if (status == 0 && out->command == OPTIONS_REPORT)
        status = parse_options(parser, &ended);
    if (status < 0)
        return status;
    if ((out->command & OPTIONS_REQUESTING) != 0)
        status = parse_requests(parser);
    if (status < 0 || out->help || out->version)
        return status;
    out->arguments = parser->argv + parser->at;
    settle_repeats(out);
    out->watch.time |= out->command == OPTIONS_SNAPSHOT && !out->snapshot.no_time;
    status = check_whole(parser);
    return status == 0 && (out->command & OPTIONS_FORMATTING) != 0 ? settle_formats(parser) : status;
}

int options_parse(int argc, char **argv, struct options *out, struct err *err)
{
    *out = (struct options){
        .command = OPTIONS_LINES,
        .requests = {.timeout_ns = TIMEOUT_DEFAULT_NS, .warmup = -1, .repeat = -1},
        .report = {.style = "syseng", .precision = 3},
        .watch = {.allocator = "auto", .stacks = "auto"},
        .snapshot = {.directory = "profiling"},
        .color = "auto",
    };
    struct parser parser = {.argv = argv, .argc = argc, .at = argc > 0 ? 1 : 0, .out = out, .err = err};
    int status = parse_words(&parser);
    if (status == -ENOMEM)
        err_set(err, status, "out of memory");
    if (status < 0)
        options_fini(out);
    return status;
}

void options_fini(struct options *options)
{
    free(options->requests.targets.items);
    free(options->requests.headers.items);
    free(options->watch.functions.items);
    free(options->formats.names.items);
    free(options->formats.outputs.items);
    options->formats = (struct options_formats){0};
    free(options->check.suppressions.items);
    options->check = (struct options_check){0};
    options->requests.targets = options->requests.headers = options->watch.functions = (struct options_list){0};
}
