/* cli/merge: several firings of one request become one block set. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "cli/merge.h"

static struct session *session_with(size_t request_count)
{
    struct session *session = calloc(1, sizeof *session);
    assert_non_null(session);
    session->requests = calloc(request_count, sizeof *session->requests);
    assert_non_null(session->requests);
    session->request_count = request_count;
    for (size_t i = 0; i < request_count; i++) {
        struct session_request *request = &session->requests[i];
        *request = (struct session_request){.method = strdup("GET"),
                                            .target = strdup("/"),
                                            .status = 200,
                                            .ordinal = (uint32_t)i + 1,
                                            .finished = true};
        request->elapsed_ns = 1000;
        request->totals = (struct session_totals){.alloc_bytes = 100,
                                                  .alloc_count = 2,
                                                  .peak_bytes = 10 * (int64_t)(i + 1),
                                                  .not_freed_bytes = 16,
                                                  .not_freed_count = 1,
                                                  .has_rss = true,
                                                  .rss_before_bytes = 1000 * (int64_t)(i + 1),
                                                  .rss_after_bytes = 1000 * (int64_t)(i + 2)};
    }
    return session;
}

/* Append a function at `file`:`line` whose rows are `lines`. */
static void add_function(struct session_request *request, const char *file, uint32_t line,
                         const struct session_line *lines, size_t line_count)
{
    request->functions = realloc(request->functions, (request->function_count + 1) * sizeof *request->functions);
    assert_non_null(request->functions);
    struct session_function *function = &request->functions[request->function_count++];
    *function = (struct session_function){.name = strdup("f"), .file = strdup(file), .line = line, .calls = 1};
    function->has_rss = true;
    function->entry_rss_bytes = 500;
    function->increment_bytes = 8;
    function->heap_bytes = 4;
    function->lines = malloc(line_count * sizeof *lines);
    assert_non_null(function->lines);
    memcpy(function->lines, lines, line_count * sizeof *lines);
    function->line_count = line_count;
}

static struct session_line row(uint32_t line, uint64_t occurrences, int64_t rss, int64_t increment, int64_t heap)
{
    return (struct session_line){.line = line,
                                 .occurrences = occurrences,
                                 .has_rss = occurrences > 0,
                                 .rss_bytes = rss,
                                 .increment_bytes = increment,
                                 .heap_bytes = heap};
}

static void one_firing_each_stays_as_it_is(void **state)
{
    struct session *session = session_with(3);
    assert_int_equal(merge_repeats(session, 1, NULL), 0);
    assert_int_equal(session->request_count, 3);
    assert_int_equal(session->requests[2].ordinal, 3);
    session_free(session);
}

static void totals_add_up_and_peaks_are_the_highest(void **state)
{
    struct session *session = session_with(3);
    assert_int_equal(merge_repeats(session, 3, NULL), 0);
    assert_int_equal(session->request_count, 1);
    const struct session_request *request = &session->requests[0];
    assert_int_equal(request->repeat_count, 3);
    assert_int_equal(request->elapsed_ns, 3000);
    assert_int_equal(request->totals.alloc_bytes, 300);
    assert_int_equal(request->totals.alloc_count, 6);
    assert_int_equal(request->totals.peak_bytes, 30);
    assert_int_equal(request->totals.not_freed_bytes, 48);
    assert_int_equal(request->totals.rss_before_bytes, 1000);
    assert_int_equal(request->totals.rss_after_bytes, 4000);
    session_free(session);
}

static void groups_are_consecutive_and_the_last_may_be_short(void **state)
{
    struct session *session = session_with(5);
    assert_int_equal(merge_repeats(session, 2, NULL), 0);
    assert_int_equal(session->request_count, 3);
    assert_int_equal(session->requests[0].repeat_count, 2);
    assert_true(session->requests[2].repeat_count <= 1);
    assert_int_equal(session->requests[1].ordinal, 2);
    assert_int_equal(session->requests[2].ordinal, 3);
    session_free(session);
}

static void rows_of_the_same_line_add_up(void **state)
{
    struct session *session = session_with(2);
    const struct session_line first[] = {row(10, 1, 100, 0, 0), row(11, 2, 120, 20, 5), row(13, 0, 0, 0, 0)};
    const struct session_line second[] = {row(10, 1, 150, 0, 0), row(12, 1, 160, 7, 7), row(13, 3, 170, 1, 2)};
    add_function(&session->requests[0], "a.c", 10, first, 3);
    add_function(&session->requests[1], "a.c", 10, second, 3);
    assert_int_equal(merge_repeats(session, 2, NULL), 0);
    assert_int_equal(session->requests[0].function_count, 1);
    const struct session_function *function = &session->requests[0].functions[0];
    assert_int_equal(function->calls, 2);
    assert_int_equal(function->increment_bytes, 16);
    assert_int_equal(function->heap_bytes, 8);
    assert_int_equal(function->line_count, 4);
    const struct session_line *lines = function->lines;
    assert_int_equal(lines[0].line, 10);
    assert_int_equal(lines[0].occurrences, 2);
    assert_int_equal(lines[0].rss_bytes, 150);
    assert_int_equal(lines[1].line, 11);
    assert_int_equal(lines[1].increment_bytes, 20);
    assert_int_equal(lines[2].line, 12);
    assert_int_equal(lines[2].heap_bytes, 7);
    assert_int_equal(lines[3].occurrences, 3);
    assert_int_equal(lines[3].rss_bytes, 170);
    session_free(session);
}

static void functions_stay_in_order_of_file_and_line(void **state)
{
    struct session *session = session_with(2);
    const struct session_line line = row(1, 1, 1, 0, 0);
    add_function(&session->requests[0], "a.c", 20, &line, 1);
    add_function(&session->requests[0], "c.c", 5, &line, 1);
    add_function(&session->requests[1], "a.c", 10, &line, 1);
    add_function(&session->requests[1], "b.c", 1, &line, 1);
    add_function(&session->requests[1], "c.c", 5, &line, 1);
    assert_int_equal(merge_repeats(session, 2, NULL), 0);
    const struct session_request *request = &session->requests[0];
    assert_int_equal(request->function_count, 4);
    assert_int_equal(request->functions[0].line, 10);
    assert_int_equal(request->functions[1].line, 20);
    assert_string_equal(request->functions[2].file, "b.c");
    assert_int_equal(request->functions[3].calls, 2);
    session_free(session);
}

static void a_failure_among_the_firings_shows(void **state)
{
    struct session *session = session_with(3);
    session->requests[1].status = 500;
    session->requests[2].finished = false;
    assert_int_equal(merge_repeats(session, 3, NULL), 0);
    assert_int_equal(session->requests[0].status, 500);
    assert_false(session->requests[0].finished);
    session_free(session);
}

static void a_window_that_does_not_count_leaves_no_trace(void **state)
{
    struct session *session = session_with(3);
    session->requests[1].status = 500;
    merge_drop(session, 1);
    assert_int_equal(session->request_count, 2);
    assert_int_equal(session->requests[1].status, 200);
    assert_int_equal(session->requests[1].ordinal, 2);
    merge_drop(session, 7);
    assert_int_equal(session->request_count, 2);
    session_free(session);
}

/* Sites with one-frame stacks: window, address, bytes allocated. */
static void set_sites(struct session *session, const uint64_t (*sites)[3], size_t count)
{
    session->has_sites = true;
    session->sites = calloc(count, sizeof *session->sites);
    session->frames = calloc(count, sizeof *session->frames);
    assert_non_null(session->sites);
    assert_non_null(session->frames);
    session->site_count = session->frame_count = count;
    for (size_t i = 0; i < count; i++) {
        session->frames[i].address = sites[i][1];
        session->sites[i] = (struct session_site){.request = (uint32_t)sites[i][0],
                                                  .frame_first = (uint32_t)i,
                                                  .frame_count = 1,
                                                  .alloc_bytes = sites[i][2],
                                                  .alloc_count = 1,
                                                  .window_live_count = 1};
    }
}

static void assert_site(const struct session *session, size_t index, uint32_t request, uint64_t address, uint64_t bytes,
                        uint64_t count)
{
    const struct session_site *site = &session->sites[index];
    assert_int_equal(site->request, request);
    assert_int_equal(session->frames[site->frame_first].address, address);
    assert_int_equal(site->alloc_bytes, bytes);
    assert_int_equal(site->alloc_count, count);
    assert_int_equal(site->window_live_count, count);
}

static void sites_of_the_same_stack_add_up(void **state)
{
    static const uint64_t sites[][3] = {{0, 7, 1}, {1, 5, 2}, {1, 7, 4}, {2, 7, 8}, {3, 7, 16}};
    struct session *session = session_with(4);
    set_sites(session, sites, 5);
    assert_int_equal(merge_repeats(session, 2, NULL), 0);
    assert_int_equal(session->site_count, 3);
    assert_site(session, 0, 0, 7, 5, 2);
    assert_site(session, 1, 0, 5, 2, 1);
    assert_site(session, 2, 1, 7, 24, 2);
    session_free(session);
}

static void the_firing_that_held_most_has_the_peak(void **state)
{
    static const uint64_t sites[][3] = {{0, 7, 1}, {0, 5, 1}, {1, 5, 2}, {1, 7, 4}};
    struct session *session = session_with(2);
    set_sites(session, sites, 4);
    session->sites[0].peak_bytes = 10;
    session->sites[1].peak_bytes = 30;
    session->sites[2].peak_bytes = 8;
    session->sites[3].peak_bytes = 25;
    assert_int_equal(merge_repeats(session, 2, NULL), 0);
    assert_int_equal(session->sites[0].peak_bytes, 10);
    assert_int_equal(session->sites[1].peak_bytes, 30);
    session_free(session);
}

static void the_times_of_all_firings_are_kept(void **state)
{
    struct session *session = session_with(3);
    for (uint64_t i = 0; i < 3; i++)
        session->requests[i].elapsed_ns = 10 + i;
    assert_int_equal(merge_repeats(session, 3, NULL), 0);
    assert_int_equal(session->requests[0].elapsed_ns, 33);
    for (uint64_t i = 0; i < 3; i++)
        assert_int_equal(session->requests[0].firings_ns[i], 10 + i);
    session_free(session);
}

static void sites_of_a_dropped_window_go_with_it(void **state)
{
    static const uint64_t sites[][3] = {{0, 7, 1}, {1, 5, 2}, {2, 7, 4}};
    struct session *session = session_with(3);
    set_sites(session, sites, 3);
    merge_drop(session, 1);
    assert_int_equal(session->site_count, 2);
    assert_site(session, 0, 0, 7, 1, 1);
    assert_site(session, 1, 1, 7, 4, 1);
    session_free(session);
}

/* times[i]: window, address of its only frame, samples. */
static void set_times(struct session *session, const uint64_t (*times)[3], size_t count)
{
    session->has_times = true;
    session->times = calloc(count, sizeof *session->times);
    session->frames = calloc(count, sizeof *session->frames);
    assert_non_null(session->times);
    assert_non_null(session->frames);
    session->time_count = session->frame_count = count;
    for (size_t i = 0; i < count; i++) {
        session->frames[i].address = times[i][1];
        session->times[i] = (struct session_time){.request = (uint32_t)times[i][0],
                                                  .frame_first = (uint32_t)i,
                                                  .frame_count = 1,
                                                  .sample_count = times[i][2],
                                                  .ns = times[i][2] * 1000};
    }
}

static uint64_t samples_at(const struct session *session, uint32_t request, uint64_t address)
{
    uint64_t samples = 0;
    size_t found = 0;
    for (size_t i = 0; i < session->time_count; i++) {
        const struct session_time *time = &session->times[i];
        if (time->request != request || session->frames[time->frame_first].address != address)
            continue;
        samples = time->sample_count;
        assert_int_equal(time->ns, samples * 1000);
        found++;
    }
    assert_in_range(found, 0, 1);
    return samples;
}

static void cpu_times_of_the_same_stack_add_up(void **state)
{
    static const uint64_t times[][3] = {{0, 7, 1}, {1, 5, 2}, {1, 7, 4}, {2, 7, 8}, {3, 7, 16}};
    struct session *session = session_with(4);
    set_times(session, times, 5);
    for (int i = 0; i < 4; i++)
        session->requests[i].cpu = (struct session_cpu){.is_measured = true,
                                                        .interval_ns = 1000,
                                                        .sample_count = 5,
                                                        .ns = 5500,
                                                        .own_count = 2,
                                                        .user_only = i == 1};
    assert_int_equal(merge_repeats(session, 2, NULL), 0);
    assert_int_equal(session->time_count, 3);
    assert_int_equal(samples_at(session, 0, 7), 5);
    assert_int_equal(samples_at(session, 0, 5), 2);
    assert_int_equal(samples_at(session, 1, 7), 24);
    assert_int_equal(session->requests[0].cpu.sample_count, 10);
    assert_int_equal(session->requests[0].cpu.ns, 11000);
    assert_int_equal(session->requests[0].cpu.own_count, 4);
    assert_true(session->requests[0].cpu.user_only);
    assert_false(session->requests[1].cpu.user_only);
    session_free(session);
}

static void stacks_that_end_early_stay_apart(void **state)
{
    static const uint64_t times[][3] = {{0, 7, 1}, {1, 7, 2}};
    struct session *session = session_with(2);
    set_times(session, times, 2);
    session->times[1].stopped = true;
    assert_int_equal(merge_repeats(session, 2, NULL), 0);
    assert_int_equal(session->time_count, 2);
    session_free(session);
}

static void cpu_times_of_a_dropped_window_go_with_it(void **state)
{
    static const uint64_t times[][3] = {{0, 7, 1}, {1, 5, 2}, {2, 7, 4}};
    struct session *session = session_with(3);
    set_times(session, times, 3);
    merge_drop(session, 1);
    assert_int_equal(session->time_count, 2);
    assert_int_equal(samples_at(session, 0, 7), 1);
    assert_int_equal(samples_at(session, 1, 7), 4);
    assert_int_equal(samples_at(session, 1, 5), 0);
    session_free(session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_firing_each_stays_as_it_is),
        cmocka_unit_test(totals_add_up_and_peaks_are_the_highest),
        cmocka_unit_test(groups_are_consecutive_and_the_last_may_be_short),
        cmocka_unit_test(rows_of_the_same_line_add_up),
        cmocka_unit_test(functions_stay_in_order_of_file_and_line),
        cmocka_unit_test(a_failure_among_the_firings_shows),
        cmocka_unit_test(a_window_that_does_not_count_leaves_no_trace),
        cmocka_unit_test(sites_of_the_same_stack_add_up),
        cmocka_unit_test(the_firing_that_held_most_has_the_peak),
        cmocka_unit_test(the_times_of_all_firings_are_kept),
        cmocka_unit_test(sites_of_a_dropped_window_go_with_it),
        cmocka_unit_test(cpu_times_of_the_same_stack_add_up),
        cmocka_unit_test(stacks_that_end_early_stay_apart),
        cmocka_unit_test(cpu_times_of_a_dropped_window_go_with_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
