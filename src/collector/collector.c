/* Our end of the session: one thread that answers plan requests and drains rings, and request windows around it.

   `lock` guards everything but the atomics in shared memory. The thread sleeps on the session's `wake` futex, which
   producers bump at every half ring and with every question; it also looks by itself every few milliseconds, so that a
   lost wake-up costs little. It never polls a busy ring: reading the head that a thread is about to store would cost
   that thread a cache miss per record. */

#include "collector/collector.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "collector/futex.h"
#include "collector/look.h"
#include "collector/memory.h"
#include "collector/places.h"
#include "collector/plans.h"
#include "collector/process.h"
#include "collector/sites.h"
#include "collector/ticks.h"

#define IDLE_NS 10000000L
#define SAMPLE_NS 2000000u
#define SEARCHES 64       /* for a new process's chunk at every wake-up; later at every so many */
#define SETTLE_NS 500000L /* stream.c takes in events that are older than 30,000 ticks */
#define AGEING_NS 20000L  /* until events of a full ring are old enough */

struct collector {
    pthread_mutex_t lock;
    pthread_t thread;
    bool thread_runs;
    bool stopping; /* guarded by lock */
    struct memory memory;
    struct ticks start;
    struct lines *lines;
    struct plans *plans;
    struct process **processes; /* in order of registration */
    size_t process_count, process_room;
    struct process **running; /* those that have not ended, with room for all */
    size_t running_count;
    size_t *followed;     /* by chunk: index + 1 in processes, 0 when it is none that we follow */
    uint32_t serial_seen; /* the last serial number when chunks were looked through, and how often for nothing since */
    unsigned searches;
    struct session_request *requests;
    size_t request_count;
    bool window_open;
    uint32_t depth;                                  /* of stacks in the session */
    uint64_t sample_next_ns;                         /* timelines: not before this */
    size_t sample_cursor;                            /* and whose turn it is */
    enum { NOT_LOOKING, LOOK_WANTED, LOOKED } looks; /* see collector_look */
    pthread_cond_t looked;
    struct halt *late; /* threads that could not be let go on after a look */
    size_t late_count;
};

int collector_new(uint32_t flags, collector_plan_fn *plan, void *data, struct collector **out, struct err *err)
{
    struct collector *collector = calloc(1, sizeof *collector);
    if (collector == NULL)
        return err_set(err, -ENOMEM, "out of memory");
    int code = memory_open(&collector->memory, flags, err);
    if (code != 0) {
        free(collector);
        return code;
    }
    pthread_mutex_init(&collector->lock, NULL);
    collector->start = ticks_now();
    pthread_cond_init(&collector->looked, NULL);
    collector->lines = lines_new();
    collector->plans = collector->lines ? plans_new(&collector->memory, collector->lines, plan, data) : NULL;
    collector->followed = calloc(collector->memory.chunk_count, sizeof *collector->followed);
    if (collector->plans == NULL || collector->followed == NULL) {
        collector_free(collector);
        return err_set(err, -ENOMEM, "out of memory");
    }
    *out = collector;
    return 0;
}

static void stop_thread(struct collector *collector)
{
    if (!collector->thread_runs)
        return;
    pthread_mutex_lock(&collector->lock);
    collector->stopping = true;
    pthread_mutex_unlock(&collector->lock);
    atomic_fetch_add(&collector->memory.header->wake, 1);
    futex_wake(&collector->memory.header->wake);
    pthread_join(collector->thread, NULL);
    collector->thread_runs = false;
}

void collector_free(struct collector *collector)
{
    if (collector == NULL)
        return;
    stop_thread(collector);
    atomic_store(&collector->memory.header->closed, 1);
    for (size_t i = 0; i < collector->process_count; i++)
        process_free(collector->processes[i]);
    free(collector->processes);
    free(collector->running);
    free(collector->followed);
    session_requests_free(collector->requests, collector->request_count);
    plans_free(collector->plans);
    lines_free(collector->lines);
    memory_close(&collector->memory);
    for (size_t i = 0; i < collector->late_count; i++)
        halt_fini(&collector->late[i]);
    free(collector->late);
    pthread_cond_destroy(&collector->looked);
    pthread_mutex_destroy(&collector->lock);
    free(collector);
}

const char *collector_channel(const struct collector *collector)
{
    return collector->memory.channel;
}

/* An exec'd image registers anew under its old number: what the old image left open is over. */
static void end_former_image(struct collector *collector, const struct process *newcomer)
{
    for (size_t i = 0; i < collector->running_count; i++) {
        struct process *old = collector->running[i];
        if (old != newcomer && !old->ended && process_is(old, newcomer)) {
            process_drain(old, &collector->memory, collector->plans, collector->lines);
            process_take_figures(old, collector->requests, collector->request_count);
            process_end(old, &collector->memory, collector->lines);
        }
    }
}

/* One that had gone before its number was found: at least its parent's is ours. */
static void find_parent(struct collector *collector, struct process *process)
{
    process->parent_pid = 0;
    for (size_t i = 0; i < collector->process_count; i++)
        if (collector->processes[i]->serial == process->parent_serial)
            process->parent_pid = collector->processes[i]->pid;
}

static int grow_processes(struct collector *collector)
{
    if (collector->process_count < collector->process_room)
        return 0;
    size_t room = collector->process_room ? 2 * collector->process_room : 16;
    struct process **grown = realloc(collector->processes, room * sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    collector->processes = grown;
    grown = realloc(collector->running, room * sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    collector->running = grown;
    collector->process_room = room;
    return 0;
}

static bool follow(struct collector *collector, uint32_t chunk)
{
    struct process *process;
    int code = grow_processes(collector);
    if (code == 0)
        code = process_new(&collector->memory, chunk, &process);
    if (code == -ENOMEM) /* it would wait for us, as would all that come after it */
        atomic_store(&collector->memory.header->abandoned, 1);
    if (code != 0)
        return false;
    if (process->pid == 0)
        find_parent(collector, process);
    collector->processes[collector->process_count++] = process;
    collector->running[collector->running_count++] = process;
    collector->followed[chunk] = collector->process_count;
    end_former_image(collector, process);
    return true;
}

static bool find_processes(struct collector *collector)
{
    bool any = false;
    /* Each process takes a number before it shows its chunk: as long as all numbers are followed, there is nobody new.
       A number whose owner found no chunk is never followed: it is not looked for at every wake-up. */
    uint32_t serial = atomic_load(&collector->memory.header->process_serial);
    if (serial == collector->process_count)
        return false;
    collector->searches = serial == collector->serial_seen ? collector->searches + 1 : 0;
    collector->serial_seen = serial;
    if (collector->searches > SEARCHES && collector->searches % SEARCHES != 0)
        return false;
    for (uint32_t i = 0; i < collector->memory.chunk_count; i++)
        if (collector->followed[i] == 0 && memory_chunk(&collector->memory, i, WIRE_CHUNK_PROCESS) != NULL)
            any |= follow(collector, i);
    return any;
}

static bool answer(struct collector *collector, const struct process *process)
{
    struct wire_modules *modules = process_modules(process, &collector->memory);
    return modules != NULL && plans_answer(collector->plans, process->pid, modules);
}

/* One round over everything. Returns whether there was something to do. */
static bool work(struct collector *collector)
{
    bool any = find_processes(collector);
    for (size_t i = 0; i < collector->running_count; i++) {
        struct process *process = collector->running[i];
        if (process->ended)
            continue;
        any |= answer(collector, process);
        any |= process_drain(process, &collector->memory, collector->plans, collector->lines);
    }
    return any;
}

/* Chunks of a process that has ended go back, so that a session outlives any number of short processes. */
static void recycle(struct collector *collector, struct process *process)
{
    for (uint32_t i = 0; i < collector->memory.chunk_count; i++) {
        struct wire_chunk *entry = &collector->memory.directory[i];
        if (atomic_load(&entry->state) == WIRE_CHUNK_READY && entry->process == process->serial) {
            collector->followed[i] = 0;
            memory_free_chunk(&collector->memory, i);
        }
    }
    process->wire = NULL;
}

static void bury(struct collector *collector)
{
    size_t count = 0;
    for (size_t i = 0; i < collector->running_count; i++) {
        struct process *process = collector->running[i];
        if (!process->ended && !process_is_gone(process)) {
            collector->running[count++] = process;
            continue;
        }
        process_drain(process, &collector->memory, collector->plans, collector->lines);
        process_take_figures(process, collector->requests, collector->request_count);
        process_end(process, &collector->memory, collector->lines);
        recycle(collector, process);
    }
    collector->running_count = count;
}

/* How processes are now, one after another, at most one in a while: asking the kernel costs some microseconds. */
static void sample(struct collector *collector)
{
    uint64_t now = ticks_now().ns;
    for (size_t i = 0; now >= collector->sample_next_ns && i < collector->running_count; i++) {
        struct process *process = collector->running[collector->sample_cursor++ % collector->running_count];
        if (process_sample(process, now))
            collector->sample_next_ns = now + SAMPLE_NS;
    }
}

static long pause_ns(const struct collector *collector)
{
    for (size_t i = 0; i < collector->running_count; i++)
        if (collector->running[i]->streams.has_full)
            return AGEING_NS;
    return IDLE_NS;
}

/* Threads that did not stop in time stop later, and are let go on then. */
static void release_late(struct collector *collector)
{
    size_t left = 0;
    for (size_t i = 0; i < collector->late_count; i++) {
        if (halt_release(&collector->late[i]))
            halt_fini(&collector->late[i]);
        else
            collector->late[left++] = collector->late[i];
    }
    collector->late_count = left;
}

static void look(struct collector *collector, struct process *process, pid_t asker)
{
    struct halt *grown = realloc(collector->late, (collector->late_count + 1) * sizeof *grown);
    if (grown == NULL)
        return;
    collector->late = grown;
    grown[collector->late_count] = (struct halt){0};
    look_at(process, &collector->memory, asker, &grown[collector->late_count]);
    collector->late_count += grown[collector->late_count].count > 0;
}

/* A process is about to leave: look at it, unless it was looked at for good. */
static void look_at_leaving(struct collector *collector)
{
    for (size_t i = 0; i < collector->running_count; i++) {
        struct process *process = collector->running[i];
        if (process->ended)
            continue;
        uint32_t asked = atomic_load_explicit(&process->wire->look_asked, memory_order_acquire);
        if (asked == atomic_load(&process->wire->look_answered))
            continue;
        process_drain(process, &collector->memory, collector->plans, collector->lines);
        if (collector->looks == NOT_LOOKING && (collector->memory.flags & WIRE_WANT_LOOKS) != 0)
            look(collector, process, process_thread_number(process, (pid_t)process->wire->look_tid));
        atomic_store_explicit(&process->wire->look_answered, asked, memory_order_release);
        futex_wake(&process->wire->look_answered);
    }
}

static void look_at_all(struct collector *collector)
{
    for (size_t i = 0; i < collector->running_count; i++) {
        struct process *process = collector->running[i];
        if (process->ended || process_is_gone(process))
            continue;
        process->was_looked_at = true;
        look(collector, process, 0);
    }
    collector->looks = LOOKED;
    pthread_cond_broadcast(&collector->looked);
}

void collector_look(struct collector *collector)
{
    pthread_mutex_lock(&collector->lock);
    collector->looks = LOOK_WANTED;
    atomic_fetch_add(&collector->memory.header->wake, 1);
    futex_wake(&collector->memory.header->wake);
    while (collector->thread_runs && collector->looks != LOOKED)
        pthread_cond_wait(&collector->looked, &collector->lock);
    pthread_mutex_unlock(&collector->lock);
}

static void *run(void *data)
{
    struct collector *collector = data;
    struct wire_header *header = collector->memory.header;
    unsigned rounds = 0;
    for (;;) {
        uint32_t seen = atomic_load(&header->wake);
        pthread_mutex_lock(&collector->lock);
        work(collector);
        sample(collector);
        if (collector->looks == LOOK_WANTED)
            look_at_all(collector);
        look_at_leaving(collector);
        release_late(collector);
        if (rounds++ % 64 == 0)
            bury(collector);
        bool stopping = collector->stopping;
        long pause = pause_ns(collector);
        pthread_mutex_unlock(&collector->lock);
        if (stopping)
            return NULL;
        atomic_store(&header->collector_waits, 1);
        futex_wait(&header->wake, seen, pause);
        atomic_store(&header->collector_waits, 0);
    }
}

void collector_sample(struct collector *collector, uint64_t bytes)
{
    collector->memory.sample_bytes = collector->memory.header->sample_bytes = bytes;
}

void collector_limit_depth(struct collector *collector, uint32_t frames)
{
    collector->depth = frames;
}

int collector_start(struct collector *collector, struct err *err)
{
    int code = pthread_create(&collector->thread, NULL, run, collector);
    if (code != 0)
        return err_set(err, -code, "cannot start a thread: %s", strerror(code));
    collector->thread_runs = true;
    return 0;
}

size_t collector_process_count(struct collector *collector)
{
    pthread_mutex_lock(&collector->lock);
    find_processes(collector);
    size_t count = collector->process_count;
    pthread_mutex_unlock(&collector->lock);
    return count;
}

static size_t process_listens(const struct process *process, struct collector_listen *out, size_t max)
{
    size_t count = atomic_load(&process->wire->listen_count), ready = 0;
    for (size_t i = 0; i < count && i < WIRE_LISTEN_COUNT; i++) {
        const struct wire_listen *listen = &process->wire->listens[i];
        if (!atomic_load_explicit(&listen->ready, memory_order_acquire))
            continue;
        uint32_t bytes = listen->address_bytes;
        if (bytes > sizeof listen->address)
            continue;
        if (ready < max) {
            out[ready] = (struct collector_listen){.pid = process->pid, .fd = (int)listen->fd, .address_bytes = bytes};
            memcpy(out[ready].address, listen->address, bytes);
        }
        ready++;
    }
    return ready;
}

size_t collector_listens(struct collector *collector, struct collector_listen *out, size_t max)
{
    size_t count = 0;
    pthread_mutex_lock(&collector->lock);
    find_processes(collector);
    for (size_t i = 0; i < collector->process_count; i++)
        if (!collector->processes[i]->ended)
            count += process_listens(collector->processes[i], out + (count < max ? count : max),
                                     count < max ? max - count : 0);
    pthread_mutex_unlock(&collector->lock);
    return count;
}

/* The open window's response is there, or the window is over: what the program's allocator says of itself is wanted. A
   program that does not come to its allocator any more before it ends tells what it said at the response. */
static void ask_allocators(struct collector *collector, bool is_over)
{
    atomic_store(&collector->memory.header->allocator_ask, 2 * (uint32_t)collector->request_count + is_over);
}

uint64_t collector_activity(struct collector *collector)
{
    uint64_t activity = 0;
    pthread_mutex_lock(&collector->lock);
    if (collector->window_open)
        ask_allocators(collector, false);
    work(collector);
    for (size_t i = 0; i < collector->process_count; i++) {
        struct process *process = collector->processes[i];
        process_read_counts(process, &collector->memory);
        activity += process->records + process->last.alloc_count + process->last.free_count;
    }
    activity += collector->process_count;
    pthread_mutex_unlock(&collector->lock);
    return activity;
}

/* Sum of the resident sets of all processes; false when none can be read. */
static bool total_rss(struct collector *collector, int64_t *bytes)
{
    bool any = false;
    *bytes = 0;
    for (size_t i = 0; i < collector->process_count; i++) {
        int64_t rss;
        if (process_rss(collector->processes[i], &rss)) {
            *bytes += rss;
            any = true;
        }
    }
    return any;
}

static struct session_request *add_request(struct collector *collector, const char *method, const char *target)
{
    struct session_request *grown = realloc(collector->requests, (collector->request_count + 1) * sizeof *grown);
    if (grown == NULL)
        return NULL;
    collector->requests = grown;
    struct session_request *request = &grown[collector->request_count];
    *request = (struct session_request){.is_run = method == NULL, .ordinal = 1};
    if (method == NULL)
        return request;
    request->method = strdup(method);
    request->target = strdup(target);
    if (request->method == NULL || request->target == NULL) {
        free(request->method);
        free(request->target);
        return NULL;
    }
    for (size_t i = 0; i < collector->request_count; i++)
        if (!grown[i].is_run && strcmp(grown[i].method, method) == 0 && strcmp(grown[i].target, target) == 0)
            request->ordinal++;
    return request;
}

int collector_begin_window(struct collector *collector, const char *method, const char *target, struct err *err)
{
    pthread_mutex_lock(&collector->lock);
    struct session_request *request = collector->window_open ? NULL : add_request(collector, method, target);
    if (request == NULL) {
        pthread_mutex_unlock(&collector->lock);
        return err_set(err, -ENOMEM, "out of memory");
    }
    collector->memory.window_count = (uint32_t)++collector->request_count;
    work(collector);
    for (size_t i = 0; i < collector->process_count; i++) {
        struct process *process = collector->processes[i];
        process_read_counts(process, &collector->memory);
        process->window = process->last;
        process->peak_bytes = 0;
        if (process->ended)
            continue;
        process->window_live_bytes = atomic_load(&process->wire->live_bytes);
        atomic_store(&process->wire->peak_bytes, process->window_live_bytes);
    }
    request->totals.has_rss = total_rss(collector, &request->totals.rss_before_bytes);
    atomic_store(&collector->memory.header->window, (uint32_t)collector->request_count);
    collector->window_open = true;
    pthread_mutex_unlock(&collector->lock);
    return 0;
}

/* The window is over: take in what was recorded until now, and let every heap remember what is live. An event can be
   taken in only when no older one can still come, which is known a moment after it was stamped. */
static void remember_live(struct collector *collector)
{
    if ((collector->memory.flags & WIRE_WANT_EVENTS) == 0)
        return;
    nanosleep(&(struct timespec){.tv_nsec = SETTLE_NS}, NULL);
    work(collector);
    for (size_t i = 0; i < collector->process_count; i++) {
        struct process *process = collector->processes[i];
        if (process->heap != NULL)
            heap_end_window(process->heap, (uint32_t)collector->request_count,
                            process->ended || process_is_gone(process));
    }
}

void collector_end_window(struct collector *collector, int status, uint64_t elapsed_ns, bool finished)
{
    pthread_mutex_lock(&collector->lock);
    if (!collector->window_open) {
        pthread_mutex_unlock(&collector->lock);
        return;
    }
    work(collector); /* one round takes in all that was committed before it */
    struct session_request *request = &collector->requests[collector->request_count - 1];
    struct counts sum = {0};
    for (size_t i = 0; i < collector->process_count; i++) {
        struct process *process = collector->processes[i];
        process_read_counts(process, &collector->memory);
        process_take_figures(process, collector->requests, collector->request_count - 1);
        struct counts change = counts_minus(&process->last, &process->window);
        counts_add(&sum, &change);
        int64_t peak =
            process->ended ? process->peak_bytes : atomic_load(&process->wire->peak_bytes) - process->window_live_bytes;
        request->totals.peak_bytes += peak > 0 ? peak : 0;
        process->peak_bytes = 0;
    }
    request->status = status;
    request->elapsed_ns = elapsed_ns;
    request->finished = finished;
    request->totals.alloc_bytes = sum.alloc_bytes;
    request->totals.alloc_count = sum.alloc_count;
    request->totals.free_bytes = sum.free_bytes;
    request->totals.free_count = sum.free_count;
    request->totals.not_freed_bytes = (int64_t)(sum.alloc_bytes - sum.free_bytes);
    request->totals.not_freed_count = (int64_t)(sum.alloc_count - sum.free_count);
    request->totals.mapped_bytes = sum.mapped_bytes;
    request->totals.unmapped_bytes = sum.unmapped_bytes;
    request->totals.has_rss = total_rss(collector, &request->totals.rss_after_bytes) && request->totals.has_rss;
    atomic_store(&collector->memory.header->window, 0);
    ask_allocators(collector, true);
    remember_live(collector);
    collector->window_open = false;
    pthread_mutex_unlock(&collector->lock);
}

enum collector_place collector_place(struct collector *collector, pid_t pid, uint64_t address, uint64_t *original)
{
    enum collector_place place = COLLECTOR_PLACE_PROGRAM;
    pthread_mutex_lock(&collector->lock);
    for (size_t i = collector->process_count; i-- > 0 && place == COLLECTOR_PLACE_PROGRAM;)
        if (collector->processes[i]->pid == pid)
            place = places_find(collector->processes[i], &collector->memory, collector->plans, address, original);
    pthread_mutex_unlock(&collector->lock);
    return place;
}

static void fill_processes(struct collector *collector, struct session *session)
{
    struct ticks end = ticks_now();
    session->processes = calloc(collector->process_count + 1, sizeof *session->processes);
    for (size_t i = 0; i < collector->process_count; i++) {
        struct process *process = collector->processes[i];
        session->lost_records += process->last.lost;
        session->events += process->events;
        session->line_stops += process->records;
        session->guessed_frames += process->last.guessed_frames;
        if (process->summary.rss_granularity_bytes > session->rss_granularity_bytes)
            session->rss_granularity_bytes = process->summary.rss_granularity_bytes;
        if (session->processes == NULL)
            continue;
        process_hand_over(process, collector->start, end, &session->processes[session->process_count++]);
    }
}

struct session *collector_finish(struct collector *collector)
{
    struct session *session = calloc(1, sizeof *session);
    if (session == NULL)
        return NULL;
    if (collector->window_open)
        collector_end_window(collector, 0, 0, false);
    stop_thread(collector);
    work(collector);
    work(collector); /* a process found in the first round is drained in the second */
    for (size_t i = 0; i < collector->process_count; i++) {
        process_take_figures(collector->processes[i], collector->requests, collector->request_count);
        process_end(collector->processes[i], &collector->memory, collector->lines);
    }
    atomic_store(&collector->memory.header->closed, 1);

    const double ns_per_tick = ticks_ns(collector->start, ticks_now());
    session->requests = collector->requests;
    session->request_count = collector->request_count;
    collector->requests = NULL;
    collector->request_count = 0;
    for (size_t i = 0; i < session->request_count; i++)
        lines_functions(collector->lines, (uint32_t)i + 1, ns_per_tick, &session->requests[i].functions,
                        &session->requests[i].function_count);
    lines_never_ran(collector->lines, (uint32_t)session->request_count, &session->never_ran, &session->never_ran_count);
    fill_processes(collector, session);
    session->lost_records += plans_refused(collector->plans);
    session->refused = atomic_load(&collector->memory.header->refused);
    session->sample_bytes = collector->memory.sample_bytes;
    if (collector->memory.flags & WIRE_WANT_EVENTS) {
        if (sites_build(session, collector->processes, collector->process_count, collector->depth, ns_per_tick) != 0)
            session->lost_records += session->events;
        for (size_t n = 0; n < collector->process_count; n++) { /* symbols need room next */
            heap_free(collector->processes[n]->heap);
            collector->processes[n]->heap = NULL;
        }
    }
    session->many_threads = lines_many_threads(collector->lines);
    return session;
}
