/* report/check: what rows of windows, limits and outcomes are found to be. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "check-session.h"

static const char *const memory[] = {"/memory", NULL};

/* Judge ten windows of one stack: of each, what outlived it and what is live at the end ("1" or "0"). */
static enum check_evidence judge_row(const char *survived, const char *live)
{
    struct check_session built;
    check_session_init(&built, memory, (uint32_t)strlen(live));
    for (uint32_t i = 0; live[i] != '\0'; i++)
        if (survived[i] != '0' || live[i] != '0')
            check_session_add(&built, STACK_HEADER_DUP, i, (uint64_t)(survived[i] - '0'), (uint64_t)(live[i] - '0'),
                              16 * (uint64_t)(live[i] - '0'));
    struct check_result *result = check_session_judge(&built, (struct check_options){.repeat = (uint32_t)strlen(live)});
    enum check_evidence evidence = result->leak_count > 0 ? result->findings[0].evidence : CHECK_KEPT;
    assert_int_equal(result->leak_count + result->kept_count, strpbrk(live, "123456789") != NULL);
    check_free(result);
    return evidence;
}

static void what_is_live_after_every_repeat_grows(void **state)
{
    assert_int_equal(judge_row("1111111111", "1111111111"), CHECK_GROWING);
    assert_int_equal(judge_row("2222222222", "1111111111"), CHECK_GROWING); /* and leaves something to be freed later */
    assert_int_equal(judge_row("11", "11"), CHECK_GROWING);
}

static void what_begins_late_or_comes_now_and_then_grows(void **state)
{
    assert_int_equal(judge_row("0011111111", "0011111111"), CHECK_GROWING);
    assert_int_equal(judge_row("0101010101", "0101010101"), CHECK_GROWING);
    assert_int_equal(judge_row("1001001001", "1001001001"), CHECK_GROWING);
}

static void what_the_first_repeats_left_is_kept(void **state)
{
    assert_int_equal(judge_row("1000000000", "1000000000"), CHECK_KEPT);
    assert_int_equal(judge_row("1110000000", "1110000000"), CHECK_KEPT);
    assert_int_equal(judge_row("1111100000", "1111100000"), CHECK_KEPT);
}

static void a_cache_that_replaces_its_entries_is_kept(void **state)
{
    assert_int_equal(judge_row("1111111111", "0000000001"), CHECK_KEPT); /* the last answer */
    assert_int_equal(judge_row("1111111111", "0000001111"), CHECK_KEPT); /* a ring of four */
}

static void a_single_repeat_proves_nothing(void **state)
{
    assert_int_equal(judge_row("1", "1"), CHECK_KEPT);
}

static void a_line_that_is_reached_in_varying_ways_grows_as_one(void **state)
{
    struct check_session built;
    check_session_init(&built, memory, 4);
    check_session_add(&built, STACK_HEADER_DUP, 0, 1, 1, 16);
    check_session_add(&built, STACK_HEADER_DUP_DEEP, 1, 1, 1, 16);
    check_session_add(&built, STACK_HEADER_DUP_DEEP, 2, 1, 1, 16);
    check_session_add(&built, STACK_HEADER_DUP, 3, 1, 1, 16);
    check_session_add(&built, STACK_CACHE_FILL, 0, 1, 1, 100);
    struct check_result *result = check_session_judge(&built, (struct check_options){.repeat = 4});
    assert_int_equal(result->leak_count, 1);
    assert_int_equal(result->kept_count, 1);
    assert_int_equal(result->findings[0].evidence, CHECK_GROWING);
    assert_int_equal(result->findings[0].windows, 4);
    assert_int_equal(result->findings[0].bytes_low, 16);
    assert_int_equal(result->findings[0].bytes_high, 16);
    assert_int_equal(result->findings[0].bytes_total, 64);
    check_free(result);
}

static void what_is_freed_within_the_measurement_is_no_finding(void **state)
{
    assert_int_equal(judge_row("1111111111", "0000000000"), CHECK_KEPT);
}

static void bytes_and_blocks_are_exact_or_a_range(void **state)
{
    struct check_session built;
    check_session_init(&built, memory, 3);
    check_session_add(&built, STACK_HEADER_DUP, 0, 1, 1, 16);
    check_session_add(&built, STACK_HEADER_DUP, 1, 2, 2, 40);
    check_session_add(&built, STACK_HEADER_DUP, 2, 1, 1, 16);
    struct check_result *result = check_session_judge(&built, (struct check_options){.repeat = 3});
    assert_int_equal(result->finding_count, 1);
    const struct check_finding *finding = result->findings;
    assert_int_equal(finding->bytes_low, 16);
    assert_int_equal(finding->bytes_high, 40);
    assert_int_equal(finding->blocks_low, 1);
    assert_int_equal(finding->blocks_high, 2);
    assert_int_equal(finding->bytes_total, 72);
    assert_int_equal(finding->blocks_total, 4);
    assert_int_equal(finding->windows, 3);
    assert_int_equal(finding->blamed, 1);
    assert_string_equal(finding->frames[finding->blamed].function, "header_dup");
    check_free(result);
}

static void requests_are_judged_apart(void **state)
{
    static const char *const targets[] = {"/leak", "/", "/leak", NULL};
    struct check_session built;
    check_session_init(&built, targets, 2);
    for (uint32_t i = 0; i < 2; i++) {
        check_session_add(&built, STACK_HEADER_DUP, i, 1, 1, 16);
        check_session_add(&built, STACK_HEADER_DUP, 4 + i, 1, 1, 16);
        check_session_add(&built, STACK_CACHE_FILL, i, 1, 1, 100);
    }
    struct check_result *result = check_session_judge(&built, (struct check_options){.repeat = 2});
    assert_int_equal(result->request_count, 3);
    assert_string_equal(result->requests[0].name, "GET /leak");
    assert_string_equal(result->requests[2].name, "GET /leak #2");
    assert_int_equal(result->leak_count, 3);
    assert_int_equal(result->findings[0].bytes_high, 100); /* the most first */
    assert_int_equal(result->findings[1].request, 0);
    assert_int_equal(result->findings[2].request, 2);
    check_free(result);
}

static void a_whole_run_is_judged_by_what_is_live_at_exit(void **state)
{
    struct check_session built;
    check_session_init(&built, NULL, 1);
    check_session_add(&built, STACK_CACHE_FILL, 0, 3, 3, 48);
    struct check_result *result = check_session_judge(&built, (struct check_options){.repeat = 10});
    assert_int_equal(result->leak_count, 1);
    assert_int_equal(result->findings[0].evidence, CHECK_STILL_LIVE);
    assert_int_equal(result->findings[0].blocks_high, 3);
    check_free(result);
}

static void a_whole_run_is_judged_by_what_is_unreachable_when_that_is_known(void **state)
{
    struct check_session built;
    check_session_init(&built, NULL, 1);
    check_session_add(&built, STACK_CACHE_FILL, 0, 3, 3, 48);
    check_session_look(&built, 0, 0);
    check_session_add(&built, STACK_HEADER_DUP, 0, 5, 5, 50);
    check_session_look(&built, 2, 1);
    check_session_add(&built, STACK_HEADER_DUP_DEEP, 0, 4, 4, 400);
    check_session_look(&built, 4, 4);
    struct check_result *result = check_session_judge(&built, (struct check_options){.repeat = 10});
    assert_int_equal(result->leak_count, 1);
    assert_int_equal(result->findings[0].evidence, CHECK_UNREACHABLE);
    assert_int_equal(result->findings[0].reach, CHECK_REACH_NONE);
    assert_int_equal(result->findings[0].bytes_total, 20);
    assert_int_equal(result->findings[0].blocks_total, 2);
    assert_int_equal(result->findings[0].indirect_blocks, 1);
    assert_int_equal(result->indirect_count, 1);
    assert_int_equal(result->indirect[0].bytes_total, 400);
    assert_int_equal(result->still_live_count, 2);
    assert_int_equal(result->still_live[0].bytes_total, 48);
    assert_int_equal(result->still_live[1].bytes_total, 30);
    check_free(result);

    result = check_session_judge(&built, (struct check_options){.repeat = 10, .finds_reachable = true});
    assert_int_equal(result->leak_count, 3);
    assert_int_equal(result->still_live_count, 0);
    assert_int_equal(result->findings[0].evidence, CHECK_STILL_LIVE);
    assert_int_equal(result->findings[0].reach, CHECK_REACH_ALL);
    check_free(result);
}

static void what_grows_is_told_with_what_is_known_of_references(void **state)
{
    static const struct {
        uint64_t lost[3]; /* of two blocks per window */
        enum check_reach reach;
    } cases[] = {{{0, 0, 0}, CHECK_REACH_ALL}, {{2, 2, 2}, CHECK_REACH_NONE}, {{2, 0, 1}, CHECK_REACH_SOME}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct check_session built;
        check_session_init(&built, memory, 3);
        for (uint32_t j = 0; j < 3; j++) {
            check_session_add(&built, STACK_HEADER_DUP, j, 2, 2, 32);
            check_session_look(&built, cases[i].lost[j], 0);
        }
        struct check_result *result = check_session_judge(&built, (struct check_options){.repeat = 3});
        assert_int_equal(result->leak_count, 1);
        assert_int_equal(result->findings[0].evidence, CHECK_GROWING);
        assert_int_equal(result->findings[0].reach, cases[i].reach);
        assert_int_equal(result->findings[0].blocks_total, 6);
        check_free(result);
    }
}

static void what_is_kept_but_unreachable_is_a_finding(void **state)
{
    struct check_session built;
    check_session_init(&built, memory, 4);
    check_session_add(&built, STACK_HEADER_DUP, 0, 3, 3, 48);
    check_session_look(&built, 1, 0);
    check_session_add(&built, STACK_CACHE_FILL, 0, 1, 1, 100);
    check_session_look(&built, 0, 0);
    struct check_result *result = check_session_judge(&built, (struct check_options){.repeat = 4});
    assert_int_equal(result->leak_count, 1);
    assert_int_equal(result->kept_count, 1);
    assert_int_equal(result->findings[0].evidence, CHECK_UNREACHABLE);
    assert_int_equal(result->findings[0].blocks_total, 1);
    assert_int_equal(result->findings[0].bytes_total, 16);
    assert_int_equal(result->findings[0].windows, 1);
    check_free(result);
}

static void caches_of_the_runtime_are_never_reported(void **state)
{
    struct check_session built;
    check_session_init(&built, NULL, 1);
    check_session_add(&built, STACK_STDIO, 0, 1, 1, 1024);
    check_session_add(&built, STACK_LIBSTDCXX, 0, 1, 1, 72704);
    struct check_result *result = check_session_judge(&built, (struct check_options){.repeat = 1});
    assert_int_equal(result->finding_count, 0);
    assert_int_equal(result->suppressed_count, 0);
    check_free(result);
}

static void suppressed_leaks_are_counted_not_reported(void **state)
{
    struct check_session built;
    struct suppressions *suppressions = suppressions_new();
    struct err err;
    assert_int_equal(suppressions_parse(suppressions, "s", "leak:header_dup\n", &err), 0);
    check_session_init(&built, NULL, 1);
    check_session_add(&built, STACK_HEADER_DUP, 0, 1, 1, 16);
    check_session_add(&built, STACK_CACHE_FILL, 0, 1, 1, 16);
    struct check_result *result =
        check_session_judge(&built, (struct check_options){.repeat = 1, .suppressions = suppressions});
    assert_int_equal(result->finding_count, 1);
    assert_int_equal(result->suppressed_count, 1);
    check_free(result);
    suppressions_free(suppressions);
}

static void a_limit_holds_for_the_worst_repeat(void **state)
{
    struct check_session built;
    struct limits *limits = limits_new();
    struct err err;
    assert_int_equal(
        limits_parse(limits, "conf", "peak = 1000\n[limit \"GET /memory\"]\nallocs = 5\nrss = 1 MiB\n", &err), 0);
    check_session_init(&built, memory, 2);
    built.requests[0].totals.peak_bytes = 1000;
    built.requests[1].totals.peak_bytes = 1001;
    built.requests[1].totals.alloc_count = 5;
    built.requests[1].totals.has_rss = true;
    built.requests[1].totals.rss_after_bytes = (1 << 20) + 4096; /* within the tolerance */
    struct check_result *result = check_session_judge(&built, (struct check_options){.repeat = 2, .limits = limits});
    assert_int_equal(result->finding_count, 1);
    assert_int_equal(result->findings[0].kind, CHECK_LIMIT);
    assert_int_equal(result->findings[0].key, LIMITS_PEAK);
    assert_int_equal(result->findings[0].value, 1001);
    assert_int_equal(result->findings[0].limit_line, 1);
    check_free(result);
    limits_free(limits);
}

static void what_failed_is_a_finding(void **state)
{
    static const char *const targets[] = {"/missing", "/crash", NULL};
    struct check_session built;
    check_session_init(&built, targets, 2);
    built.requests[1].status = 404;
    built.requests[3].status = 0;
    built.requests[3].finished = false;
    built.session.ended_by_us = false;
    built.session.wait_status = 11; /* SIGSEGV */
    struct check_result *result = check_session_judge(&built, (struct check_options){.repeat = 2});
    assert_int_equal(result->failed_count, 2);
    assert_string_equal(result->findings[0].text, "answered 404, which is not the status expected");
    assert_string_equal(result->findings[1].text, "no complete answer: the program was killed by SIGSEGV");
    check_free(result);

    check_session_init(&built, NULL, 1);
    built.session.wait_status = 3 << 8;
    result = check_session_judge(&built, (struct check_options){.repeat = 1});
    assert_int_equal(result->failed_count, 1);
    assert_string_equal(result->findings[0].text, "exit status 3");
    check_free(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_live_after_every_repeat_grows),
        cmocka_unit_test(what_begins_late_or_comes_now_and_then_grows),
        cmocka_unit_test(what_the_first_repeats_left_is_kept),
        cmocka_unit_test(a_cache_that_replaces_its_entries_is_kept),
        cmocka_unit_test(a_single_repeat_proves_nothing),
        cmocka_unit_test(a_line_that_is_reached_in_varying_ways_grows_as_one),
        cmocka_unit_test(what_is_freed_within_the_measurement_is_no_finding),
        cmocka_unit_test(bytes_and_blocks_are_exact_or_a_range),
        cmocka_unit_test(requests_are_judged_apart),
        cmocka_unit_test(a_whole_run_is_judged_by_what_is_live_at_exit),
        cmocka_unit_test(a_whole_run_is_judged_by_what_is_unreachable_when_that_is_known),
        cmocka_unit_test(what_grows_is_told_with_what_is_known_of_references),
        cmocka_unit_test(what_is_kept_but_unreachable_is_a_finding),
        cmocka_unit_test(caches_of_the_runtime_are_never_reported),
        cmocka_unit_test(suppressed_leaks_are_counted_not_reported),
        cmocka_unit_test(a_limit_holds_for_the_worst_repeat),
        cmocka_unit_test(what_failed_is_a_finding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
