/* Two snapshots that differ in every way, made by hand. */

#include "compare-world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

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

static struct world *new_world(void)
{
    static const char *const targets[WORLD_REQUESTS] = {"/memory", "/", "/user?id=1"};
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
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    for (int side = 0; side < COMPARE_SIDES; side++) {
        world->snapshots[side] = heads[side];
        for (int i = 0; i < WORLD_REQUESTS; i++)
            fake_init(&world->fakes[side][i], "GET", targets[i]);
        world->snapshots[side].inputs = world->inputs[side];
        world->snapshots[side].input_count = side == COMPARE_OLD ? WORLD_REQUESTS - 1 : WORLD_REQUESTS;
    }
    return world;
}

static void build_world(struct world *world)
{
    static const char *const folders[COMPARE_SIDES] = {"profiling/2026-11-22_18:20:37/GET.memory.000410ms",
                                                       "profiling/2026-11-23_14:59:27/GET.memory.000440ms"};
    struct err err;
    for (int side = 0; side < COMPARE_SIDES; side++) {
        for (int i = 0; i < WORLD_REQUESTS; i++)
            fake_snapshot(&world->fakes[side][i], "", &world->inputs[side][i]);
        world->inputs[side][WORLD_MEMORY].folder = folders[side];
    }
    assert_int_equal(compare_build(world->snapshots, &world->result, &err), 0);
}

void world_free(struct world *world)
{
    compare_fini(&world->result);
    for (int side = 0; side < COMPARE_SIDES; side++)
        for (int i = 0; i < WORLD_REQUESTS; i++)
            fake_fini(&world->fakes[side][i]);
    free(world);
}

struct world *world_changed(void)
{
    static const uint64_t old[10] = {410000, 402000, 431000, 409000, 455000, 390000, 411000, 415000, 407000, 412000},
                          new[10] = {440000, 431000, 398000, 444000, 405000, 490000, 421000, 436000, 405000, 431000};
    struct world *world = new_world();
    add_old(&world->fakes[COMPARE_OLD][WORLD_MEMORY]);
    add_new(&world->fakes[COMPARE_NEW][WORLD_MEMORY]);
    for (int i = 1; i < 10; i++) { /* ten equal firings on each side */
        add_old(&world->fakes[COMPARE_OLD][WORLD_MEMORY]);
        add_new(&world->fakes[COMPARE_NEW][WORLD_MEMORY]);
    }
    for (int side = 0; side < COMPARE_SIDES; side++) {
        struct fake *fake = &world->fakes[side][WORLD_MEMORY];
        const size_t each = fake->session.site_count / 10;
        fake_repeat(fake, 10, side == COMPARE_OLD ? old : new);
        fake->request.totals.peak_bytes /= 10;
        for (size_t i = each; i < fake->session.site_count; i++)
            fake->sites[i].peak_bytes = 0;
    }
    build_world(world);
    return world;
}

struct world *world_unchanged(void)
{
    struct world *world = new_world();
    world->snapshots[COMPARE_NEW].input_count = WORLD_REQUESTS - 1;
    build_world(world);
    return world;
}
