/* From the checks before a start to the report after the end. */

#include "cli/profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/merge.h"
#include "cli/message.h"
#include "cli/next.h"
#include "cli/preload-path.h"
#include "report/report.h"
#include "symbols/symbols.h"
#include "wire/session.h"

/* So many functions are named to somebody who watches none. */
#define SUGGESTED_FUNCTIONS 3

static int fail(int status, const char *why)
{
    message(MESSAGE_ERROR, "%s", why);
    return status;
}

int profile_refuse(const struct err *err, int status)
{
    return fail(status == -ENOMEM ? PROFILE_FAILED : PROFILE_USAGE, err->text);
}

static int find_program(struct profile *profile)
{
    struct err err;
    int status = program_find(profile->options->program, profile->options->watch.debug_root, &profile->program, &err);
    if (status < 0)
        return fail(status == -ENOENT   ? PROFILE_NOT_FOUND
                    : status == -ENOMEM ? PROFILE_FAILED
                                        : PROFILE_NOT_EXECUTABLE,
                    err.text);
    return 0;
}

/* Add `word` to a list in the environment, which the program inherits. */
static int put_into_environment(const char *name, const char *word, char separator, bool first)
{
    const char *given = getenv(name);
    char *both;
    if (given == NULL || *given == '\0')
        return setenv(name, word, 1);
    if (asprintf(&both, "%s%c%s", first ? word : given, separator, first ? given : word) < 0)
        return -ENOMEM;
    int status = setenv(name, both, 1);
    free(both);
    return status;
}

/* jemalloc begins large blocks at a random offset within their first page, which follows from addresses of its own:
   with these the same in every run, the pages that a line touches are the same. Children inherit it; where it is
   forbidden increments differ by some pages. */
static void repeat_addresses(void)
{
    int persona = personality(0xffffffff);
    if (persona != -1)
        personality((unsigned long)persona | ADDR_NO_RANDOMIZE);
}

/* The harness puts our library in front of it, so that our hooks find jemalloc's malloc as the next one. jemalloc takes
   the last of several settings. */
static int add_jemalloc(struct err *err)
{
    char *jemalloc;
    int status = preload_path_find_jemalloc(&jemalloc, err);
    if (status < 0)
        return status;
    if (put_into_environment("LD_PRELOAD", jemalloc, ':', true) < 0 ||
        put_into_environment("MALLOC_CONF", "dirty_decay_ms:0,muzzy_decay_ms:0", ',', false) < 0)
        status = err_set(err, -ENOMEM, "out of memory");
    free(jemalloc);
    repeat_addresses();
    return status;
}

static int find_libraries(struct profile *profile)
{
    struct err err;
    int status = preload_path_find(&profile->preload, &err);
    if (status == 0 && strcmp(profile->options->watch.allocator, "jemalloc") == 0)
        status = add_jemalloc(&err);
    return status < 0 ? fail(PROFILE_FAILED, err.text) : 0;
}

static bool has_lines(const struct profile *profile)
{
    return profile->view == NULL || profile->view->has_lines;
}

static void look_ahead(struct profile *profile)
{
    struct err err;
    const struct program *program = &profile->program;
    const struct inspect *code = program_code(program);
    if (program->interpreter != NULL)
        message(MESSAGE_NOTE, "%s: a script; its interpreter %s is profiled, and what that starts", program->name,
                program->interpreter);
    if (code->own_allocator != NULL)
        message(
            MESSAGE_WARNING,
            "%s: brings its own malloc (%s): calls within the program itself may pass us by; link it without, or with "
            "the shared library",
            program->name, code->own_allocator);
    if (!has_lines(profile)) {
        if (!code->has_line_table)
            message(MESSAGE_WARNING, "%s: no line numbers: its stacks are functions only; rebuild it with -g",
                    profile->program.name);
        return;
    }
    progress_begin("reading debug information");
    const struct probes *probes = watch_look(profile->watch, program_code_path(program), &err);
    progress_end();
    if (probes == NULL)
        message(MESSAGE_WARNING, "%s: no line numbers: %s", program->name, err.text);
    else
        watch_warn_before(profile->watch, probes);
}

static int make_argv(struct profile *profile)
{
    size_t count = 0;
    while (profile->options->arguments[count] != NULL)
        count++;
    profile->argv = calloc(count + 2, sizeof *profile->argv);
    if (profile->argv == NULL)
        return fail(PROFILE_FAILED, "out of memory");
    profile->argv[0] = strdup(profile->program.name);
    if (profile->argv[0] == NULL)
        return fail(PROFILE_FAILED, "out of memory");
    for (size_t i = 0; i < count; i++)
        profile->argv[i + 1] = profile->options->arguments[i];
    return 0;
}

/* Nobody sees stacks in the layout of memory_profiler. */
static bool wants_stacks(const struct profile *profile)
{
    const struct options *options = profile->options;
    if (profile->view != NULL)
        return true;
    bool is_run = options->requests.targets.count == 0 && options->requests.file == NULL;
    if (strcmp(options->watch.stacks, "auto") != 0)
        return strcmp(options->watch.stacks, "on") == 0;
    return is_run && (options->report.json || strcmp(options->report.style, "memory_profiler") != 0);
}

static int make_collector(struct profile *profile)
{
    struct err err;
    uint32_t flags = WIRE_WANT_LINE_STOPS; /* without a plan it only tells the modules, which stacks need as well */
    if (!profile->options->watch.no_children)
        flags |= WIRE_WANT_CHILDREN;
    if (wants_stacks(profile))
        flags |= WIRE_WANT_EVENTS;
    if (profile->view != NULL && profile->view->looks_at_heap)
        flags |= WIRE_WANT_LOOKS;
    if (profile->options->watch.time)
        flags |= WIRE_WANT_TIMES;
    if (collector_new(flags, has_lines(profile) ? watch_plan : NULL, profile->watch, &profile->collector, &err) < 0)
        return fail(PROFILE_FAILED, err.text);
    collector_sample(profile->collector, (uint64_t)profile->options->watch.sample_bytes);
    collector_limit_depth(profile->collector, (uint32_t)profile->options->watch.depth);
    if (collector_start(profile->collector, &err) < 0)
        return fail(PROFILE_FAILED, err.text);
    return 0;
}

int profile_init(struct profile *profile, const struct options *options, const struct profile_view *view)
{
    *profile = (struct profile){.options = options, .view = view};
    struct err err;
    int status = find_program(profile);
    if (status == 0)
        status = make_argv(profile);
    if (status == 0 && view == NULL && output_open(&profile->output, options->report.output, &err) < 0)
        status = fail(PROFILE_FAILED, err.text);
    if (status != 0)
        return status;
    const char *obstacle = program_obstacle(&profile->program, &err);
    if (obstacle != NULL && view != NULL) {
        message(MESSAGE_ERROR, "%s: %s: %s", profile->program.name, view->obstacle, obstacle);
        return PROFILE_FAILED;
    }
    if (obstacle != NULL) {
        message(MESSAGE_WARNING, "%s: runs unprofiled: %s", profile->program.name, obstacle);
        return 0;
    }
    status = find_libraries(profile);
    if (status != 0)
        return status;
    profile->watch = watch_new(&options->watch);
    if (profile->watch == NULL)
        return fail(PROFILE_FAILED, "out of memory");
    if (options->watch.debuginfod && symbols_can_ask_servers(&err) < 0)
        message(MESSAGE_WARNING, "--debuginfod: %s", err.text);
    look_ahead(profile);
    return make_collector(profile);
}

void profile_fini(struct profile *profile)
{
    harness_free(profile->harness);
    sampler_free(profile->sampler);
    free(profile->no_times_reason);
    symbols_free(profile->symbols);
    collector_free(profile->collector);
    watch_free(profile->watch);
    output_close(&profile->output, 0, NULL);
    if (profile->argv != NULL)
        free(profile->argv[0]);
    free(profile->argv);
    free(profile->preload);
    program_fini(&profile->program);
}

int profile_begin_window(struct profile *profile, const char *method, const char *target)
{
    struct err err;
    if (profile->collector == NULL)
        return 0;
    if (collector_begin_window(profile->collector, method, target, &err) < 0)
        return fail(PROFILE_FAILED, err.text);
    profile->window_is_open = true;
    if (profile->sampler != NULL)
        sampler_begin_window(profile->sampler);
    return 0;
}

void profile_end_window(struct profile *profile, int status, uint64_t elapsed_ns, bool finished)
{
    if (profile->collector == NULL)
        return;
    profile->window_is_open = false;
    if (profile->sampler != NULL)
        sampler_end_window(profile->sampler);
    collector_end_window(profile->collector, status, elapsed_ns, finished);
}

static enum sampler_place find_place(uint32_t pid, uint64_t address, uint64_t *original, void *data)
{
    const struct profile *profile = data;
    switch (collector_place(profile->collector, (pid_t)pid, address, original)) {
    case COLLECTOR_PLACE_COPY:
        return SAMPLER_PLACE_COPY;
    case COLLECTOR_PLACE_BEHIND_STOP:
        return SAMPLER_PLACE_BEHIND_STOP;
    default:
        return SAMPLER_PLACE_PROGRAM;
    }
}

/* A harness_start.before_exec. Where CPU time cannot be measured, all else still can. */
static void start_sampler(pid_t pid, void *data)
{
    struct profile *profile = data;
    struct err err;
    const char *slash = strrchr(profile->preload, '/');
    const struct sampler_options options = {.from_exec = profile->window_is_open,
                                            .no_children = profile->options->watch.no_children,
                                            .own_name = slash != NULL ? slash + 1 : profile->preload,
                                            .place = profile->view == NULL ? find_place : NULL,
                                            .data = profile};
    if (sampler_new(pid, &options, &profile->sampler, &err) == 0)
        return;
    profile->sampler = NULL;
    profile->no_times_reason = strdup(err.text);
    message(MESSAGE_WARNING, "--time: CPU time is not measured: %s", err.text);
}

static uint64_t cpu_time_ns(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
}

int profile_start(struct profile *profile)
{
    struct err err;
    profile->children_before_ns = cpu_time_ns(RUSAGE_CHILDREN);
    const struct harness_start start = {
        .path = profile->program.path,
        .argv = profile->argv,
        .preload = profile->collector != NULL ? profile->preload : NULL,
        .channel = profile->collector != NULL ? collector_channel(profile->collector) : NULL,
        .keep_stdin_open = profile->options->requests.targets.count > 0 || profile->options->requests.file != NULL,
        .before_exec = profile->options->watch.time && profile->collector != NULL ? start_sampler : NULL,
        .data = profile,
    };
    int status = harness_start(&start, &profile->harness, &err);
    if (status < 0) {
        profile->harness = NULL;
        message(MESSAGE_ERROR, "%s", err.text);
        return status == -ENOENT                         ? PROFILE_NOT_FOUND
               : status == -EACCES || status == -ENOEXEC ? PROFILE_NOT_EXECUTABLE
                                                         : PROFILE_FAILED;
    }
    message(MESSAGE_DETAIL, "%s: started as process %d", profile->program.name, (int)harness_pid(profile->harness));
    return 0;
}

/* The program's own status in the shell's manner. A server that we ended did nothing wrong, whatever it makes of
 * SIGTERM. */
static int program_status(const struct profile *profile)
{
    if (profile->ended_by_us)
        return 0;
    if (WIFSIGNALED(profile->wait_status))
        return 128 + WTERMSIG(profile->wait_status);
    return WIFEXITED(profile->wait_status) ? WEXITSTATUS(profile->wait_status) : PROFILE_FAILED;
}

/* Which builds the modules are; without memory it is not known. */
static void find_builds(struct session *session)
{
    session->build_ids = calloc(session->module_count + 1, sizeof *session->build_ids);
    for (size_t i = 0; session->build_ids != NULL && i < session->module_count; i++)
        session->build_ids[i] = symbols_build_id(session->modules[i]);
}

/* Give the session what only we know. */
static int complete_session(struct profile *profile, struct session *session)
{
    size_t count = 0;
    session->has_own_cpu = true;
    session->own_cpu_ns = cpu_time_ns(RUSAGE_SELF);
    session->program_cpu_ns = cpu_time_ns(RUSAGE_CHILDREN) - profile->children_before_ns;
    while (profile->argv[count] != NULL)
        count++;
    if (profile->sampler != NULL && sampler_finish(profile->sampler, session) != 0)
        return -ENOMEM;
    if (profile->no_times_reason != NULL) {
        session->no_times_reason = profile->no_times_reason;
        profile->no_times_reason = NULL;
    }
    session->wait_status = profile->wait_status;
    session->ended_by_us = profile->ended_by_us;
    find_builds(session);
    session->argv = calloc(count + 1, sizeof *session->argv);
    for (size_t i = 0; session->argv != NULL && i < count; i++) {
        session->argv[i] = strdup(profile->argv[i]);
        if (session->argv[i] == NULL)
            return -ENOMEM;
    }
    return session->argv != NULL ? 0 : -ENOMEM;
}

size_t profile_look_up(void *data, const char *path, uint64_t address, bool wants_lines, struct symbols_frame *out,
                       size_t max)
{
    return wants_lines ? symbols_lookup(data, path, address, out, max) : symbols_name(data, path, address, out, max);
}

struct report_options profile_report_options(const struct profile *profile)
{
    const struct options_report *wanted = &profile->options->report;
    return (struct report_options){
        .style = strcmp(wanted->style, "memory_profiler") == 0 ? REPORT_STYLE_MEMORY_PROFILER : REPORT_STYLE_SYSENG,
        .precision = (int)wanted->precision,
        .time = profile->options->watch.time,
        .only_changed = wanted->only_changed,
        .source = !wanted->no_source,
        .lookup = profile->symbols != NULL ? profile_look_up : NULL,
        .lookup_data = profile->symbols,
    };
}

static int print_report(struct profile *profile, const struct session *session, struct err *err)
{
    struct report_options options = profile_report_options(profile);
    FILE *out = profile->output.stream;
    options.color = message_wants_color(profile->options->color, fileno(out));
    int status = output_begin(&profile->output, err);
    if (status < 0)
        return status;
    if (profile->options->report.json) {
        status = report_json(session, &options, out, err);
    } else {
        status = report_head(session, &options, out, err);
        if (status == 0)
            status = report_lines(session, &options, out, err);
        if (status == 0)
            status = report_heap(session, &options, out, err);
        if (status == 0)
            status = report_allocator(session, &options, out, err);
    }
    return output_close(&profile->output, status, err);
}

/* What could be watched, when nothing is. */
struct suggested {
    struct text all; /* their names */
    char *first;
};

static void add_suggested(const char *function, void *data)
{
    struct suggested *suggested = data;
    if (suggested->first == NULL)
        suggested->first = strdup(function);
    else
        text_add(&suggested->all, ", ");
    text_add(&suggested->all, function);
}

static void say_after(struct profile *profile, const struct session *session)
{
    struct suggested suggested = {.all = TEXT_EMPTY};
    const struct report_options options = profile_report_options(profile);
    if (watch_is_empty(profile->watch))
        report_heap_functions(session, &options, SUGGESTED_FUNCTIONS, add_suggested, &suggested);
    watch_warn_after(profile->watch, profile->program.name, text_get(&suggested.all));
    char *next = next_command(session, profile->options, suggested.first);
    if (next != NULL)
        message(MESSAGE_NOTE, "next: %s", next);
    free(next);
    free(suggested.first);
    text_fini(&suggested.all);
}

static void say_line(const char *line, void *data)
{
    message(MESSAGE_NOTE, "%s", line);
}

static void say_detail(const char *line, void *data)
{
    message(MESSAGE_DETAIL, "%s", line);
}

static void say_overhead(const struct session *session)
{
    report_overhead(session, report_overhead_matters(session) ? say_line : say_detail, NULL);
}

/* No process registered: nothing is known, and nothing is reported. */
static void say_no_handshake(const struct profile *profile)
{
    message(MESSAGE_ERROR,
            "%s: no report: the preload library did not come up in it (%s); it may have cleared LD_PRELOAD before it "
            "started "
            "another program, or have been stopped from opening /proc; 'syseng-mem doctor %s' looks closer",
            profile->program.name, profile->preload, profile->program.name);
}

/* Without them, stacks are addresses. */
static void open_symbols(struct profile *profile)
{
    profile->symbols = symbols_new(profile->options->watch.debug_root);
    if (profile->symbols != NULL && profile->options->watch.debuginfod)
        symbols_ask_servers(profile->symbols, NULL); /* why not was said at the beginning */
}

static void say_servers(const struct profile *profile)
{
    const int failure = profile->symbols != NULL ? symbols_servers_failure(profile->symbols) : 0;
    if (failure != 0)
        message(MESSAGE_WARNING,
                "--debuginfod: the servers that DEBUGINFOD_URLS names failed: %s; where debug information is missing, "
                "stacks "
                "have no lines",
                strerror(-failure));
}

static int judge_session(struct profile *profile, struct session *session)
{
    open_symbols(profile);
    const int status = session->request_count > 0 ? profile->view->judge(profile, session, profile->view->data) : 0;
    say_servers(profile);
    return status;
}

static int report_session(struct profile *profile, struct session *session)
{
    struct err err;
    if (session->process_count == 0) {
        say_no_handshake(profile);
        return PROFILE_FAILED;
    }
    if (session->request_count == 0)
        return 0; /* nothing was measured, for a reason that was said */
    if (complete_session(profile, session) < 0)
        return fail(PROFILE_FAILED, "out of memory");
    if (profile->has_dropped_window)
        merge_drop(session, profile->dropped_window);
    if (!has_lines(profile))
        return judge_session(profile, session);
    if (merge_repeats(session, (uint32_t)profile->options->requests.repeat, &err) < 0)
        return fail(PROFILE_FAILED, err.text);
    if (profile->view != NULL) {
        int status = judge_session(profile, session);
        watch_warn_after(profile->watch, profile->program.name, "");
        return status;
    }
    if (session->has_sites || session->has_times)
        open_symbols(profile);
    if (print_report(profile, session, &err) < 0)
        return fail(PROFILE_FAILED, err.text);
    say_servers(profile);
    report_summary(session, say_line, NULL);
    say_after(profile, session);
    return 0;
}

int profile_report(struct profile *profile, int failure)
{
    int status = program_status(profile);
    harness_free(profile->harness); /* from now on, Ctrl-C ends us */
    profile->harness = NULL;
    if (profile->collector != NULL) {
        progress_begin("reading what was recorded");
        struct session *session = collector_finish(profile->collector);
        progress_end();
        int own = session != NULL ? report_session(profile, session) : fail(PROFILE_FAILED, "out of memory");
        if (session != NULL && session->has_own_cpu)
            say_overhead(session);
        if (session != NULL && own != PROFILE_FAILED && !report_is_complete(session))
            own =
                fail(PROFILE_FAILED, "not all that the program did was recorded: the figures are not to be relied on");
        session_free(session);
        if (own != 0)
            failure = own;
    }
    if (!has_lines(profile))
        return failure;
    return status != 0 ? status : failure;
}
