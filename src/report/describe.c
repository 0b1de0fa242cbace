/* Words for what the session holds. */

#include <config.h>

#include "report/describe.h"

#include <string.h>
#include <sys/wait.h>

#include "base/units.h"
#include "report/source.h"
#include "wire/session.h"

const struct describe_flag describe_flags[] = {
    {WIRE_PROCESS_STOPS_ARMED, "stops-armed"},
    {WIRE_PROCESS_TRACED, "traced"},
    {WIRE_PROCESS_NO_RSS, "no-rss"},
    {WIRE_PROCESS_SECCOMP, "seccomp"},
    {WIRE_PROCESS_PATCH_REFUSED, "patch-refused"},
    {WIRE_PROCESS_BYTES_DIFFER, "bytes-differ"},
    {WIRE_PROCESS_NO_NEAR_MEMORY, "no-near-memory"},
    {WIRE_PROCESS_PLAN_TIMEOUT, "plan-timeout"},
    {WIRE_PROCESS_FORKED, "forked"},
    {WIRE_PROCESS_GAVE_UP, "gave-up"},
};
const size_t describe_flag_count = sizeof describe_flags / sizeof *describe_flags;

const char *const describe_named_by[SYMBOLS_NONE + 1] = {[SYMBOLS_DWARF] = "dwarf",
                                                         [SYMBOLS_SYMTAB] = "symtab",
                                                         [SYMBOLS_MINI_DEBUG] = "gnu_debugdata",
                                                         [SYMBOLS_DYNSYM] = "dynsym"};

void describe_signal(struct text *out, int signal)
{
    const char *name = sigabbrev_np(signal);
    if (name != NULL)
        text_addf(out, "SIG%s", name);
    else
        text_addf(out, "signal %d", signal);
}

void describe_estimate(struct text *out, const struct session *session)
{
    if (session->sample_bytes > 0)
        text_addf(out, ", estimated from one allocation in %s", units_bytes(session->sample_bytes).text);
}

void describe_exit(struct text *out, const struct session *session)
{
    int status = session->wait_status;
    if (session->ended_by_us) {
        text_add(out, "ended by syseng-mem");
    } else if (WIFSIGNALED(status)) {
        text_add(out, "killed by ");
        describe_signal(out, WTERMSIG(status));
    } else if (WIFEXITED(status)) {
        text_addf(out, "exit status %d", WEXITSTATUS(status));
    } else {
        text_add(out, "still running");
    }
}

void describe_request(struct text *out, const struct session_request *request, const struct session *session)
{
    if (request->is_run) {
        text_add(out, "run: ");
        describe_exit(out, session);
        return;
    }
    text_add_printable(out, request->method);
    text_add(out, " ");
    text_add_printable(out, request->target);
    if (request->ordinal > 1)
        text_addf(out, " #%u", request->ordinal);
    if (request->repeat_count > 1)
        text_addf(out, ", %u times", request->repeat_count);
    if (request->status > 0)
        text_addf(out, " -> %d", request->status);
    else
        text_add(out, " -> no answer");
    if (request->status > 0 && !request->finished)
        text_add(out, ", incomplete");
}

void describe_function(struct text *out, const struct session_function *function)
{
    text_add_printable(out, function->name);
    text_add(out, " (");
    source_add_name(out, function->file);
    text_addf(out, ":%u)", function->line);
}

void describe_process(struct text *out, const struct session_process *process)
{
    const char *slash = strrchr(process->exe, '/');
    text_add_printable(out, slash != NULL && slash[1] != '\0' ? slash + 1 : process->exe);
    text_addf(out, " (pid %u)", process->pid);
}

void describe_allocator(struct text *out, const struct session_process *process, bool file)
{
    static const char *const known[] = {"jemalloc", "tcmalloc", "mimalloc"};
    const char *slash = strrchr(process->allocator, '/');
    const char *base = slash != NULL && slash[1] != '\0' ? slash + 1 : process->allocator, *name = base;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strstr(base, known[i]) != NULL)
            name = known[i];
    text_add_printable(out, process->has_jemalloc ? known[0] : name);
    if (!file || strcmp(process->allocator, "glibc") == 0)
        return;
    text_add(out, " (");
    text_add_printable(out, process->allocator);
    text_add(out, ")");
}
