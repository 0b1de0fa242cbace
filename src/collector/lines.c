/* From line-stop records to rows.

   Each thread has a stack of activations. A record ends the line that was running in the innermost one and begins the
   next, both with the same sample: whatever happens between two stops is charged exactly once, so the rows of a
   function sum to its change between entry and exit. A call line includes what its callees did; what an inner
   activation of the same function charged to its own rows is taken out of the outer call line again, or recursion would
   count twice.

   An activation whose entry stack pointer lies below the current one is dead: it was left by longjmp or by an
   exception. Signal handlers may run on another stack, so a handler's activations are kept apart by a floor. */

#include "collector/lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/budget.h"
#include "wire/plan.h"

#define NO_INDEX UINT32_MAX
#define NO_FRAME (-1)
#define DEPTH_LIMIT (1u << 20) /* activations per thread; deeper ones are not followed */
#define LINES_LIMIT (1u << 20) /* lines of one function; DWARF that says more is not believed */
#define SIGNAL_LIMIT 64

struct line_stats {
    uint64_t occurrences;
    bool has_rss, has_time;
    int64_t rss_bytes, increment_bytes, heap_bytes;
    int64_t ticks;
};

struct function_stats {
    uint64_t calls;
    bool ran;
    bool has_rss;
    int64_t entry_rss_bytes, increment_bytes, heap_bytes;
    struct line_stats *lines; /* line_count of the function, or NULL when none ran */
    size_t line_count;
};

struct source_function {
    char *name, *file;
    uint32_t line;        /* of the declaration */
    uint32_t first, last; /* range of lines with code, declaration included */
    bool annotated, optimized;
    bool *has_code; /* [last - first + 1] */
};

struct window {
    struct function_stats *functions; /* by source function */
    size_t count;
};

struct lines {
    struct source_function *functions;
    size_t function_count, function_room;
    struct window *windows; /* [0] is what runs outside any */
    size_t window_count;
    bool many_threads;
};

struct sample {
    bool has_rss, many, has_time;
    int64_t heap_bytes, ticks;
    uint64_t rss_bytes, faults, released_bytes, faults_self, released_self;
};

struct frame {
    uint32_t function;
    int32_t outer; /* index of the next older activation of the same function, or NO_FRAME */
    uint64_t sp;   /* at entry */
    uint32_t line;
    uint64_t offset;                                 /* of the last stop in it */
    uint64_t jump_target;                            /* where its instruction jumps always, or 0 */
    struct sample start;                             /* of the running line */
    int64_t increment_bytes, heap_bytes;             /* of all finished lines, callees included */
    int64_t inner_increment_bytes, inner_heap_bytes; /* of inner activations of the same function, this line */
    int64_t ticks, inner_ticks;                      /* likewise */
};

struct signal_floor {
    size_t depth;       /* frames below this are the interrupted code's */
    uint64_t sp;        /* of the interrupted code */
    uint64_t low, high; /* alternate stack, or 0 */
};

struct lines_thread {
    struct frame *frames;
    size_t depth, room;
    int32_t *innermost; /* by function: index of its innermost activation */
    size_t innermost_count;
    struct signal_floor signals[SIGNAL_LIMIT];
    size_t signal_count;
    bool has_last, has_jump;
    struct sample last; /* of the newest record */
    struct sample jump; /* when longjmp was called or an exception was caught */
    uint32_t window;
};

struct lines *lines_new(void)
{
    return calloc(1, sizeof(struct lines));
}

static void window_free(struct window *window)
{
    for (size_t i = 0; i < window->count; i++)
        free(window->functions[i].lines);
    free(window->functions);
}

void lines_free(struct lines *lines)
{
    if (lines == NULL)
        return;
    for (size_t i = 0; i < lines->window_count; i++)
        window_free(&lines->windows[i]);
    for (size_t i = 0; i < lines->function_count; i++) {
        free(lines->functions[i].name);
        free(lines->functions[i].file);
        free(lines->functions[i].has_code);
    }
    free(lines->windows);
    free(lines->functions);
    free(lines);
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static uint32_t find_function(const struct lines *lines, const struct collector_function *function)
{
    for (size_t i = 0; i < lines->function_count; i++)
        if (lines->functions[i].line == function->line && same_text(lines->functions[i].file, function->file) &&
            (function->file != NULL || same_text(lines->functions[i].name, function->name)))
            return (uint32_t)i;
    return NO_INDEX;
}

/* Grow the function's range to hold [first, last]; figures already collected keep their places. */
static bool widen(struct lines *lines, uint32_t index, uint32_t first, uint32_t last)
{
    struct source_function *f = &lines->functions[index];
    if (f->has_code != NULL && first >= f->first && last <= f->last)
        return true;
    if (f->has_code != NULL) {
        first = first < f->first ? first : f->first;
        last = last > f->last ? last : f->last;
    }
    if (last - first >= LINES_LIMIT)
        return false;
    size_t count = (size_t)last - first + 1;
    bool *has_code = calloc(count, sizeof *has_code);
    if (has_code == NULL)
        return false;
    for (size_t w = 0; w < lines->window_count; w++) {
        if (index >= lines->windows[w].count || lines->windows[w].functions[index].lines == NULL)
            continue;
        struct function_stats *stats = &lines->windows[w].functions[index];
        struct line_stats *wider = calloc(count, sizeof *wider);
        if (wider == NULL) {
            free(has_code);
            return false;
        }
        memcpy(wider + (f->first - first), stats->lines, stats->line_count * sizeof *wider);
        free(stats->lines);
        stats->lines = wider;
        stats->line_count = count;
    }
    if (f->has_code != NULL)
        memcpy(has_code + (f->first - first), f->has_code, (size_t)f->last - f->first + 1);
    free(f->has_code);
    f->has_code = has_code;
    f->first = first;
    f->last = last;
    return true;
}

uint32_t lines_add_function(struct lines *lines, const struct collector_function *function)
{
    uint32_t index = find_function(lines, function);
    if (index == NO_INDEX) {
        if (lines->function_count == lines->function_room) {
            size_t room = lines->function_room ? 2 * lines->function_room : 16;
            struct source_function *grown = realloc(lines->functions, room * sizeof *grown);
            if (grown == NULL)
                return NO_INDEX;
            lines->functions = grown;
            lines->function_room = room;
        }
        struct source_function *f = &lines->functions[lines->function_count];
        *f = (struct source_function){.line = function->line};
        f->name = strdup(function->name ? function->name : "?");
        f->file = function->file ? strdup(function->file) : NULL;
        if (f->name == NULL || (function->file != NULL && f->file == NULL)) {
            free(f->name);
            free(f->file);
            return NO_INDEX;
        }
        index = (uint32_t)lines->function_count++;
    }
    struct source_function *f = &lines->functions[index];
    f->annotated |= function->annotated;
    f->optimized |= function->optimized;
    uint32_t first = function->line, last = function->last_line > function->line ? function->last_line : function->line;
    for (size_t i = 0; i < function->line_count; i++) {
        first = function->lines[i] < first ? function->lines[i] : first;
        last = function->lines[i] > last ? function->lines[i] : last;
    }
    if (!widen(lines, index, first, last))
        return f->has_code != NULL || widen(lines, index, function->line, function->line) ? index : NO_INDEX;
    for (size_t i = 0; i < function->line_count; i++)
        f->has_code[function->lines[i] - f->first] = true;
    return index;
}

struct lines_thread *lines_thread_new(void)
{
    return calloc(1, sizeof(struct lines_thread));
}

void lines_thread_free(struct lines_thread *thread)
{
    if (thread == NULL)
        return;
    budget_give(thread->room * sizeof *thread->frames);
    free(thread->frames);
    free(thread->innermost);
    free(thread);
}

/* The figures of `function` in `window`, made at first use; NULL when memory is short. */
static struct function_stats *stats_of(struct lines *lines, uint32_t window, uint32_t function)
{
    if (window >= lines->window_count) {
        size_t count = (size_t)window + 1;
        struct window *grown = realloc(lines->windows, count * sizeof *grown);
        if (grown == NULL)
            return NULL;
        memset(grown + lines->window_count, 0, (count - lines->window_count) * sizeof *grown);
        lines->windows = grown;
        lines->window_count = count;
    }
    struct window *w = &lines->windows[window];
    if (function >= w->count) {
        struct function_stats *grown = realloc(w->functions, lines->function_count * sizeof *grown);
        if (grown == NULL)
            return NULL;
        memset(grown + w->count, 0, (lines->function_count - w->count) * sizeof *grown);
        w->functions = grown;
        w->count = lines->function_count;
    }
    struct function_stats *stats = &w->functions[function];
    if (stats->lines == NULL) {
        const struct source_function *f = &lines->functions[function];
        stats->line_count = (size_t)f->last - f->first + 1;
        stats->lines = calloc(stats->line_count, sizeof *stats->lines);
        if (stats->lines == NULL)
            return NULL;
    }
    return stats;
}

static struct sample sample_of(const struct wire_record *record)
{
    return (struct sample){
        .has_rss = record->flags & WIRE_RECORD_HAS_RSS,
        .many = record->flags & WIRE_RECORD_MANY_THREADS,
        .has_time = record->flags & WIRE_RECORD_HAS_TIME,
        .ticks = record->run_ticks,
        .heap_bytes = record->heap_bytes,
        .rss_bytes = record->rss_bytes,
        .faults = record->faults,
        .released_bytes = record->released_bytes,
        .faults_self = record->faults_self,
        .released_self = record->released_self,
    };
}

/* What this thread did to the resident set between two of its samples. The process's figure tells it exactly unless
   another thread touched or gave back pages meanwhile; then the thread's own page faults and releases have to do. */
static int64_t increment(struct lines *lines, const struct sample *a, const struct sample *b)
{
    int64_t change = (int64_t)(b->rss_bytes - a->rss_bytes);
    if (!a->many || !b->many)
        return change;
    uint64_t own = b->faults - a->faults, own_released = b->released_bytes - a->released_bytes;
    if (b->faults_self - a->faults_self == own && b->released_self - a->released_self == own_released)
        return change;
    lines->many_threads = true;
    return (int64_t)(own * WIRE_PAGE_BYTES - own_released);
}

/* The thread's own time between two of its samples; nothing where that is not known. */
static int64_t ticks_between(const struct sample *a, const struct sample *b)
{
    return a->has_time && b->has_time ? b->ticks - a->ticks : 0;
}

/* The running line of `frame` ends at `now`. */
static void finish_line(struct lines *lines, struct lines_thread *thread, struct frame *frame, const struct sample *now)
{
    int64_t heap = now->heap_bytes - frame->start.heap_bytes;
    bool has_rss = now->has_rss && frame->start.has_rss;
    int64_t rss = has_rss ? increment(lines, &frame->start, now) : 0;
    int64_t ticks = ticks_between(&frame->start, now);
    frame->increment_bytes += rss;
    frame->heap_bytes += heap;
    frame->ticks += ticks;

    struct function_stats *stats = stats_of(lines, thread->window, frame->function);
    const struct source_function *f = &lines->functions[frame->function];
    if (stats != NULL && frame->line >= f->first && frame->line <= f->last) {
        struct line_stats *line = &stats->lines[frame->line - f->first];
        int64_t own_heap = heap - frame->inner_heap_bytes, own_rss = rss - frame->inner_increment_bytes;
        stats->ran = true;
        stats->heap_bytes += own_heap;
        line->occurrences++;
        line->heap_bytes += own_heap;
        line->has_time |= now->has_time;
        line->ticks += ticks - frame->inner_ticks;
        if (has_rss) {
            stats->increment_bytes += own_rss;
            line->increment_bytes += own_rss;
            if (!line->has_rss || (int64_t)now->rss_bytes > line->rss_bytes)
                line->rss_bytes = (int64_t)now->rss_bytes;
            line->has_rss = true;
        }
    }
    frame->inner_heap_bytes = frame->inner_increment_bytes = 0;
    frame->inner_ticks = 0;
}

static void start_line(struct frame *frame, const struct lines_site *site, uint32_t line, const struct sample *now)
{
    frame->line = line;
    frame->offset = site->offset;
    frame->jump_target = site->jump_target;
    frame->start = *now;
}

static void pop(struct lines *lines, struct lines_thread *thread, const struct sample *now)
{
    struct frame *frame = &thread->frames[thread->depth - 1];
    finish_line(lines, thread, frame, now);
    thread->depth--;
    thread->innermost[frame->function] = frame->outer;
    if (frame->outer != NO_FRAME) {
        thread->frames[frame->outer].inner_increment_bytes += frame->increment_bytes;
        thread->frames[frame->outer].inner_heap_bytes += frame->heap_bytes;
        thread->frames[frame->outer].inner_ticks += frame->ticks;
    }
}

static size_t floor_of(const struct lines_thread *thread)
{
    return thread->signal_count ? thread->signals[thread->signal_count - 1].depth : 0;
}

/* Handlers that were left by longjmp: the code runs outside the handler's stack, or above what it had interrupted. */
static void leave_dead_handlers(struct lines *lines, struct lines_thread *thread, uint64_t sp, const struct sample *now)
{
    while (thread->signal_count > 0) {
        const struct signal_floor *floor = &thread->signals[thread->signal_count - 1];
        bool inside = floor->high ? sp >= floor->low && sp < floor->high : sp <= floor->sp;
        if (inside)
            return;
        while (thread->depth > floor->depth)
            pop(lines, thread, now);
        thread->signal_count--;
    }
}

/* Activations whose entry lies below `sp` are over; at an entry, also one that lies at `sp`. */
static void pop_dead(struct lines *lines, struct lines_thread *thread, uint64_t sp, bool at_entry,
                     const struct sample *now)
{
    const struct sample *end = thread->has_jump ? &thread->jump : now;
    leave_dead_handlers(lines, thread, sp, end);
    size_t floor = floor_of(thread);
    while (thread->depth > floor) {
        uint64_t entry_sp = thread->frames[thread->depth - 1].sp;
        if (entry_sp > sp || (entry_sp == sp && !at_entry))
            break;
        pop(lines, thread, end);
    }
    thread->has_jump = false;
}

static bool push(struct lines *lines, struct lines_thread *thread, const struct lines_site *site, uint64_t sp)
{
    if (thread->depth == thread->room) {
        size_t room = thread->room ? 2 * thread->room : 64;
        size_t more = (room - thread->room) * sizeof *thread->frames;
        if (room > DEPTH_LIMIT || !budget_take(more))
            return false;
        struct frame *grown = realloc(thread->frames, room * sizeof *grown);
        if (grown == NULL) {
            budget_give(more);
            return false;
        }
        thread->frames = grown;
        thread->room = room;
    }
    if (site->function >= thread->innermost_count) {
        int32_t *grown = realloc(thread->innermost, lines->function_count * sizeof *grown);
        if (grown == NULL)
            return false;
        for (size_t i = thread->innermost_count; i < lines->function_count; i++)
            grown[i] = NO_FRAME;
        thread->innermost = grown;
        thread->innermost_count = lines->function_count;
    }
    thread->frames[thread->depth] =
        (struct frame){.function = site->function, .outer = thread->innermost[site->function], .sp = sp};
    thread->innermost[site->function] = (int32_t)thread->depth++;
    return true;
}

/* Entry: the declaration's row begins with what memory is now and, unless the first code has that line itself, ends at
   once. */
static void enter(struct lines *lines, struct lines_thread *thread, const struct wire_record *record,
                  const struct lines_site *site, const struct sample *now)
{
    pop_dead(lines, thread, record->sp, true, now);
    if (!push(lines, thread, site, record->sp))
        return;
    struct frame *frame = &thread->frames[thread->depth - 1];
    start_line(frame, site, lines->functions[site->function].line, now);
    struct function_stats *stats = stats_of(lines, thread->window, site->function);
    if (stats == NULL)
        return;
    stats->ran = true;
    stats->calls++;
    if (now->has_rss && (!stats->has_rss || (int64_t)now->rss_bytes > stats->entry_rss_bytes)) {
        stats->entry_rss_bytes = (int64_t)now->rss_bytes;
        stats->has_rss = true;
    }
}

static void line_stop(struct lines *lines, struct lines_thread *thread, const struct wire_record *record,
                      const struct lines_site *site, const struct sample *now)
{
    struct frame *top = thread->depth > floor_of(thread) ? &thread->frames[thread->depth - 1] : NULL;
    bool loops =
        (site->flags & WIRE_SITE_LOOP_HEAD) && top != NULL && top->function == site->function && top->sp == record->sp;
    if ((site->flags & WIRE_SITE_ENTRY) && !loops)
        enter(lines, thread, record, site, now);
    else
        pop_dead(lines, thread, record->sp, false, now);

    top = thread->depth > floor_of(thread) ? &thread->frames[thread->depth - 1] : NULL;
    if (top == NULL || top->function != site->function) {
        /* Entered before the stops were armed, or its stack was switched away and is back. */
        if (!push(lines, thread, site, record->sp))
            return;
        top = &thread->frames[thread->depth - 1];
        start_line(top, site, site->line, now);
    } else if ((site->flags & (WIRE_SITE_LINE | WIRE_SITE_ENTRY)) && site->line != 0) {
        bool entered = (site->flags & WIRE_SITE_ENTRY) && !loops;
        /* clang ends a loop with a jump that has the line of the condition it jumps to: one visit. */
        bool jumped = top->jump_target == site->offset && site->offset != 0;
        bool again = site->line == top->line && site->offset <= top->offset && !entered && !jumped;
        if (site->line != top->line || again) {
            finish_line(lines, thread, top, now);
            start_line(top, site, site->line, now);
        } else {
            top->offset = site->offset;
            top->jump_target = site->jump_target;
        }
    }
    if (record->flags & WIRE_RECORD_EXITS)
        pop(lines, thread, now);
}

/* An exception goes on in a frame: what was below it is over. */
static void landing(struct lines *lines, struct lines_thread *thread, const struct wire_record *record,
                    const struct lines_site *site, const struct sample *now)
{
    pop_dead(lines, thread, record->sp, false, now);
    struct frame *top = thread->depth > floor_of(thread) ? &thread->frames[thread->depth - 1] : NULL;
    if (site == NULL || top == NULL || top->function != site->function || top->line == site->line)
        return;
    finish_line(lines, thread, top, now);
    start_line(top, site, site->line, now);
}

static void signal_in(struct lines_thread *thread, const struct wire_record *record)
{
    if (thread->signal_count == SIGNAL_LIMIT)
        return;
    thread->signals[thread->signal_count++] =
        (struct signal_floor){.depth = thread->depth, .sp = record->sp, .low = record->arg, .high = record->arg2};
}

static void signal_out(struct lines *lines, struct lines_thread *thread)
{
    if (thread->signal_count == 0)
        return;
    size_t floor = thread->signals[--thread->signal_count].depth;
    while (thread->depth > floor)
        pop(lines, thread, &thread->last);
}

void lines_feed(struct lines *lines, struct lines_thread *thread, const struct wire_record *record,
                const struct lines_site *site)
{
    thread->window = record->window;
    switch (record->kind) {
    case WIRE_RECORD_THREAD:
        lines_close(lines, thread, false, 0);
        thread->has_last = false;
        return;
    case WIRE_RECORD_SIGNAL_IN:
        signal_in(thread, record);
        return;
    case WIRE_RECORD_SIGNAL_OUT:
        signal_out(lines, thread);
        return;
    }

    struct sample now = sample_of(record);
    thread->last = now;
    thread->has_last = true;
    switch (record->kind) {
    case WIRE_RECORD_LINE:
        if (site != NULL && site->function < lines->function_count)
            line_stop(lines, thread, record, site, &now);
        return;
    case WIRE_RECORD_JUMP:
        thread->jump = now;
        thread->has_jump = true;
        return;
    case WIRE_RECORD_CATCH:
        landing(lines, thread, record, site, &now);
        return;
    case WIRE_RECORD_END:
        lines_close(lines, thread, true, now.heap_bytes);
        return;
    }
}

void lines_close(struct lines *lines, struct lines_thread *thread, bool knows_heap, int64_t heap_bytes)
{
    struct sample end = thread->last;
    if (knows_heap)
        end.heap_bytes = heap_bytes;
    while (thread->depth > 0)
        pop(lines, thread, &end);
    thread->signal_count = 0;
    thread->has_jump = false;
}

bool lines_many_threads(const struct lines *lines)
{
    return lines->many_threads;
}

/* The model's copy of a function, with `stats` or, when NULL, without lines. */
static int describe(const struct source_function *f, const struct function_stats *stats, double ns_per_tick,
                    struct session_function *out)
{
    *out = (struct session_function){.line = f->line,
                                     .last_line = f->last,
                                     .annotated = f->annotated,
                                     .optimized = f->optimized,
                                     .name = strdup(f->name),
                                     .file = strdup(f->file ? f->file : "??")};
    if (out->name == NULL || out->file == NULL)
        return -ENOMEM;
    if (stats == NULL)
        return 0;
    out->calls = stats->calls;
    out->has_rss = stats->has_rss;
    out->entry_rss_bytes = stats->entry_rss_bytes;
    out->increment_bytes = stats->increment_bytes;
    out->heap_bytes = stats->heap_bytes;
    out->lines = calloc(stats->line_count, sizeof *out->lines);
    if (out->lines == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < stats->line_count; i++) {
        const struct line_stats *line = &stats->lines[i];
        if (line->occurrences == 0 && !f->has_code[i] && f->first + i != f->line)
            continue;
        out->lines[out->line_count++] =
            (struct session_line){.line = f->first + (uint32_t)i,
                                  .occurrences = line->occurrences,
                                  .has_rss = line->has_rss,
                                  .rss_bytes = line->rss_bytes,
                                  .increment_bytes = line->increment_bytes,
                                  .heap_bytes = line->heap_bytes,
                                  .has_time = line->has_time,
                                  .time_ns = line->ticks > 0 ? (uint64_t)((double)line->ticks * ns_per_tick) : 0};
    }
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const struct session_function *x = a, *y = b;
    int order = strcmp(x->file, y->file);
    return order ? order : (x->line > y->line) - (x->line < y->line);
}

static const struct function_stats *ran_in(const struct lines *lines, uint32_t window, size_t function)
{
    if (window >= lines->window_count || function >= lines->windows[window].count)
        return NULL;
    const struct function_stats *stats = &lines->windows[window].functions[function];
    return stats->ran ? stats : NULL;
}

/* Copies of the functions for which `wanted` says so, sorted. */
static int collect(const struct lines *lines, uint32_t window, bool never, double ns_per_tick,
                   struct session_function **out, size_t *out_count)
{
    struct session_function *functions = calloc(lines->function_count + 1, sizeof *functions);
    size_t count = 0;
    if (functions == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < lines->function_count; i++) {
        const struct function_stats *stats = NULL;
        if (never)
            for (uint32_t w = 1; w <= window && stats == NULL; w++)
                stats = ran_in(lines, w, i);
        else
            stats = ran_in(lines, window, i);
        if ((stats != NULL) == never)
            continue;
        if (describe(&lines->functions[i], never ? NULL : stats, ns_per_tick, &functions[count++]) != 0)
            goto fail;
        functions[count - 1].ran_outside = never && ran_in(lines, 0, i) != NULL;
    }
    qsort(functions, count, sizeof *functions, by_place);
    *out = functions;
    *out_count = count;
    return 0;
fail:
    for (size_t i = 0; i < count; i++) {
        free(functions[i].name);
        free(functions[i].file);
        free(functions[i].lines);
    }
    free(functions);
    return -ENOMEM;
}

int lines_functions(const struct lines *lines, uint32_t window, double ns_per_tick, struct session_function **out,
                    size_t *out_count)
{
    return collect(lines, window, false, ns_per_tick, out, out_count);
}

int lines_never_ran(const struct lines *lines, uint32_t last, struct session_function **out, size_t *out_count)
{
    return collect(lines, last, true, 0, out, out_count);
}
