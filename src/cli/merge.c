/* Pure functions on the model. Functions and lines are merged like sorted lists, because that is what they are. */

#include "cli/merge.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cli/merge-sites.h"
#include "cli/merge-times.h"

static int64_t highest(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void add_line(struct session_line *into, const struct session_line *from)
{
    if (from->occurrences == 0)
        return;
    if (into->occurrences == 0) {
        *into = *from;
        return;
    }
    into->occurrences += from->occurrences;
    into->heap_bytes += from->heap_bytes;
    into->has_time = into->has_time && from->has_time;
    into->time_ns += from->time_ns;
    if (!from->has_rss)
        return;
    into->rss_bytes = into->has_rss ? highest(into->rss_bytes, from->rss_bytes) : from->rss_bytes;
    into->increment_bytes += from->increment_bytes;
    into->has_rss = true;
}

/* Both are ascending. */
static int add_lines(struct session_function *into, const struct session_function *from)
{
    size_t most = into->line_count + from->line_count;
    if (most == 0)
        return 0;
    struct session_line *lines = malloc(most * sizeof *lines);
    if (lines == NULL)
        return -ENOMEM;
    size_t count = 0, a = 0, b = 0;
    while (a < into->line_count || b < from->line_count) {
        bool take_b = a >= into->line_count;
        if (!take_b && b < from->line_count)
            take_b = from->lines[b].line < into->lines[a].line;
        struct session_line line = take_b ? from->lines[b++] : into->lines[a++];
        if (!take_b && b < from->line_count && from->lines[b].line == line.line)
            add_line(&line, &from->lines[b++]);
        lines[count++] = line;
    }
    free(into->lines);
    into->lines = lines;
    into->line_count = count;
    return 0;
}

static int add_function(struct session_function *into, const struct session_function *from)
{
    int status = add_lines(into, from);
    if (status < 0)
        return status;
    into->calls += from->calls;
    into->heap_bytes += from->heap_bytes;
    if (from->last_line > into->last_line)
        into->last_line = from->last_line;
    if (!from->has_rss)
        return 0;
    into->entry_rss_bytes =
        into->has_rss ? highest(into->entry_rss_bytes, from->entry_rss_bytes) : from->entry_rss_bytes;
    into->increment_bytes += from->increment_bytes;
    into->has_rss = true;
    return 0;
}

static int order(const struct session_function *a, const struct session_function *b)
{
    int by_file = strcmp(a->file, b->file);
    return by_file != 0 ? by_file : (a->line > b->line) - (a->line < b->line);
}

static void function_fini(struct session_function *function)
{
    free(function->name);
    free(function->file);
    free(function->lines);
}

/* Move the functions of `from` into `into`. Both are ascending. */
static int add_functions(struct session_request *into, struct session_request *from)
{
    size_t most = into->function_count + from->function_count;
    if (from->function_count == 0)
        return 0;
    struct session_function *functions = malloc(most * sizeof *functions);
    if (functions == NULL)
        return -ENOMEM;
    size_t count = 0, a = 0, b = 0;
    int status = 0;
    while (a < into->function_count || b < from->function_count) {
        bool take_b = a >= into->function_count;
        if (!take_b && b < from->function_count)
            take_b = order(&from->functions[b], &into->functions[a]) < 0;
        struct session_function function = take_b ? from->functions[b++] : into->functions[a++];
        if (!take_b && b < from->function_count && order(&from->functions[b], &function) == 0) {
            if (add_function(&function, &from->functions[b]) < 0)
                status = -ENOMEM;
            function_fini(&from->functions[b++]);
        }
        functions[count++] = function;
    }
    free(into->functions);
    free(from->functions);
    from->functions = NULL;
    from->function_count = 0;
    into->functions = functions;
    into->function_count = count;
    return status;
}

static void add_totals(struct session_totals *into, const struct session_totals *from)
{
    into->alloc_bytes += from->alloc_bytes;
    into->alloc_count += from->alloc_count;
    into->free_bytes += from->free_bytes;
    into->free_count += from->free_count;
    into->peak_bytes = highest(into->peak_bytes, from->peak_bytes);
    into->not_freed_bytes += from->not_freed_bytes;
    into->not_freed_count += from->not_freed_count;
    into->mapped_bytes += from->mapped_bytes;
    into->unmapped_bytes += from->unmapped_bytes;
    if (!from->has_rss)
        return;
    if (!into->has_rss)
        into->rss_before_bytes = from->rss_before_bytes;
    into->rss_after_bytes = from->rss_after_bytes;
    into->has_rss = true;
}

/* Every firing's time is kept beside their sum: how much they differ is the noise. */
static int add_firing(struct session_request *into, const struct session_request *from, uint32_t count)
{
    uint64_t *firings = realloc(into->firings_ns, (count + 1) * sizeof *firings);
    if (firings == NULL)
        return -ENOMEM;
    into->firings_ns = firings;
    if (count == 1)
        firings[0] = into->elapsed_ns;
    firings[count] = from->elapsed_ns;
    return 0;
}

static void add_cpu(struct session_cpu *into, const struct session_cpu *from)
{
    into->is_measured = into->is_measured && from->is_measured;
    into->sample_count += from->sample_count;
    into->ns += from->ns;
    into->lost_count += from->lost_count;
    into->own_count += from->own_count;
    into->user_only |= from->user_only;
}

static int add_request(struct session_request *into, struct session_request *from)
{
    uint32_t count = into->repeat_count == 0 ? 1 : into->repeat_count;
    if (add_firing(into, from, count) != 0)
        return -ENOMEM;
    add_cpu(&into->cpu, &from->cpu);
    bool is_good = into->status >= 100 && into->status < 400;
    if (is_good)
        into->status = from->status;
    into->repeat_count = count + 1;
    into->elapsed_ns += from->elapsed_ns;
    into->finished = into->finished && from->finished;
    if (from->allocator.is_known)
        into->allocator = from->allocator; /* as after the last */
    add_totals(&into->totals, &from->totals);
    return add_functions(into, from);
}

static void request_fini(struct session_request *request)
{
    free(request->method);
    free(request->target);
    free(request->firings_ns);
    for (size_t i = 0; i < request->function_count; i++)
        function_fini(&request->functions[i]);
    free(request->functions);
}

static bool is_same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void number_anew(struct session *session)
{
    for (size_t i = 0; i < session->request_count; i++) {
        struct session_request *request = &session->requests[i];
        request->ordinal = 1;
        for (size_t j = i; j-- > 0;) {
            const struct session_request *earlier = &session->requests[j];
            if (is_same(earlier->method, request->method) && is_same(earlier->target, request->target)) {
                request->ordinal = earlier->ordinal + 1;
                break;
            }
        }
    }
}

void merge_drop(struct session *session, size_t index)
{
    if (index >= session->request_count)
        return;
    request_fini(&session->requests[index]);
    session->request_count--;
    memmove(&session->requests[index], &session->requests[index + 1],
            (session->request_count - index) * sizeof *session->requests);
    merge_sites_drop(session, (uint32_t)index);
    merge_times_drop(session, (uint32_t)index);
    number_anew(session);
}

int merge_repeats(struct session *session, uint32_t repeat, struct err *err)
{
    if (repeat <= 1 || session->request_count == 0)
        return 0;
    if (merge_sites_add_up(session, repeat) < 0 || merge_times_add_up(session, repeat) < 0)
        return err_set(err, -ENOMEM, "out of memory");
    int status = 0;
    size_t kept = 0;
    for (size_t i = 0; i < session->request_count; i++) {
        if (i % repeat == 0) {
            session->requests[kept++] = session->requests[i];
            continue;
        }
        if (add_request(&session->requests[kept - 1], &session->requests[i]) < 0)
            status = err_set(err, -ENOMEM, "out of memory");
        request_fini(&session->requests[i]);
    }
    session->request_count = kept;
    number_anew(session);
    return status;
}
