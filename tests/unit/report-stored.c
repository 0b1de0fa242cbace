/* A session read back from its JSON: every report of it is the same, and damage is refused. */

#include <config.h>

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <zlib.h>

#include "base/text.h"
#include "golden.h"
#include "mutate.h"
#include "report/stored.h"

typedef int report_fn(const struct session *session, const struct report_options *options, FILE *out, struct err *err);

static char path[] = "/tmp/syseng-mem-stored-XXXXXX";

static void write_file(const char *text, size_t length)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static char *render(struct stored *stored, report_fn *report, size_t *length)
{
    struct report_options options = {.style = REPORT_STYLE_SYSENG, .precision = 3, .source = true};
    struct err err;
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    assert_non_null(out);
    stored_serve(stored, &options);
    assert_int_equal(report(stored_session(stored), &options, out, &err), 0);
    assert_int_equal(fclose(out), 0);
    return text;
}

static struct stored *read_back(const char *name)
{
    struct stored *stored;
    struct err err = {""};
    int code = stored_read(name, &stored, &err);
    if (code != 0)
        fail_msg("%s", err.text);
    return stored;
}

/* Golden files have no version, so that a new one does not change them. */
static void unmask_version(char **text, size_t *length)
{
    char *at = strstr(*text, PACKAGE_STRING);
    assert_non_null(at);
    at += strlen(PACKAGE_NAME) + 1;
    memmove(at, at + strlen(PACKAGE_VERSION), strlen(at) - strlen(PACKAGE_VERSION) + 1);
    *length -= strlen(PACKAGE_VERSION);
}

static void survives(const char *json, const char *lines, const char *heap)
{
    struct stored *stored = read_back(json);
    size_t length;
    char *text = render(stored, report_json, &length);
    unmask_version(&text, &length);
    golden_compare(json, text, length);
    free(text);
    if (lines != NULL) {
        text = render(stored, report_lines, &length);
        golden_compare(lines, text, length);
        free(text);
    }
    if (heap != NULL) {
        text = render(stored, report_heap, &length);
        golden_compare(heap, text, length);
        free(text);
    }
    stored_free(stored);
}

/* The sources are what is in the file: in another directory nothing else could be. */
static void reports_are_the_same_as_before(void **state)
{
    survives("report.json", "lines.txt", NULL);
    survives("heap.json", NULL, "heap.txt");
}

static char *golden_text(const char *name, size_t *length)
{
    struct text text = TEXT_EMPTY;
    assert_int_equal(text_add_file(&text, name, 1 << 20), 0);
    char *copy = strdup(text_get(&text));
    assert_non_null(copy);
    *length = text.length;
    text_fini(&text);
    return copy;
}

static void a_compressed_file_is_read_as_well(void **state)
{
    size_t length, again;
    char *text = golden_text("heap.json", &length);
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, text, (unsigned)length), length);
    assert_int_equal(gzclose(file), Z_OK);
    struct stored *stored = read_back(path);
    char *rendered = render(stored, report_json, &again);
    unmask_version(&rendered, &again);
    assert_string_equal(rendered, text);
    free(rendered);
    free(text);
    stored_free(stored);
}

static void refused(const char *text, const char *because)
{
    struct stored *stored;
    struct err err = {""};
    write_file(text, strlen(text));
    assert_int_equal(stored_read(path, &stored, &err), -EINVAL);
    if (strstr(err.text, because) == NULL)
        fail_msg("'%s' does not say '%s'", err.text, because);
}

static void what_is_none_is_refused_with_a_reason(void **state)
{
    struct stored *stored;
    struct err err = {""};
    refused("", "no report of syseng-mem");
    refused("{\"requests\": [", "no report of syseng-mem");
    refused("[]", "no report of syseng-mem");
    refused("{\"format\": \"other\", \"version\": 1}", "no report of syseng-mem");
    refused("{\"format\": \"syseng-mem-report\", \"version\": 2}", "use a newer syseng-mem");
    refused("{\"format\": \"syseng-mem-report\", \"version\": 0}", "make the snapshot anew");
    refused("{\"format\": \"syseng-mem-report\", \"version\": 1, \"requests\": []}", "there is no request");
    refused("{\"format\": \"syseng-mem-report\", \"version\": 1, \"requests\": [{\"run\": true, \"sites\": "
            "[{\"stack\": [0]}]}]}",
            "a stack has a frame that is not there");
    refused("{\"format\": \"syseng-mem-report\", \"version\": 1, \"requests\": [{\"method\": 7}]}",
            "a request has no method");
    assert_int_equal(stored_read("/nonexistent/x", &stored, &err), -ENOENT);
}

/* A tenth of a megabyte that unpacks to a hundred: blanks, then a report. */
static void what_unpacks_without_end_is_refused(void **state)
{
    static char blanks[1 << 20];
    static const char report[] = "{\"format\": \"other\"}";
    struct stored *stored;
    struct err err = {""};
    memset(blanks, ' ', sizeof blanks);
    for (int megabytes = 1; megabytes <= 100; megabytes += 99) {
        gzFile file = gzopen(path, "wb9");
        assert_non_null(file);
        for (int i = 0; i < megabytes; i++)
            assert_int_equal(gzwrite(file, blanks, sizeof blanks), sizeof blanks);
        assert_int_equal(gzwrite(file, report, sizeof report - 1), sizeof report - 1);
        assert_int_equal(gzclose(file), Z_OK);
        assert_int_equal(stored_read(path, &stored, &err), -EINVAL);
        assert_true((strstr(err.text, ": damaged, or") != NULL) == (megabytes == 100));
    }
}

/* Whoever shows a source counts its lines. */
static void sources_of_millions_of_lines_are_refused(void **state)
{
    struct text text = TEXT_EMPTY;
    text_add(&text, "{\"format\": \"syseng-mem-report\", \"version\": 1, \"sources\": [{}");
    for (int i = 0; i < 9; i++)
        text_addf(&text, ", {\"file\": \"%d.c\", \"lines\": [{\"line\": 1000000, \"text\": \"\"}]}", i);
    text_add(&text, "]}");
    refused(text_get(&text), "more lines than any program's");
    text_fini(&text);
}

/* Whatever is in the file, it is refused or can be shown. */
static void damage_does_no_harm(void **state)
{
    size_t length;
    char *text = golden_text("heap.json", &length), *changed = malloc(length + 64);
    uint32_t random = 1;
    assert_non_null(changed);
    for (int i = 0; i < 400; i++) {
        struct stored *stored;
        memcpy(changed, text, length + 1);
        for (int j = 0; j < 1 + i % 3; j++)
            mutate(changed, length + 64, &random);
        write_file(changed, strlen(changed));
        if (stored_read(path, &stored, NULL) != 0)
            continue;
        free(render(stored, report_json, &(size_t){0}));
        free(render(stored, report_heap, &(size_t){0}));
        stored_free(stored);
    }
    free(changed);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports_are_the_same_as_before),
        cmocka_unit_test(a_compressed_file_is_read_as_well),
        cmocka_unit_test(what_is_none_is_refused_with_a_reason),
        cmocka_unit_test(sources_of_millions_of_lines_are_refused),
        cmocka_unit_test(what_unpacks_without_end_is_refused),
        cmocka_unit_test(damage_does_no_harm),
    };
    int file = mkstemp(path);
    if (file < 0 || chdir(TEST_SRCDIR "/golden") != 0)
        return 99;
    close(file);
    int status = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return status;
}
