/* Sessions for the pages. */

#include "page-session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define KIB(n) ((n)*INT64_C(1024))
#define MIB(n) ((n)*INT64_C(1048576))
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

enum { APP, LIBC, CXX };
static char *modules[] = {
    [APP] = (char[]){"/srv/app"},
    [LIBC] = (char[]){"/usr/lib/x86_64-linux-gnu/libc.so.6"},
    [CXX] = (char[]){"/usr/lib/x86_64-linux-gnu/libstdc++.so.6.0.30"},
};

#define LINK(name, path, number, in)                                                                                   \
    {                                                                                                                  \
        .function = (name), .file = (path), .line = (number), .function_line = (number) / 2, .inlined = (in)           \
    }
#define APP_C "source/app.c"
#define STORE "source/store.cpp"
static struct known {
    uint32_t module;
    uint64_t address;
    struct symbols_frame chain[2];
    size_t count;
} known[] = {
    {APP, 0x100, {LINK("memory", APP_C, 12, false)}, 1},
    {APP, 0x110, {LINK("memory", APP_C, 20, false)}, 1},
    {APP, 0x200, {LINK("range", APP_C, 40, true), LINK("memory", APP_C, 12, false)}, 2},
    {APP, 0x300, {LINK("handle_request", "source/server.c", 91, false)}, 1},
    {APP, 0x400, {LINK("serve", "source/server.c", 140, false)}, 1},
    {APP, 0x500, {LINK("main", "source/main.c", 33, false)}, 1},
    {APP, 0x600, {LINK("store::store", STORE, 11, false)}, 1},
    {APP,
     0x700,
     {LINK("std::vector<int>::push_back", "/usr/include/c++/12/bits/stl_vector.h", 1287, true),
      LINK("store::fill", STORE, 13, false)},
     2},
    {APP, 0x800, {LINK("parse_headers", "source/http.c", 58, false)}, 1},
    {APP, 0x900, {LINK("log_line", "source/log.c", 17, false)}, 1},
    {LIBC, 0x100, {LINK("strdup", NULL, 0, false)}, 1},
    {LIBC, 0x200, {LINK("__vasprintf_internal", NULL, 0, false)}, 1},
    {CXX, 0x100, {LINK("operator new", NULL, 0, false)}, 1},
};

static size_t look_up(void *data, const char *path, uint64_t address, bool wants_lines, struct symbols_frame *out,
                      size_t max)
{
    const struct known *table = data;
    (void)wants_lines;
    for (size_t i = 0; i < COUNT(known); i++) {
        if (strcmp(modules[table[i].module], path) != 0 || table[i].address != address)
            continue;
        for (size_t j = 0; j < table[i].count && j < max; j++)
            out[j] = table[i].chain[j];
        return table[i].count;
    }
    return 0;
}

#define SERVER                                                                                                         \
    {APP, 0x300}, {APP, 0x400},                                                                                        \
    {                                                                                                                  \
        APP, 0x500                                                                                                     \
    }
static struct session_frame frames[] = {
    {APP, 0x200},  SERVER,                             /* 0: range, inlined in memory */
    {APP, 0x110},  SERVER,                             /* 4: memory */
    {LIBC, 0x100}, {APP, 0x800}, SERVER,               /* 8: strdup in parse_headers */
    {CXX, 0x100},  {APP, 0x700}, {APP, 0x600}, SERVER, /* 13: a vector of the store */
    {CXX, 0x100},  {APP, 0x600}, SERVER,               /* 19: the store itself */
    {LIBC, 0x200}, {APP, 0x900}, SERVER,               /* 24: a log line */
    {LIBC, 0x200}, {APP, 0x900}, {APP, 0x110}, SERVER, /* 29: the same, from memory */
};

#define SITE(first, number, bytes, blocks, live, live_blocks, peak, temporary, age)                                    \
    {                                                                                                                  \
        .frame_first = (first), .frame_count = (number), .alloc_bytes = (bytes), .alloc_count = (blocks),              \
        .live_bytes = (live), .live_count = (live_blocks), .window_live_bytes = (live),                                \
        .window_live_count = (live_blocks), .peak_bytes = (peak), .temporary_count = (temporary),                      \
        .size_min_bytes = (bytes) / (blocks), .size_max_bytes = (bytes) / (blocks), .lifetimes = {                     \
            .count = (blocks) - (live_blocks),                                                                         \
            .sum_ns = (age) * (uint64_t)((blocks) - (live_blocks))                                                     \
        }                                                                                                              \
    }
static struct session_site sites[] = {
    SITE(0, 4, KIB(512), 1, 0, 0, KIB(512), 0, 380000),
    SITE(4, 4, 16, 1, 16, 1, 16, 0, 0),
    SITE(8, 5, 1600, 100, 1600, 100, 1600, 0, 0),
    SITE(13, 6, KIB(96), 12, 0, 0, KIB(64), 11, 2100),
    SITE(19, 5, KIB(24), 1, KIB(24), 1, KIB(24), 0, 0),
    SITE(24, 5, 4096, 40, 0, 0, 100, 40, 900),
    SITE(29, 6, 512, 4, 0, 0, 0, 4, 700),
};

/* Of the vector, which grows. */
static struct session_spread spreads[] = {
    {.counts = {[4] = 1, [5] = 1, [6] = 1, [7] = 2, [9] = 3, [13] = 2, [15] = 2}}};

static struct session_time times[] = {
    {.frame_first = 0, .frame_count = 4, .sample_count = 21, .ns = 210000},
    {.frame_first = 14, .frame_count = 5, .sample_count = 9, .ns = 90000},
    {.frame_first = 25, .frame_count = 4, .sample_count = 4, .ns = 40000},
};

/* line, visits, RSS after it in KiB, change of RSS in KiB, of the heap in bytes, time */
#define LINE(number, visits, rss, change, heap, ns)                                                                    \
    {                                                                                                                  \
        (number), (visits), true, KIB(rss), KIB(change), (heap), true, (ns)                                            \
    }
static struct session_line memory_lines[] = {
    LINE(9, 1, 15896, 0, 0, 0),
    LINE(10, 1, 15896, 0, 0, 100),
    LINE(11, 1, 15896, 4, 0, 300),
    LINE(12, 1, 16416, 520, KIB(512), 280000),
    LINE(20, 1, 16420, 4, 16, 9000),
    LINE(22, 1, 16420, 0, 0, 50),
    {.line = 23},
    LINE(24, 1, 15904, -516, -KIB(512), 31000),
    LINE(25, 1, 15904, 0, 0, 40),
    LINE(26, 1, 15904, 0, 0, 20),
};
static struct session_line store_lines[] = {
    {.line = 10, .occurrences = 1},
    {.line = 11, .occurrences = 1, .heap_bytes = KIB(24)},
    {.line = 13, .occurrences = 2000000, .heap_bytes = KIB(1)},
    {.line = 14, .occurrences = 1},
};
static struct session_function functions[] = {
    {.name = (char[]){"memory"},
     .file = (char[]){APP_C},
     .line = 9,
     .last_line = 26,
     .annotated = true,
     .calls = 1,
     .has_rss = true,
     .entry_rss_bytes = KIB(15896),
     .increment_bytes = KIB(12),
     .heap_bytes = 16,
     .lines = memory_lines,
     .line_count = COUNT(memory_lines)},
    {.name = (char[]){"store::store(char const*)"},
     .file = (char[]){STORE},
     .line = 10,
     .last_line = 14,
     .annotated = true,
     .optimized = true,
     .calls = 1,
     .heap_bytes = KIB(25),
     .lines = store_lines,
     .line_count = COUNT(store_lines)},
};
static struct session_function never_ran[] = {
    {.name = (char[]){"login"}, .file = (char[]){"source/auth.c"}, .line = 40, .annotated = true},
};

static struct session_request request = {
    .method = (char[]){"GET"},
    .target = (char[]){"/memory"},
    .status = 200,
    .ordinal = 1,
    .elapsed_ns = 738000,
    .finished = true,
    .cpu = {.is_measured = true, .interval_ns = 10000, .sample_count = 34, .ns = 340000},
    .functions = functions,
    .function_count = COUNT(functions),
    .totals = {.alloc_bytes = KIB(640),
               .alloc_count = 159,
               .free_bytes = KIB(614),
               .free_count = 57,
               .peak_bytes = KIB(602),
               .not_freed_bytes = KIB(26),
               .not_freed_count = 102,
               .has_rss = true,
               .rss_before_bytes = KIB(15896),
               .rss_after_bytes = KIB(16408)},
};

static struct session_point points[60], worker_points[24];
static struct session_process processes[] = {
    {.pid = 812,
     .exe = (char[]){"/srv/app"},
     .totals = {.peak_bytes = KIB(602)},
     .has_peak_ns = true,
     .peak_ns = 371000000,
     .points = points,
     .point_count = COUNT(points),
     .point_interval_ns = 10000000},
    {.pid = 813,
     .exe = (char[]){"/srv/app"},
     .points = worker_points,
     .point_count = COUNT(worker_points),
     .point_interval_ns = 10000000},
};

/* Idle, then the request, then idle; the kernel's figure is unknown for a while. */
static void draw_timeline(void)
{
    for (size_t i = 0; i < COUNT(points); i++) {
        int64_t busy = i > 30 && i < 41 ? KIB(60) * (int64_t)(i - 30) - (i > 37 ? KIB(150) * (int64_t)(i - 37) : 0) : 0;
        points[i] =
            (struct session_point){.ns = 10000000 * i,
                                   .heap_bytes = KIB(88) + (i > 30 ? KIB(26) : 0) + busy,
                                   .rss_bytes = i > 44 && i < 48 ? -1 : KIB(400) + busy / 2 + KIB(2) * (int64_t)i};
    }
    for (size_t i = 0; i < COUNT(worker_points); i++)
        worker_points[i] =
            (struct session_point){.ns = 12000000 * i, .heap_bytes = KIB(8) * (int64_t)(i % 7), .rss_bytes = -1};
}

static char *argv[] = {(char[]){"./app"}, (char[]){"--port"}, (char[]){"0"}, NULL};
static struct session session = {
    .argv = argv,
    .ended_by_us = true,
    .requests = &request,
    .request_count = 1,
    .processes = processes,
    .process_count = COUNT(processes),
    .has_sites = true,
    .sites = sites,
    .site_count = COUNT(sites),
    .has_times = true,
    .times = times,
    .time_count = COUNT(times),
    .frames = frames,
    .frame_count = COUNT(frames),
    .spreads = spreads,
    .spread_count = COUNT(spreads),
    .modules = modules,
    .module_count = COUNT(modules),
    .never_ran = never_ran,
    .never_ran_count = COUNT(never_ran),
    .lost_records = 7,
    .many_threads = true,
};

/* As dot draws two nodes. */
static const char graph_svg[] =
    "<?xml version=\"1.0\"?>\n<svg width=\"300pt\" height=\"180pt\" viewBox=\"0 0 300 180\" "
    "xmlns=\"http://www.w3.org/2000/svg\">"
    "<g class=\"graph\" transform=\"translate(4 176)\"><polygon fill=\"white\" points=\"-4,4 -4,-176 296,-176 296,4\"/>"
    "<g id=\"node1\"><title>1</title><polygon fill=\"#ff0000\" stroke=\"#ff0000\" points=\"220,-172 80,-172 80,-126 "
    "220,-126\"/>"
    "<text text-anchor=\"middle\" x=\"150\" y=\"-152\" font-family=\"Arial\" font-size=\"10\" "
    "fill=\"white\">handle_request</text>"
    "<text text-anchor=\"middle\" x=\"150\" y=\"-138\" font-family=\"Arial\" font-size=\"10\" "
    "fill=\"white\">100.0%</text></g>"
    "<g id=\"edge1\"><path fill=\"none\" stroke=\"#f25202\" d=\"M150,-126C150,-110 150,-90 150,-60\"/></g>"
    "<g id=\"node2\"><polygon fill=\"#f25202\" stroke=\"#f25202\" points=\"220,-56 80,-56 80,-10 220,-10\"/>"
    "<text text-anchor=\"middle\" x=\"150\" y=\"-30\" font-family=\"Arial\" font-size=\"10\" "
    "fill=\"white\">memory</text></g></g></svg>";

static const char *const files[] = {"callstack.txt",
                                    "dot.png",
                                    "dot.dot",
                                    "profile.kgrind",
                                    "profile.prof",
                                    "profile.folded",
                                    "profile.speedscope.json",
                                    "lines.txt",
                                    "meta.json",
                                    NULL};

struct page_sample page_sample(void)
{
    draw_timeline();
    sites[3].spread = 1;
    sites[3].size_min_bytes = 12;
    sites[3].size_max_bytes = KIB(32);
    return (struct page_sample){.session = &session,
                                .lookup = look_up,
                                .lookup_data = known,
                                .origin = {.time_s = 1764087567,
                                           .commit = "19eff8d4c2ab90f7e1d2",
                                           .subject = "dup headers",
                                           .files = files,
                                           .graph_svg = graph_svg}};
}

#define ATTACK "</script><script>attacked = 1</script><img src=x onerror='attacked = 1'>\xff\xe2\x80\xa8&quot;\""

struct page_sample page_sample_hostile(void)
{
    static char attack[] = ATTACK,
                target[] = "/" ATTACK; /* as the program could name its functions, files and requests */
    static struct known table[COUNT(known)];
    static struct session hostile;
    static struct session_request hostile_request;
    static struct session_function hostile_functions[COUNT(functions)];
    static struct session_process hostile_process;
    struct page_sample sample = page_sample();
    memcpy(table, known, sizeof known);
    for (size_t i = 0; i < COUNT(table); i++)
        table[i].chain[0].function = attack;
    table[0].chain[0].file = attack;
    memcpy(hostile_functions, functions, sizeof functions);
    hostile_functions[0].name = attack;
    hostile_functions[1].file = attack;
    hostile_request = request;
    hostile_request.target = target;
    hostile_request.functions = hostile_functions;
    hostile_process = processes[0];
    hostile_process.exe = attack;
    hostile = session;
    hostile.requests = &hostile_request;
    hostile.processes = &hostile_process;
    hostile.process_count = 1;
    sample.session = &hostile;
    sample.lookup_data = table;
    sample.origin.commit = attack;
    sample.origin.subject = attack;
    sample.origin.graph_svg =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"attacked = 1\"><script>attacked = 1</script>"
        "<a href=\"javascript:attacked = 1\"><text>x</text></a><foreignObject/><image href=\"http://example.org/x\"/>"
        "<g style=\"fill: url(http://example.org/y)\"/></svg>";
    return sample;
}

struct page_sample page_sample_empty(void)
{
    static struct session empty;
    static struct session_request bare;
    struct page_sample sample = page_sample();
    bare = request;
    bare.functions = NULL;
    bare.function_count = 0;
    bare.cpu.is_measured = false;
    bare.status = 0;
    bare.finished = false;
    empty = session;
    empty.requests = &bare;
    empty.has_sites = empty.has_times = false;
    empty.site_count = empty.time_count = 0;
    empty.process_count = 0;
    sample.session = &empty;
    sample.origin = (struct report_origin){0};
    return sample;
}

/* -- many stacks -- */

#define LARGE_FUNCTIONS 1500
#define LARGE_DEPTH 60

static char large_names[LARGE_FUNCTIONS][64], large_files[40][32];

static size_t look_up_large(void *data, const char *path, uint64_t address, bool wants_lines, struct symbols_frame *out,
                            size_t max)
{
    (void)data, (void)path, (void)wants_lines, (void)max;
    out[0] = (struct symbols_frame){.function = large_names[address / 16],
                                    .file = large_files[address / 16 % COUNT(large_files)],
                                    .line = (uint32_t)(address % 16 + address / 16 * 3 + 1)};
    return 1;
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525 + 1013904223;
    return *state >> 8;
}

/* Each function calls a handful of others, so that stacks share their beginnings. */
static uint64_t callee(uint64_t caller, uint32_t choice)
{
    return (caller * 7 + 1 + choice % 4 * 13) % LARGE_FUNCTIONS;
}

static void fill_large_stack(struct session_frame *stack, uint32_t depth, uint32_t *random)
{
    uint64_t function = 0;
    for (uint32_t i = depth; i-- > 0;) {
        stack[i] = (struct session_frame){APP, function * 16 + (i == 0 ? next_random(random) % 16 : 0)};
        function = callee(function, next_random(random));
    }
}

struct page_sample page_sample_large(size_t stack_count)
{
    static struct session large;
    struct page_sample sample = page_sample();
    struct session_frame *stacks = calloc(stack_count * LARGE_DEPTH, sizeof *stacks);
    struct session_site *made = calloc(stack_count, sizeof *made);
    uint32_t random = 1;
    if (stacks == NULL || made == NULL)
        abort();
    for (int i = 0; i < LARGE_FUNCTIONS; i++)
        snprintf(large_names[i], sizeof large_names[i], "service::part_%d::handle_%d", i % 31, i);
    for (size_t i = 0; i < COUNT(large_files); i++)
        snprintf(large_files[i], sizeof large_files[i], "src/part%zu.cc", i);
    for (size_t i = 0; i < stack_count; i++) {
        uint32_t depth = 5 + next_random(&random) % (LARGE_DEPTH - 5), bytes = 16 + next_random(&random) % 4096;
        fill_large_stack(&stacks[i * LARGE_DEPTH], depth, &random);
        made[i] = (struct session_site)SITE((uint32_t)(i * LARGE_DEPTH), depth, bytes, 1 + bytes % 7,
                                            i % 9 == 0 ? bytes : 0, i % 9 == 0, bytes / 2, i % 3, 5000);
    }
    large = session;
    large.sites = made;
    large.site_count = stack_count;
    large.frames = stacks;
    large.frame_count = stack_count * LARGE_DEPTH;
    large.has_times = false;
    large.time_count = 0;
    sample.session = &large;
    sample.lookup = look_up_large;
    return sample;
}

void page_sample_large_free(struct page_sample *sample)
{
    free(sample->session->sites);
    free(sample->session->frames);
}

/* -- snapshots -- */

/* What page_sample_history_free releases. */
static void **kept;
static size_t kept_count, kept_room;

static void *keep(void *memory)
{
    void **more = array_grow(kept, &kept_room, kept_count + 1, sizeof *more);
    if (memory == NULL || more == NULL)
        abort();
    kept = more;
    return kept[kept_count++] = memory;
}

static char *make_text(const char *before, size_t number, const char *after)
{
    char *text = NULL;
    if (asprintf(&text, "%s%02zu%s", before, number, after) < 0)
        abort();
    return keep(text);
}

static struct page_cell make_cell(size_t snapshot, size_t number)
{
    int64_t bytes = KIB(64) * (int64_t)(number + 1) + (snapshot % 50 > 40 ? KIB(12) : 0);
    if (number % 5 == 4 && snapshot < 20)
        return (struct page_cell){0};
    return (struct page_cell){.folder = make_text("GET.page", number, ".000738ms"),
                              .status = number % 5 == 3 ? 404 : 200,
                              .has_heap = number % 5 != 2,
                              .peak_bytes = bytes,
                              .alloc_bytes = (uint64_t)(2 * bytes),
                              .alloc_count = 100 + snapshot % 13,
                              .not_freed_bytes = snapshot > 900 ? 16 : 0,
                              .not_freed_count = snapshot > 900,
                              .has_elapsed = true,
                              .elapsed_ns = 738000};
}

struct page_history page_sample_history(size_t snapshot_count, size_t request_count)
{
    struct page_request *requests = keep(calloc(request_count, sizeof *requests));
    struct page_snapshot_row *rows = keep(calloc(snapshot_count, sizeof *rows));
    for (size_t i = 0; i < request_count; i++)
        requests[i] = (struct page_request){"GET", make_text("/page/", i, "?<b>"), 1};
    for (size_t i = 0; i < snapshot_count; i++) {
        struct page_cell *cells = keep(calloc(request_count, sizeof *cells));
        for (size_t j = 0; j < request_count; j++)
            cells[j] = make_cell(i, j);
        rows[i] = (struct page_snapshot_row){.folder = make_text("2026-11-22_18:", i, ":00"),
                                             .time = i % 2 == 0 ? make_text("2026-11-22 18:", i, ":00") : NULL,
                                             .commit = "d2c91aa04be51f0c77aa",
                                             .subject = i % 3 == 0 ? "reuse <the> header buffer" : NULL,
                                             .dirty = i % 4 == 0,
                                             .cells = cells};
    }
    return (struct page_history){requests, request_count, rows, snapshot_count};
}

void page_sample_history_free(void)
{
    while (kept_count > 0)
        free(kept[--kept_count]);
    free(kept);
    kept = NULL;
    kept_room = 0;
}
