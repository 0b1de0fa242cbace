/* Every format of check, for one session, against tests/golden. */

#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "check-session.h"
#include "golden.h"

static struct check_result *judge(struct check_session *built, struct limits *limits)
{
    static const char *const targets[] = {"/memory", "/a b?<x>&y=%2C", "/missing", NULL};
    struct err err;
    check_session_init(built, targets, 3);
    for (uint32_t i = 0; i < 3; i++) {
        check_session_add(built, STACK_HEADER_DUP, i, 1, 1, 16);
        check_session_look(built, 1, 0);
        check_session_add(built, STACK_CACHE_FILL, 3 + i, 2 + i, 2 + i, 4000 * (i + 1));
        check_session_add(built, STACK_STRIPPED, 3 + i, 1, 1, 10);
    }
    check_session_add(built, STACK_CACHE_FILL, 0, 1, 1, 64);
    built->requests[1].totals.peak_bytes = 528384;
    built->requests[1].totals.alloc_count = 12;
    built->requests[8].status = 404;
    assert_int_equal(
        limits_parse(limits, ".syseng-mem.conf", "allocs = 10\n\n[limit \"GET /memory\"]\npeak = 500 KiB\n", &err), 0);
    return check_session_judge(built, (struct check_options){.repeat = 3, .limits = limits});
}

static void compare(const char *golden, check_print_fn *print, bool verbose, bool mask)
{
    struct check_session built;
    struct limits *limits = limits_new();
    struct check_result *result = judge(&built, limits);
    const struct check_print options = {.program = "./app", .verbose = verbose, .source = true};
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    struct err err;
    assert_non_null(out);
    assert_int_equal(print(result, &options, out, &err), 0);
    assert_int_equal(fclose(out), 0);
    if (mask)
        golden_mask_version(text, &length);
    golden_compare(golden, text, length);
    free(text);
    check_free(result);
    limits_free(limits);
}

static void text(void **state)
{
    compare("check.txt", check_text, false, false);
}

static void text_with_what_is_kept(void **state)
{
    compare("check-verbose.txt", check_text, true, false);
}

static void json(void **state)
{
    compare("check.json", check_json, false, true);
}

static void sarif(void **state)
{
    compare("check.sarif", check_sarif, false, true);
}

static void junit(void **state)
{
    compare("check-junit.xml", check_junit, false, false);
}

static void github(void **state)
{
    compare("check-github.txt", check_github, false, false);
}

static void gitlab(void **state)
{
    compare("check-gitlab.json", check_gitlab, false, false);
}

/* Paths are shown relative to the repository: this one is made for the purpose. */
static int enter_repository(char *scratch)
{
    if (mkdtemp(scratch) == NULL || chdir(scratch) != 0 || mkdir(".git", 0700) != 0)
        return -1;
    return symlink(TEST_SRCDIR "/golden/source", "source");
}

static int leave_repository(const char *scratch)
{
    return unlink("source") != 0 || rmdir(".git") != 0 || chdir("/") != 0 || rmdir(scratch) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text),   cmocka_unit_test(text_with_what_is_kept),
        cmocka_unit_test(json),   cmocka_unit_test(sarif),
        cmocka_unit_test(junit),  cmocka_unit_test(github),
        cmocka_unit_test(gitlab),
    };
    char scratch[] = "/tmp/check-golden-XXXXXX";
    if (enter_repository(scratch) != 0)
        return 99;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return leave_repository(scratch) != 0 ? 99 : failed;
}
