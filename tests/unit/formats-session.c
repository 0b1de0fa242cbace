/* The session of the formats' tests. */

#include "formats-session.h"

#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define APP_C "/srv/src/app.c"

enum { APP, LIBC, PLUGIN, OWN };
static char *modules[] = {
    [APP] = (char[]){"/srv/app"},
    [LIBC] = (char[]){"/usr/lib/x86_64-linux-gnu/libc.so.6"},
    [PLUGIN] = (char[]){"/srv/my \"plug\\in\".so"},
    [OWN] = (char[]){"/opt/lib/syseng-mem/libsyseng_mem_preload.so"},
};
static char *build_ids[] = {[APP] = (char[]){"0123456789abcdef"}, [LIBC] = NULL, [PLUGIN] = NULL, [OWN] = NULL};

/* A function at one of its lines. */
#define AT(name, path, defined, in, number)                                                                            \
    {                                                                                                                  \
        .function = (name), .file = (in), .line = (number), .function_file = (path), .function_line = (defined)        \
    }
#define INLINED(name, path, defined, in, number)                                                                       \
    {                                                                                                                  \
        .function = (name), .file = (in), .line = (number), .function_file = (path), .function_line = (defined),       \
        .inlined = true                                                                                                \
    }
#define LINKED(name, linkage, path, defined, number)                                                                   \
    {                                                                                                                  \
        .function = (name), .linkage_name = (linkage), .file = (path), .line = (number), .function_file = (path),      \
        .function_line = (defined)                                                                                     \
    }
static const struct {
    uint32_t module;
    uint64_t address;
    struct symbols_frame chain[3];
    size_t count;
} known[] = {
    {APP, 0x100, {AT("main", APP_C, 90, APP_C, 95)}, 1},
    {APP, 0x110, {AT("main", APP_C, 90, APP_C, 97)}, 1},
    {APP, 0x200, {AT("traffic", APP_C, 10, APP_C, 12)}, 1},
    {APP, 0x300, {AT("header_dup", APP_C, 20, APP_C, 21)}, 1},
    {APP, 0x400, {AT("even", APP_C, 30, APP_C, 31)}, 1},
    {APP, 0x410, {AT("odd", APP_C, 35, APP_C, 36)}, 1},
    {APP,
     0x500,
     {INLINED("inner", APP_C, 40, APP_C, 41), INLINED("middle", "/srv/src/app.h", 5, "/srv/src/app.h", 6),
      AT("outer", APP_C, 50, APP_C, 52)},
     3},
    {APP, 0x600, {AT("table", APP_C, 60, "/srv/src/table.def", 3)}, 1},
    {APP, 0x610, {AT("table", APP_C, 60, APP_C, 61)}, 1},
    {APP,
     0x700,
     {LINKED("(anonymous namespace)::map<char, int>::find", "_ZN12_GLOBAL__N_13mapIciE4findEv", "/srv/src/map.cc", 7,
             8)},
     1},
    {APP, 0x710, {LINKED("operator\"\" _kB<'\\n', ';'>", "_Zli3_kB", "/srv/src/map.cc", 17, 18)}, 1},
    {APP, 0x720, {AT("(2) looks like a number", "/srv/src/map.cc", 27, "/srv/src/map.cc", 28)}, 1},
    {APP,
     0x730,
     {AT("line\nbreak \xff gr\xc3\xb6\xc3\x9f"
         "e",
         NULL, 0, NULL, 0)},
     1},
    {LIBC, 0x100, {AT("strdup", NULL, 0, NULL, 0)}, 1},
    {OWN, 0x100, {AT("malloc", NULL, 0, "heap-hooks.c", 40)}, 1},
};

size_t formats_look_up(void *data, const char *path, uint64_t address, bool wants_lines, struct symbols_frame *out,
                       size_t max)
{
    for (size_t i = 0; i < COUNT(known); i++) {
        if (strcmp(modules[known[i].module], path) != 0 || known[i].address != address)
            continue;
        for (size_t j = 0; j < known[i].count && j < max; j++)
            out[j] = known[i].chain[j];
        return known[i].count;
    }
    return 0;
}

/* Stacks, innermost first. */
static struct session_frame frames[] = {
    {OWN, 0x100},
    {APP, 0x200},
    {APP, 0x100}, /* 0: traffic */
    {LIBC, 0x100},
    {APP, 0x300},
    {APP, 0x110}, /* 3: the leak */
    {APP, 0x410},
    {APP, 0x400},
    {APP, 0x410},
    {APP, 0x400},
    {APP, 0x100}, /* 6: odd, even, odd, even */
    {APP, 0x400},
    {APP, 0x410},
    {APP, 0x400},
    {APP, 0x400},
    {APP, 0x100}, /* 11: even calls itself */
    {APP, 0x500},
    {APP, 0x100}, /* 16: inlined */
    {APP, 0x600},
    {APP, 0x610},
    {APP, 0x100}, /* 18: an included file */
    {APP, 0x700},
    {APP, 0x710},
    {APP, 0x720},
    {APP, 0x730},
    {PLUGIN, 0x10},
    {APP, 0x110}, /* 21: names */
    {PLUGIN, 0x888},
    {PLUGIN, 0x10},                      /* 27: a thread without names */
    {SESSION_NO_MODULE, 0x7f0000001234}, /* 29: code made at run time */
};

#define SITE(first, number, bytes, blocks, live, live_blocks, peak, temporary)                                         \
    {                                                                                                                  \
        .frame_first = (first), .frame_count = (number), .alloc_bytes = (bytes), .alloc_count = (blocks),              \
        .live_bytes = (live), .live_count = (live_blocks), .window_live_bytes = (live),                                \
        .window_live_count = (live_blocks), .survived_count = (live_blocks), .peak_bytes = (peak),                     \
        .temporary_count = (temporary), .size_min_bytes = (bytes) / (blocks), .size_max_bytes = (bytes) / (blocks)     \
    }
static struct session_site sites[] = {
    SITE(0, 3, 524288000, 500, 0, 0, 1048576, 499),
    SITE(3, 3, 16, 1, 16, 1, 16, 0),
    SITE(6, 5, 4096, 4, 0, 0, 2048, 0),
    SITE(11, 5, 1000, 10, 100, 1, 300, 0),
    SITE(16, 2, 770, 7, 0, 0, 0, 7),
    SITE(18, 3, 640, 5, 0, 0, 640, 0),
    SITE(21, 6, 333, 3, 0, 0, 111, 0),
    SITE(27, 2, 72704, 1, 72704, 1, 72704, 0),
    SITE(29, 1, 5, 1, 0, 0, 0, 0),
    SITE(29, 0, 1, 1, 0, 0, 0, 0),
};
static struct session_time times[] = {
    {.frame_first = 1, .frame_count = 2, .sample_count = 9, .ns = 9000000},
    {.frame_first = 6, .frame_count = 5, .sample_count = 2, .ns = 2000000},
    {.frame_first = 2, .frame_count = 1, .sample_count = 1, .ns = 1000000},
};

static struct session_function counted[] = {
    {.name = (char[]){"traffic"}, .file = (char[]){APP_C}, .line = 10, .annotated = true, .calls = 3},
};
static struct session_request requests[] = {
    [FORMATS_MEMORY] = {.method = (char[]){"GET"},
                        .target = (char[]){"/memory"},
                        .status = 200,
                        .ordinal = 1,
                        .elapsed_ns = 12300000,
                        .finished = true,
                        .functions = counted,
                        .function_count = COUNT(counted),
                        .cpu = {.is_measured = true, .interval_ns = 1000000, .sample_count = 12, .ns = 12000000}},
    [FORMATS_EMPTY] = {.method = (char[]){"GET"},
                       .target = (char[]){"/"},
                       .status = 404,
                       .ordinal = 1,
                       .elapsed_ns = 300000,
                       .finished = true,
                       .cpu = {.is_measured = true, .interval_ns = 1000000}},
};
static struct session_request run = {
    .is_run = true, .ordinal = 1, .finished = true, .elapsed_ns = 50000000, .totals = {.peak_bytes = 1130000}};

static struct session_point points[] = {
    {0, 0, -1}, {10000000, 73000, -1}, {20000000, 1100000, -1}, {40000000, 72900, -1}};
static struct session_process process = {.pid = 812,
                                         .exe = (char[]){"/srv/app"},
                                         .has_peak_ns = true,
                                         .peak_ns = 15000000,
                                         .points = points,
                                         .point_count = COUNT(points),
                                         .point_interval_ns = 10000000};
static char *argv[] = {(char[]){"./app"}, (char[]){"--name"}, (char[]){"a b"}, NULL};

struct session formats_session(void)
{
    return (struct session){
        .argv = argv,
        .requests = requests,
        .request_count = FORMATS_REQUEST_COUNT,
        .processes = &process,
        .process_count = 1,
        .has_sites = true,
        .sites = sites,
        .site_count = COUNT(sites),
        .has_times = true,
        .times = times,
        .time_count = COUNT(times),
        .frames = frames,
        .frame_count = COUNT(frames),
        .modules = modules,
        .build_ids = build_ids,
        .module_count = COUNT(modules),
    };
}

struct session formats_run(void)
{
    struct session session = formats_session();
    session.requests = &run;
    session.request_count = 1;
    session.has_times = false;
    return session;
}
