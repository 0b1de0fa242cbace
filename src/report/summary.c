/* What is said after the report: one line per request, then everything that limits what the numbers mean, each with its
   reason and its cure. */

#include "report/report.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "base/units.h"
#include "report/describe.h"
#include "report/source.h"
#include "wire/session.h"

/* A message names this many functions, files or processes, and the number of the others. */
#define SUMMARY_NAMES_MAX 8
#define SUMMARY_WAIT_NS                                                                                                \
    UINT64_C(50000000) /* shorter waits, and those of less than a twentieth of the time, are nobody's worry */

struct summary {
    const struct session *session;
    report_emit_fn *emit;
    void *data;
    struct text line;
    size_t names; /* in the list at the end of `line` */
};

static void emit(struct summary *summary)
{
    summary->emit(text_get(&summary->line), summary->data);
    text_clear(&summary->line);
}

/* A list of names within the line: list_begin, then for each name list_next, and if that says so the name itself;
   list_end. */
static void list_begin(struct summary *summary)
{
    summary->names = 0;
}

static bool list_next(struct summary *summary)
{
    if (summary->names++ >= SUMMARY_NAMES_MAX)
        return false;
    if (summary->names > 1)
        text_add(&summary->line, ", ");
    return true;
}

static void list_end(struct summary *summary)
{
    if (summary->names > SUMMARY_NAMES_MAX)
        text_addf(&summary->line, " and %zu more", summary->names - SUMMARY_NAMES_MAX);
}

/* One line on what samples there are, and what they leave out. */
static void say_cpu(struct summary *summary, const struct session_request *request)
{
    const struct session_cpu *cpu = &request->cpu;
    struct text *line = &summary->line;
    if (!cpu->is_measured)
        return;
    const uint64_t sampled_ns = cpu->sample_count * cpu->interval_ns;
    const bool has_kernel =
        cpu->user_only && cpu->ns > sampled_ns && (cpu->sample_count > 0 || cpu->ns > cpu->interval_ns);
    text_addf(line, "CPU time %s", units_duration(cpu->ns).text);
    if (cpu->sample_count == 0 && !has_kernel)
        text_addf(line, ", too short to sample (one sample in %s)", units_duration(cpu->interval_ns).text);
    else
        text_addf(line, " in %" PRIu64 " sample%s", cpu->sample_count, cpu->sample_count == 1 ? "" : "s");
    if (has_kernel)
        text_addf(line, ", of which %s in the kernel, which only root may sample",
                  units_duration(cpu->ns - sampled_ns).text);
    if (cpu->own_count > 0)
        text_addf(line, ", besides %s that line stops and hooks took",
                  units_duration(cpu->own_count * cpu->interval_ns).text);
    if (cpu->lost_count > 0)
        text_addf(line, "; %" PRIu64 " samples were lost", cpu->lost_count);
    emit(summary);
}

static void add_request(struct text *line, const struct session *session, const struct session_request *request)
{
    const struct session_totals *totals = &request->totals;
    describe_request(line, request, session);
    text_addf(line, " in %s", units_duration(request->elapsed_ns).text);
    text_addf(line, ", peak %s", units_change(totals->peak_bytes).text);
    text_addf(line, ", allocated %s in %" PRIu64, units_bytes(totals->alloc_bytes).text, totals->alloc_count);
    text_addf(line, ", not freed %s in %" PRId64, units_signed(totals->not_freed_bytes).text, totals->not_freed_count);
    if (totals->mapped_bytes != 0 || totals->unmapped_bytes != 0)
        text_addf(line, ", mapped %s, unmapped %s", units_bytes(totals->mapped_bytes).text,
                  units_bytes(totals->unmapped_bytes).text);
    if (totals->has_rss)
        text_addf(line, ", RSS %s", units_change(totals->rss_after_bytes - totals->rss_before_bytes).text);
}

static void say_request(struct summary *summary, const struct session_request *request)
{
    struct text *line = &summary->line;
    add_request(line, summary->session, request);
    emit(summary);
    say_cpu(summary, request);
    if (!request->is_run && !request->finished) {
        text_add_printable(line, request->method);
        text_add(line, " ");
        text_add_printable(line, request->target);
        text_add(
            line,
            ": no complete answer: the program or the connection ended first, or the time was over; its numbers go up "
            "to that point, --timeout gives it longer");
        emit(summary);
    }
}

/* How a server ended is worth a line when it did so by itself, against expectation. */
static void say_end(struct summary *summary)
{
    const struct session *session = summary->session;
    for (size_t i = 0; i < session->request_count; i++)
        if (session->requests[i].is_run)
            return;
    if (session->ended_by_us || session->request_count == 0)
        return;
    if (WIFSIGNALED(session->wait_status)) {
        text_add(&summary->line, "the program was killed by ");
        describe_signal(&summary->line, WTERMSIG(session->wait_status));
        text_add(&summary->line, ": the numbers go up to that point; gdb --args shows where it happened");
        emit(summary);
    } else if (WIFEXITED(session->wait_status)) {
        text_addf(&summary->line, "the program ended by itself with exit status %d: the numbers go up to that point",
                  WEXITSTATUS(session->wait_status));
        emit(summary);
    }
}

/* Functions without a block, and why: `annotated` or chosen by name, run outside the requests or never. */
static void say_never_ran(struct summary *summary, bool annotated, bool ran_outside)
{
    const struct session *session = summary->session;
    list_begin(summary);
    for (size_t i = 0; i < session->never_ran_count; i++) {
        const struct session_function *function = &session->never_ran[i];
        if (function->annotated != annotated || function->ran_outside != ran_outside)
            continue;
        if (summary->names == 0)
            text_addf(&summary->line, "%s but %s: ", annotated ? "annotated" : "chosen by --function",
                      ran_outside ? "ran only outside the requests ('syseng-mem run' shows the whole run)"
                                  : "never ran");
        if (list_next(summary))
            describe_function(&summary->line, function);
    }
    list_end(summary);
    if (summary->names > 0)
        emit(summary);
}

/* Does an earlier request have this function, or with `files` just its file, as well? */
static bool seen_before(const struct session *session, size_t request, size_t function, bool files)
{
    const struct session_function *wanted = &session->requests[request].functions[function];
    for (size_t i = 0; i <= request; i++) {
        size_t count = i < request ? session->requests[i].function_count : function;
        for (size_t j = 0; j < count; j++) {
            const struct session_function *other = &session->requests[i].functions[j];
            if (strcmp(other->file, wanted->file) == 0 && (files || other->line == wanted->line))
                return true;
        }
    }
    return false;
}

static void say_optimized(struct summary *summary)
{
    const struct session *session = summary->session;
    list_begin(summary);
    for (size_t i = 0; i < session->request_count; i++) {
        for (size_t j = 0; j < session->requests[i].function_count; j++) {
            const struct session_function *function = &session->requests[i].functions[j];
            if (!function->optimized || seen_before(session, i, j, false))
                continue;
            if (summary->names == 0)
                text_add(&summary->line, "compiled with optimisation: ");
            if (list_next(summary))
                describe_function(&summary->line, function);
        }
    }
    list_end(summary);
    if (summary->names == 0)
        return;
    text_add(&summary->line, ": some of their lines are merged or gone; for exact lines compile with -O0 or -Og");
    emit(summary);
}

static void say_missing_sources(struct summary *summary)
{
    const struct session *session = summary->session;
    list_begin(summary);
    for (size_t i = 0; i < session->request_count; i++) {
        for (size_t j = 0; j < session->requests[i].function_count; j++) {
            const char *file = session->requests[i].functions[j].file;
            if (seen_before(session, i, j, true) || access(file, R_OK) == 0)
                continue;
            if (summary->names == 0)
                text_add(&summary->line, "source not found: ");
            if (list_next(summary))
                text_add_printable(&summary->line, file);
        }
    }
    list_end(summary);
    if (summary->names == 0)
        return;
    text_add(&summary->line,
             ": the debug information names it so; its rows have no text; put the sources there, or start "
             "syseng-mem in the directory in which they were compiled");
    emit(summary);
}

static void say_losses(struct summary *summary)
{
    const struct session *session = summary->session;
    if (session->lost_records > 0) {
        text_addf(&summary->line,
                  "%" PRIu64
                  " records lost: they were not read in time, or there was no room for what they tell; the figures are "
                  "incomplete; run again on a less busy machine, or with fewer functions annotated",
                  session->lost_records);
        emit(summary);
    }
    if (session->disorder > 0) {
        text_addf(&summary->line,
                  "%" PRIu64
                  " blocks were allocated where others were still live in the books: those were given back by calls "
                  "that nobody saw; what is said of live blocks is wrong; 'syseng-mem doctor' says whose malloc the "
                  "program has",
                  session->disorder);
        emit(summary);
    }
    if (session->refused > 0) {
        text_addf(&summary->line,
                  "%" PRIu64
                  " processes or threads not profiled: there were more at once than there is room for; run the "
                  "program with fewer workers, or with --no-children",
                  session->refused);
        emit(summary);
    }
}

/* Nothing was lost, but the program ran slower than it had to. */
static void say_waits(struct summary *summary)
{
    const struct session *session = summary->session;
    uint64_t count = 0, ns = 0, elapsed_ns = 0;
    for (size_t i = 0; i < session->process_count; i++) {
        count += session->processes[i].wait_count;
        ns += session->processes[i].wait_ns;
    }
    for (size_t i = 0; i < session->request_count; i++)
        elapsed_ns += session->requests[i].elapsed_ns;
    if (ns < SUMMARY_WAIT_NS || ns < elapsed_ns / 20)
        return;
    text_addf(&summary->line,
              "the program waited %s, %" PRIu64 " times, until its records were read: they come faster than one "
              "processor takes them in%s; a processor that is free makes it faster",
              units_duration(ns).text, count, report_is_complete(session) ? "; the figures are complete" : "");
    emit(summary);
}

static void say_precision(struct summary *summary)
{
    const struct session *session = summary->session;
    if (session->many_threads) {
        text_add(&summary->line,
                 "several threads ran at once: Increment is measured by each thread's own page faults, less "
                 "what it gave back; Mem usage is the whole process's; Heap is exact");
        emit(summary);
    }
    if (session->rss_granularity_bytes > 0) {
        text_addf(
            &summary->line,
            "RSS changes by less than %s may show on a later row: this kernel counts them late; Heap is exact; Linux "
            "6.16 and later count RSS exactly",
            units_bytes(session->rss_granularity_bytes).text);
        emit(summary);
    }
}

static const struct {
    uint32_t flag;
    const char *text;
} process_messages[] = {
    {WIRE_PROCESS_TRACED, "no line numbers: a debugger or tracer was attached at the start; run it without"},
    {WIRE_PROCESS_NO_RSS,
     "Mem usage and Increment are blank: /proc/self/statm cannot be read there; mount /proc in its "
     "container or chroot"},
    {WIRE_PROCESS_SECCOMP,
     "Mem usage and Increment end where it installed a seccomp filter: a system call of ours could kill "
     "it; Heap goes on; switch its sandbox off for all columns"},
    {WIRE_PROCESS_PATCH_REFUSED,
     "no line numbers: its code could not be written; allow it (SELinux: execmod; a hardened "
     "kernel: writing to /proc/self/mem)"},
    {WIRE_PROCESS_BYTES_DIFFER, "some lines are not watched: its code differs from the file on disk; it was rebuilt "
                                "meanwhile, or patches itself: start it again"},
    {WIRE_PROCESS_NO_NEAR_MEMORY,
     "some lines are not watched: no memory is free near its code; link it as PIE, or raise its "
     "address space limit (ulimit -v)"},
    {WIRE_PROCESS_PLAN_TIMEOUT,
     "no line numbers for some modules: their debug information took too long to read; run again, "
     "or strip what is not annotated"},
    {WIRE_PROCESS_GAVE_UP,
     "recording stopped: its records were not read for too long, as when syseng-mem itself is stopped; the numbers go "
     "up to that point; run again"},
};

static void say_processes(struct summary *summary)
{
    const struct session *session = summary->session;
    for (size_t i = 0; i < sizeof process_messages / sizeof process_messages[0]; i++) {
        list_begin(summary);
        for (size_t j = 0; j < session->process_count; j++)
            if ((session->processes[j].flags & process_messages[i].flag) != 0 && list_next(summary))
                describe_process(&summary->line, &session->processes[j]);
        list_end(summary);
        if (summary->names == 0)
            continue;
        text_addf(&summary->line, ": %s", process_messages[i].text);
        emit(summary);
    }
}

/* Stops refused for a reason that no flag explains. */
static void say_refused_stops(struct summary *summary)
{
    const uint32_t explained =
        WIRE_PROCESS_PATCH_REFUSED | WIRE_PROCESS_BYTES_DIFFER | WIRE_PROCESS_NO_NEAR_MEMORY | WIRE_PROCESS_TRACED;
    uint64_t refused = 0, armed = 0;
    list_begin(summary);
    for (size_t i = 0; i < summary->session->process_count; i++) {
        const struct session_process *process = &summary->session->processes[i];
        if (process->stops_refused == 0 || (process->flags & explained) != 0)
            continue;
        refused += process->stops_refused;
        armed += process->stops_armed;
        if (list_next(summary))
            describe_process(&summary->line, process);
    }
    list_end(summary);
    if (refused == 0)
        return;
    text_addf(&summary->line,
              ": %" PRIu64 " of %" PRIu64
              " line stops could not be set: what those lines did is shown on the lines before them; "
              "compile with -O0",
              refused, refused + armed);
    emit(summary);
}

/* Everything but the requests' own lines. */
static void say_warnings(struct summary *summary)
{
    say_end(summary);
    say_never_ran(summary, true, false);
    say_never_ran(summary, false, false);
    say_never_ran(summary, true, true);
    say_never_ran(summary, false, true);
    say_losses(summary);
    say_waits(summary);
    say_processes(summary);
    say_refused_stops(summary);
    say_precision(summary);
    say_optimized(summary);
    say_missing_sources(summary);
}

bool report_is_complete(const struct session *session)
{
    bool gave_up = false;
    for (size_t i = 0; i < session->process_count; i++)
        gave_up |= (session->processes[i].flags & WIRE_PROCESS_GAVE_UP) != 0;
    return !gave_up && session->lost_records == 0 && session->disorder == 0;
}

void report_summary(const struct session *session, report_emit_fn *emit_line, void *data)
{
    struct summary summary = {.session = session, .emit = emit_line, .data = data};
    for (size_t i = 0; i < session->request_count; i++)
        say_request(&summary, &session->requests[i]);
    say_warnings(&summary);
    text_fini(&summary.line);
}

void report_warnings(const struct session *session, report_emit_fn *emit_line, void *data)
{
    struct summary summary = {.session = session, .emit = emit_line, .data = data};
    say_warnings(&summary);
    text_fini(&summary.line);
}

int report_title(const struct session *session, const struct report_options *options, FILE *out, struct err *err)
{
    struct text line = TEXT_EMPTY;
    (void)options;
    add_request(&line, session, &session->requests[0]);
    int code = line.failed ? -ENOMEM : fprintf(out, "%s\n\n", text_get(&line)) < 0 ? -EIO : 0;
    text_fini(&line);
    return code == 0 ? 0 : err_set(err, code, "report: %s", strerror(-code));
}
