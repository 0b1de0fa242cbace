/* The pages as text: what their data says, what it leaves out, and that nothing in it can be more than text. What is
   seen of them is tests/e2e/page.test. */

#include <config.h>

#include <errno.h>
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "page-session.h"
#include "page-text.h"
#include "report/page-html.h"
#include "report/page-names.h"
#include "report/page.h"

struct output {
    char *text;
    size_t length;
    FILE *stream;
};

/* `output` must stay where it is. */
static void output_begin(struct output *output)
{
    output->stream = open_memstream(&output->text, &output->length);
    assert_non_null(output->stream);
}

/* The text; the caller frees it. Zero bytes would end it early: there are none. */
static char *output_end(struct output *output)
{
    assert_int_equal(fclose(output->stream), 0);
    assert_int_equal(strlen(output->text), output->length);
    return output->text;
}

static char *render(const struct page_sample *sample, bool source, struct model *model)
{
    const struct report_options options = {.precision = 3, .source = source, .origin = &sample->origin};
    assert_int_equal(model_build(sample->session, 0, sample->lookup, sample->lookup_data, model), 0);
    struct output output;
    output_begin(&output);
    assert_int_equal(report_page(model, &options, output.stream, NULL), 0);
    return output_end(&output);
}

static json_int_t number_at(const json_t *array, size_t index)
{
    const json_t *value = json_array_get(array, index);
    assert_true(json_is_integer(value));
    return json_integer_value(value);
}

/* -- the page of a request -- */

/* What each function has in all stacks that go through it, recursion counted once a stack. */
static void add_once(uint64_t *totals, const uint32_t *functions, size_t depth, uint64_t bytes)
{
    for (size_t i = 0; i < depth; i++) {
        size_t j = 0;
        while (functions[j] != functions[i])
            j++;
        if (j == i)
            totals[functions[i]] += bytes;
    }
}

static uint64_t *totals_of_model(const struct model *model)
{
    uint64_t *totals = calloc(model->function_count, sizeof *totals);
    uint32_t functions[256];
    assert_non_null(totals);
    for (size_t i = 0; i < model->stack_count; i++) {
        struct model_walk walk = {0};
        size_t depth = 0;
        for (const struct model_frame *frame; (frame = model_next(model, &model->stacks[i], &walk)) != NULL;)
            functions[depth++] = frame->function;
        add_once(totals, functions, depth, model->stacks[i].measures[MODEL_ALLOC_BYTES]);
    }
    return totals;
}

static uint64_t *totals_of_data(const json_t *data, size_t function_count)
{
    const json_t *stacks = json_object_get(data, "stacks"), *keep = json_object_get(stacks, "keep"),
                 *fresh = json_object_get(stacks, "fresh"), *path = json_object_get(stacks, "path"),
                 *bytes = json_object_get(json_object_get(stacks, "values"), "alloc_bytes"),
                 *of_frame = json_object_get(json_object_get(data, "frames"), "function");
    uint64_t *totals = calloc(function_count, sizeof *totals);
    uint32_t functions[256];
    assert_non_null(totals);
    size_t at = 0;
    for (size_t i = 0; i < json_array_size(keep); i++) {
        size_t depth = (size_t)number_at(keep, i);
        for (json_int_t j = number_at(fresh, i); j > 0; j--)
            functions[depth++] = (uint32_t)number_at(of_frame, (size_t)number_at(path, at++));
        add_once(totals, functions, depth, (uint64_t)number_at(bytes, i));
    }
    assert_int_equal(at, json_array_size(path));
    return totals;
}

static void check_stacks(const struct page_sample *sample)
{
    struct model model;
    char *page = render(sample, true, &model);
    json_t *data = page_data(page);
    uint64_t *expected = totals_of_model(&model), *got = totals_of_data(data, model.function_count);
    assert_true(model.function_count > 5);
    assert_memory_equal(expected, got, model.function_count * sizeof *got);
    free(expected);
    free(got);
    json_decref(data);
    model_fini(&model);
    free(page);
}

static void the_stacks_can_be_put_together_again(void **state)
{
    (void)state;
    struct page_sample small = page_sample(), large = page_sample_large(500);
    check_stacks(&small);
    check_stacks(&large);
    page_sample_large_free(&large);
}

static void names_are_told_once(void **state)
{
    (void)state;
    struct model model;
    struct page_sample sample = page_sample();
    char *page = render(&sample, true, &model);
    assert_int_equal(count_text(page, "\"parse_headers\""), 1);
    assert_int_equal(count_text(page, "\"source/server.c\""), 1);
    model_fini(&model);
    free(page);
}

/* The row of a line of function number `function`. */
static const json_t *row_of(const json_t *data, size_t function, json_int_t line)
{
    const json_t *rows = json_object_get(json_array_get(json_object_get(data, "lines"), function), "rows");
    for (size_t i = 0; i < json_array_size(rows); i++)
        if (json_integer_value(json_object_get(json_array_get(rows, i), "line")) == line)
            return json_array_get(rows, i);
    fail_msg("no row of line %d", (int)line);
    return NULL;
}

static void rows_without_a_measurement_have_no_figures(void **state)
{
    (void)state;
    struct model model;
    struct page_sample sample = page_sample();
    char *page = render(&sample, true, &model);
    json_t *data = page_data(page);
    assert_int_equal(json_array_size(json_object_get(data, "lines")), 2);
    const json_t *ran = row_of(data, 0, 12), *never = row_of(data, 0, 23), *blind = row_of(data, 1, 11);
    assert_int_equal(json_integer_value(json_object_get(ran, "heap")), 524288);
    assert_int_equal(json_integer_value(json_object_get(ran, "time")), 280000);
    assert_non_null(json_object_get(never, "text"));
    assert_null(json_object_get(never, "heap"));
    assert_null(json_object_get(never, "visits"));
    assert_int_equal(json_integer_value(json_object_get(blind, "heap")), 24576);
    assert_true(json_is_null(json_object_get(blind, "rss")));
    assert_true(json_is_null(json_object_get(blind, "time")));
    json_decref(data);
    model_fini(&model);
    free(page);
}

static void measures_that_were_not_taken_have_no_column(void **state)
{
    (void)state;
    struct model model;
    struct page_sample sample = page_sample_empty();
    char *page = render(&sample, true, &model);
    json_t *data = page_data(page);
    assert_int_equal(json_object_size(json_object_get(json_object_get(data, "stacks"), "values")), 0);
    assert_true(json_is_null(json_object_get(data, "sizes")));
    assert_true(json_is_null(json_object_get(json_object_get(data, "request"), "cpu_ns")));
    assert_true(json_is_null(json_object_get(json_object_get(data, "request"), "status")));
    json_decref(data);
    model_fini(&model);
    free(page);
}

static void without_sources_the_page_has_no_line_of_them(void **state)
{
    (void)state;
    struct model model;
    struct page_sample sample = page_sample();
    char *page = render(&sample, true, &model);
    model_fini(&model);
    assert_int_equal(count_text(page, "kept = malloc"), 2); /* in the line report, and in its frame */
    free(page);
    page = render(&sample, false, &model);
    model_fini(&model);
    assert_int_equal(count_text(page, "malloc(16)"), 0);
    assert_int_equal(count_text(page, "range(xr.hi)"), 0);
    free(page);
}

static void nothing_of_the_program_is_more_than_text(void **state)
{
    (void)state;
    struct model model;
    struct page_sample tame = page_sample(), hostile = page_sample_hostile();
    char *page = render(&tame, true, &model);
    model_fini(&model);
    size_t tags = count_text(page, "<");
    free(page);
    page = render(&hostile, true, &model);
    model_fini(&model);
    assert_int_equal(count_text(page, "<"), tags);
    assert_non_null(strstr(page, "\\u003c/script>"));
    assert_null(strstr(page, "\xe2\x80\xa8&quot;\"")); /* U+2028 is told by its number in scripts */
    json_decref(page_data(page));
    free(page);
}

static void what_limits_the_figures_is_told(void **state)
{
    (void)state;
    struct model model;
    struct page_sample sample = page_sample();
    char *page = render(&sample, true, &model);
    json_t *data = page_data(page);
    const json_t *warnings = json_object_get(data, "warnings");
    size_t lost = 0;
    for (size_t i = 0; i < json_array_size(warnings); i++)
        lost += strstr(json_string_value(json_array_get(warnings, i)), "7 records lost") != NULL;
    assert_int_equal(lost, 1);
    json_decref(data);
    model_fini(&model);
    free(page);
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    struct model model;
    struct page_sample sample = page_sample();
    struct err err = {""};
    const struct report_options options = {.source = true, .origin = &sample.origin};
    const struct page_history history = page_sample_history(2, 1);
    assert_int_equal(model_build(sample.session, 0, sample.lookup, sample.lookup_data, &model), 0);
    for (int i = 0; i < 3; i++) {
        FILE *full = fopen("/dev/full", "w");
        assert_non_null(full);
        err.text[0] = '\0';
        int code = i == 0   ? report_page(&model, &options, full, &err)
                   : i == 1 ? page_snapshots(&history, full, &err)
                            : page_snapshot(history.snapshots, history.requests, 1, full, &err);
        assert_int_equal(code, -ENOSPC);
        assert_string_not_equal(err.text, "");
        fclose(full);
    }
    page_sample_history_free();
    model_fini(&model);
}

/* -- the pages that lead to others -- */

static char *render_history(size_t snapshots, size_t requests)
{
    struct output output;
    const struct page_history history = page_sample_history(snapshots, requests);
    output_begin(&output);
    assert_int_equal(page_snapshots(&history, output.stream, NULL), 0);
    page_sample_history_free();
    return output_end(&output);
}

static void snapshots_are_rows_and_requests_columns(void **state)
{
    (void)state;
    char *page = render_history(45, 5);
    assert_int_equal(count_text(page, "<th scope=\"row\">"), 45);
    assert_int_equal(count_text(page, "<svg class=\"spark\""), 5);
    assert_int_equal(count_text(page, "GET /page/00?&lt;b&gt;</div>"), 1);
    assert_non_null(strstr(page, "<a href=\"2026-11-22_18%3A44%3A00/GET.page03.000738ms/index.html\">"));
    assert_true(strstr(page, "_18%3A44%3A00/index.html") < strstr(page, "_18%3A00%3A00/index.html"));
    assert_null(strstr(page, "<the>"));
    assert_int_equal(count_text(page, "<script"), 1); /* ours, allowed by its hash */
    assert_int_equal(count_text(page, "script-src 'sha256-"), 1);
    assert_int_equal(count_text(page, "<tr data-name=\"2026-11-22_18:44:00\">"), 1);
    free(page);
}

static void what_grew_most_is_named(void **state)
{
    (void)state;
    char *page = render_history(45, 5);
    /* Allocations grow by one a snapshot, the peak by 12 KiB in the 42nd. */
    assert_int_equal(
        count_text(page, "<span class=\"worse\">GET /page/00?&lt;b&gt; peak 64.0 KiB &rarr; 76.0 KiB</span>"), 1);
    assert_int_equal(count_text(page, "peak 76.0 KiB &rarr; 64.0 KiB"), 0);
    free(page);
}

static void what_a_snapshot_lacks_is_blank(void **state)
{
    (void)state;
    char *page = render_history(1, 5);
    /* One request has no figures, one is not there. */
    assert_int_equal(count_text(page, "<td class=\"first\"></td><td></td><td></td>"), 2);
    free(page);
    page = render_history(0, 0);
    assert_non_null(strstr(page, "syseng-mem snapshot"));
    assert_null(strstr(page, "<table"));
    free(page);
}

static void a_snapshot_has_a_row_a_request(void **state)
{
    (void)state;
    struct output output;
    const struct page_history history = page_sample_history(1, 5);
    output_begin(&output);
    assert_int_equal(page_snapshot(history.snapshots, history.requests, 5, output.stream, NULL), 0);
    page_sample_history_free();
    char *page = output_end(&output);
    assert_int_equal(count_text(page, "<tr><th scope=\"row\">"), 4);
    assert_non_null(strstr(page, "<a href=\"GET.page00.000738ms/index.html\">GET /page/00?&lt;b&gt;</a>"));
    assert_non_null(strstr(page, "<span class=\"badge bad\">404</span>"));
    assert_int_equal(count_text(page, "<td></td><td></td><td></td><td></td><td></td><td>0.74 ms</td>"), 1);
    free(page);
}

/* -- what they are made with -- */

static char *escaped(void put(FILE *out, const char *text), const char *text)
{
    struct output output;
    output_begin(&output);
    put(output.stream, text);
    return output_end(&output);
}

static void check_escaped(void put(FILE *out, const char *text), const char *text, const char *expected)
{
    char *got = escaped(put, text);
    assert_string_equal(got, expected);
    free(got);
}

static void text_and_urls_are_escaped(void **state)
{
    (void)state;
    check_escaped(html_text, "a<b>&\"'\xc3\xb6", "a&lt;b&gt;&amp;&quot;&#39;\xc3\xb6");
    check_escaped(html_text, "\xff\033[1m\t\n", "\xef\xbf\xbd?[1m\t\n");
    check_escaped(html_url, "GET.a%20b:c/d", "GET.a%2520b%3Ac%2Fd");
    check_escaped(html_url, "\"\xff~", "%22%FF~");
}

static void a_spark_leaves_gaps(void **state)
{
    (void)state;
    static const int64_t values[] = {0, 10, 10, 5};
    static const bool has[] = {true, true, false, true};
    struct output output;
    output_begin(&output);
    html_spark(output.stream, &(struct html_spark){"<peak>", values, has, 4});
    char *spark = output_end(&output);
    assert_non_null(strstr(spark, "d=\"M2.0 22.0L40.7 2.0M118.0 12.0\""));
    assert_non_null(strstr(spark, "&lt;peak&gt;"));
    free(spark);
}

static void names_are_numbered(void **state)
{
    (void)state;
    struct names names = {0};
    char copy[] = "b";
    names_add(&names, "c");
    names_add(&names, "b");
    names_add(&names, copy);
    names_add(&names, NULL);
    assert_int_equal(names_seal(&names), 0);
    assert_int_equal(names.count, 2);
    assert_int_equal(names_find(&names, "b"), 0);
    assert_int_equal(names_find(&names, "c"), 1);
    assert_int_equal(names_find(&names, NULL), -1);
    names_fini(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_stacks_can_be_put_together_again),
        cmocka_unit_test(names_are_told_once),
        cmocka_unit_test(rows_without_a_measurement_have_no_figures),
        cmocka_unit_test(measures_that_were_not_taken_have_no_column),
        cmocka_unit_test(without_sources_the_page_has_no_line_of_them),
        cmocka_unit_test(nothing_of_the_program_is_more_than_text),
        cmocka_unit_test(what_limits_the_figures_is_told),
        cmocka_unit_test(a_full_disk_is_an_error),
        cmocka_unit_test(snapshots_are_rows_and_requests_columns),
        cmocka_unit_test(what_grew_most_is_named),
        cmocka_unit_test(what_a_snapshot_lacks_is_blank),
        cmocka_unit_test(a_snapshot_has_a_row_a_request),
        cmocka_unit_test(text_and_urls_are_escaped),
        cmocka_unit_test(a_spark_leaves_gaps),
        cmocka_unit_test(names_are_numbered),
    };
    if (chdir(TEST_SRCDIR "/golden") != 0)
        return 99;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
