/* The model that every report walks: what one run of syseng-mem measured. Plain data, owned by the session. */

#ifndef COLLECTOR_SESSION_H
#define COLLECTOR_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sizes of blocks by powers of two. Class 0 has blocks of up to 1 byte, class N those of up to 1 << N, the last one all
 * others. */
#define SIZE_CLASSES 32

static inline uint32_t size_class(uint64_t bytes)
{
    uint32_t class = bytes > 1 ? 64 - (uint32_t)__builtin_clzll(bytes - 1) : 0;
    return class < SIZE_CLASSES ? class : SIZE_CLASSES - 1;
}

/* One source line of an annotated function, summed over its visits in one request window. */
struct session_line {
    uint32_t line;
    uint64_t occurrences; /* 0: never ran; the rest is then meaningless */
    bool has_rss;
    int64_t rss_bytes;       /* highest resident set when the line finished */
    int64_t increment_bytes; /* sum of resident set changes */
    int64_t heap_bytes;      /* sum of changes of the thread's live heap */
    bool has_time;
    uint64_t time_ns; /* elapsed, without what the stops themselves took */
};

/* One source function. Instances (templates, clones, several processes) are merged. */
struct session_function {
    char *name;
    char *file;         /* as DWARF names it, absolute when known */
    uint32_t line;      /* of its declaration's name */
    uint32_t last_line; /* highest line with code */
    /* The lines that a report shows of it, from its annotation to its closing brace; 0: to be found in the source. */
    uint32_t block_first, block_last;
    bool annotated;     /* false: chosen by --function */
    bool optimized;
    uint64_t calls;
    bool ran_outside; /* in never_ran: it did run, but outside every window: before the first request, say */
    bool has_rss;
    int64_t entry_rss_bytes;    /* highest resident set at an entry */
    int64_t increment_bytes;    /* sum over outermost calls: RSS at exit minus at entry */
    int64_t heap_bytes;         /* likewise, heap */
    struct session_line *lines; /* ascending; one for each line with code, and the declaration's */
    size_t line_count;
};

/* Bytes and calls of a window, summed over all processes. */
struct session_totals {
    uint64_t alloc_bytes, alloc_count;
    uint64_t free_bytes, free_count;
    int64_t peak_bytes;                       /* highest live heap above what was live at the start of the window */
    int64_t not_freed_bytes, not_freed_count; /* obtained minus freed within the window */
    uint64_t mapped_bytes, unmapped_bytes;    /* by the program's own mmap, munmap, mremap, brk */
    bool has_rss;
    int64_t rss_before_bytes, rss_after_bytes;
};

/* What an allocator says of itself: jemalloc, by mallctl's stats.*. */
struct session_allocator {
    bool is_known;
    uint64_t allocated_bytes; /* in blocks that the program has */
    uint64_t active_bytes;    /* in pages that have such blocks */
    uint64_t metadata_bytes;
    uint64_t resident_bytes; /* active, metadata, and pages that are kept for later */
    uint64_t mapped_bytes;
    uint64_t retained_bytes; /* address space that is kept, given back to the kernel but not unmapped */
};

/* CPU time of a window, by samples of where its threads were. */
struct session_cpu {
    bool is_measured;
    uint64_t interval_ns; /* CPU time of a thread from one sample to the next */
    uint64_t sample_count;
    uint64_t ns; /* as the kernel's clocks of all threads tell it, time in the kernel included; without our own part */
    uint64_t lost_count; /* samples */
    uint64_t own_count;  /* samples that were our own library's doing: hooks, line stops; in no other figure */
    bool user_only;      /* the kernel let us sample user code only: what is not in stacks was spent in the kernel */
};

/* One window: a request, or the whole run. */
struct session_request {
    bool is_run;           /* the whole run of a program; method and path are NULL */
    char *method;          /* "GET" */
    char *target;          /* "/path?query" */
    int status;            /* HTTP status, 0 when no answer came */
    uint32_t ordinal;      /* 1, 2, ... among requests with the same method and target */
    uint32_t repeat_count; /* how many firings are added up here; 0 is 1 */
    uint64_t elapsed_ns;
    uint64_t *firings_ns; /* elapsed, of each firing; NULL when there was one */
    struct session_cpu cpu;
    bool finished; /* false: the program ended, or the time-out came, before the answer did */
    struct session_totals totals;
    struct session_allocator allocator; /* when it was over: the sum of the processes that told */
    struct session_function *functions; /* ascending (file, line); those that ran in this window */
    size_t function_count;
};

/* A moment of a process. */
struct session_point {
    uint64_t ns;        /* from its start */
    int64_t heap_bytes; /* live, as the allocator counts them */
    int64_t rss_bytes;  /* without what is ours; -1: not known */
};

/* A thread; or several that followed each other, each taking over the place of one that had ended. */
struct session_thread {
    uint32_t tid;          /* of the last of them, 0 when it could not be asked for */
    uint32_t thread_count; /* how many */
    uint64_t alloc_bytes, alloc_count;
    uint64_t free_bytes, free_count;
    uint64_t mapped_bytes, unmapped_bytes;
};

/* What is known of the references to a process's blocks: the outcome of the last look at its memory. */
enum session_look {
    SESSION_LOOK_NONE, /* it ended before anybody could look: killed, or left by a way that nobody saw */
    SESSION_LOOK_DONE,
    SESSION_LOOK_NOT_PERMITTED,
    SESSION_LOOK_FAILED,     /* it went away meanwhile, or did not stand still */
};

struct session_process {
    uint32_t pid, parent_pid;
    char *exe;
    char *allocator; /* "glibc", or the file that provides malloc */
    bool has_jemalloc;
    uint32_t stops_armed, stops_refused;
    uint64_t rss_granularity_bytes;
    uint64_t own_bytes;
    uint32_t flags; /* WIRE_PROCESS_* */
    uint32_t thread_count;
    enum session_look look;
    struct session_totals totals;
    struct session_thread *threads; /* NULL when memory was short, else thread_count of them */
    uint64_t wait_count, wait_ns;   /* how often and how long its threads waited until we had read their records */
    bool has_peak_ns;
    uint64_t peak_ns; /* when its heap was largest, from its start; as exact as events have stamps */
    struct session_point *points;
    size_t point_count;
    uint64_t point_interval_ns;
    struct session_allocator allocator_figures; /* at exit, when it could be asked */
};

/* One address of a stack, in terms of a file: what symbols are looked up by. */
struct session_frame {
    uint64_t module : 16; /* index in the session's modules, SESSION_NO_MODULE when the address lies in none */
    /* In the file's own terms, one less than the return address; or the bare address. User space has 47 bits of them.
     */
    uint64_t address : 48;
};

#define SESSION_NO_MODULE UINT16_MAX

/* How long freed blocks lived; of no meaning when the count is 0. A program that has one thread only stamps some of its
   events, so that short lives may be 0. */
struct session_lifetimes {
    uint64_t count; /* of blocks whose age was known */
    uint64_t sum_ns, min_ns, max_ns;
};

/* Allocations by size. */
struct session_spread {
    uint64_t counts[SIZE_CLASSES];
};

/* All allocations that one stack made in one window, over all processes. Bytes are as the program asked for them. */
struct session_site {
    uint32_t request;     /* index in the session's requests */
    uint32_t frame_first; /* index in the session's frames, innermost frame first */
    uint32_t frame_count;
    uint64_t alloc_bytes, alloc_count;
    uint64_t live_bytes, live_count; /* not freed when the process ended, or the session */
    uint64_t survived_count;         /* not freed when its own window ended */
    /* Not freed when the last window ended, in processes that were still there: what a server frees when it is told to
       end counts as live here. */
    uint64_t window_live_bytes, window_live_count;
    /* At the last look: what the program still refers to, what it does not, and how much of that lost blocks refer to.
       Of processes that were not looked at, `unknown` is what was live at their end. */
    uint64_t held_bytes, held_count;
    uint64_t lost_bytes, lost_count;
    uint64_t indirect_bytes, indirect_count;
    uint64_t led_bytes, led_count; /* of other sites, what only lost blocks of this one lead to */
    uint64_t unknown_bytes, unknown_count;
    /* Its part of what was allocated in the window when that took most; summed over processes. Of a whole run, that is the
       heap's peak; of a repeated request, the peak of the firing in which it was highest. */
    uint64_t peak_bytes;
    uint64_t temporary_count; /* freed by the very next event of the thread */
    uint64_t size_min_bytes, size_max_bytes; /* of one allocation */
    uint32_t spread; /* index in the session's spreads plus one; 0: all its sizes are of one class */
    struct session_lifetimes lifetimes;
    bool cut;     /* frames beyond the depth limit, --depth or what the program's side can remember, are left out */
    bool stopped; /* outer frames are not known: code without unwind information called what is there */
};

/* The CPU time that one stack used in one window: what its innermost frame did itself. */
struct session_time {
    uint32_t request;     /* index in the session's requests */
    uint32_t frame_first; /* index in the session's frames, innermost frame first: there the address is that of the
                             instruction, not of a call */
    uint32_t frame_count;
    uint64_t sample_count;
    uint64_t ns;
    bool stopped; /* outer frames are not known */
};

struct session {
    char **argv;     /* of the program, NULL-terminated */
    int wait_status; /* as waitpid gave it */
    bool ended_by_us;
    struct session_request *requests;
    size_t request_count;
    struct session_process *processes;
    size_t process_count;
    bool has_sites;          /* the event stream was recorded */
    uint64_t sample_bytes; /* sites are estimates, of one allocation in so many bytes; 0: of every one */
    uint32_t depth;          /* so many frames of each stack are kept, 0: all */
    uint64_t guessed_frames; /* found by the frame pointer, for want of unwind information */
    struct session_site *sites;
    size_t site_count;
    /* The same for what the program itself mapped (mmap, mremap, brk): bytes are whole pages, live_count is of ranges,
       and the peak is when most was mapped. */
    struct session_site *mapped;
    size_t mapped_count;
    bool has_times;
    char *no_times_reason; /* why CPU time could not be measured though it was asked for, with the cure; or NULL */
    struct session_time *times;
    size_t time_count;
    struct session_frame *frames;
    size_t frame_count;
    struct session_spread *spreads;
    size_t spread_count, spread_room;
    char **modules;   /* paths */
    char **build_ids; /* of the modules, in hexadecimal, NULL where there is none; NULL when nobody looked */
    size_t module_count;
    uint64_t unknown_frees; /* of blocks that were allocated before recording began, or in a parent process */
    uint64_t disorder;      /* allocations at an address still live in the books: given back unseen, or out of order */
    struct session_function *never_ran; /* annotated or chosen, but not run in any window; no lines */
    size_t never_ran_count;
    bool has_own_cpu;
    uint64_t own_cpu_ns;         /* of syseng-mem itself, until the program was over */
    uint64_t program_cpu_ns;     /* of the program and all that it waited for, what our library did in them included */
    uint64_t events, line_stops; /* recorded: what stacks are made of, and what lines are */
    uint64_t lost_records;
    uint64_t refused;               /* processes or threads that could not be profiled */
    bool many_threads;              /* some increment was measured by a thread's own page faults */
    uint64_t rss_granularity_bytes; /* worst of all processes */
};

/* Index of the file at `path`, which the session then has; SESSION_NO_MODULE when memory is short. */
uint32_t session_module(struct session *session, const char *path);

void session_free(struct session *session);

/* The session as if request number `index` were its only one. All but the lists of sites and times is `session`'s, which must
   outlive it; session_slice_fini releases those. Returns 0 or -ENOMEM. */
int session_slice(const struct session *session, uint32_t index, struct session *out);
void session_slice_fini(struct session *slice);

void session_requests_free(struct session_request *requests, size_t count);

/* Add all figures but the size classes; `into` may be zeroed. */
static inline void session_site_add_figures(struct session_site *into, const struct session_site *from)
{
    struct session_lifetimes *lifetimes = &into->lifetimes;
    if (into->alloc_count == 0 || from->size_min_bytes < into->size_min_bytes)
        into->size_min_bytes = from->size_min_bytes;
    if (from->size_max_bytes > into->size_max_bytes)
        into->size_max_bytes = from->size_max_bytes;
    if (from->lifetimes.count > 0 && (lifetimes->count == 0 || from->lifetimes.min_ns < lifetimes->min_ns))
        lifetimes->min_ns = from->lifetimes.min_ns;
    if (from->lifetimes.count > 0 && from->lifetimes.max_ns > lifetimes->max_ns)
        lifetimes->max_ns = from->lifetimes.max_ns;
    lifetimes->count += from->lifetimes.count;
    lifetimes->sum_ns += from->lifetimes.sum_ns;
    into->alloc_bytes += from->alloc_bytes;
    into->alloc_count += from->alloc_count;
    into->live_bytes += from->live_bytes;
    into->live_count += from->live_count;
    into->survived_count += from->survived_count;
    into->window_live_bytes += from->window_live_bytes;
    into->window_live_count += from->window_live_count;
    into->peak_bytes += from->peak_bytes;
    into->temporary_count += from->temporary_count;
    into->held_bytes += from->held_bytes;
    into->held_count += from->held_count;
    into->lost_bytes += from->lost_bytes;
    into->lost_count += from->lost_count;
    into->indirect_bytes += from->indirect_bytes;
    into->indirect_count += from->indirect_count;
    into->led_bytes += from->led_bytes;
    into->led_count += from->led_count;
    into->unknown_bytes += from->unknown_bytes;
    into->unknown_count += from->unknown_count;
    into->cut |= from->cut;
    into->stopped |= from->stopped;
}

/* Add a site's allocations to `counts`, by their sizes. */
static inline void session_site_add_sizes(const struct session *session, const struct session_site *site,
                                          uint64_t counts[SIZE_CLASSES])
{
    if (site->spread == 0)
        counts[size_class(site->size_max_bytes)] += site->alloc_count;
    for (int i = 0; site->spread != 0 && i < SIZE_CLASSES; i++)
        counts[i] += session->spreads[site->spread - 1].counts[i];
}

/* Add all of `from`, whose allocations are `from_counts` by size; NULL when they are all of one class. Returns 0 or
   -ENOMEM: `into` is then as it was. */
int session_site_add(struct session *session, struct session_site *into, const struct session_site *from,
                     const uint64_t *from_counts);

#endif
