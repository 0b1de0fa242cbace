/* What options and commands there are. */

#include "cli/options-table.h"

static const char *const styles[] = {"syseng", "memory_profiler", NULL};
static const char *const allocators[] = {"auto", "system", "jemalloc", NULL};
static const char *const stacks[] = {"auto", "on", "off", NULL};
static const char *const check_formats[] = {"text", "json", "sarif", "junit", "github", "gitlab", NULL};
static const char *const report_formats[] = {"text", "html", "md", "json", "callstack", "kgrind", "pprof", "folded",
                                             "speedscope", "dot", "svg", "png", "massif", "sarif", "junit", NULL};
static const char *const compare_formats[] = {"text", "md", "json", "html", "folded", NULL};
static const char *const all_formats[] = {"text", "json", "sarif", "junit", "github", "gitlab", "html", "md", "callstack",
                                          "kgrind", "pprof", "folded", "speedscope", "dot", "svg", "png", "massif", NULL};
static const char *const measures[] = {"allocated", "allocs", "peak", "not-freed", "temporary", "time", NULL};
static const char *const colors[] = {"auto", "always", "never", NULL};
static const char *const formats[] = {"man", "bash", "zsh", "fish", NULL};

#define AT(FIELD) offsetof(struct options, FIELD)

/* One option after another, not one field after another. */
/* clang-format off */
const struct option option_table[] = {
    {.name = "file", .letter = 'f', .kind = OPTION_TEXT, .group = OPTION_GROUP_REQUESTS, .commands = OPTIONS_REQUESTING,
     .offset = AT(requests.file), .argument = "FILE", .completes = OPTION_COMPLETES_FILE,
     .help = "read requests from FILE, one per line, before those of the command line; - is standard input"},
    {.name = "header", .letter = 'H', .kind = OPTION_LIST, .group = OPTION_GROUP_REQUESTS, .commands = OPTIONS_REQUESTING,
     .offset = AT(requests.headers), .argument = "LINE",
     .help = "send the header LINE, such as 'Accept: text/html', with each request; may be repeated"},
    {.name = "data", .kind = OPTION_TEXT, .group = OPTION_GROUP_REQUESTS, .commands = OPTIONS_REQUESTING,
     .offset = AT(requests.data), .argument = "STRING|@FILE", .completes = OPTION_COMPLETES_FILE,
     .help = "body of each request; a request without a method is then a POST"},
    {.name = "expect", .kind = OPTION_EXPECTATION, .group = OPTION_GROUP_REQUESTS, .commands = OPTIONS_REQUESTING,
     .offset = AT(requests.expect), .argument = "STATUS",
     .help = "the HTTP status that is right, such as 201, 2xx or 200,304; without it, any below 400"},
    {.name = "timeout", .kind = OPTION_DURATION, .group = OPTION_GROUP_REQUESTS, .commands = OPTIONS_REQUESTING,
     .offset = AT(requests.timeout_ns), .argument = "TIME",
     .help = "how long to wait for the server to listen, and for each answer: 30s (the default), 500ms, 2m, 1h"},
    {.name = "warmup", .kind = OPTION_NUMBER, .group = OPTION_GROUP_REQUESTS, .commands = OPTIONS_REQUESTING,
     .offset = AT(requests.warmup), .argument = "N", .low = 0, .high = 1000000,
     .help = "fire each request N times (0; 1 for check) before it is measured"},
    {.name = "repeat", .kind = OPTION_NUMBER, .group = OPTION_GROUP_REQUESTS, .commands = OPTIONS_REQUESTING,
     .offset = AT(requests.repeat), .argument = "N", .low = 1, .high = 1000000,
     .help = "fire each request N times (1; 10 for check); what it did is added up, or compared"},
    {.name = "port", .kind = OPTION_NUMBER, .group = OPTION_GROUP_REQUESTS, .commands = OPTIONS_REQUESTING,
     .offset = AT(requests.port), .argument = "PORT", .low = 1, .high = 65535,
     .help = "of several listening ports, send requests to this one"},
    {.name = "url", .kind = OPTION_TEXT, .group = OPTION_GROUP_REQUESTS, .commands = OPTIONS_REQUESTING,
     .offset = AT(requests.url), .argument = "URL",
     .help = "send requests to URL, such as https://localhost:8443, instead of finding out where the program listens"},
    {.name = "unix-socket", .kind = OPTION_TEXT, .group = OPTION_GROUP_REQUESTS, .commands = OPTIONS_REQUESTING,
     .offset = AT(requests.unix_socket), .argument = "PATH", .completes = OPTION_COMPLETES_FILE,
     .help = "send requests to this unix socket"},

    {.name = "function", .kind = OPTION_LIST, .group = OPTION_GROUP_WATCH, .commands = OPTIONS_WATCHING | OPTIONS_DOCTOR,
     .offset = AT(watch.functions), .argument = "GLOB",
     .help = "watch the functions whose name matches GLOB, annotated or not; may be repeated"},
    {.name = "no-children", .kind = OPTION_FLAG, .group = OPTION_GROUP_WATCH, .commands = OPTIONS_PROFILING,
     .offset = AT(watch.no_children), .help = "do not watch the processes that the program starts"},
    {.name = "stacks", .kind = OPTION_CHOICE, .group = OPTION_GROUP_WATCH, .commands = OPTIONS_LINE_REPORT,
     .offset = AT(watch.stacks), .argument = "WHEN", .choices = stacks,
     .help = "record the stack of each allocation, for the heap report: auto (for whole runs, not for requests), on or off"},
    {.name = "debug-root", .kind = OPTION_TEXT, .group = OPTION_GROUP_WATCH, .commands = OPTIONS_PROFILING | OPTIONS_DOCTOR,
     .offset = AT(watch.debug_root), .argument = "DIRECTORY", .completes = OPTION_COMPLETES_FILE,
     .help = "look for separate debug files below DIRECTORY instead of /usr/lib/debug"},
    {.name = "debuginfod", .kind = OPTION_FLAG, .group = OPTION_GROUP_WATCH, .commands = OPTIONS_PROFILING,
     .offset = AT(watch.debuginfod),
     .help = "fetch the debug information of stacks that is not on this machine from the servers that DEBUGINFOD_URLS names"},
    {.name = "sample", .kind = OPTION_NUMBER, .group = OPTION_GROUP_WATCH, .commands = OPTIONS_WATCHING,
     .offset = AT(watch.sample_bytes), .argument = "BYTES", .low = 0, .high = INT32_MAX,
     .help = "record the stack of one allocation in BYTES, such as 524288, on average, and estimate the rest from it; 0 (the "
             "default) records every one"},
    {.name = "time", .kind = OPTION_FLAG, .group = OPTION_GROUP_WATCH, .commands = OPTIONS_LINE_REPORT,
     .offset = AT(watch.time), .help = "measure time as well: what each line took, and the CPU time of each stack by samples"},
    {.name = "no-time", .kind = OPTION_FLAG, .group = OPTION_GROUP_WATCH, .commands = OPTIONS_SNAPSHOT,
     .offset = AT(snapshot.no_time), .help = "do not measure CPU time"},
    {.name = "depth", .kind = OPTION_NUMBER, .group = OPTION_GROUP_WATCH, .commands = OPTIONS_PROFILING,
     .offset = AT(watch.depth), .argument = "N", .low = 1, .high = 65535,
     .help = "keep the N innermost frames of each stack, and take stacks that differ further out as one"},
    {.name = "allocator", .kind = OPTION_CHOICE, .group = OPTION_GROUP_WATCH, .commands = OPTIONS_PROFILING,
     .offset = AT(watch.allocator), .argument = "NAME", .choices = allocators,
     .help = "auto and system leave the program its own; jemalloc loads jemalloc so that freed memory leaves the resident "
             "set at once, and switches address randomisation off so that runs repeat"},

    {.name = "suppressions", .kind = OPTION_LIST, .group = OPTION_GROUP_CHECK, .commands = OPTIONS_CHECK,
     .offset = AT(check.suppressions), .argument = "FILE", .completes = OPTION_COMPLETES_FILE,
     .help = "do not report what FILE names, in the syntax of LeakSanitizer or of valgrind; may be repeated; "
             ".syseng-mem.supp is read besides when it is there"},
    {.name = "still-live", .kind = OPTION_FLAG, .group = OPTION_GROUP_CHECK, .commands = OPTIONS_CHECK,
     .offset = AT(check.still_live),
     .help = "of a whole run, find also what is still live at exit though the program refers to it"},
    {.name = "config", .kind = OPTION_TEXT, .group = OPTION_GROUP_CHECK, .commands = OPTIONS_CHECK,
     .offset = AT(check.config), .argument = "FILE", .completes = OPTION_COMPLETES_FILE,
     .help = "read the limits of the requests from FILE instead of .syseng-mem.conf"},

    {.name = "directory", .letter = 'd', .kind = OPTION_TEXT, .group = OPTION_GROUP_SNAPSHOT, .commands = OPTIONS_STORED,
     .offset = AT(snapshot.directory), .argument = "DIRECTORY", .completes = OPTION_COMPLETES_FILE,
     .help = "where the snapshots are, instead of profiling"},
    {.name = "prune", .kind = OPTION_NUMBER, .group = OPTION_GROUP_SNAPSHOT, .commands = OPTIONS_SNAPSHOT,
     .offset = AT(snapshot.prune), .argument = "N", .low = 1, .high = 1000000,
     .help = "remove all but the N newest snapshots; without PROGRAM, do only that"},
    {.name = "fail-on", .kind = OPTION_TEXT, .group = OPTION_GROUP_SNAPSHOT, .commands = OPTIONS_COMPARE,
     .offset = AT(compare.fail_on), .argument = "LIST",
     .help = "what counts as worse, of peak, allocated, allocs, not-freed, rss and time, in percent, bytes or numbers; the "
             "default is not-freed more than 0 and peak more than 10 percent"},

    {.name = "output", .letter = 'o', .kind = OPTION_OUTPUT, .group = OPTION_GROUP_REPORT,
     .commands = OPTIONS_LINE_REPORT | OPTIONS_FORMATTING,
     .offset = AT(report.output), .argument = "FILE", .completes = OPTION_COMPLETES_FILE,
     .help = "write the report, or that of the --as before it, to FILE instead of standard output"},
    {.name = "style", .kind = OPTION_CHOICE, .group = OPTION_GROUP_REPORT, .commands = OPTIONS_LINE_REPORT,
     .offset = AT(report.style), .argument = "STYLE", .choices = styles,
     .help = "syseng, or memory_profiler for the layout of Python's memory_profiler"},
    {.name = "precision", .kind = OPTION_NUMBER, .group = OPTION_GROUP_REPORT, .commands = OPTIONS_LINE_REPORT,
     .offset = AT(report.precision), .argument = "N", .low = 0, .high = 9, .help = "digits after the point (3)"},
    {.name = "only-changed", .kind = OPTION_FLAG, .group = OPTION_GROUP_REPORT, .commands = OPTIONS_LINE_REPORT,
     .offset = AT(report.only_changed), .help = "show only lines at which memory changed"},
    {.name = "as", .kind = OPTION_FORMAT, .group = OPTION_GROUP_REPORT, .commands = OPTIONS_FORMATTING,
     .offset = AT(formats), .argument = "FORMAT", .choices = all_formats,
     .help = "write text (the default) or another format; may be repeated, each with an -o of its own; check: json, sarif, "
             "junit, github, gitlab; report: html, md, json, callstack, kgrind, pprof, folded, speedscope, dot, svg, png, "
             "massif, sarif, junit; compare: md, json, html, folded"},
    {.name = "measure", .kind = OPTION_CHOICE, .group = OPTION_GROUP_REPORT, .commands = OPTIONS_REPORT,
     .offset = AT(report.measure), .argument = "NAME", .choices = measures,
     .help = "what dot, svg, png and folded show: allocated (the default), allocs, peak, not-freed, temporary or time"},
    {.name = "no-source", .kind = OPTION_FLAG, .group = OPTION_GROUP_REPORT,
     .commands = OPTIONS_PROFILING | OPTIONS_FORMATTING,
     .offset = AT(report.no_source), .help = "do not show the text of the lines"},
    {.name = "json", .kind = OPTION_FLAG, .group = OPTION_GROUP_REPORT, .commands = OPTIONS_ANY & ~OPTIONS_SNAPSHOT,
     .offset = AT(report.json), .help = "write JSON, with bytes and nanoseconds as integers"},

    {.name = "quiet", .letter = 'q', .kind = OPTION_FLAG, .group = OPTION_GROUP_GENERAL, .commands = OPTIONS_ANY,
     .offset = AT(quiet), .help = "only the report and errors: no summary, no warnings"},
    {.name = "verbose", .letter = 'v', .kind = OPTION_FLAG, .group = OPTION_GROUP_GENERAL, .commands = OPTIONS_ANY,
     .offset = AT(verbose), .help = "say what is done"},
    {.name = "color", .kind = OPTION_CHOICE, .group = OPTION_GROUP_GENERAL, .commands = OPTIONS_ANY, .offset = AT(color),
     .argument = "WHEN", .choices = colors, .help = "auto (a terminal, and NO_COLOR is not set), always or never"},
    {.name = "version", .kind = OPTION_FLAG, .group = OPTION_GROUP_GENERAL, .commands = OPTIONS_ANY,
     .offset = AT(version), .help = "print the version and exit"},
    {.name = "help", .letter = 'h', .kind = OPTION_FLAG, .group = OPTION_GROUP_GENERAL, .commands = OPTIONS_ANY,
     .offset = AT(help), .help = "print this help and exit"},

    {.name = "debug-every-instruction", .kind = OPTION_FLAG, .group = OPTION_GROUP_HIDDEN,
     .commands = OPTIONS_PROFILING, .offset = AT(watch.every_instruction)},
    {.name = "print-options", .kind = OPTION_CHOICE, .group = OPTION_GROUP_HIDDEN, .commands = OPTIONS_ANY,
     .offset = AT(print_options), .argument = "FORMAT", .choices = formats},
};
/* clang-format on */
const size_t option_count = sizeof option_table / sizeof *option_table;

const char *const option_group_titles[OPTION_GROUP_COUNT] = {
    [OPTION_GROUP_REQUESTS] = "Requests",
    [OPTION_GROUP_WATCH] = "What is watched",
    [OPTION_GROUP_CHECK] = "What is found",
    [OPTION_GROUP_SNAPSHOT] = "Snapshots",
    [OPTION_GROUP_REPORT] = "Report",
    [OPTION_GROUP_GENERAL] = "General",
};

const struct option_command option_commands[] = {
    {NULL, OPTIONS_LINES, "[OPTION ...] PROGRAM [REQUEST ...] [-- ARGUMENT ...]",
     "start PROGRAM, send it each REQUEST and show, line by line, what that did to its memory"},
    {"run", OPTIONS_RUN, "run [OPTION ...] PROGRAM [ARGUMENT ...]", "profile one whole run of PROGRAM"},
    {"check", OPTIONS_CHECK, "check [OPTION ...] PROGRAM [REQUEST ...] [-- ARGUMENT ...]",
     "find leaks and exceeded limits, by repeating each REQUEST, or in one whole run"},
    {"snapshot", OPTIONS_SNAPSHOT, "snapshot [OPTION ...] PROGRAM [REQUEST ...] [-- ARGUMENT ...]",
     "store what each REQUEST did, or one whole run, in a folder that can be compared with earlier ones"},
    {"compare", OPTIONS_COMPARE, "compare [OPTION ...] [OLD [NEW]]",
     "say what changed between two snapshots: the last two, or those named by folder, time, latest~1 or git revision"},
    {"report", OPTIONS_REPORT, "report [OPTION ...] [SNAPSHOT[/REQUEST]]",
     "show a stored profile in another format; the latest, when none is named"},
    {"doctor", OPTIONS_DOCTOR, "doctor [OPTION ...] PROGRAM",
     "say whether PROGRAM can be profiled, and what is missing"},
};
const struct option_formats option_formats[] = {
    {OPTIONS_CHECK, check_formats},
    {OPTIONS_REPORT, report_formats},
    {OPTIONS_COMPARE, compare_formats},
};
const size_t option_formats_count = sizeof option_formats / sizeof *option_formats;

const size_t option_command_count = sizeof option_commands / sizeof *option_commands;
