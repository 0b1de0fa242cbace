/* The golden session. Where figures of a function are sums of its lines', they are the sums: report-lines.c checks it.
 */

#include "report-session.h"

#include "wire/session.h"

#define KIB(n) ((n)*INT64_C(1024))
#define MIB(n) ((n)*INT64_C(1048576))
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* line, visits, RSS after it in KiB, change of RSS in KiB, of the heap in bytes */
#define LINE(number, visits, rss, change, heap)                                                                        \
    {                                                                                                                  \
        .line = (number), .occurrences = (visits), .has_rss = true, .rss_bytes = KIB(rss),                             \
        .increment_bytes = KIB(change), .heap_bytes = (heap)                                                           \
    }
/* The same of a run with --time. */
#define TIMED(number, visits, rss, change, heap, ns)                                                                   \
    {                                                                                                                  \
        .line = (number), .occurrences = (visits), .has_rss = true, .rss_bytes = KIB(rss),                             \
        .increment_bytes = KIB(change), .heap_bytes = (heap), .has_time = true, .time_ns = (ns)                        \
    }
#define NEVER(number)                                                                                                  \
    {                                                                                                                  \
        .line = (number)                                                                                               \
    }
#define HEAP_LINE(number, visits, heap)                                                                                \
    {                                                                                                                  \
        .line = (number), .occurrences = (visits), .heap_bytes = (heap)                                                \
    }

static char app_c[] = "source/app.c", store_cpp[] = "source/store.cpp", gone_c[] = "source/gone.c";

static struct session_line memory_lines[] = {
    LINE(9, 1, 15896, 0, 0),
    LINE(10, 1, 15896, 0, 0),
    LINE(11, 1, 15896, 4, 0),
    LINE(12, 1, 16416, 520, 524304),
    LINE(20, 1, 16420, 4, 24),
    LINE(22, 1, 16420, 0, 0),
    NEVER(23),
    LINE(24, 1, 15904, -516, -524304),
    LINE(25, 1, 15904, 0, 0),
    LINE(26, 1, 15904, 0, 0),
};
static struct session_line hello_lines[] = {LINE(28, 2, 15908, 4, 32)};
static struct session_line user_lines[] = {
    TIMED(31, 1, 15908, 0, 0, 0),
    TIMED(33, 4, 15908, 0, 0, 600),
    TIMED(34, 3, 17008, 1100, 3456, 1234567),
    TIMED(35, 1, 17008, 0, 0, 12000000),
};
static struct session_line store_lines[] = {
    LINE(4, 1, 16936, 1028, 1048592), LINE(10, 1, 15908, 0, 0), LINE(11, 1, 16936, 0, 40),
    LINE(13, 2000000, 16936, 0, 0),   LINE(14, 1, 16936, 0, 0),
};
static struct session_line gone_lines[] = {
    LINE(40, 3, 17008, 0, 0),
    LINE(41, 3, 17008, -8, -64),
    LINE(43, 3, 3145728, 3128720, MIB(3055)),
};
static struct session_line blind_lines[] = {HEAP_LINE(28, 1, 0), HEAP_LINE(29, 1, -16)};

static struct session_function first[] = {
    {.name = (char[]){"memory"},
     .file = app_c,
     .line = 9,
     .last_line = 26,
     .annotated = true,
     .calls = 1,
     .has_rss = true,
     .entry_rss_bytes = KIB(15896),
     .increment_bytes = KIB(12),
     .heap_bytes = 24,
     .lines = memory_lines,
     .line_count = COUNT(memory_lines)},
    {.name = (char[]){"hello"},
     .file = app_c,
     .line = 28,
     .last_line = 28,
     .annotated = true,
     .optimized = true,
     .calls = 2,
     .has_rss = true,
     .entry_rss_bytes = KIB(15904),
     .increment_bytes = KIB(4),
     .heap_bytes = 32,
     .lines = hello_lines,
     .line_count = COUNT(hello_lines)},
    {.name = (char[]){"store::store(char const*)"},
     .file = store_cpp,
     .line = 10,
     .last_line = 14,
     .annotated = true,
     .calls = 1,
     .has_rss = true,
     .entry_rss_bytes = KIB(15908),
     .increment_bytes = KIB(1028),
     .heap_bytes = 1048632,
     .lines = store_lines,
     .line_count = COUNT(store_lines)},
};
static struct session_function second[] = {
    {.name = (char[]){"hello"},
     .file = app_c,
     .line = 28,
     .last_line = 29,
     .annotated = true,
     .optimized = true,
     .calls = 1,
     .heap_bytes = -16,
     .lines = blind_lines,
     .line_count = COUNT(blind_lines)},
    {.name = (char[]){"user"},
     .file = app_c,
     .line = 31,
     .last_line = 36,
     .calls = 1,
     .has_rss = true,
     .entry_rss_bytes = KIB(15908),
     .increment_bytes = KIB(1100),
     .heap_bytes = 3456,
     .lines = user_lines,
     .line_count = COUNT(user_lines)},
    {.name = (char[]){"gone"},
     .file = gone_c,
     .line = 40,
     .last_line = 44,
     .annotated = true,
     .calls = 3,
     .has_rss = true,
     .entry_rss_bytes = KIB(17008),
     .increment_bytes = KIB(3128720 - 8),
     .heap_bytes = MIB(3055) - 64,
     .lines = gone_lines,
     .line_count = COUNT(gone_lines)},
};

static struct session_request requests[] = {
    {.method = (char[]){"GET"},
     .target = (char[]){"/memory"},
     .status = 200,
     .ordinal = 1,
     .elapsed_ns = 410000,
     .finished = true,
     .functions = first,
     .function_count = COUNT(first),
     .totals = {.alloc_bytes = KIB(516),
                .alloc_count = 3,
                .free_bytes = KIB(512),
                .free_count = 1,
                .peak_bytes = KIB(516),
                .not_freed_bytes = KIB(4),
                .not_freed_count = 2,
                .has_rss = true,
                .rss_before_bytes = MIB(15),
                .rss_after_bytes = MIB(17)},
     .cpu = {.is_measured = true, .interval_ns = 997000, .ns = 300000}},
    {.method = (char[]){"POST"},
     .cpu = {.is_measured = true,
             .interval_ns = 997000,
             .sample_count = 12,
             .ns = 14000000,
             .lost_count = 3,
             .own_count = 5,
             .user_only = true},
     .target = (char[]){"/user?id=1"},
     .status = 404,
     .ordinal = 1,
     .elapsed_ns = 30000000000,
     .finished = true,
     .functions = second,
     .function_count = COUNT(second),
     .totals = {.alloc_bytes = 100,
                .alloc_count = 2,
                .free_bytes = 116,
                .free_count = 3,
                .peak_bytes = 100,
                .not_freed_bytes = -16,
                .not_freed_count = -1,
                .mapped_bytes = MIB(64),
                .unmapped_bytes = KIB(4)}},
    {.method = (char[]){"GET"}, .target = (char[]){"/memory"}, .ordinal = 2, .elapsed_ns = 41000},
};

static struct session_thread threads[] = {
    {.tid = 812, .thread_count = 1, .alloc_bytes = KIB(500), .alloc_count = 7, .free_bytes = KIB(500), .free_count = 6},
    {.thread_count = 3,
     .alloc_bytes = KIB(100),
     .alloc_count = 3,
     .free_bytes = KIB(12),
     .free_count = 2,
     .mapped_bytes = MIB(64)},
};

static struct session_point points[] = {
    {.ns = 12000, .heap_bytes = 0, .rss_bytes = MIB(15)},
    {.ns = 10012000, .heap_bytes = KIB(516), .rss_bytes = MIB(17)},
    {.ns = 20040000, .heap_bytes = KIB(88), .rss_bytes = -1},
};

static struct session_process processes[] = {
    {.pid = 812,
     .parent_pid = 811,
     .exe = (char[]){"/srv/app"},
     .allocator = (char[]){"glibc"},
     .stops_armed = 31,
     .flags = WIRE_PROCESS_STOPS_ARMED,
     .thread_count = 2,
     .own_bytes = KIB(1024),
     .rss_granularity_bytes = KIB(252),
     .totals = {.alloc_bytes = KIB(600),
                .alloc_count = 10,
                .free_bytes = KIB(512),
                .free_count = 8,
                .peak_bytes = KIB(516),
                .not_freed_bytes = KIB(88),
                .not_freed_count = 2,
                .has_rss = true,
                .rss_before_bytes = MIB(15),
                .rss_after_bytes = MIB(17)},
     .threads = threads,
     .wait_count = 35,
     .wait_ns = 1640000000,
     .has_peak_ns = true,
     .peak_ns = 9800000,
     .points = points,
     .point_count = sizeof points / sizeof *points,
     .point_interval_ns = 10000000},
    {.pid = 813,
     .parent_pid = 812,
     .exe = (char[]){"/srv/app"},
     .stops_armed = 30,
     .stops_refused = 1,
     .flags = WIRE_PROCESS_STOPS_ARMED | WIRE_PROCESS_FORKED | WIRE_PROCESS_NO_RSS,
     .thread_count = 1},
};

static struct session_function never_ran[] = {
    {.name = (char[]){"login"}, .file = (char[]){"auth.c"}, .line = 40, .annotated = true},
    {.name = (char[]){"logout"}, .file = (char[]){"auth.c"}, .line = 77, .annotated = true},
    {.name = (char[]){"admin"}, .file = (char[]){"auth.c"}, .line = 99},
    {.name = (char[]){"read_config"}, .file = (char[]){"config.c"}, .line = 12, .annotated = true, .ran_outside = true},
};

static char *argv[] = {(char[]){"./app"}, (char[]){"-p"}, (char[]){"0"}, NULL};

static char app[] = "/srv/app";
static char *modules[] = {app};
static struct session_frame frames[] = {
    {.module = 0, .address = 0x1234}, {.module = 0, .address = 0x2000}, {.module = 0, .address = 0x1240}};
static struct session_time times[] = {
    {.request = 1, .frame_first = 0, .frame_count = 2, .sample_count = 11, .ns = 10967000},
    {.request = 1, .frame_first = 2, .frame_count = 1, .sample_count = 1, .ns = 997000, .stopped = true},
};

static struct session session = {
    .has_times = true,
    .times = times,
    .time_count = COUNT(times),
    .frames = frames,
    .frame_count = COUNT(frames),
    .modules = modules,
    .module_count = COUNT(modules),
    .argv = argv,
    .wait_status = 11 /* SIGSEGV */,
    .requests = requests,
    .request_count = COUNT(requests),
    .processes = processes,
    .process_count = COUNT(processes),
    .never_ran = never_ran,
    .never_ran_count = COUNT(never_ran),
    .has_own_cpu = true,
    .own_cpu_ns = 4200000,
    .program_cpu_ns = 91000000,
    .events = 120345,
    .line_stops = 2000031,
    .lost_records = 7,
    .refused = 2,
    .many_threads = true,
    .rss_granularity_bytes = KIB(252),
};

struct session *report_session(void)
{
    return &session;
}
