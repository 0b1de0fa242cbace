/* report/compare: which requests, functions and lines are the same, and what changed at them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "compare-fake.h"
#include "report/compare.h"

static const char source[] = "#include <stdlib.h>\n"         /* 1 */
                             "\n"                            /* 2 */
                             "char *make(int n)\n"           /* 3 */
                             "{\n"                           /* 4 */
                             "    char *b = malloc(4096);\n" /* 5 */
                             "    fill(b, n);\n"             /* 6 */
                             "    return b;\n"               /* 7 */
                             "}\n"                           /* 8 */
                             "\n"                            /* 9 */
                             "int handle(void)\n"            /* 10 */
                             "{\n"                           /* 11 */
                             "    free(make(3));\n"          /* 12 */
                             "    keep(strdup(\"x\"));\n"    /* 13 */
                             "    return 0;\n"               /* 14 */
                             "}\n";                          /* 15 */

/* Two sides and what is compared of them. */
struct world {
    struct fake sides[COMPARE_SIDES];
    struct compare_input inputs[COMPARE_SIDES];
    struct compare_snapshot snapshots[COMPARE_SIDES];
    struct compare_result result;
};

static void init_world(struct world *world)
{
    for (int side = 0; side < COMPARE_SIDES; side++)
        fake_init(&world->sides[side], "GET", "/");
}

static void compare_world(struct world *world)
{
    struct err err;
    for (int side = 0; side < COMPARE_SIDES; side++)
        world->snapshots[side] =
            fake_snapshot(&world->sides[side], side == COMPARE_OLD ? "old" : "new", &world->inputs[side]);
    assert_int_equal(compare_build(world->snapshots, &world->result, &err), 0);
}

static void end_world(struct world *world)
{
    compare_fini(&world->result);
    for (int side = 0; side < COMPARE_SIDES; side++)
        fake_fini(&world->sides[side]);
}

/* What `source` does, its lines being `moved` further down and the file at `path`. */
static void add_program(struct fake *fake, const char *path, uint32_t moved, uint64_t bytes)
{
    const uint64_t main_line = fake_line(fake, "main", "main.c", 1, 3);
    const uint64_t make = fake_line(fake, "make", path, 3 + moved, 5 + moved);
    const uint64_t call = fake_line(fake, "handle", path, 10 + moved, 12 + moved);
    const uint64_t keep = fake_line(fake, "handle", path, 10 + moved, 13 + moved);
    fake_stack(fake, bytes, 0, 3, (const uint64_t[]){make, call, main_line});
    fake_stack(fake, 2, 2, 2, (const uint64_t[]){keep, main_line});
}

static const struct compare_line *find_line(const struct world *world, const char *function, uint32_t old, uint32_t new)
{
    const struct compare_request *request = &world->result.requests[0];
    for (size_t i = 0; i < request->line_count; i++) {
        const struct compare_line *line = &request->lines[i];
        if (strcmp(world->result.functions[line->place.function].name, function) == 0 &&
            line->place.lines[COMPARE_OLD] == old && line->place.lines[COMPARE_NEW] == new)
            return line;
    }
    fail_msg("no line %s:%u/%u", function, old, new);
    return NULL;
}

static void assert_bytes(const struct compare_line *line, uint64_t old, uint64_t new)
{
    assert_int_equal(line->measures[COMPARE_OLD][MODEL_ALLOC_BYTES], old);
    assert_int_equal(line->measures[COMPARE_NEW][MODEL_ALLOC_BYTES], new);
}

static void assert_unchanged(const struct world *world)
{
    assert_int_equal(world->result.request_count, 1);
    assert_false(world->result.requests[0].totals_differ);
    assert_false(world->result.requests[0].lines_differ);
    for (size_t i = 0; i < world->result.function_count; i++)
        for (int side = 0; side < COMPARE_SIDES; side++)
            assert_non_null(world->result.functions[i].sides[side].function);
}

static void an_inserted_comment_is_no_difference(void **state)
{
    struct world world;
    char moved[sizeof source + 64];
    init_world(&world);
    snprintf(moved, sizeof moved, "/* A comment\n   of two lines */\n%s", source);
    fake_source(&world.sides[COMPARE_OLD], "src/app.c", source);
    fake_source(&world.sides[COMPARE_NEW], "src/app.c", moved);
    add_program(&world.sides[COMPARE_OLD], "src/app.c", 0, 4096);
    add_program(&world.sides[COMPARE_NEW], "src/app.c", 2, 4096);
    compare_world(&world);
    assert_unchanged(&world);
    assert_bytes(find_line(&world, "make", 5, 7), 4096, 4096);
    assert_bytes(find_line(&world, "handle", 13, 15), 2, 2);
    assert_false(world.result.has_offsets);
    end_world(&world);
}

static void a_doubled_buffer_is_exactly_its_bytes_at_its_line(void **state)
{
    struct world world;
    char doubled[sizeof source];
    init_world(&world);
    memcpy(doubled, source, sizeof doubled);
    memcpy(strstr(doubled, "4096"), "8192", 4);
    fake_source(&world.sides[COMPARE_OLD], "src/app.c", source);
    fake_source(&world.sides[COMPARE_NEW], "src/app.c", doubled);
    add_program(&world.sides[COMPARE_OLD], "src/app.c", 0, 4096);
    add_program(&world.sides[COMPARE_NEW], "src/app.c", 0, 8192);
    compare_world(&world);
    const struct compare_request *request = &world.result.requests[0];
    assert_true(request->totals_differ);
    assert_int_equal(request->line_count, 2);
    assert_ptr_equal(find_line(&world, "make", 5, 5), &request->lines[0]);
    assert_bytes(&request->lines[0], 4096, 8192);
    assert_bytes(find_line(&world, "handle", 13, 13), 2, 2);
    int64_t change;
    assert_true(compare_change(&request->metrics[COMPARE_ALLOCATED], &change));
    assert_int_equal(change, 4096);
    end_world(&world);
}

static void another_checkout_is_the_same_tree(void **state)
{
    struct world world;
    init_world(&world);
    fake_source(&world.sides[COMPARE_OLD], "/build/a/src/app.c", source);
    fake_source(&world.sides[COMPARE_NEW], "/build/b/src/app.c", source);
    add_program(&world.sides[COMPARE_OLD], "/build/a/src/app.c", 0, 4096);
    add_program(&world.sides[COMPARE_NEW], "/build/b/src/app.c", 0, 4096);
    compare_world(&world);
    assert_unchanged(&world);
    end_world(&world);
}

static void a_renamed_file_has_the_same_functions(void **state)
{
    struct world world;
    init_world(&world);
    fake_source(&world.sides[COMPARE_OLD], "src/app.c", source);
    fake_source(&world.sides[COMPARE_NEW], "src/server.c", source);
    add_program(&world.sides[COMPARE_OLD], "src/app.c", 0, 4096);
    add_program(&world.sides[COMPARE_NEW], "src/server.c", 0, 4096);
    compare_world(&world);
    assert_unchanged(&world);
    for (size_t i = 0; i < world.result.function_count; i++)
        assert_int_equal(world.result.functions[i].is_moved, strcmp(world.result.functions[i].name, "main") != 0);
    end_world(&world);
}

static void a_function_that_only_has_the_name_is_another(void **state)
{
    struct world world;
    init_world(&world);
    fake_source(&world.sides[COMPARE_OLD], "src/app.c", source);
    fake_source(&world.sides[COMPARE_NEW], "src/else.c",
                "\n\nint make(struct pool *pool)\n{\n    while (pool->next != NULL)\n        pool = grow(pool);\n"
                "    return pool->count;\n}\n");
    for (int side = 0; side < COMPARE_SIDES; side++) {
        struct fake *fake = &world.sides[side];
        const uint64_t at = fake_line(fake, "make", side == COMPARE_OLD ? "src/app.c" : "src/else.c", 3, 5);
        fake_stack(fake, 4096, 0, 1, &at);
    }
    compare_world(&world);
    assert_int_equal(world.result.function_count, 2);
    assert_null(world.result.functions[0].sides[COMPARE_NEW].function);
    assert_null(world.result.functions[1].sides[COMPARE_OLD].function);
    assert_true(world.result.requests[0].lines_differ);
    end_world(&world);
}

static void a_moved_function_keeps_its_lines(void **state)
{
    /* handle now stands before make. */
    static const char swapped[] = "#include <stdlib.h>\n"         /* 1 */
                                  "\n"                            /* 2 */
                                  "int handle(void)\n"            /* 3 */
                                  "{\n"                           /* 4 */
                                  "    free(make(3));\n"          /* 5 */
                                  "    keep(strdup(\"x\"));\n"    /* 6 */
                                  "    return 0;\n"               /* 7 */
                                  "}\n"                           /* 8 */
                                  "\n"                            /* 9 */
                                  "char *make(int n)\n"           /* 10 */
                                  "{\n"                           /* 11 */
                                  "    char *b = malloc(4096);\n" /* 12 */
                                  "    fill(b, n);\n"             /* 13 */
                                  "    return b;\n"               /* 14 */
                                  "}\n";                          /* 15 */
    struct world world;
    init_world(&world);
    fake_source(&world.sides[COMPARE_OLD], "src/app.c", source);
    fake_source(&world.sides[COMPARE_NEW], "src/app.c", swapped);
    add_program(&world.sides[COMPARE_OLD], "src/app.c", 0, 4096);
    struct fake *new = &world.sides[COMPARE_NEW];
    const uint64_t main_line = fake_line(new, "main", "main.c", 1, 3);
    const uint64_t make = fake_line(new, "make", "src/app.c", 10, 12);
    const uint64_t call = fake_line(new, "handle", "src/app.c", 3, 5);
    const uint64_t keep = fake_line(new, "handle", "src/app.c", 3, 6);
    fake_stack(new, 4096, 0, 3, (const uint64_t[]){make, call, main_line});
    fake_stack(new, 2, 2, 2, (const uint64_t[]){keep, main_line});
    compare_world(&world);
    assert_unchanged(&world);
    end_world(&world);
}

static void a_function_on_one_side_is_told(void **state)
{
    struct world world;
    init_world(&world);
    fake_source(&world.sides[COMPARE_OLD], "src/app.c", source);
    fake_source(&world.sides[COMPARE_NEW], "src/app.c", source);
    add_program(&world.sides[COMPARE_OLD], "src/app.c", 0, 4096);
    add_program(&world.sides[COMPARE_NEW], "src/app.c", 0, 4096);
    struct fake *new = &world.sides[COMPARE_NEW];
    fake_stack(
        new, 100, 0, 2,
        (const uint64_t[]){fake_line(new, "log_line", "src/log.c", 3, 4), fake_line(new, "main", "main.c", 1, 3)});
    compare_world(&world);
    size_t only = 0;
    for (size_t i = 0; i < world.result.function_count; i++) {
        const struct compare_function *function = &world.result.functions[i];
        if (function->sides[COMPARE_OLD].function != NULL)
            continue;
        only++;
        assert_string_equal(function->name, "log_line");
        assert_true(function->sides[COMPARE_NEW].allocates);
        assert_int_equal(function->sides[COMPARE_NEW].alloc_bytes, 100);
    }
    assert_int_equal(only, 1);
    assert_bytes(find_line(&world, "log_line", 0, 4), 0, 100);
    end_world(&world);
}

static void without_text_lines_are_counted_from_the_functions_beginning(void **state)
{
    struct world world;
    init_world(&world);
    add_program(&world.sides[COMPARE_OLD], "src/app.c", 0, 4096);
    add_program(&world.sides[COMPARE_NEW], "src/app.c", 7, 4096);
    compare_world(&world);
    assert_unchanged(&world);
    assert_true(world.result.has_offsets);
    assert_true(find_line(&world, "make", 5, 12)->place.by_offset);
    end_world(&world);
}

static void repeats_are_compared_per_firing(void **state)
{
    struct world world;
    int64_t change;
    init_world(&world);
    fake_source(&world.sides[COMPARE_OLD], "src/app.c", source);
    fake_source(&world.sides[COMPARE_NEW], "src/app.c", source);
    add_program(&world.sides[COMPARE_OLD], "src/app.c", 0, 4096);
    for (int i = 0; i < 3; i++)
        add_program(&world.sides[COMPARE_NEW], "src/app.c", 0, 4096);
    /* The peak is that of one firing. */
    world.sides[COMPARE_NEW].request.totals.peak_bytes = world.sides[COMPARE_OLD].request.totals.peak_bytes;
    for (size_t i = 2; i < 6; i++)
        world.sides[COMPARE_NEW].sites[i].peak_bytes = 0;
    fake_repeat(&world.sides[COMPARE_NEW], 3, NULL);
    compare_world(&world);
    assert_unchanged(&world);
    const struct compare_pair *pair = &world.result.requests[0].metrics[COMPARE_ALLOCATED];
    assert_int_equal(pair->sides[COMPARE_NEW].sum, 3 * 4098);
    assert_true(compare_per_firing(&pair->sides[COMPARE_NEW], &change));
    assert_int_equal(change, 4098);
    end_world(&world);
}

static void what_cannot_be_divided_is_not_rounded_away(void **state)
{
    struct world world;
    int64_t change;
    init_world(&world);
    add_program(&world.sides[COMPARE_OLD], "src/app.c", 0, 4096);
    add_program(&world.sides[COMPARE_NEW], "src/app.c", 0, 4096);
    add_program(&world.sides[COMPARE_NEW], "src/app.c", 0, 4097);
    fake_repeat(&world.sides[COMPARE_NEW], 2, NULL);
    compare_world(&world);
    const struct compare_pair *pair = &world.result.requests[0].metrics[COMPARE_ALLOCATED];
    assert_int_equal(compare_sign(pair), 1);
    assert_false(compare_change(pair, &change));
    assert_int_equal(change, 0);
    assert_true(world.result.requests[0].totals_differ);
    assert_true(world.result.requests[0].lines_differ);
    end_world(&world);
}

static void times_are_compared_only_when_there_are_several(void **state)
{
    static const uint64_t old[8] = {100, 101, 102, 103, 104, 105, 106, 107},
                          new[8] = {200, 201, 202, 203, 204, 205, 206, 207};
    struct world world;
    init_world(&world);
    compare_world(&world);
    assert_int_equal(world.result.requests[0].time.verdict, COMPARE_TIME_SINGLE);
    assert_false(world.result.requests[0].totals_differ);
    end_world(&world);
    init_world(&world);
    fake_repeat(&world.sides[COMPARE_OLD], 8, old);
    fake_repeat(&world.sides[COMPARE_NEW], 8, new);
    compare_world(&world);
    assert_int_equal(world.result.requests[0].time.verdict, COMPARE_TIME_SLOWER);
    assert_true(world.result.requests[0].totals_differ);
    end_world(&world);
    init_world(&world);
    fake_repeat(&world.sides[COMPARE_OLD], 8, old);
    fake_repeat(&world.sides[COMPARE_NEW], 8, NULL);
    compare_world(&world);
    assert_int_equal(world.result.requests[0].time.verdict, COMPARE_TIME_UNKNOWN);
    assert_false(compare_is_known(&world.result.requests[0].metrics[COMPARE_TIME]));
    end_world(&world);
}

static void swapped_arguments_are_recognised(void **state)
{
    struct world world;
    init_world(&world);
    for (int side = 0; side < COMPARE_SIDES; side++)
        world.snapshots[side] = fake_snapshot(&world.sides[side], "any", &world.inputs[side]);
    for (int swapped = -1; swapped <= 1; swapped++) {
        struct err err;
        world.snapshots[COMPARE_OLD].time_s = 1000 + swapped;
        world.snapshots[COMPARE_NEW].time_s = 1000;
        assert_int_equal(compare_build(world.snapshots, &world.result, &err), 0);
        assert_int_equal(world.result.looks_swapped, swapped > 0);
        compare_fini(&world.result);
    }
    struct err err;
    world.snapshots[COMPARE_OLD].time_s = 1000;
    world.snapshots[COMPARE_OLD].name = "2014-02-17_18:20:37.10";
    world.snapshots[COMPARE_NEW].name = "2014-02-17_18:20:37.9";
    assert_int_equal(compare_build(world.snapshots, &world.result, &err), 0);
    assert_true(world.result.looks_swapped);
    end_world(&world);
}

static void what_one_side_did_not_measure_is_not_known(void **state)
{
    struct world world;
    init_world(&world);
    add_program(&world.sides[COMPARE_OLD], "src/app.c", 0, 4096);
    world.sides[COMPARE_NEW].session.has_sites = false;
    world.sides[COMPARE_NEW].request.totals = world.sides[COMPARE_OLD].request.totals;
    world.sides[COMPARE_NEW].request.totals.has_rss = true;
    world.sides[COMPARE_NEW].request.totals.rss_after_bytes = 4096;
    compare_world(&world);
    const struct compare_request *request = &world.result.requests[0];
    assert_false(compare_is_known(&request->metrics[COMPARE_RSS]));
    assert_true(compare_is_known(&request->metrics[COMPARE_PEAK]));
    assert_false(request->lines_differ);
    assert_false(request->by_stacks);
    for (size_t i = 0; i < world.result.function_count; i++)
        assert_false(world.result.functions[i].sides[COMPARE_OLD].allocates);
    const struct compare_pair pair = compare_measure(request, request->lines[0].measures, MODEL_ALLOC_BYTES);
    assert_true(pair.sides[COMPARE_OLD].is_known);
    assert_false(pair.sides[COMPARE_NEW].is_known);
    end_world(&world);
}

static void figures_are_of_the_stacks_where_all_are_there(void **state)
{
    struct world world;
    init_world(&world);
    add_program(&world.sides[COMPARE_OLD], "src/app.c", 0, 4096);
    add_program(&world.sides[COMPARE_NEW], "src/app.c", 0, 4096);
    world.sides[COMPARE_NEW].request.totals.alloc_bytes += 8; /* another allocator rounds up otherwise */
    compare_world(&world);
    assert_true(world.result.requests[0].by_stacks);
    assert_unchanged(&world);
    compare_fini(&world.result);
    world.sides[COMPARE_NEW].session.sample_bytes = 4096;
    compare_world(&world);
    assert_false(world.result.requests[0].by_stacks);
    assert_int_equal(world.result.requests[0].metrics[COMPARE_ALLOCATED].sides[COMPARE_NEW].sum, 4106);
    end_world(&world);
}

/* The line report's figures of `make`, which stands `moved` lines further down. */
static void watch(struct fake *fake, uint32_t moved, int64_t bytes, struct session_line lines[3],
                  struct session_function *function)
{
    const struct session_line figures[3] = {
        {.line = 5 + moved, .occurrences = 1, .heap_bytes = bytes, .has_rss = true, .increment_bytes = 4096},
        {.line = 6 + moved, .occurrences = 1, .heap_bytes = 0},
        {.line = 7 + moved},
    };
    memcpy(lines, figures, sizeof figures);
    *function = (struct session_function){.line = 3 + moved, .last_line = 7 + moved, .lines = lines, .line_count = 3};
    fake->request.functions = function;
    fake->request.function_count = 1;
}

static void watched_lines_are_matched_by_their_text_too(void **state)
{
    struct world world;
    struct session_line lines[COMPARE_SIDES][3];
    struct session_function functions[COMPARE_SIDES];
    char name[] = "make", file[] = "src/app.c", moved[sizeof source + 64];
    init_world(&world);
    snprintf(moved, sizeof moved, "/* A comment\n   of two lines */\n%s", source);
    fake_source(&world.sides[COMPARE_OLD], "src/app.c", source);
    fake_source(&world.sides[COMPARE_NEW], "src/app.c", moved);
    for (int side = 0; side < COMPARE_SIDES; side++) {
        watch(&world.sides[side], side == COMPARE_OLD ? 0 : 2, side == COMPARE_OLD ? 4104 : 8200, lines[side],
              &functions[side]);
        functions[side].name = name;
        functions[side].file = file;
        world.sides[side].session.has_sites = false;
    }
    compare_world(&world);
    const struct compare_request *request = &world.result.requests[0];
    assert_int_equal(world.result.function_count, 1);
    assert_int_equal(request->watched_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(request->watched[i].place.lines[COMPARE_OLD], 5 + i);
        assert_int_equal(request->watched[i].place.lines[COMPARE_NEW], 7 + i);
    }
    int64_t change;
    struct compare_pair pair = compare_heap(request, &request->watched[0]);
    assert_true(compare_is_known(&pair) && compare_change(&pair, &change));
    assert_int_equal(change, 4096);
    pair = compare_heap(request, &request->watched[2]); /* never ran */
    assert_false(compare_is_known(&pair));
    assert_true(request->lines_differ); /* there are no stacks that would know better */
    end_world(&world);
}

/* Several requests: "METHOD TARGET ORDINAL". */
struct list {
    struct fake fakes[4];
    struct compare_input inputs[4];
    size_t count;
};

static struct compare_snapshot make_list(struct list *list, const char *const *names)
{
    for (list->count = 0; names[list->count] != NULL; list->count++) {
        char method[16], target[64];
        unsigned ordinal;
        struct fake *fake = &list->fakes[list->count];
        assert_int_equal(sscanf(names[list->count], "%15s %63s %u", method, target, &ordinal), 3);
        fake_init(fake, method, target);
        fake->request.ordinal = ordinal;
        fake_snapshot(fake, "list", &list->inputs[list->count]);
    }
    return (struct compare_snapshot){.name = "list", .inputs = list->inputs, .input_count = list->count};
}

/* `expected`: "NAME=both", "NAME=old" and so on, in a row. */
static void assert_matched(const char *const *old, const char *const *new, const char *expected)
{
    static const char *const sides[] = {"new", "old", "both"};
    struct list *lists = calloc(COMPARE_SIDES, sizeof *lists);
    struct compare_result result;
    struct text text = TEXT_EMPTY;
    struct err err;
    assert_non_null(lists);
    const struct compare_snapshot snapshots[COMPARE_SIDES] = {make_list(&lists[0], old), make_list(&lists[1], new)};
    assert_int_equal(compare_build(snapshots, &result, &err), 0);
    for (size_t i = 0; i < result.request_count; i++) {
        const struct compare_request *request = &result.requests[i];
        const bool has_old = request->inputs[COMPARE_OLD] != NULL, has_new = request->inputs[COMPARE_NEW] != NULL;
        text_addf(&text, "%s=%s;", request->name, sides[has_old && has_new ? 2 : has_old]);
    }
    assert_string_equal(text_get(&text), expected);
    text_fini(&text);
    compare_fini(&result);
    for (int side = 0; side < COMPARE_SIDES; side++)
        for (size_t i = 0; i < lists[side].count; i++)
            fake_fini(&lists[side].fakes[i]);
    free(lists);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})

static void requests_match_by_method_path_and_ordinal(void **state)
{
    assert_matched(LIST("GET / 1", "GET / 2", "POST / 1"), LIST("POST / 1", "GET / 1", "GET /user 1"),
                   "GET /=both;GET / #2=old;POST /=both;GET /user=new;");
    assert_matched(LIST("GET / 1"), LIST("GET /a 1"), "GET /=old;GET /a=new;");
}

static void a_query_counts_only_where_several_differ_by_it(void **state)
{
    assert_matched(LIST("GET /user?id=1 1"), LIST("GET /user?id=2 1"), "GET /user=both;");
    assert_matched(LIST("GET /user?id=1 1"), LIST("GET /user?id=1 1"), "GET /user?id=1=both;");
    assert_matched(LIST("GET /user 1"), LIST("GET /user?id=2 1"), "GET /user=both;");
    assert_matched(LIST("GET /user?id=1 1", "GET /user?id=2 1"), LIST("GET /user?id=2 1"),
                   "GET /user?id=1=old;GET /user?id=2=both;");
    assert_matched(LIST("GET /user?id=3 1"), LIST("GET /user?id=1 1", "GET /user?id=2 1"),
                   "GET /user?id=3=old;GET /user?id=1=new;GET /user?id=2=new;");
}

static void another_answer_is_a_difference(void **state)
{
    struct world world;
    init_world(&world);
    world.sides[COMPARE_NEW].request.status = 500;
    compare_world(&world);
    assert_true(world.result.requests[0].totals_differ);
    end_world(&world);
}

/* Of 1,000 functions, 10,000 stacks on each side. */
static void add_many(struct fake *fake, uint32_t moved, uint64_t *addresses, char (*names)[16])
{
    enum { FUNCTIONS = 1000, STACKS = 10000 };
    uint32_t seed = 1;
    for (uint32_t i = 0; i < FUNCTIONS; i++)
        for (uint32_t line = 0; line < 4; line++)
            addresses[4 * i + line] =
                fake_line(fake, names[i], "many.c", 10 * i + 1 + moved, 10 * i + 3 + line + moved);
    for (uint32_t i = 0; i < STACKS; i++) {
        uint64_t stack[4];
        for (size_t j = 0; j < 4; j++) {
            seed = seed * 1664525u + 1013904223u;
            stack[j] = addresses[(seed >> 8) % ((uint32_t)4 * FUNCTIONS)];
        }
        fake_stack(fake, 16, 0, 4, stack);
    }
}

static char *make_many(size_t blank_lines)
{
    char *text;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    for (size_t i = 0; i < blank_lines; i++)
        fprintf(out, "// nothing\n");
    for (int i = 0; i < 1000; i++)
        fprintf(out, "void f%d(void)\n{\n  a%d();\n  b();\n  c%d();\n  d();\n  e();\n  f();\n}\n\n", i, i, i);
    fclose(out);
    return text;
}

static void ten_thousand_stacks_take_no_time(void **state)
{
    static char names[1000][16];
    struct world world;
    uint64_t *addresses = calloc(4000, sizeof *addresses);
    char *texts[COMPARE_SIDES] = {make_many(0), make_many(5)};
    init_world(&world);
    for (int i = 0; i < 1000; i++)
        snprintf(names[i], sizeof names[i], "f%d", i);
    for (int side = 0; side < COMPARE_SIDES; side++) {
        fake_source(&world.sides[side], "many.c", texts[side]);
        add_many(&world.sides[side], side == COMPARE_OLD ? 0 : 5, addresses, names);
        fake_model(&world.sides[side]);
    }
    const clock_t begin = clock();
    compare_world(&world);
    const double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
    print_message("# 2 x 10,000 stacks of 1,000 functions: %.3f s\n", seconds);
    assert_unchanged(&world);
    assert_int_equal(world.result.function_count, 1000);
    /* Squared it would be minutes; the margin is for machines that are busy, and for sanitizers. */
    assert_true(seconds < 20);
    end_world(&world);
    free(addresses);
    free(texts[COMPARE_OLD]);
    free(texts[COMPARE_NEW]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_inserted_comment_is_no_difference),
        cmocka_unit_test(a_doubled_buffer_is_exactly_its_bytes_at_its_line),
        cmocka_unit_test(another_checkout_is_the_same_tree),
        cmocka_unit_test(a_renamed_file_has_the_same_functions),
        cmocka_unit_test(a_function_that_only_has_the_name_is_another),
        cmocka_unit_test(a_moved_function_keeps_its_lines),
        cmocka_unit_test(a_function_on_one_side_is_told),
        cmocka_unit_test(without_text_lines_are_counted_from_the_functions_beginning),
        cmocka_unit_test(repeats_are_compared_per_firing),
        cmocka_unit_test(what_cannot_be_divided_is_not_rounded_away),
        cmocka_unit_test(times_are_compared_only_when_there_are_several),
        cmocka_unit_test(swapped_arguments_are_recognised),
        cmocka_unit_test(what_one_side_did_not_measure_is_not_known),
        cmocka_unit_test(figures_are_of_the_stacks_where_all_are_there),
        cmocka_unit_test(watched_lines_are_matched_by_their_text_too),
        cmocka_unit_test(requests_match_by_method_path_and_ordinal),
        cmocka_unit_test(a_query_counts_only_where_several_differ_by_it),
        cmocka_unit_test(another_answer_is_a_difference),
        cmocka_unit_test(ten_thousand_stacks_take_no_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
