#include "report/overhead.h"

#include <errno.h>
#include <inttypes.h>

#include "base/text.h"
#include "base/units.h"
#include "report/describe.h"
#include "report/report.h"
#include "report/stack-ends.h"
#include "wire/session.h"

#define MATTERS_NS UINT64_C(1000000000)

struct overhead {
    uint64_t resident_bytes; /* ours, in all processes */
    uint64_t wait_count, wait_ns;
    bool has_rss;
    struct stack_ends ends;
    struct text allocator; /* of the first process */
};

static int add_up(const struct session *session, struct overhead *out)
{
    *out = (struct overhead){.allocator = TEXT_EMPTY};
    for (size_t i = 0; i < session->process_count; i++) {
        const struct session_process *process = &session->processes[i];
        out->resident_bytes += process->own_bytes;
        out->wait_count += process->wait_count;
        out->wait_ns += process->wait_ns;
        out->has_rss |= (process->flags & WIRE_PROCESS_NO_RSS) == 0;
        if (out->allocator.length == 0 && process->allocator != NULL)
            describe_allocator(&out->allocator, process, false);
    }
    return stack_ends_count(session, &out->ends);
}

static json_t *integer_if(bool known, uint64_t value)
{
    return known ? build_integer(value) : json_null();
}

json_t *overhead_build(struct json_build *build, const struct session *session)
{
    struct overhead overhead;
    json_t *object = json_object(), *waits = json_object();
    bool has_stacks = session->has_sites;
    build->failed |= add_up(session, &overhead) != 0;
    build_put(build, object, "cpu_ns", integer_if(session->has_own_cpu, session->own_cpu_ns));
    build_put(build, object, "program_cpu_ns", integer_if(session->has_own_cpu, session->program_cpu_ns));
    build_put(build, object, "resident_bytes", build_integer(overhead.resident_bytes));
    build_put(build, object, "events", build_integer(session->events));
    build_put(build, object, "line_stops", build_integer(session->line_stops));
    build_put(build, waits, "count", build_integer(overhead.wait_count));
    build_put(build, waits, "ns", build_integer(overhead.wait_ns));
    build_put(build, object, "waits", waits);
    build_put(build, object, "cut_stacks", integer_if(has_stacks, overhead.ends.cut));
    build_put(build, object, "ended_early_stacks", integer_if(has_stacks, overhead.ends.stopped));
    build_put(build, object, "guessed_frames", integer_if(has_stacks, session->guessed_frames));
    build_put(build, object, "rss_granularity_bytes", integer_if(overhead.has_rss, session->rss_granularity_bytes));
    build_put(build, object, "allocator",
              overhead.allocator.length > 0 ? build_take(&overhead.allocator) : json_null());
    text_fini(&overhead.allocator);
    return object;
}

static void add_cpu(struct text *line, const struct session *session)
{
    if (!session->has_own_cpu)
        return;
    text_addf(line, "our CPU time %s", units_duration(session->own_cpu_ns).text);
    text_addf(line, " beside the program's %s, ", units_duration(session->program_cpu_ns).text);
}

bool report_overhead_matters(const struct session *session)
{
    return session->has_own_cpu && session->own_cpu_ns > MATTERS_NS && session->own_cpu_ns > session->program_cpu_ns;
}

int report_overhead(const struct session *session, report_emit_fn *emit, void *data)
{
    struct overhead overhead;
    struct text line = TEXT_EMPTY;
    int code = add_up(session, &overhead);
    text_add(&line, "what watching took: ");
    add_cpu(&line, session);
    text_addf(&line, "%s in its memory (in no figure), %" PRIu64 " events and %" PRIu64 " line stops",
              units_bytes(overhead.resident_bytes).text, session->events, session->line_stops);
    text_addf(&line, ", %" PRIu64 " waits (%s)", overhead.wait_count, units_duration(overhead.wait_ns).text);
    if (session->has_sites)
        text_addf(&line, ", %zu stacks cut, %zu ended early, %" PRIu64 " frames guessed", overhead.ends.cut,
                  overhead.ends.stopped, session->guessed_frames);
    if (overhead.has_rss && session->rss_granularity_bytes == 0)
        text_add(&line, "; RSS is exact");
    else if (overhead.has_rss)
        text_addf(&line, "; RSS is late by up to %s", units_bytes(session->rss_granularity_bytes).text);
    if (overhead.allocator.length > 0)
        text_addf(&line, "; allocator %s", text_get(&overhead.allocator));
    code = code != 0 || line.failed || overhead.allocator.failed ? -ENOMEM : 0;
    if (code == 0)
        emit(text_get(&line), data);
    text_fini(&overhead.allocator);
    text_fini(&line);
    return code;
}
