/* Every format of a comparison against tests/golden, and what holds for all comparisons. */

#include <config.h>

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "compare-world.h"
#include "golden.h"
#include "page-text.h"
#include "report/compare.h"

static char *render(const struct compare_result *result, compare_print_fn *print, const struct compare_print *options,
                    size_t *length)
{
    char *text = NULL;
    struct err err;
    FILE *out = open_memstream(&text, length);
    assert_non_null(out);
    assert_int_equal(print(result, options, out, &err), 0);
    assert_int_equal(fclose(out), 0);
    return text;
}

/* A new version of the project changes no golden file. */
static void mask_version(char *text, size_t *length)
{
    char *at = strstr(text, PACKAGE_STRING);
    if (at == NULL)
        return;
    at += strlen(PACKAGE_NAME) + 1;
    memmove(at, at + strlen(PACKAGE_VERSION), strlen(at) - strlen(PACKAGE_VERSION) + 1);
    *length -= strlen(PACKAGE_VERSION);
}

static void assert_golden(const char *name, compare_print_fn *print, const char *spec, bool source)
{
    struct world *world = world_changed();
    struct compare_limits limits;
    struct err err;
    assert_int_equal(compare_limits_parse(spec, &limits, &err), 0);
    size_t length;
    char *text = render(&world->result, print, &(struct compare_print){.limits = &limits, .source = source}, &length);
    mask_version(text, &length);
    golden_compare(name, text, length);
    free(text);
    world_free(world);
}

static void text(void **state)
{
    assert_golden("compare.txt", compare_text, COMPARE_LIMITS_DEFAULT, true);
}

static void text_without_source(void **state)
{
    assert_golden("compare-no-source.txt", compare_text, "rss>1MiB,allocs>100%,time>10%", false);
}

static void markdown(void **state)
{
    assert_golden("compare.md", compare_markdown, COMPARE_LIMITS_DEFAULT, true);
}

static void json(void **state)
{
    assert_golden("compare.json", compare_json, COMPARE_LIMITS_DEFAULT, true);
}

static void folded(void **state)
{
    assert_golden("compare.folded", compare_folded, COMPARE_LIMITS_DEFAULT, true);
}

static void nothing_changed_is_said_so(void **state)
{
    struct world *world = world_unchanged();
    struct compare_limits limits;
    struct err err;
    assert_int_equal(compare_limits_parse(COMPARE_LIMITS_DEFAULT, &limits, &err), 0);
    assert_false(compare_is_worse(&world->result, &limits));
    size_t length;
    char *text = render(&world->result, compare_text, &(struct compare_print){.limits = &limits}, &length);
    assert_non_null(strstr(text, "GET /memory  no change\nGET /        no change\n"));
    assert_non_null(strstr(text, "\nnot worse (limits: not-freed>0, peak>10%)\n"));
    assert_null(strstr(text, "lines that"));
    free(text);
    world_free(world);
}

static void colour_changes_no_text(void **state)
{
    struct world *world = world_changed();
    struct compare_limits limits;
    struct err err;
    assert_int_equal(compare_limits_parse(COMPARE_LIMITS_DEFAULT, &limits, &err), 0);
    struct compare_print options = {.limits = &limits, .source = true};
    size_t length, plain_length;
    char *plain = render(&world->result, compare_text, &options, &plain_length);
    options.color = true;
    char *text = render(&world->result, compare_text, &options, &length), *to = text;
    assert_true(length > plain_length);
    for (const char *from = text; *from != '\0';) {
        if (*from == '\033')
            from = strchr(from, 'm') + 1;
        else
            *to++ = *from++;
    }
    *to = '\0';
    assert_string_equal(text, plain);
    free(text);
    free(plain);
    world_free(world);
}

/* The page of `world`, and its other formats. */
static char *render_as(struct world *world, compare_print_fn *print, bool source)
{
    struct compare_limits limits;
    struct err err;
    size_t length;
    assert_int_equal(compare_limits_parse(COMPARE_LIMITS_DEFAULT, &limits, &err), 0);
    char *text = render(&world->result, print, &(struct compare_print){.limits = &limits, .source = source}, &length);
    assert_int_equal(strlen(text), length);
    return text;
}

static void the_page_has_all_that_the_json_has(void **state)
{
    struct world *world = world_changed();
    char *page = render_as(world, compare_html, true), *json = render_as(world, compare_json, true);
    json_t *data = page_data(page), *expected = json_loads(json, 0, NULL), *value;
    const char *key;
    assert_non_null(expected);
    assert_true(json_object_size(expected) > 10);
    json_object_foreach(expected, key, value)
    {
        if (!json_equal(value, json_object_get(data, key)))
            fail_msg("%s differs", key);
    }
    json_decref(expected);
    json_decref(data);
    free(page);
    free(json);
    world_free(world);
}

static const char *cell_of(const json_t *row, size_t number)
{
    return json_string_value(json_array_get(json_object_get(row, "cells"), number));
}

/* The verdict, and the cells of the table. */
static void the_page_says_what_the_text_says(void **state)
{
    struct world *world = world_changed();
    char *page = render_as(world, compare_html, true), *text = render_as(world, compare_text, true);
    json_t *data = page_data(page);
    const json_t *peak = json_array_get(json_array_get(json_object_get(data, "table"), 0), 0),
                 *allocated = json_array_get(json_array_get(json_object_get(data, "table"), 0), 1);
    const char *verdict = json_string_value(json_object_get(data, "verdict"));
    assert_non_null(strstr(text, verdict));
    assert_true(strncmp(verdict, "worse: ", 7) == 0);
    assert_true(json_is_true(json_object_get(data, "is_worse")));
    assert_string_equal(cell_of(peak, 0), "peak");
    assert_string_equal(cell_of(peak, 4), "+50.4 %");
    assert_true(json_is_true(json_object_get(peak, "worse")));
    assert_string_equal(cell_of(allocated, 4), "+50.4 %");
    assert_true(json_is_false(json_object_get(allocated, "worse")));
    assert_string_equal(cell_of(json_array_get(json_array_get(json_object_get(data, "table"), 2), 0), 0),
                        "only in new");
    json_decref(data);
    free(page);
    free(text);
    world_free(world);
}

static void a_page_without_source_has_none(void **state)
{
    struct world *world = world_changed();
    char *page = render_as(world, compare_html, true);
    assert_non_null(strstr(page, "malloc(8192)"));
    free(page);
    page = render_as(world, compare_html, false);
    assert_null(strstr(page, "malloc(8192)"));
    free(page);
    world_free(world);
}

static void a_page_lets_nothing_in(void **state)
{
    struct world *world = world_changed();
    char *tame = render_as(world, compare_html, true);
    world->result.sides[COMPARE_NEW].subject = "</script><script>attacked()</script>";
    world->result.sides[COMPARE_NEW].name = "<img src=x>";
    char *hostile = render_as(world, compare_html, true);
    assert_non_null(strstr(tame, "Content-Security-Policy"));
    assert_non_null(strstr(hostile, "&lt;img src=x&gt; - syseng-mem</title>"));
    assert_non_null(strstr(hostile, "\\u003c/script>"));
    assert_int_equal(count_text(hostile, "<"), count_text(tame, "<"));
    free(tame);
    free(hostile);
    world_free(world);
}

/* Of 3,000 requests of long names that all differ. */
static void a_comment_is_never_too_long(void **state)
{
    enum { MANY = 3000 };
    struct compare_limits limits;
    struct err err;
    struct session_request *requests = calloc((size_t)2 * MANY, sizeof *requests);
    struct model *models = calloc((size_t)2 * MANY, sizeof *models);
    struct compare_input *inputs = calloc((size_t)2 * MANY, sizeof *inputs);
    static const struct session session;
    static const struct report_options options;
    char target[300], method[] = "GET";
    memset(target, '|', sizeof target);
    target[0] = '/';
    target[sizeof target - 1] = '\0';
    for (uint32_t i = 0; i < 2 * MANY; i++) {
        requests[i] = (struct session_request){.method = method,
                                               .target = target,
                                               .ordinal = i % MANY + 1,
                                               .totals = {.alloc_bytes = i, .not_freed_bytes = i}};
        models[i] = (struct model){.session = &session, .request = &requests[i]};
        inputs[i] = (struct compare_input){.model = &models[i], .options = &options};
    }
    const struct compare_snapshot snapshots[COMPARE_SIDES] = {
        {.name = "old", .inputs = inputs, .input_count = MANY},
        {.name = "new", .inputs = inputs + MANY, .input_count = MANY}};
    struct compare_result result;
    assert_int_equal(compare_limits_parse(COMPARE_LIMITS_DEFAULT, &limits, &err), 0);
    assert_int_equal(compare_build(snapshots, &result, &err), 0);
    assert_true(compare_is_worse(&result, &limits));
    size_t length;
    char *text = render(&result, compare_markdown, &(struct compare_print){.limits = &limits}, &length);
    assert_in_range(length, 40000, 60000);
    assert_non_null(strstr(text, " more rows"));
    free(text);
    compare_fini(&result);
    free(requests);
    free(models);
    free(inputs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text),
        cmocka_unit_test(text_without_source),
        cmocka_unit_test(markdown),
        cmocka_unit_test(json),
        cmocka_unit_test(folded),
        cmocka_unit_test(nothing_changed_is_said_so),
        cmocka_unit_test(colour_changes_no_text),
        cmocka_unit_test(the_page_has_all_that_the_json_has),
        cmocka_unit_test(the_page_says_what_the_text_says),
        cmocka_unit_test(a_page_without_source_has_none),
        cmocka_unit_test(a_page_lets_nothing_in),
        cmocka_unit_test(a_comment_is_never_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
