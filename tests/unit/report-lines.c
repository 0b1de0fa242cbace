/* report_lines and report_summary beyond their golden files: sums, names of files, failures. */

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/text.h"
#include "report-session.h"
#include "report/report.h"
#include "report/rows.h"
#include "wire/session.h"

static const struct report_options plain = {.style = REPORT_STYLE_SYSENG, .precision = 3, .source = true};

static void check_sums(const struct session_function *function, const struct source *source)
{
    struct rows rows;
    int64_t increment = 0, heap = 0;
    size_t first_rows = 0;
    assert_int_equal(rows_build(function, source, &rows), 0);
    for (size_t i = 0; i < rows.count; i++) {
        const struct row *row = &rows.items[i];
        assert_true(i == 0 || row->line > rows.items[i - 1].line);
        first_rows += row->first;
        if (!row->measured)
            continue;
        heap += row->heap_bytes;
        increment += row->has_rss ? row->increment_bytes : 0;
    }
    assert_int_equal(first_rows, 1);
    assert_int_equal(increment, function->increment_bytes);
    assert_int_equal(heap, function->heap_bytes);
    rows_free(&rows);
}

static void the_columns_sum_to_the_functions_totals(void **state)
{
    const struct session *session = report_session();
    const struct source none = {0};
    for (size_t i = 0; i < session->request_count; i++) {
        for (size_t j = 0; j < session->requests[i].function_count; j++) {
            const struct session_function *function = &session->requests[i].functions[j];
            char path[PATH_MAX];
            snprintf(path, sizeof path, "%s/golden/%s", TEST_SRCDIR, function->file);
            struct source source;
            source_open(path, &source);
            check_sums(function, &source);
            source_close(&source);
            check_sums(function, &none);
        }
    }
}

static void the_declarations_row_shows_what_it_did_beyond_the_entry(void **state)
{
    struct session_line lines[] = {
        {.line = 2, .occurrences = 3, .has_rss = true, .rss_bytes = 9, .increment_bytes = 4, .heap_bytes = 5},
        {.line = 3, .occurrences = 3, .has_rss = true, .rss_bytes = 9},
    };
    char name[] = "f", file[] = "f.c", text[] = "SYSENG_MEM_PROFILE\nint f(void) {\n}\n";
    size_t offsets[] = {0, 19, 33, 35};
    struct source source = {.text = text, .length = sizeof text - 1, .line_offsets = offsets, .line_count = 3};
    assert_int_equal(lexer_run(text, source.length, &source.tokens, &source.token_count), 0);
    struct session_function function = {.name = name,
                                        .file = file,
                                        .line = 2,
                                        .last_line = 3,
                                        .calls = 3,
                                        .has_rss = true,
                                        .entry_rss_bytes = 7,
                                        .increment_bytes = 4,
                                        .heap_bytes = 5,
                                        .lines = lines,
                                        .line_count = 2};
    check_sums(&function, &source);
    struct rows rows;
    assert_int_equal(rows_build(&function, &source, &rows), 0);
    assert_int_equal(rows.items[0].rss_bytes, 7);
    assert_int_equal(rows.items[0].occurrences, 3);
    assert_true(rows.items[1].measured);
    assert_int_equal(rows.items[1].increment_bytes, 4);
    rows_free(&rows);
    lines[0].increment_bytes = lines[0].heap_bytes = 0;
    assert_int_equal(rows_build(&function, &source, &rows), 0);
    assert_false(rows.items[1].measured);
    rows_free(&rows);
    function.line_count = 1; /* all of its code is on the declaration's line */
    assert_int_equal(rows_build(&function, &source, &rows), 0);
    assert_true(rows.items[1].measured);
    rows_free(&rows);
    free(source.tokens);
}

static void damaged_line_numbers_do_not_make_an_endless_report(void **state)
{
    struct session_line lines[] = {{.line = 5, .occurrences = 1}, {.line = UINT32_MAX, .occurrences = 1}};
    char name[] = "f", file[] = "f.c";
    struct session_function function = {
        .name = name, .file = file, .line = 5, .last_line = UINT32_MAX, .calls = 1, .lines = lines, .line_count = 2};
    const struct source none = {0};
    struct rows rows;
    assert_int_equal(rows_build(&function, &none, &rows), 0);
    assert_int_equal(rows.count, 2);
    rows_free(&rows);
    function.last_line = 0;
    assert_int_equal(rows_build(&function, &none, &rows), 0);
    assert_int_equal(rows.count, 2);
    rows_free(&rows);
    function.line = UINT32_MAX;
    function.last_line = UINT32_MAX;
    assert_int_equal(rows_build(&function, &none, &rows), 0);
    assert_int_equal(rows.count, 2);
    rows_free(&rows);
}

static void check_name(const char *path, const char *expected)
{
    struct text text = TEXT_EMPTY;
    source_add_name(&text, path);
    assert_string_equal(text_get(&text), expected);
    text_fini(&text);
}

static void files_below_the_current_directory_are_named_relatively(void **state)
{
    char directory[] = "/tmp/report-lines-XXXXXX", path[PATH_MAX];
    assert_non_null(mkdtemp(directory));
    assert_int_equal(chdir(directory), 0);
    assert_int_equal(mkdir("sub", 0700), 0);
    FILE *file = fopen("app.c", "w");
    assert_non_null(file);
    fclose(file);
    snprintf(path, sizeof path, "%s/app.c", directory);
    check_name(path, "app.c");
    snprintf(path, sizeof path, "%s/sub/../app.c", directory);
    check_name(path, "app.c");
    snprintf(path, sizeof path, "%s/gone.c", directory);
    check_name(path, "gone.c");
    snprintf(path, sizeof path, "%sx/gone.c", directory);
    check_name(path, path);
    check_name("/usr/src/x.c", "/usr/src/x.c");
    check_name("src/x.c", "src/x.c");
    check_name("x\n\033[31m.c", "x??[31m.c");
    assert_int_equal(unlink("app.c"), 0);
    assert_int_equal(rmdir("sub"), 0);
    assert_int_equal(chdir("/"), 0);
    check_name("/usr/src/x.c", "/usr/src/x.c");
    assert_int_equal(rmdir(directory), 0);
}

static void a_full_disk_is_an_error_with_its_reason(void **state)
{
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL)
        skip();
    struct err err;
    assert_int_equal(report_lines(report_session(), &plain, full, &err), -ENOSPC);
    assert_string_equal(err.text, "line report: No space left on device");
    fclose(full);
    full = fopen("/dev/full", "w");
    assert_int_equal(report_json(report_session(), &plain, full, &err), -ENOSPC);
    assert_string_equal(err.text, "JSON report: No space left on device");
    fclose(full);
}

static void a_precision_out_of_range_is_refused(void **state)
{
    struct err err;
    struct report_options options = plain;
    options.precision = 10;
    assert_int_equal(report_lines(report_session(), &options, stderr, &err), -EINVAL);
    options.precision = -1;
    assert_int_equal(report_lines(report_session(), &options, stderr, &err), -EINVAL);
}

static void an_empty_session_prints_nothing(void **state)
{
    struct session session = {0};
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    assert_int_equal(report_lines(&session, &plain, out, NULL), 0);
    fclose(out);
    assert_string_equal(text, "");
    free(text);
}

static void collect(const char *line, void *data)
{
    text_addf(data, "%s\n", line);
}

static void check_summary(const struct session *session, const char *expected)
{
    struct text text = TEXT_EMPTY;
    report_summary(session, collect, &text);
    assert_string_equal(text_get(&text), expected);
    text_fini(&text);
}

static void a_run_is_summed_up_with_how_it_ended(void **state)
{
    struct session_request run = {.is_run = true, .finished = true, .elapsed_ns = 12345678};
    struct session session = {.requests = &run, .request_count = 1};
#define REST " in 12.3 ms, peak +0 B, allocated 0 B in 0, not freed 0 B in 0\n"
    check_summary(&session, "run: exit status 0" REST);
    session.wait_status = 3 << 8;
    check_summary(&session, "run: exit status 3" REST);
    session.wait_status = SIGSEGV;
    check_summary(&session, "run: killed by SIGSEGV" REST);
    session.wait_status = SIGTERM;
    session.ended_by_us = true;
    check_summary(&session, "run: ended by syseng-mem" REST);
}

static void a_server_that_we_ended_needs_no_word(void **state)
{
    char method[] = "GET", target[] = "/\033[2J";
    struct session_request request = {.method = method,
                                      .target = target,
                                      .status = 200,
                                      .ordinal = 1,
                                      .repeat_count = 10,
                                      .finished = true,
                                      .elapsed_ns = 1000};
    struct session session = {.requests = &request, .request_count = 1, .wait_status = SIGTERM, .ended_by_us = true};
    check_summary(&session,
                  "GET /?[2J, 10 times -> 200 in 1.00 us, peak +0 B, allocated 0 B in 0, not freed 0 B in 0\n");
    session.ended_by_us = false;
    session.wait_status = 1 << 8;
    check_summary(&session, "GET /?[2J, 10 times -> 200 in 1.00 us, peak +0 B, allocated 0 B in 0, not freed 0 B in 0\n"
                            "the program ended by itself with exit status 1: the numbers go up to that point\n");
}

static void long_lists_are_cut_and_counted(void **state)
{
    char name[] = "f", file[] = "a.c";
    struct session_function functions[10];
    for (uint32_t i = 0; i < 10; i++)
        functions[i] = (struct session_function){.name = name, .file = file, .line = i + 1, .annotated = true};
    struct session session = {.never_ran = functions, .never_ran_count = 10};
    check_summary(&session,
                  "annotated but never ran: f (a.c:1), f (a.c:2), f (a.c:3), f (a.c:4), f (a.c:5), f (a.c:6), "
                  "f (a.c:7), f (a.c:8) and 2 more\n");
}

static void every_trouble_of_a_process_is_named_with_a_cure(void **state)
{
    static const uint32_t flags[] = {WIRE_PROCESS_TRACED,        WIRE_PROCESS_NO_RSS,       WIRE_PROCESS_SECCOMP,
                                     WIRE_PROCESS_PATCH_REFUSED, WIRE_PROCESS_BYTES_DIFFER, WIRE_PROCESS_NO_NEAR_MEMORY,
                                     WIRE_PROCESS_PLAN_TIMEOUT,  WIRE_PROCESS_GAVE_UP};
    char exe[] = "/usr/bin/app";
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        struct session_process process = {.pid = 7, .exe = exe, .flags = flags[i]};
        struct session session = {.processes = &process, .process_count = 1};
        struct text text = TEXT_EMPTY;
        report_summary(&session, collect, &text);
        assert_int_equal(strncmp(text_get(&text), "app (pid 7): ", 13), 0);
        assert_non_null(strchr(text_get(&text), ';')); /* what: why; cure */
        text_fini(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_columns_sum_to_the_functions_totals),
        cmocka_unit_test(the_declarations_row_shows_what_it_did_beyond_the_entry),
        cmocka_unit_test(damaged_line_numbers_do_not_make_an_endless_report),
        cmocka_unit_test(files_below_the_current_directory_are_named_relatively),
        cmocka_unit_test(a_full_disk_is_an_error_with_its_reason),
        cmocka_unit_test(a_precision_out_of_range_is_refused),
        cmocka_unit_test(an_empty_session_prints_nothing),
        cmocka_unit_test(a_run_is_summed_up_with_how_it_ended),
        cmocka_unit_test(a_server_that_we_ended_needs_no_word),
        cmocka_unit_test(long_lists_are_cut_and_counted),
        cmocka_unit_test(every_trouble_of_a_process_is_named_with_a_cure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
