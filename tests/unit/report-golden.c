/* Every format and every option of the reports, for one session, against tests/golden. */

#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/text.h"
#include "golden.h"
#include "report-session.h"
#include "report/report.h"

typedef int report_fn(const struct session *session, const struct report_options *options, FILE *out, struct err *err);

static const struct report_options plain = {.style = REPORT_STYLE_SYSENG, .precision = 3, .source = true};

static char *render(report_fn *report, const struct report_options *options, size_t *length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    assert_non_null(out);
    struct err err;
    assert_int_equal(report(report_session(), options, out, &err), 0);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void compare(const char *golden, report_fn *report, struct report_options options)
{
    size_t length;
    char *text = render(report, &options, &length);
    golden_mask_version(text, &length);
    golden_compare(golden, text, length);
    free(text);
}

static void lines_in_our_style(void **state)
{
    compare("lines.txt", report_lines, plain);
}

static void lines_in_the_classic_style(void **state)
{
    struct report_options options = plain;
    options.style = REPORT_STYLE_MEMORY_PROFILER;
    compare("lines-classic.txt", report_lines, options);
}

static void lines_that_changed(void **state)
{
    struct report_options options = plain;
    options.only_changed = true;
    compare("lines-only-changed.txt", report_lines, options);
}

static void lines_without_source(void **state)
{
    struct report_options options = plain;
    options.source = false;
    compare("lines-no-source.txt", report_lines, options);
}

static void lines_with_their_time(void **state)
{
    struct report_options options = plain;
    options.time = true;
    compare("lines-time.txt", report_lines, options);
}

static void time_does_not_show_in_the_classic_style(void **state)
{
    struct report_options options = plain;
    options.style = REPORT_STYLE_MEMORY_PROFILER;
    options.time = true;
    compare("lines-classic.txt", report_lines, options);
}

static void lines_with_no_digit_and_with_nine(void **state)
{
    struct report_options options = plain;
    options.precision = 0;
    compare("lines-precision-0.txt", report_lines, options);
    options.precision = 9;
    compare("lines-precision-9.txt", report_lines, options);
    options.style = REPORT_STYLE_MEMORY_PROFILER;
    compare("lines-classic-precision-9.txt", report_lines, options);
}

static void lines_in_colour(void **state)
{
    struct report_options options = plain;
    options.color = true;
    compare("lines-color.txt", report_lines, options);
}

static void colour_changes_no_text(void **state)
{
    struct report_options options = plain;
    size_t plain_length, length;
    char *expected = render(report_lines, &options, &plain_length);
    options.color = true;
    char *text = render(report_lines, &options, &length), *to = text;
    assert_true(length > plain_length);
    for (const char *from = text; *from != '\0';) {
        if (*from == '\033')
            from = strchr(from, 'm') + 1;
        else
            *to++ = *from++;
    }
    *to = '\0';
    assert_string_equal(text, expected);
    free(text);
    free(expected);
}

static void json(void **state)
{
    compare("report.json", report_json, plain);
}

static void json_without_source(void **state)
{
    struct report_options options = plain;
    options.source = false;
    compare("report-no-source.json", report_json, options);
}

static void collect(const char *line, void *data)
{
    assert_null(strchr(line, '\n'));
    text_addf(data, "%s\n", line);
}

static void summary(void **state)
{
    struct text text = TEXT_EMPTY;
    report_summary(report_session(), collect, &text);
    golden_compare("summary.txt", text_get(&text), text.length);
    text_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_in_our_style),
        cmocka_unit_test(lines_in_the_classic_style),
        cmocka_unit_test(lines_that_changed),
        cmocka_unit_test(lines_without_source),
        cmocka_unit_test(lines_with_their_time),
        cmocka_unit_test(time_does_not_show_in_the_classic_style),
        cmocka_unit_test(lines_with_no_digit_and_with_nine),
        cmocka_unit_test(lines_in_colour),
        cmocka_unit_test(colour_changes_no_text),
        cmocka_unit_test(json),
        cmocka_unit_test(json_without_source),
        cmocka_unit_test(summary),
    };
    if (chdir(TEST_SRCDIR "/golden") != 0)
        return 99;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
