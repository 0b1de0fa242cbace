/* A comparison as a page: its data as the JSON has it, and the script that shows it. Words that the text report has for
   the same are its own. */

#include <errno.h>
#include <string.h>

#include "report/compare-data.h"
#include "report/compare-print.h"
#include "report/page-html.h"

static json_t *build_row(struct json_build *build, struct compare_row *row)
{
    json_t *object = json_object(), *cells = json_array();
    for (int cell = COMPARE_CELL_METRIC; cell < COMPARE_CELL_COUNT; cell++)
        build_append(build, cells, build_take(&row->cells[cell]));
    build_put(build, object, "cells", cells);
    build_put(build, object, "sign", json_integer(row->sign));
    build_put(build, object, "worse", json_boolean(row->is_worse));
    return object;
}

/* The table's rows of a request, but for its name. */
static json_t *build_rows(struct json_build *build, const struct compare_request *request,
                          const struct compare_limits *limits)
{
    struct compare_rows rows = {0};
    json_t *array = json_array();
    if (compare_add_rows(request, limits, &rows) != 0)
        build->failed = true;
    for (size_t i = 0; i < rows.count; i++)
        build_append(build, array, build_row(build, &rows.items[i]));
    compare_rows_fini(&rows);
    return array;
}

/* What a JSON reader makes of the figures himself. */
static json_t *build_words(struct json_build *build, const struct compare_result *result,
                           const struct compare_print *print)
{
    json_t *object = json_object(), *table = json_array();
    struct text verdict = TEXT_EMPTY;
    compare_add_verdict(&verdict, result, print->limits);
    build_put(build, object, "verdict", build_take(&verdict));
    build_put(build, object, "is_worse", json_boolean(compare_is_worse(result, print->limits)));
    for (size_t i = 0; i < result->request_count; i++)
        build_append(build, table, build_rows(build, &result->requests[i], print->limits));
    build_put(build, object, "table", table);
    return object;
}

int compare_html(const struct compare_result *result, const struct compare_print *print, FILE *out, struct err *err)
{
    struct json_build build = {0};
    struct text title = TEXT_EMPTY;
    json_t *words = build_words(&build, result, print);
    if (words == NULL || build.failed) {
        json_decref(words);
        return err_set(err, -ENOMEM, "page: %s", strerror(ENOMEM));
    }
    text_addf(&title, "%s and %s - syseng-mem", result->sides[COMPARE_OLD].name, result->sides[COMPARE_NEW].name);
    html_begin(out, text_get(&title), &page_compare_script);
    text_fini(&title);
    html_begin_data(out,
                    "This page is drawn by the script in it; compare --as text and --as md have the same figures.");
    const int code = compare_data_write(result, print, words, build_dump_script, out, err);
    html_end_data(out, &page_compare_script);
    return code != 0 ? code : html_end(out, err);
}
