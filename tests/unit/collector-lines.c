/* collector/lines: activations, rows, and the promise that the rows of a function sum to its change. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "collector/lines.h"
#include "wire/plan.h"

#define KIB 1024

struct bench {
    struct lines *lines;
    struct lines_thread *thread;
    uint32_t f, g; /* f: lines 10 to 15, g: 20 to 25 */
    int64_t heap, rss, ticks;
    uint64_t faults, faults_self;
    uint8_t flags; /* of every record */
    uint32_t window;
};

static uint32_t add(struct lines *lines, const char *name, uint32_t line)
{
    uint32_t code[] = {line, line + 1, line + 2, line + 3, line + 4, line + 5};
    struct collector_function function = {.name = strdup(name),
                                          .file = strdup("/src/app.c"),
                                          .line = line,
                                          .last_line = line + 5,
                                          .annotated = true,
                                          .lines = code,
                                          .line_count = 6};
    uint32_t index = lines_add_function(lines, &function);
    free(function.name);
    free(function.file);
    return index;
}

static void set_up(struct bench *b)
{
    *b = (struct bench){.lines = lines_new(),
                        .thread = lines_thread_new(),
                        .rss = 1000 * KIB,
                        .window = 1,
                        .flags = WIRE_RECORD_HAS_RSS};
    b->f = add(b->lines, "f", 10);
    b->g = add(b->lines, "g", 20);
}

static void tear_down(struct bench *b)
{
    lines_thread_free(b->thread);
    lines_free(b->lines);
}

static struct wire_record record_of(const struct bench *b, uint8_t kind, uint64_t sp)
{
    return (struct wire_record){.kind = kind,
                                .flags = b->flags,
                                .window = b->window,
                                .sp = sp,
                                .heap_bytes = b->heap,
                                .rss_bytes = (uint64_t)b->rss,
                                .faults = b->faults,
                                .faults_self = b->faults_self,
                                .run_ticks = b->ticks};
}

/* A stop: line `line` of `function` at offset 100 * line. */
static void stop(struct bench *b, uint32_t function, uint32_t line, uint8_t site_flags, uint64_t sp, bool exits)
{
    struct lines_site site = {.function = function, .line = line, .offset = 100u * line, .flags = site_flags};
    struct wire_record record = record_of(b, WIRE_RECORD_LINE, sp);
    if (exits)
        record.flags |= WIRE_RECORD_EXITS;
    lines_feed(b->lines, b->thread, &record, &site);
}

static void enter(struct bench *b, uint32_t function, uint32_t line, uint64_t sp)
{
    stop(b, function, line, WIRE_SITE_ENTRY, sp, false);
}

static void at(struct bench *b, uint32_t function, uint32_t line, uint64_t sp)
{
    stop(b, function, line, WIRE_SITE_LINE, sp, false);
}

static void leave(struct bench *b, uint32_t function, uint32_t line, uint64_t sp)
{
    stop(b, function, line, WIRE_SITE_EXIT, sp, true);
}

static const struct session_function *function_of(struct session_function *functions, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(functions[i].name, name) == 0)
            return &functions[i];
    return NULL;
}

static struct session *rows(struct bench *b, uint32_t window)
{
    struct session *session = calloc(1, sizeof *session);
    assert_int_equal(lines_functions(b->lines, window, 1, &session->never_ran, &session->never_ran_count), 0);
    return session;
}

static const struct session_line *row(const struct session *session, const char *name, uint32_t line)
{
    const struct session_function *f = function_of(session->never_ran, session->never_ran_count, name);
    assert_non_null(f);
    for (size_t i = 0; i < f->line_count; i++)
        if (f->lines[i].line == line)
            return &f->lines[i];
    fail();
    return NULL;
}

static int64_t heap_sum(const struct session *session, const char *name)
{
    const struct session_function *f = function_of(session->never_ran, session->never_ran_count, name);
    int64_t sum = 0;
    for (size_t i = 0; i < f->line_count; i++)
        sum += f->lines[i].heap_bytes;
    assert_int_equal(sum, f->heap_bytes);
    return sum;
}

static void each_change_goes_to_the_line_that_ran(void **state)
{
    struct bench b;
    set_up(&b);
    enter(&b, b.f, 10, 800);
    at(&b, b.f, 11, 700);
    b.heap += 64 * KIB;
    at(&b, b.f, 12, 700);
    b.rss += 64 * KIB;
    at(&b, b.f, 13, 700);
    b.heap -= 64 * KIB;
    b.rss -= 64 * KIB;
    leave(&b, b.f, 14, 800);
    struct session *session = rows(&b, 1);
    assert_int_equal(row(session, "f", 10)->heap_bytes, 0);
    assert_int_equal(row(session, "f", 10)->occurrences, 1);
    assert_int_equal(row(session, "f", 11)->heap_bytes, 64 * KIB);
    assert_int_equal(row(session, "f", 11)->increment_bytes, 0);
    assert_int_equal(row(session, "f", 12)->increment_bytes, 64 * KIB);
    assert_int_equal(row(session, "f", 12)->rss_bytes, 1064 * KIB);
    assert_int_equal(row(session, "f", 13)->increment_bytes, -64 * KIB);
    assert_int_equal(row(session, "f", 14)->occurrences, 0); /* only a way out, no row begins there */
    assert_int_equal(heap_sum(session, "f"), 0);
    session_free(session);
    tear_down(&b);
}

static void a_call_line_includes_what_its_callees_did(void **state)
{
    struct bench b;
    set_up(&b);
    enter(&b, b.f, 10, 800);
    at(&b, b.f, 11, 700);
    enter(&b, b.g, 20, 600);
    at(&b, b.g, 21, 550);
    b.heap += 8;
    leave(&b, b.g, 22, 600);
    at(&b, b.f, 12, 700);
    leave(&b, b.f, 12, 800);
    struct session *session = rows(&b, 1);
    assert_int_equal(row(session, "f", 11)->heap_bytes, 8);
    assert_int_equal(row(session, "g", 21)->heap_bytes, 8);
    session_free(session);
    tear_down(&b);
}

static void recursion_counts_each_level_once(void **state)
{
    struct bench b;
    set_up(&b);
    for (int level = 0; level < 4; level++) {
        enter(&b, b.f, 10, 8000 - 1000 * (uint64_t)level);
        at(&b, b.f, 11, 7900 - 1000 * (uint64_t)level);
        b.heap += 100;                                  /* kept */
        at(&b, b.f, 12, 7900 - 1000 * (uint64_t)level); /* the call */
    }
    for (int level = 3; level >= 0; level--)
        leave(&b, b.f, 13, 8000 - 1000 * (uint64_t)level);
    struct session *session = rows(&b, 1);
    assert_int_equal(row(session, "f", 11)->heap_bytes, 400);
    assert_int_equal(row(session, "f", 12)->heap_bytes, 0);
    assert_int_equal(row(session, "f", 12)->occurrences, 4);
    assert_int_equal(heap_sum(session, "f"), 400);
    session_free(session);
    tear_down(&b);
}

static void mutual_recursion_sums_in_both_functions(void **state)
{
    struct bench b;
    set_up(&b);
    uint64_t sp = 9000;
    for (int level = 0; level < 3; level++) {
        enter(&b, b.f, 10, sp);
        at(&b, b.f, 11, sp - 50);
        b.heap += 1;
        at(&b, b.f, 12, sp - 50);
        enter(&b, b.g, 20, sp - 100);
        at(&b, b.g, 21, sp - 150);
        b.heap += 10;
        at(&b, b.g, 22, sp - 150);
        sp -= 200;
    }
    while (sp < 9000) {
        sp += 200;
        leave(&b, b.g, 23, sp - 100);
        leave(&b, b.f, 13, sp);
    }
    struct session *session = rows(&b, 1);
    assert_int_equal(heap_sum(session, "f"), 33);
    assert_int_equal(heap_sum(session, "g"), 32); /* the outermost g begins after f's first byte */
    session_free(session);
    tear_down(&b);
}

static void a_loop_visits_its_lines_again(void **state)
{
    struct bench b;
    set_up(&b);
    enter(&b, b.f, 10, 800);
    for (int i = 0; i < 5; i++) {
        at(&b, b.f, 11, 700);
        b.heap += 3;
    }
    at(&b, b.f, 12, 700);
    leave(&b, b.f, 12, 800);
    struct session *session = rows(&b, 1);
    assert_int_equal(row(session, "f", 11)->occurrences, 5);
    assert_int_equal(row(session, "f", 11)->heap_bytes, 15);
    session_free(session);
    tear_down(&b);
}

static void longjmp_ends_what_it_left_when_it_jumped(void **state)
{
    struct bench b;
    set_up(&b);
    enter(&b, b.f, 10, 800);
    at(&b, b.f, 11, 700);
    enter(&b, b.g, 20, 600);
    at(&b, b.g, 21, 550);
    b.heap += 5;
    struct wire_record jump = record_of(&b, WIRE_RECORD_JUMP, 0);
    lines_feed(b.lines, b.thread, &jump, NULL);
    b.heap += 1000; /* f, after setjmp returned again */
    at(&b, b.f, 12, 700);
    leave(&b, b.f, 12, 800);
    struct session *session = rows(&b, 1);
    assert_int_equal(row(session, "g", 21)->heap_bytes, 5);
    assert_int_equal(row(session, "f", 11)->heap_bytes, 1005);
    session_free(session);
    tear_down(&b);
}

static void a_caught_exception_ends_the_frames_below_the_catcher(void **state)
{
    struct bench b;
    set_up(&b);
    enter(&b, b.f, 10, 800);
    at(&b, b.f, 11, 700);
    enter(&b, b.g, 20, 600);
    at(&b, b.g, 21, 550);
    b.heap += 5;
    struct wire_record caught = record_of(&b, WIRE_RECORD_CATCH, 700);
    lines_feed(b.lines, b.thread, &caught, NULL);
    b.heap += 7;
    at(&b, b.f, 13, 700);
    leave(&b, b.f, 13, 800);
    struct session *session = rows(&b, 1);
    assert_int_equal(row(session, "g", 21)->heap_bytes, 5);
    assert_int_equal(row(session, "f", 11)->heap_bytes, 12);
    session_free(session);
    tear_down(&b);
}

static void a_clean_up_on_the_way_of_an_exception_is_its_own_line(void **state)
{
    struct bench b;
    set_up(&b);
    enter(&b, b.f, 10, 800);
    at(&b, b.f, 11, 700);
    enter(&b, b.g, 20, 600);
    at(&b, b.g, 21, 550);
    b.heap += 5;
    struct lines_site brace = {.function = b.f, .line = 14, .offset = 1400, .flags = WIRE_SITE_LINE};
    struct wire_record landed = record_of(&b, WIRE_RECORD_CATCH, 700);
    lines_feed(b.lines, b.thread, &landed, &brace);
    b.heap -= 3; /* a destructor */
    struct wire_record caught = record_of(&b, WIRE_RECORD_CATCH, 900);
    lines_feed(b.lines, b.thread, &caught, NULL);
    b.heap += 100; /* nobody's */
    struct session *session = rows(&b, 1);
    assert_int_equal(row(session, "g", 21)->heap_bytes, 5);
    assert_int_equal(row(session, "f", 11)->heap_bytes, 5);
    assert_int_equal(row(session, "f", 14)->heap_bytes, -3);
    assert_int_equal(heap_sum(session, "f"), 2);
    session_free(session);
    tear_down(&b);
}

static void a_jump_to_the_same_line_is_not_a_new_visit(void **state)
{
    struct bench b;
    set_up(&b);
    enter(&b, b.f, 10, 800);
    at(&b, b.f, 11, 700); /* the condition */
    for (int i = 0; i < 3; i++) {
        at(&b, b.f, 12, 700);
        struct lines_site back = {
            .function = b.f, .line = 11, .offset = 1300, .jump_target = 1100, .flags = WIRE_SITE_LINE};
        struct wire_record record = record_of(&b, WIRE_RECORD_LINE, 700);
        lines_feed(b.lines, b.thread, &record, &back);
        at(&b, b.f, 11, 700);
    }
    leave(&b, b.f, 14, 800);
    struct session *session = rows(&b, 1);
    assert_int_equal(row(session, "f", 11)->occurrences, 4);
    assert_int_equal(row(session, "f", 12)->occurrences, 3);
    session_free(session);
    tear_down(&b);
}

static void a_handler_on_an_alternate_stack_leaves_the_interrupted_code_alone(void **state)
{
    struct bench b;
    set_up(&b);
    enter(&b, b.f, 10, 800);
    at(&b, b.f, 11, 700);
    struct wire_record in = {.kind = WIRE_RECORD_SIGNAL_IN, .window = 1, .sp = 690, .arg = 5000, .arg2 = 9000};
    lines_feed(b.lines, b.thread, &in, NULL);
    enter(&b, b.g, 20, 8800); /* a higher address than f's */
    at(&b, b.g, 21, 8700);
    leave(&b, b.g, 22, 8800);
    struct wire_record out = record_of(&b, WIRE_RECORD_SIGNAL_OUT, 0);
    lines_feed(b.lines, b.thread, &out, NULL);
    b.heap += 9;
    at(&b, b.f, 12, 700);
    leave(&b, b.f, 12, 800);
    struct session *session = rows(&b, 1);
    assert_int_equal(row(session, "f", 11)->heap_bytes, 9);
    assert_int_equal(row(session, "f", 11)->occurrences, 1);
    assert_int_equal(function_of(session->never_ran, session->never_ran_count, "f")->calls, 1);
    session_free(session);
    tear_down(&b);
}

static void a_process_that_dies_keeps_its_open_lines(void **state)
{
    struct bench b;
    set_up(&b);
    enter(&b, b.f, 10, 800);
    at(&b, b.f, 11, 700);
    b.heap += 4;
    at(&b, b.f, 12, 700);
    lines_close(b.lines, b.thread, true, b.heap + 6);
    struct session *session = rows(&b, 1);
    assert_int_equal(row(session, "f", 11)->heap_bytes, 4);
    assert_int_equal(row(session, "f", 12)->heap_bytes, 6);
    assert_int_equal(heap_sum(session, "f"), 10);
    session_free(session);
    tear_down(&b);
}

static void other_threads_pages_are_not_charged(void **state)
{
    struct bench b;
    set_up(&b);
    b.flags |= WIRE_RECORD_MANY_THREADS;
    enter(&b, b.f, 10, 800);
    at(&b, b.f, 11, 700);
    b.rss += 1000 * KIB; /* 10 pages of ours, the rest of another thread */
    b.faults += 10;
    b.faults_self += 250;
    at(&b, b.f, 12, 700);
    b.rss += 4 * KIB; /* nobody else: the process's figure is right, whatever the page size was */
    b.faults += 1;
    b.faults_self += 1;
    leave(&b, b.f, 12, 800);
    struct session *session = rows(&b, 1);
    assert_int_equal(row(session, "f", 11)->increment_bytes, 40 * KIB);
    assert_int_equal(row(session, "f", 12)->increment_bytes, 4 * KIB);
    assert_true(lines_many_threads(b.lines));
    session_free(session);
    tear_down(&b);
}

static void what_was_not_measured_has_no_rss(void **state)
{
    struct bench b;
    set_up(&b);
    b.flags = 0;
    enter(&b, b.f, 10, 800);
    at(&b, b.f, 11, 700);
    b.heap += 4;
    leave(&b, b.f, 12, 800);
    struct session *session = rows(&b, 1);
    assert_false(row(session, "f", 11)->has_rss);
    assert_int_equal(row(session, "f", 11)->heap_bytes, 4);
    session_free(session);
    tear_down(&b);
}

static void windows_are_kept_apart_and_functions_that_ran_in_none_are_named(void **state)
{
    struct bench b;
    set_up(&b);
    b.window = 0;
    enter(&b, b.g, 20, 800);
    leave(&b, b.g, 20, 800);
    b.window = 2;
    enter(&b, b.f, 10, 800);
    leave(&b, b.f, 10, 800);
    struct session *first = rows(&b, 1), *second = rows(&b, 2), *never = calloc(1, sizeof *never);
    assert_int_equal(first->never_ran_count, 0);
    assert_int_equal(second->never_ran_count, 1);
    assert_int_equal(lines_never_ran(b.lines, 2, &never->never_ran, &never->never_ran_count), 0);
    assert_int_equal(never->never_ran_count, 1);
    assert_string_equal(never->never_ran[0].name, "g");
    assert_true(never->never_ran[0].ran_outside);
    session_free(first);
    session_free(second);
    session_free(never);
    tear_down(&b);
}

static void instances_of_one_source_function_are_merged(void **state)
{
    struct bench b;
    set_up(&b);
    uint32_t code[] = {9, 30};
    struct collector_function again = {.name = strdup("f<int>"),
                                       .file = strdup("/src/app.c"),
                                       .line = 10,
                                       .last_line = 30,
                                       .lines = code,
                                       .line_count = 2};
    enter(&b, b.f, 10, 800);
    at(&b, b.f, 11, 700);
    assert_int_equal(lines_add_function(b.lines, &again), b.f); /* widens while figures exist */
    b.heap += 2;
    at(&b, b.f, 30, 700);
    leave(&b, b.f, 30, 800);
    struct session *session = rows(&b, 1);
    assert_int_equal(row(session, "f", 11)->heap_bytes, 2);
    assert_int_equal(row(session, "f", 30)->occurrences, 1);
    session_free(session);
    free(again.name);
    free(again.file);
    tear_down(&b);
}

static void elapsed_time_goes_to_the_line_that_ran(void **state)
{
    struct bench b;
    set_up(&b);
    b.flags |= WIRE_RECORD_HAS_TIME;
    enter(&b, b.f, 10, 800);
    b.ticks += 3;
    at(&b, b.f, 11, 700);
    b.ticks += 1000;
    at(&b, b.f, 12, 700);
    enter(&b, b.g, 20, 600);
    b.ticks += 50;
    at(&b, b.g, 21, 500);
    b.ticks += 7;
    leave(&b, b.g, 21, 600);
    b.ticks += 5;
    leave(&b, b.f, 13, 800);
    struct session *session = rows(&b, 1);
    assert_true(row(session, "f", 11)->has_time);
    assert_int_equal(row(session, "f", 10)->time_ns, 3);
    assert_int_equal(row(session, "f", 11)->time_ns, 1000);
    assert_int_equal(row(session, "f", 12)->time_ns, 62); /* its callee included */
    assert_int_equal(row(session, "g", 20)->time_ns, 50);
    assert_int_equal(row(session, "g", 21)->time_ns, 7);
    session_free(session);
    tear_down(&b);
}

static void recursion_counts_time_once(void **state)
{
    struct bench b;
    set_up(&b);
    b.flags |= WIRE_RECORD_HAS_TIME;
    for (uint64_t level = 0; level < 4; level++) {
        enter(&b, b.f, 10, 8000 - 1000 * level);
        b.ticks += 100;
        at(&b, b.f, 12, 7900 - 1000 * level); /* the call */
    }
    for (uint64_t level = 4; level-- > 0;) {
        b.ticks += 1;
        leave(&b, b.f, 13, 8000 - 1000 * level);
    }
    struct session *session = rows(&b, 1);
    assert_int_equal(row(session, "f", 10)->time_ns, 400);
    assert_int_equal(row(session, "f", 12)->time_ns, 4);
    session_free(session);
    tear_down(&b);
}

/* A stop is taken for an average one: of two lines that take nothing, one may come out below. Their sum is right. */
static void a_sum_below_nothing_is_nothing(void **state)
{
    struct bench b;
    set_up(&b);
    b.flags |= WIRE_RECORD_HAS_TIME;
    enter(&b, b.f, 10, 800);
    at(&b, b.f, 11, 700);
    b.ticks -= 20;
    at(&b, b.f, 12, 700);
    b.ticks += 30;
    at(&b, b.f, 11, 700);
    b.ticks += 30;
    leave(&b, b.f, 11, 800);
    struct session *session = rows(&b, 1);
    assert_int_equal(row(session, "f", 11)->time_ns, 10);
    assert_int_equal(row(session, "f", 12)->time_ns, 30);
    assert_int_equal(row(session, "f", 10)->time_ns, 0);
    session_free(session);
    tear_down(&b);
}

static void without_stamps_there_is_no_time(void **state)
{
    struct bench b;
    set_up(&b);
    enter(&b, b.f, 10, 800);
    b.ticks += 100;
    at(&b, b.f, 11, 700);
    leave(&b, b.f, 12, 800);
    struct session *session = rows(&b, 1);
    assert_false(row(session, "f", 10)->has_time);
    assert_false(row(session, "f", 11)->has_time);
    session_free(session);
    tear_down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_goes_to_the_line_that_ran),
        cmocka_unit_test(a_call_line_includes_what_its_callees_did),
        cmocka_unit_test(recursion_counts_each_level_once),
        cmocka_unit_test(mutual_recursion_sums_in_both_functions),
        cmocka_unit_test(elapsed_time_goes_to_the_line_that_ran),
        cmocka_unit_test(recursion_counts_time_once),
        cmocka_unit_test(a_sum_below_nothing_is_nothing),
        cmocka_unit_test(without_stamps_there_is_no_time),
        cmocka_unit_test(a_loop_visits_its_lines_again),
        cmocka_unit_test(longjmp_ends_what_it_left_when_it_jumped),
        cmocka_unit_test(a_caught_exception_ends_the_frames_below_the_catcher),
        cmocka_unit_test(a_handler_on_an_alternate_stack_leaves_the_interrupted_code_alone),
        cmocka_unit_test(a_process_that_dies_keeps_its_open_lines),
        cmocka_unit_test(a_clean_up_on_the_way_of_an_exception_is_its_own_line),
        cmocka_unit_test(a_jump_to_the_same_line_is_not_a_new_visit),
        cmocka_unit_test(other_threads_pages_are_not_charged),
        cmocka_unit_test(what_was_not_measured_has_no_rss),
        cmocka_unit_test(windows_are_kept_apart_and_functions_that_ran_in_none_are_named),
        cmocka_unit_test(instances_of_one_source_function_are_merged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
