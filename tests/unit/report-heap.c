/* The heap report: which frame is blamed, how sites are grouped and put in order, and what is printed. */

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
#include "report/heap-stacks.h"
#include "report/heap-tables.h"
#include "report/report.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { APP, LIBC, CXX, OWN, FOO, LOADER };
static char *modules[] = {
    [APP] = (char[]){"/srv/app"},
    [LIBC] = (char[]){"/usr/lib/x86_64-linux-gnu/libc.so.6"},
    [CXX] = (char[]){"/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30"},
    [OWN] = (char[]){"/opt/lib/syseng-mem/libsyseng_mem_preload.so"},
    [FOO] = (char[]){"/usr/lib/x86_64-linux-gnu/libfoo.so.2"},
    [LOADER] = (char[]){"/lib64/ld-linux-x86-64.so.2"},
};

/* What stands at the addresses of those modules. */
#define LINK(name, path, number, in)                                                                                   \
    {                                                                                                                  \
        .function = (name), .file = (path), .line = (number), .inlined = (in)                                          \
    }
#define MADE_BY "source/app.c"
#define VECTOR "/usr/include/c++/12/bits/stl_vector.h"
#define CLANG_VECTOR "/usr/bin/../lib/gcc/x86_64-linux-gnu/12/../../../../include/c++/12/bits/stl_vector.h"
static const struct {
    uint32_t module;
    uint64_t address;
    struct symbols_frame chain[3];
    size_t count;
} known[] = {
    {APP, 0x100, {LINK("memory", MADE_BY, 12, false)}, 1},
    {APP, 0x110, {LINK("memory", MADE_BY, 20, false)}, 1},
    {APP, 0x180, {LINK("memory", MADE_BY, 12, false)}, 1},
    {APP, 0x200, {LINK("user", MADE_BY, 34, false)}, 1},
    {APP, 0x300, {LINK("main", "source/gone.c", 7, false)}, 1},
    {APP, 0x400, {LINK("helper", MADE_BY, 24, true), LINK("user", MADE_BY, 33, false)}, 2},
    {APP, 0x500, {LINK("std::vector<int>::push_back", VECTOR, 1287, true), LINK("add", MADE_BY, 33, false)}, 2},
    {APP, 0x600, {LINK("std::vector<int>::grow", CLANG_VECTOR, 900, false)}, 1},
    {APP, 0x700, {LINK("nameless_line", NULL, 0, false)}, 1},
    {APP, 0x780, {LINK("std::vector<int>::_M_default_append", NULL, 0, false)}, 1},
    {APP, 0x900, {LINK("_start", NULL, 0, false)}, 1},
    {LIBC, 0x100, {LINK("strdup", NULL, 0, false)}, 1},
    {LIBC, 0x200, {LINK("__libc_start_main", "./csu/libc-start.c", 360, false)}, 1},
    {CXX, 0x100, {LINK("operator new", NULL, 0, false)}, 1},
    {OWN, 0x100, {LINK("malloc", "src/preload/heap-hooks.c", 40, false)}, 1},
    {FOO, 0x100, {LINK("foo_copy", "../foo/copy.c", 9, false)}, 1},
    {LOADER, 0x100, {LINK("_dl_init", NULL, 0, false)}, 1},
};
static size_t lookups;

static size_t look_up(void *data, const char *path, uint64_t address, bool wants_lines, struct symbols_frame *out, size_t max)
{
    lookups++;
    for (size_t i = 0; i < COUNT(known); i++) {
        if (strcmp(modules[known[i].module], path) != 0 || known[i].address != address)
            continue;
        for (size_t j = 0; j < known[i].count && j < max; j++)
            out[j] = known[i].chain[j];
        return known[i].count;
    }
    return 0;
}

/* Stacks, one after another, innermost first. */
static struct session_frame frames[] = {
    {OWN, 0x100},
    {APP, 0x100},
    {APP, 0x300},
    {LIBC, 0x200},
    {APP, 0x900}, /* 0: memory, straight */
    {APP, 0x110},
    {APP, 0x300}, /* 5: another line of it */
    {LIBC, 0x100},
    {APP, 0x400},
    {APP, 0x300}, /* 7: strdup in an inlined helper */
    {CXX, 0x100},
    {APP, 0x600},
    {APP, 0x500},
    {APP, 0x300}, /* 10: a vector */
    {CXX, 0x777},
    {LOADER, 0x100}, /* 14: a library's constructor */
    {FOO, 0x100},
    {FOO, 0x555}, /* 16: a library's thread */
    {FOO, 0x100},
    {APP, 0x700}, /* 18: a program without lines */
    {APP, 0x888}, /* 20: no name at all */
    {APP, 0x180},
    {APP, 0x200},
    {APP, 0x300}, /* 21: memory's line, by another way */
    {LIBC, 0x100},
    {FOO, 0x555},                        /* 24: only libraries, one name */
    {SESSION_NO_MODULE, 0x7f0000001234}, /* 26: code made at run time */
    {LIBC, 0x100},
    {APP, 0x888},
    {LIBC, 0x200}, /* 27: a program without names */
    {APP, 0x780},
    {APP, 0x700}, /* 30: a template of the library's in a program without lines */
};

#define SITE(window, first, number, bytes, blocks, live, live_blocks, peak, temporary)                                 \
    {                                                                                                                  \
        .request = (window), .frame_first = (first), .frame_count = (number), .alloc_bytes = (bytes),                  \
        .alloc_count = (blocks), .live_bytes = (live), .live_count = (live_blocks), .window_live_bytes = (live) / 2,   \
        .window_live_count = (live_blocks), .survived_count = (live_blocks), .peak_bytes = (peak),                     \
        .temporary_count = (temporary), .size_min_bytes = (bytes) / (blocks), .size_max_bytes = (bytes) / (blocks)     \
    }
static struct session_site sites[] = {
    SITE(0, 0, 5, 524288, 1, 0, 0, 524288, 0),
    SITE(0, 5, 2, 24, 1, 24, 1, 24, 0),
    SITE(0, 7, 3, 1600, 100, 1600, 100, 800, 0),
    SITE(0, 10, 4, 4096, 10, 0, 0, 2048, 9),
    SITE(0, 14, 2, 72704, 1, 72704, 1, 72704, 0),
    SITE(0, 16, 2, 300, 3, 0, 0, 0, 3),
    SITE(0, 18, 2, 200, 2, 0, 0, 0, 0),
    SITE(0, 20, 1, 100, 1, 100, 1, 0, 0),
    SITE(0, 21, 3, 1048576, 4, 0, 0, 262144, 0),
    SITE(0, 24, 2, 10, 1, 10, 1, 10, 0),
    SITE(0, 26, 1, 0, 1, 0, 1, 0, 0),
    SITE(0, 26, 0, 5, 1, 0, 0, 0, 1),
};

/* Of the fourth site, whose blocks are not all of one size. */
static struct session_spread spreads[] = {{.counts = {[3] = 2, [5] = 7, [12] = 1}}};

static struct session_site mapped[] = {
    SITE(0, 7, 3, 65536, 2, 4096, 1, 65536, 0),
    SITE(0, 0, 5, 1048576, 1, 1048576, 1, 1048576, 0),
};

static struct session_request run = {.is_run = true, .ordinal = 1, .finished = true};
static struct session session = {
    .requests = &run,
    .request_count = 1,
    .has_sites = true,
    .sites = sites,
    .site_count = COUNT(sites),
    .frames = frames,
    .frame_count = COUNT(frames),
    .mapped = mapped,
    .mapped_count = COUNT(mapped),
    .spreads = spreads,
    .spread_count = COUNT(spreads),
    .modules = modules,
    .module_count = COUNT(modules),
    .unknown_frees = 3,
};
static const struct report_options plain = {
    .style = REPORT_STYLE_SYSENG, .precision = 3, .source = true, .lookup = look_up};

/* The blamed frame of site `index`. */
static struct stacks_blame blame_of(struct stacks *stacks, size_t index)
{
    struct stacks_blame blame;
    assert_int_equal(stacks_find_blame(stacks, &sites[index], &blame), 0);
    return blame;
}

static void assert_blamed(size_t index, enum stacks_rank rank, const char *function, uint32_t line)
{
    struct stacks *stacks = stacks_new(&session, look_up, NULL);
    assert_non_null(stacks);
    struct stacks_blame blame = blame_of(stacks, index);
    assert_int_equal(blame.rank, rank);
    if (function == NULL)
        assert_null(blame.function);
    else
        assert_string_equal(blame.function, function);
    assert_int_equal(blame.line, line);
    stacks_free(stacks);
}

static void the_first_line_of_the_programs_own_sources_is_blamed(void **state)
{
    assert_blamed(0, STACKS_LINE, "memory", 12);
    assert_blamed(2, STACKS_LINE, "helper", 24); /* inlined, below a function of libc */
    assert_blamed(3, STACKS_LINE, "add", 33);    /* below the C++ library's templates */
}

static void without_such_a_line_it_is_the_first_name_outside_the_runtime(void **state)
{
    assert_blamed(6, STACKS_NAMED, "nameless_line", 0);
    assert_blamed(5, STACKS_LIBRARY, "foo_copy", 9);
    assert_blamed(9, STACKS_RUNTIME, "strdup", 0);
}

static void without_any_name_it_is_the_innermost_address(void **state)
{
    assert_blamed(4, STACKS_NOTHING, NULL, 0); /* not the loader, which calls every constructor */
    assert_blamed(7, STACKS_NOTHING, NULL, 0);
    assert_blamed(10, STACKS_NOTHING, NULL, 0);
    assert_blamed(11, STACKS_NOTHING, NULL, 0); /* not even a stack */
}

static void what_called_a_program_without_names_is_not_blamed(void **state)
{
    (void)state;
    struct session_site calls_strdup = SITE(0, 27, 3, 1, 1, 0, 0, 0, 0),
                        calls_malloc = SITE(0, 28, 2, 1, 1, 0, 0, 0, 0);
    struct stacks *stacks = stacks_new(&session, look_up, NULL);
    struct stacks_blame blame;
    assert_non_null(stacks);
    assert_int_equal(stacks_find_blame(stacks, &calls_strdup, &blame), 0);
    assert_string_equal(blame.function, "strdup");
    assert_int_equal(stacks_find_blame(stacks, &calls_malloc, &blame), 0);
    assert_int_equal(blame.rank, STACKS_NOTHING);
    assert_int_equal(blame.frame->address, 0x888);
    stacks_free(stacks);
}

static void the_standard_librarys_templates_are_not_the_programs(void **state)
{
    struct session_site grows = SITE(0, 30, 2, 1, 1, 0, 0, 0, 0), alone = SITE(0, 30, 1, 1, 1, 0, 0, 0, 0);
    struct stacks *stacks = stacks_new(&session, look_up, NULL);
    struct stacks_blame blame;
    (void)state;
    assert_non_null(stacks);
    assert_int_equal(stacks_find_blame(stacks, &grows, &blame), 0);
    assert_string_equal(blame.function, "nameless_line");
    assert_int_equal(stacks_find_blame(stacks, &alone, &blame), 0);
    assert_string_equal(blame.function, "std::vector<int>::_M_default_append");
    stacks_free(stacks);
}

static void without_symbols_every_address_stands_for_itself(void **state)
{
    struct stacks *stacks = stacks_new(&session, NULL, NULL);
    assert_non_null(stacks);
    struct stacks_blame blame = blame_of(stacks, 0);
    assert_null(blame.function);
    assert_int_equal(blame.depth, 1);
    struct text text = TEXT_EMPTY;
    stacks_add_address(&text, &session, blame.frame);
    assert_string_equal(text_get(&text), "app+0x100");
    text_fini(&text);
    stacks_free(stacks);
}

static void an_address_is_looked_up_once(void **state)
{
    struct stacks *stacks = stacks_new(&session, look_up, NULL);
    assert_non_null(stacks);
    lookups = 0;
    blame_of(stacks, 0);
    assert_int_equal(lookups, 1); /* and no further than the blamed line */
    blame_of(stacks, 0);
    assert_int_equal(lookups, 1);
    stacks_free(stacks);
}

static void the_ends_of_a_stack_that_are_everybodys_are_left_out(void **state)
{
    struct stacks *stacks = stacks_new(&session, look_up, NULL);
    assert_non_null(stacks);
    assert_int_equal(stacks_inner(stacks, &sites[0]), 1);
    assert_int_equal(stacks_outer(stacks, &sites[0]), 3);
    assert_int_equal(stacks_outer(stacks, &sites[4]), 2); /* nothing else is there */
    stacks_free(stacks);
}

static void build(struct stacks **stacks, struct tables *tables)
{
    *stacks = stacks_new(&session, look_up, NULL);
    assert_non_null(*stacks);
    assert_int_equal(tables_build(*stacks, &session, 0, tables), 0);
}

static void stacks_with_one_blamed_line_are_one_row(void **state)
{
    struct stacks *stacks;
    struct tables tables;
    const struct tables_group *top[3];
    build(&stacks, &tables);
    assert_int_equal(tables.group_count, COUNT(sites) - 1);
    assert_int_equal(tables_top(&tables, TABLES_BY_ALLOCATED, top, 3), COUNT(sites) - 1);
    assert_int_equal(top[0]->sum.alloc_bytes, 524288 + 1048576);
    assert_int_equal(top[0]->stack_count[TABLES_BY_ALLOCATED], 2);
    assert_ptr_equal(top[0]->heaviest[TABLES_BY_ALLOCATED], &sites[8]);
    assert_ptr_equal(top[0]->heaviest[TABLES_BY_PEAK], &sites[0]);
    tables_fini(&tables);
    stacks_free(stacks);
}

static void rows_sum_to_the_totals(void **state)
{
    struct stacks *stacks;
    struct tables tables;
    const struct tables_group *top[COUNT(sites)];
    build(&stacks, &tables);
    struct tables_sum sum = tables_sum_up(&session, 0);
    assert_memory_equal(&sum, &tables.sum, sizeof sum);
    for (int order = 0; order < TABLES_ORDER_COUNT; order++) {
        size_t count = tables_top(&tables, order, top, COUNT(sites));
        uint64_t weight = 0;
        for (size_t i = 0; i < count; i++) {
            weight += tables_weight(&top[i]->sum, order);
            assert_true(i == 0 || tables_weight(&top[i - 1]->sum, order) >= tables_weight(&top[i]->sum, order));
        }
        assert_int_equal(weight, tables_weight(&sum, order));
    }
    tables_fini(&tables);
    stacks_free(stacks);
}

static void the_first_of_many_are_the_same_as_the_first_of_all(void **state)
{
    struct stacks *stacks;
    struct tables tables;
    const struct tables_group *few[4], *all[COUNT(sites)];
    build(&stacks, &tables);
    tables_top(&tables, TABLES_BY_ALLOCATED, all, COUNT(sites));
    for (size_t max = 1; max <= 4; max++) {
        assert_int_equal(tables_top(&tables, TABLES_BY_ALLOCATED, few, max), COUNT(sites) - 1);
        assert_memory_equal(few, all, max * sizeof *few);
    }
    tables_fini(&tables);
    stacks_free(stacks);
}

typedef int report_fn(const struct session *session, const struct report_options *options, FILE *out, struct err *err);

static char *render(report_fn *report, const struct session *of, const struct report_options *options, size_t *length)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, length);
    assert_non_null(out);
    assert_int_equal(report(of, options, out, NULL), 0);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void compare(const char *golden, const struct session *of, struct report_options options)
{
    size_t length;
    char *text = render(report_heap, of, &options, &length);
    golden_compare(golden, text, length);
    free(text);
}

static void a_whole_run(void **state)
{
    compare("heap.txt", &session, plain);
}

static void a_run_without_source_and_symbols(void **state)
{
    struct report_options options = plain;
    options.source = false;
    options.lookup = NULL;
    compare("heap-bare.txt", &session, options);
}

static void requests_show_what_is_live_after_the_last(void **state)
{
    static struct session_site of_requests[] = {SITE(0, 0, 5, 4096, 1, 0, 0, 4096, 0),
                                                SITE(1, 7, 3, 64, 4, 64, 4, 64, 0)};
    struct session_request requests[] = {
        {.method = (char[]){"GET"}, .target = (char[]){"/a"}, .status = 200, .ordinal = 1, .finished = true},
        {.method = (char[]){"GET"}, .target = (char[]){"/b"}, .status = 200, .ordinal = 1, .finished = true},
    };
    struct session two = session;
    two.requests = requests;
    two.request_count = 2;
    two.sites = of_requests;
    two.site_count = 2;
    compare("heap-requests.txt", &two, plain);
}

/* A recursion of 1000 calls. */
static void a_deep_stack_shows_its_ends(void **state)
{
    static struct session_frame deep[1002];
    struct session_site site = SITE(0, 0, COUNT(deep), 1000, 10, 0, 0, 1000, 0);
    struct session recursion = session;
    deep[0] = (struct session_frame){LIBC, 0x100};
    for (size_t i = 1; i < COUNT(deep); i++)
        deep[i] = (struct session_frame){APP, 0x200};
    deep[COUNT(deep) - 1] = (struct session_frame){APP, 0x300};
    recursion.frames = deep;
    recursion.frame_count = COUNT(deep);
    recursion.sites = &site;
    recursion.site_count = 1;
    compare("heap-deep.txt", &recursion, plain);
}

static void nothing_is_printed_where_nothing_was_recorded_or_wanted(void **state)
{
    struct session without = session;
    struct report_options classic = plain;
    size_t length;
    without.has_sites = false;
    char *text = render(report_heap, &without, &plain, &length);
    assert_int_equal(length, 0);
    free(text);
    classic.style = REPORT_STYLE_MEMORY_PROFILER;
    text = render(report_heap, &session, &classic, &length);
    assert_int_equal(length, 0);
    free(text);
}

static void json(void **state)
{
    size_t length;
    char *text = render(report_json, &session, &plain, &length);
    golden_mask_version(text, &length);
    golden_compare("heap.json", text, length);
    free(text);
}

static void collect(const char *line, void *data)
{
    text_addf(data, "%s\n", line);
}

static void functions_worth_watching_are_named_once(void **state)
{
    struct text text = TEXT_EMPTY;
    assert_int_equal(report_heap_functions(&session, &plain, 3, collect, &text), 0);
    assert_string_equal(text_get(&text), "memory\nadd\nuser\n"); /* what was inlined cannot be watched */
    text_fini(&text);
}

int main(void)
{
    sites[3].spread = 1;
    sites[3].size_min_bytes = 6;
    sites[3].size_max_bytes = 3900;
    sites[3].lifetimes = (struct session_lifetimes){.count = 10, .sum_ns = 410000, .min_ns = 0, .max_ns = 12300000};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_line_of_the_programs_own_sources_is_blamed),
        cmocka_unit_test(without_such_a_line_it_is_the_first_name_outside_the_runtime),
        cmocka_unit_test(without_any_name_it_is_the_innermost_address),
        cmocka_unit_test(what_called_a_program_without_names_is_not_blamed),
        cmocka_unit_test(the_standard_librarys_templates_are_not_the_programs),
        cmocka_unit_test(without_symbols_every_address_stands_for_itself),
        cmocka_unit_test(an_address_is_looked_up_once),
        cmocka_unit_test(the_ends_of_a_stack_that_are_everybodys_are_left_out),
        cmocka_unit_test(stacks_with_one_blamed_line_are_one_row),
        cmocka_unit_test(rows_sum_to_the_totals),
        cmocka_unit_test(the_first_of_many_are_the_same_as_the_first_of_all),
        cmocka_unit_test(a_whole_run),
        cmocka_unit_test(a_run_without_source_and_symbols),
        cmocka_unit_test(requests_show_what_is_live_after_the_last),
        cmocka_unit_test(a_deep_stack_shows_its_ends),
        cmocka_unit_test(nothing_is_printed_where_nothing_was_recorded_or_wanted),
        cmocka_unit_test(json),
        cmocka_unit_test(functions_worth_watching_are_named_once),
    };
    if (chdir(TEST_SRCDIR "/golden") != 0)
        return 99;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
