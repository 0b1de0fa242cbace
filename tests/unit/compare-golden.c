/* Every format of a comparison against tests/golden, and what holds for all comparisons. */

#include <config.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "compare-fake.h"
#include "golden.h"
#include "report/compare.h"

static const char old_app[] = "uint64_t *range(size_t n)\n"                   /* 1 */
                              "{\n"                                           /* 2 */
                              "    uint64_t *r = malloc(n * sizeof *r);\n"    /* 3 */
                              "    fill(r, n);\n"                             /* 4 */
                              "    return r;\n"                               /* 5 */
                              "}\n"                                           /* 6 */
                              "\n"                                            /* 7 */
                              "int handle(struct request *q)\n"               /* 8 */
                              "{\n"                                           /* 9 */
                              "    char small[16], *buffer = malloc(4096);\n" /* 10 */
                              "    use(range(65536), buffer);\n"              /* 11 */
                              "    free(buffer);\n"                           /* 12 */
                              "    return 200;\n"                             /* 13 */
                              "}\n";

static const char new_app[] = "uint64_t *range(size_t n)\n"                     /* 1 */
                              "{\n"                                             /* 2 */
                              "    /* Room for a | b. */\n"                     /* 3 */
                              "    uint64_t *r = malloc(n * sizeof *r);\n"      /* 4 */
                              "    fill(r, n);\n"                               /* 5 */
                              "    return r;\n"                                 /* 6 */
                              "}\n"                                             /* 7 */
                              "\n"                                              /* 8 */
                              "static char *header_dup(const char *s)\n"        /* 9 */
                              "{\n"                                             /* 10 */
                              "    return strdup(s);\n"                         /* 11 */
                              "}\n"                                             /* 12 */
                              "\n"                                              /* 13 */
                              "int handle(struct request *q)\n"                 /* 14 */
                              "{\n"                                             /* 15 */
                              "    char small[16], *buffer = malloc(8192);\n"   /* 16 */
                              "    use(range(98304), buffer);\n"                /* 17 */
                              "    q->hdr = header_dup(\"Host: localhost\");\n" /* 18 */
                              "    free(buffer);\n"                             /* 19 */
                              "    return 200;\n"                               /* 20 */
                              "}\n";

enum { MEMORY, ROOT, USER, REQUESTS };

struct world {
    struct fake fakes[COMPARE_SIDES][REQUESTS];
    struct compare_input inputs[COMPARE_SIDES][REQUESTS];
    struct compare_snapshot snapshots[COMPARE_SIDES];
    struct compare_result result;
};

static void add_old(struct fake *fake)
{
    const uint64_t root = fake_line(fake, "main", "/build/a/src/main.c", 5, 9);
    const uint64_t call = fake_line(fake, "handle", "/build/a/src/app.c", 8, 11);
    const uint64_t buffer = fake_line(fake, "handle", "/build/a/src/app.c", 8, 10);
    const uint64_t range = fake_line(fake, "range", "/build/a/src/app.c", 1, 3);
    fake_source(fake, "/build/a/src/app.c", old_app);
    fake_stack(fake, 524288, 0, 3, (const uint64_t[]){range, call, root});
    fake_stack(fake, 4096, 0, 2, (const uint64_t[]){buffer, root});
    fake_stack(fake, 100, 0, 2, (const uint64_t[]){fake_line(fake, "old_log", "/build/a/src/log.c", 3, 4), root});
}

static void add_new(struct fake *fake)
{
    const uint64_t root = fake_line(fake, "main", "/build/b/src/main.c", 5, 9);
    const uint64_t call = fake_line(fake, "handle", "/build/b/src/app.c", 14, 17);
    const uint64_t header = fake_line(fake, "handle", "/build/b/src/app.c", 14, 18);
    const uint64_t buffer = fake_line(fake, "handle", "/build/b/src/app.c", 14, 16);
    const uint64_t range = fake_line(fake, "range", "/build/b/src/app.c", 1, 4);
    const uint64_t dup = fake_line(fake, "header_dup", "/build/b/src/app.c", 9, 11);
    fake_source(fake, "/build/b/src/app.c", new_app);
    fake_stack(fake, 786432, 0, 3, (const uint64_t[]){range, call, root});
    fake_stack(fake, 8192, 0, 2, (const uint64_t[]){buffer, root});
    for (int i = 0; i < 11; i++)
        fake_stack(fake, 16, 16, 3, (const uint64_t[]){dup, header, root});
}

static void init_world(struct world *world)
{
    static const char *const targets[REQUESTS] = {"/memory", "/", "/user?id=1"};
    static const struct compare_snapshot heads[COMPARE_SIDES] = {
        {.name = "2026-11-22_18:20:37",
         .time_s = 1795371637,
         .commit = "d2c91aa02e8f0f4d0e3c1ab2ac0cbb4be4a4f5d1",
         .subject = "reuse header buffer",
         .compiler = "GNU C17 12.2.0 -O2 -g"},
        {.name = "2026-11-23_14:59:27",
         .time_s = 1795445967,
         .commit = "19eff8d4",
         .subject = "dup headers | all of them",
         .is_dirty = true,
         .compiler = "GNU C17 12.2.0 -O0 -g"},
    };
    for (int side = 0; side < COMPARE_SIDES; side++) {
        world->snapshots[side] = heads[side];
        for (int i = 0; i < REQUESTS; i++)
            fake_init(&world->fakes[side][i], "GET", targets[i]);
        world->snapshots[side].inputs = world->inputs[side];
        world->snapshots[side].input_count = side == COMPARE_OLD ? REQUESTS - 1 : REQUESTS;
    }
}

static void build_world(struct world *world)
{
    static const char *const folders[COMPARE_SIDES] = {"profiling/2026-11-22_18:20:37/GET.memory.000410ms",
                                                       "profiling/2026-11-23_14:59:27/GET.memory.000440ms"};
    struct err err;
    for (int side = 0; side < COMPARE_SIDES; side++) {
        for (int i = 0; i < REQUESTS; i++)
            fake_snapshot(&world->fakes[side][i], "", &world->inputs[side][i]);
        world->inputs[side][MEMORY].folder = folders[side];
    }
    assert_int_equal(compare_build(world->snapshots, &world->result, &err), 0);
}

static void end_world(struct world *world)
{
    compare_fini(&world->result);
    for (int side = 0; side < COMPARE_SIDES; side++)
        for (int i = 0; i < REQUESTS; i++)
            fake_fini(&world->fakes[side][i]);
}

static void init_changed(struct world *world)
{
    static const uint64_t old[10] = {410000, 402000, 431000, 409000, 455000, 390000, 411000, 415000, 407000, 412000},
                          new[10] = {440000, 431000, 398000, 444000, 405000, 490000, 421000, 436000, 405000, 431000};
    init_world(world);
    add_old(&world->fakes[COMPARE_OLD][MEMORY]);
    add_new(&world->fakes[COMPARE_NEW][MEMORY]);
    for (int i = 1; i < 10; i++) { /* ten equal firings on each side */
        add_old(&world->fakes[COMPARE_OLD][MEMORY]);
        add_new(&world->fakes[COMPARE_NEW][MEMORY]);
    }
    for (int side = 0; side < COMPARE_SIDES; side++) {
        struct fake *fake = &world->fakes[side][MEMORY];
        const size_t each = fake->session.site_count / 10;
        fake_repeat(fake, 10, side == COMPARE_OLD ? old : new);
        fake->request.totals.peak_bytes /= 10;
        for (size_t i = each; i < fake->session.site_count; i++)
            fake->sites[i].peak_bytes = 0;
    }
}

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
    struct world *world = calloc(1, sizeof *world);
    struct compare_limits limits;
    struct err err;
    assert_non_null(world);
    assert_int_equal(compare_limits_parse(spec, &limits, &err), 0);
    init_changed(world);
    build_world(world);
    size_t length;
    char *text = render(&world->result, print, &(struct compare_print){.limits = &limits, .source = source}, &length);
    mask_version(text, &length);
    golden_compare(name, text, length);
    free(text);
    end_world(world);
    free(world);
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
    struct world *world = calloc(1, sizeof *world);
    struct compare_limits limits;
    struct err err;
    assert_non_null(world);
    assert_int_equal(compare_limits_parse(COMPARE_LIMITS_DEFAULT, &limits, &err), 0);
    init_world(world);
    world->snapshots[COMPARE_NEW].input_count = REQUESTS - 1;
    build_world(world);
    assert_false(compare_is_worse(&world->result, &limits));
    size_t length;
    char *text = render(&world->result, compare_text, &(struct compare_print){.limits = &limits}, &length);
    assert_non_null(strstr(text, "GET /memory  no change\nGET /        no change\n"));
    assert_non_null(strstr(text, "\nnot worse (limits: not-freed>0, peak>10%)\n"));
    assert_null(strstr(text, "lines that"));
    free(text);
    end_world(world);
    free(world);
}

static void colour_changes_no_text(void **state)
{
    struct world *world = calloc(1, sizeof *world);
    struct compare_limits limits;
    struct err err;
    assert_non_null(world);
    assert_int_equal(compare_limits_parse(COMPARE_LIMITS_DEFAULT, &limits, &err), 0);
    init_changed(world);
    build_world(world);
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
    end_world(world);
    free(world);
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
        cmocka_unit_test(a_comment_is_never_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
