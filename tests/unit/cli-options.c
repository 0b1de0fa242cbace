/* cli/options: what the command line means, and what is generated from the table. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/options.h"
#include "cli/options-table.h"

#define SECOND UINT64_C(1000000000)
#define WORDS_MOST 16

/* The words of `line`, split at blanks; "_" stands for a blank within a word. */
struct command_line {
    char text[256];
    char *argv[WORDS_MOST + 1];
    struct options options;
    struct err err;
    int status;
};

static void parse(struct command_line *parsed, const char *line)
{
    int argc = 0;
    snprintf(parsed->text, sizeof parsed->text, "syseng-mem %s", line);
    for (char *word = strtok(parsed->text, " "); word != NULL && argc < WORDS_MOST; word = strtok(NULL, " ")) {
        for (char *at = word; *at != '\0'; at++)
            if (*at == '_')
                *at = ' ';
        parsed->argv[argc++] = word;
    }
    parsed->argv[argc] = NULL;
    parsed->err.text[0] = '\0';
    parsed->status = options_parse(argc, parsed->argv, &parsed->options, &parsed->err);
}

static void assert_refused(const char *line, const char *words)
{
    struct command_line parsed;
    parse(&parsed, line);
    assert_int_equal(parsed.status, -EINVAL);
    if (strstr(parsed.err.text, words) == NULL)
        fail_msg("'%s': message is '%s', expected '%s' in it", line, parsed.err.text, words);
}

static void requests_follow_the_program(void **state)
{
    struct command_line p;
    parse(&p, "./app /memory POST_/login");
    assert_int_equal(p.status, 0);
    assert_int_equal(p.options.command, OPTIONS_LINES);
    assert_string_equal(p.options.program, "./app");
    assert_int_equal(p.options.requests.targets.count, 2);
    assert_string_equal(p.options.requests.targets.items[0], "/memory");
    assert_string_equal(p.options.requests.targets.items[1], "POST /login");
    assert_null(p.options.arguments[0]);
    options_fini(&p.options);
}

static void a_first_word_that_is_no_request_begins_the_programs_arguments(void **state)
{
    struct command_line p;
    parse(&p, "-q ./tool -v --json /in.txt -- x");
    assert_int_equal(p.status, 0);
    assert_true(p.options.quiet);
    assert_false(p.options.verbose);
    assert_false(p.options.report.json);
    assert_int_equal(p.options.requests.targets.count, 0);
    assert_string_equal(p.options.arguments[0], "-v");
    assert_string_equal(p.options.arguments[3], "--");
    assert_string_equal(p.options.arguments[4], "x");
    options_fini(&p.options);
}

static void after_two_dashes_everything_is_the_programs(void **state)
{
    struct command_line p;
    parse(&p, "./app / -- /etc/passwd -o");
    assert_int_equal(p.status, 0);
    assert_int_equal(p.options.requests.targets.count, 1);
    assert_string_equal(p.options.arguments[0], "/etc/passwd");
    assert_string_equal(p.options.arguments[1], "-o");
    options_fini(&p.options);
    parse(&p, "./tool -- /etc/passwd");
    assert_int_equal(p.status, 0);
    assert_int_equal(p.options.requests.targets.count, 0);
    assert_string_equal(p.options.arguments[0], "/etc/passwd");
    options_fini(&p.options);
}

static void options_may_follow_requests(void **state)
{
    struct command_line p;
    parse(&p, "./app /a --repeat 3 /b -o out.txt");
    assert_int_equal(p.status, 0);
    assert_int_equal(p.options.requests.targets.count, 2);
    assert_int_equal(p.options.requests.repeat, 3);
    assert_string_equal(p.options.report.output, "out.txt");
    options_fini(&p.options);
}

static void run_takes_every_word_after_the_program_for_its_arguments(void **state)
{
    struct command_line p;
    parse(&p, "-v run --precision=1 ./tool /etc/passwd --json -- -x");
    assert_int_equal(p.status, 0);
    assert_int_equal(p.options.command, OPTIONS_RUN);
    assert_true(p.options.verbose);
    assert_int_equal(p.options.report.precision, 1);
    assert_string_equal(p.options.arguments[0], "/etc/passwd");
    assert_string_equal(p.options.arguments[2], "--");
    assert_false(p.options.report.json);
    options_fini(&p.options);
}

static void two_dashes_before_the_program_end_our_options(void **state)
{
    struct command_line p;
    parse(&p, "run -- -tool");
    assert_int_equal(p.status, 0);
    assert_string_equal(p.options.program, "-tool");
    options_fini(&p.options);
    parse(&p, "-- run");
    assert_int_equal(p.status, 0);
    assert_int_equal(p.options.command, OPTIONS_LINES);
    assert_string_equal(p.options.program, "run");
    options_fini(&p.options);
}

static void a_path_is_always_a_program(void **state)
{
    struct command_line p;
    parse(&p, "./check /");
    assert_int_equal(p.status, 0);
    assert_string_equal(p.options.program, "./check");
    options_fini(&p.options);
}

static void check_repeats_by_itself(void **state)
{
    struct command_line p;
    parse(&p, "check ./app /leak");
    assert_int_equal(p.status, 0);
    assert_int_equal(p.options.command, OPTIONS_CHECK);
    assert_int_equal(p.options.requests.warmup, 1);
    assert_int_equal(p.options.requests.repeat, 10);
    assert_int_equal(p.options.formats.names.count, 1);
    assert_string_equal(p.options.formats.names.items[0], "text");
    options_fini(&p.options);
    parse(&p, "check --warmup 0 --repeat 3 --json ./app /leak");
    assert_int_equal(p.options.requests.warmup, 0);
    assert_int_equal(p.options.requests.repeat, 3);
    assert_string_equal(p.options.formats.names.items[0], "json");
    options_fini(&p.options);
    parse(&p, "./app /leak");
    assert_int_equal(p.options.requests.warmup, 0);
    assert_int_equal(p.options.requests.repeat, 1);
    options_fini(&p.options);
}

static void each_format_has_its_own_file(void **state)
{
    struct command_line p;
    parse(&p, "check --as sarif -o a.sarif --as junit --output=b.xml --as text ./app /leak");
    assert_int_equal(p.status, 0);
    assert_int_equal(p.options.formats.names.count, 3);
    assert_string_equal(p.options.formats.outputs.items[0], "a.sarif");
    assert_string_equal(p.options.formats.outputs.items[1], "b.xml");
    assert_null(p.options.formats.outputs.items[2]);
    options_fini(&p.options);
    parse(&p, "check -o a.sarif --as sarif ./app");
    assert_int_equal(p.status, 0);
    assert_string_equal(p.options.formats.outputs.items[0], "a.sarif");
    options_fini(&p.options);
    assert_refused("check --as sarif --as json ./app", "two formats on standard output");
    assert_refused("check --as sarif -o a -o b ./app", "this --as has a file already");
    assert_refused("check --as sarif -o a --as json -o a ./app", "two formats in one file");
    assert_refused("check --json -o x --as text ./app", "write --as json");
    assert_refused("check --as html ./app", "'html' is not one of text, json, sarif");
    assert_refused("--as sarif ./app", "has no such option");
}

static void names_of_later_commands_are_refused(void **state)
{
    static const char *const names[] = {"serve", "live"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_refused(names[i], "this version has no such command");
    assert_refused("serve ./app /", "./serve");
}

static void short_options_may_be_joined(void **state)
{
    struct command_line p;
    parse(&p, "-qvoout.txt -H K:_V -H L:_W ./app /");
    assert_int_equal(p.status, 0);
    assert_true(p.options.quiet);
    assert_true(p.options.verbose);
    assert_string_equal(p.options.report.output, "out.txt");
    assert_int_equal(p.options.requests.headers.count, 2);
    assert_string_equal(p.options.requests.headers.items[1], "L: W");
    options_fini(&p.options);
}

static void defaults_are_those_of_the_manual(void **state)
{
    struct command_line p;
    parse(&p, "./app /");
    assert_int_equal(p.status, 0);
    assert_int_equal(p.options.requests.repeat, 1);
    assert_int_equal(p.options.requests.warmup, 0);
    assert_int_equal(p.options.requests.timeout_ns, 30 * SECOND);
    assert_int_equal(p.options.report.precision, 3);
    assert_string_equal(p.options.report.style, "syseng");
    assert_string_equal(p.options.watch.allocator, "auto");
    assert_string_equal(p.options.color, "auto");
    options_fini(&p.options);
}

static void wrong_usage_says_what_is_wrong(void **state)
{
    assert_refused("", "no program is given");
    assert_refused("-q", "no program is given");
    assert_refused("run", "no program is given");
    assert_refused("--repaet 3 ./app /", "did you mean --repeat?");
    assert_refused("--frobnicate ./app", "there is no such option");
    assert_refused("-Z ./app", "-Z: there is no such option");
    assert_refused("--precision 10 ./app", "not a number from 0 to 9");
    assert_refused("--precision 1x ./app", "not a number");
    assert_refused("--precision= ./app", "not a number");
    assert_refused("--repeat 0 ./app /", "not a number from 1");
    assert_refused("--port 65536 ./app /", "not a number from 1 to 65535");
    assert_refused("--timeout soon ./app /", "not a time");
    assert_refused("--style pretty ./app /", "not one of syseng, memory_profiler");
    assert_refused("--expect 99 ./app /", "not an HTTP status");
    assert_refused("--json=yes ./app /", "takes no value");
    assert_refused("--output", "FILE is missing");
    assert_refused("-o", "FILE is missing");
    assert_refused("--url localhost ./app /", "not a URL");
    assert_refused("./app / stray", "not a request");
    assert_refused("doctor ./app /", "doctor takes one program");
    assert_refused("--repeat 3 run ./app", "has no such option");
    assert_refused("--port 80 ./app", "there is no request");
    assert_refused("doctor --style syseng ./app", "has no such option");
}

static void help_and_version_need_no_program(void **state)
{
    struct command_line p;
    parse(&p, "--help");
    assert_int_equal(p.status, 0);
    assert_true(p.options.help);
    options_fini(&p.options);
    parse(&p, "run --version");
    assert_int_equal(p.status, 0);
    assert_true(p.options.version);
    options_fini(&p.options);
}

static void durations_have_units(void **state)
{
    uint64_t ns;
    assert_true(options_parse_duration("30s", &ns));
    assert_int_equal(ns, 30 * SECOND);
    assert_true(options_parse_duration("500ms", &ns));
    assert_int_equal(ns, SECOND / 2);
    assert_true(options_parse_duration("2m", &ns));
    assert_int_equal(ns, 120 * SECOND);
    assert_true(options_parse_duration("1.5h", &ns));
    assert_int_equal(ns, 5400 * SECOND);
    assert_true(options_parse_duration("7", &ns));
    assert_int_equal(ns, 7 * SECOND);
    static const char *const wrong[] = {"", "s", "-1s", "0", "1 s", "1y", "0x10s", "inf", "nan", "1e99h", "+1s"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        if (options_parse_duration(wrong[i], &ns))
            fail_msg("'%s' was taken for a time", wrong[i]);
}

static void expectations_are_lists_of_statuses_and_classes(void **state)
{
    assert_true(options_is_expectation("200"));
    assert_true(options_is_expectation("2xx,304"));
    assert_false(options_is_expectation(""));
    assert_false(options_is_expectation("20"));
    assert_false(options_is_expectation("2000"));
    assert_false(options_is_expectation("200,"));
    assert_false(options_is_expectation("x00"));
    assert_true(options_status_is_expected("200", 200));
    assert_false(options_status_is_expected("200", 201));
    assert_true(options_status_is_expected("4xx,200", 404));
    assert_true(options_status_is_expected(NULL, 302));
    assert_false(options_status_is_expected(NULL, 404));
    assert_false(options_status_is_expected("2xx", 0));
}

/* Everything that options_print or options_print_help writes. */
static char *printed(const char *format)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    assert_non_null(out);
    if (format != NULL)
        options_print(out, format);
    else
        options_print_help(out, 0);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void every_option_is_in_the_help_the_manual_and_the_completions(void **state)
{
    static const char *const formats[] = {NULL, "man", "bash", "zsh", "fish"};
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        char *text = printed(formats[f]);
        for (size_t i = 0; i < option_count; i++) {
            char name[64];
            const char *at = name;
            snprintf(name, sizeof name, "%s", option_table[i].name);
            char escaped[128] = "";
            if (formats[f] != NULL && strcmp(formats[f], "man") == 0) {
                for (size_t length = 0; *at != '\0'; at++)
                    length +=
                        (size_t)snprintf(escaped + length, sizeof escaped - length, *at == '-' ? "\\-" : "%c", *at);
                at = escaped;
            }
            bool is_hidden = option_table[i].group == OPTION_GROUP_HIDDEN;
            if ((strstr(text, at) == NULL) != is_hidden)
                /* The completions name the option that generated them, in a comment. */
                if (!is_hidden || strcmp(name, "print-options") != 0)
                    fail_msg("--%s in %s", name, formats[f] != NULL ? formats[f] : "--help");
        }
        free(text);
    }
}

static void the_help_fits_a_terminal(void **state)
{
    char *text = printed(NULL);
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        if (strlen(line) > 80)
            fail_msg("%zu columns: %s", strlen(line), line);
    free(text);
}

static void option_names_and_letters_are_unique(void **state)
{
    assert_true(option_count <= 64); /* the parser keeps a bit for each */
    for (size_t i = 0; i < option_count; i++) {
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(option_table[i].name, option_table[j].name);
            assert_true(option_table[i].letter == '\0' || option_table[i].letter != option_table[j].letter);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_follow_the_program),
        cmocka_unit_test(a_first_word_that_is_no_request_begins_the_programs_arguments),
        cmocka_unit_test(after_two_dashes_everything_is_the_programs),
        cmocka_unit_test(options_may_follow_requests),
        cmocka_unit_test(run_takes_every_word_after_the_program_for_its_arguments),
        cmocka_unit_test(two_dashes_before_the_program_end_our_options),
        cmocka_unit_test(a_path_is_always_a_program),
        cmocka_unit_test(check_repeats_by_itself),
        cmocka_unit_test(each_format_has_its_own_file),
        cmocka_unit_test(names_of_later_commands_are_refused),
        cmocka_unit_test(short_options_may_be_joined),
        cmocka_unit_test(defaults_are_those_of_the_manual),
        cmocka_unit_test(wrong_usage_says_what_is_wrong),
        cmocka_unit_test(help_and_version_need_no_program),
        cmocka_unit_test(durations_have_units),
        cmocka_unit_test(expectations_are_lists_of_statuses_and_classes),
        cmocka_unit_test(every_option_is_in_the_help_the_manual_and_the_completions),
        cmocka_unit_test(the_help_fits_a_terminal),
        cmocka_unit_test(option_names_and_letters_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
