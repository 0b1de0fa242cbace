/* The thread that reads the rings, and the windows. */

#include "sampler/sampler.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"
#include "sampler/follow.h"
#include "sampler/modules.h"
#include "sampler/rings.h"

/* How long what the kernel does not wake us for may lie in a ring. */
#define LATEST_MS 50
/* So many samples should there have been, before none at all means that the kernel takes none. */
#define SAMPLES_EXPECTED 20

struct window {
    struct follow_counts counts;
    uint64_t cpu_ns;
};

struct sampler {
    struct sampler_options options;
    struct rings *rings;
    struct follow *follow; /* with the lock, like the rings' records */
    pthread_mutex_t lock;
    pthread_t thread;
    bool is_running;
    int stop_fd; /* readable: the thread is to end */
    struct pollfd *waits;
    bool is_open;       /* a window */
    uint64_t before_ns; /* CPU time when it began */
    struct window *windows;
    size_t window_count, window_capacity;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* A CPU's record may become visible somewhat later than another's that has a later time: what is as young as this call
   waits for the next one. */
static void drain(struct sampler *sampler, uint64_t before_ns)
{
    const uint8_t *record;
    size_t size;
    while ((record = rings_next(sampler->rings, before_ns, &size)) != NULL)
        follow_feed(sampler->follow, record, size);
}

static void *read_rings(void *data)
{
    struct sampler *sampler = data;
    size_t count = rings_poll(sampler->rings, sampler->waits);
    sampler->waits[count] = (struct pollfd){.fd = sampler->stop_fd, .events = POLLIN};
    while (sampler->waits[count].revents == 0) {
        poll(sampler->waits, count + 1, LATEST_MS);
        for (size_t i = 0; i < count; i++)
            if ((sampler->waits[i].revents & ~POLLIN) != 0)
                sampler->waits[i].fd = -1; /* the process that it was opened for has ended */
        pthread_mutex_lock(&sampler->lock);
        drain(sampler, now_ns());
        pthread_mutex_unlock(&sampler->lock);
    }
    return NULL;
}

static int start_thread(struct sampler *sampler)
{
    size_t count = rings_poll(sampler->rings, NULL);
    sampler->waits = calloc(count + 1, sizeof *sampler->waits);
    sampler->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (sampler->waits == NULL || sampler->stop_fd < 0)
        return -ENOMEM;
    int code = -pthread_create(&sampler->thread, NULL, read_rings, sampler);
    sampler->is_running = code == 0;
    return code;
}

int sampler_new(pid_t pid, const struct sampler_options *options, struct sampler **out, struct err *err)
{
    struct sampler *sampler = calloc(1, sizeof *sampler);
    if (sampler == NULL)
        return err_set(err, -ENOMEM, "out of memory");
    sampler->stop_fd = -1;
    sampler->options = *options;
    sampler->is_open = options->from_exec;
    if (sampler->options.interval_ns == 0)
        sampler->options.interval_ns = SAMPLER_INTERVAL_NS;
    pthread_mutex_init(&sampler->lock, NULL);
    const struct rings_options wanted = {.interval_ns = sampler->options.interval_ns,
                                         .from_exec = options->from_exec,
                                         .no_children = options->no_children};
    int code = rings_open(pid, &wanted, &sampler->rings, err);
    if (code == 0) {
        sampler->follow = follow_new(&sampler->options);
        code = sampler->follow != NULL ? start_thread(sampler) : -ENOMEM;
        if (code != 0)
            err_set(err, code, "out of memory");
    }
    if (code != 0) {
        sampler_free(sampler);
        return code;
    }
    *out = sampler;
    return 0;
}

static void stop_thread(struct sampler *sampler)
{
    if (!sampler->is_running)
        return;
    eventfd_write(sampler->stop_fd, 1);
    pthread_join(sampler->thread, NULL);
    sampler->is_running = false;
}

void sampler_free(struct sampler *sampler)
{
    if (sampler == NULL)
        return;
    stop_thread(sampler);
    rings_close(sampler->rings);
    follow_free(sampler->follow);
    if (sampler->stop_fd >= 0)
        close(sampler->stop_fd);
    pthread_mutex_destroy(&sampler->lock);
    free(sampler->waits);
    free(sampler->windows);
    free(sampler);
}

void sampler_begin_window(struct sampler *sampler)
{
    pthread_mutex_lock(&sampler->lock);
    drain(sampler, now_ns());
    follow_window(sampler->follow, (uint32_t)sampler->window_count);
    pthread_mutex_unlock(&sampler->lock);
    sampler->is_open = true;
    sampler->before_ns = rings_cpu_ns(sampler->rings);
    rings_switch(sampler->rings, true);
}

void sampler_end_window(struct sampler *sampler)
{
    if (!sampler->is_open)
        return;
    rings_switch(sampler->rings, false);
    struct window window = {.cpu_ns = rings_cpu_ns(sampler->rings) - sampler->before_ns};
    sampler->is_open = false;
    pthread_mutex_lock(&sampler->lock);
    drain(sampler, UINT64_MAX);
    window.counts = follow_counts(sampler->follow);
    pthread_mutex_unlock(&sampler->lock);
    struct window *windows =
        array_grow(sampler->windows, &sampler->window_capacity, sampler->window_count + 1, sizeof *windows);
    if (windows == NULL)
        return; /* sampler_finish sees that there is one too few */
    sampler->windows = windows;
    windows[sampler->window_count++] = window;
}

/* The session's numbers of the sampler's modules; malloc'ed, NULL when memory is short. */
static uint32_t *number_modules(const struct sampler *sampler, struct session *session)
{
    uint32_t count = follow_module_count(sampler->follow);
    uint32_t *numbers = malloc((count + 1) * sizeof *numbers);
    for (uint32_t i = 0; numbers != NULL && i < count; i++)
        numbers[i] = session_module(session, follow_module(sampler->follow, i));
    return numbers;
}

/* Add the stacks behind what the session has. */
static int hand_over_stacks(const struct sampler *sampler, struct session *session)
{
    const struct tally *tally = follow_tally(sampler->follow);
    uint32_t *numbers = number_modules(sampler, session);
    struct session_frame *frames =
        realloc(session->frames, (session->frame_count + tally->frame_count + 1) * sizeof *frames);
    session->frames = frames != NULL ? frames : session->frames;
    session->times = calloc(tally->stack_count + 1, sizeof *session->times);
    int code = -ENOMEM;
    if (numbers == NULL || frames == NULL || session->times == NULL ||
        session->frame_count + tally->frame_count > UINT32_MAX)
        goto out;
    for (size_t i = 0; i < tally->stack_count; i++) {
        const struct tally_stack *stack = &tally->stacks[i];
        session->times[i] = (struct session_time){
            .request = stack->window,
            .frame_first = (uint32_t)(session->frame_count + stack->frame_first),
            .frame_count = stack->frame_count,
            .sample_count = stack->sample_count,
            .ns = stack->sample_count * sampler->options.interval_ns,
            .stopped = stack->stopped,
        };
    }
    for (size_t i = 0; i < tally->frame_count; i++) {
        struct session_frame *frame = &frames[session->frame_count + i];
        *frame = tally->frames[i];
        if (frame->module != SESSION_NO_MODULE)
            frame->module = numbers[frame->module] & UINT16_MAX;
    }
    session->frame_count += tally->frame_count;
    session->time_count = tally->stack_count;
    code = 0;
out:
    free(numbers);
    return code;
}

/* Does the kernel take no samples, though there was something to sample? */
static bool is_blind(const struct sampler *sampler)
{
    uint64_t cpu_ns = 0, samples = 0;
    for (size_t i = 0; i < sampler->window_count; i++) {
        cpu_ns += sampler->windows[i].cpu_ns;
        samples +=
            sampler->windows[i].counts.program + sampler->windows[i].counts.own + sampler->windows[i].counts.lost;
    }
    return samples == 0 && cpu_ns > SAMPLES_EXPECTED * sampler->options.interval_ns &&
           !rings_is_user_only(sampler->rings);
}

static void hand_over_window(const struct sampler *sampler, const struct window *window, struct session_cpu *out)
{
    uint64_t interval_ns = sampler->options.interval_ns, own_ns = window->counts.own * interval_ns;
    *out = (struct session_cpu){
        .is_measured = true,
        .interval_ns = interval_ns,
        .sample_count = window->counts.program,
        .ns = window->cpu_ns > own_ns ? window->cpu_ns - own_ns : 0,
        .lost_count = window->counts.lost,
        .own_count = window->counts.own,
        .user_only = rings_is_user_only(sampler->rings),
    };
}

int sampler_finish(struct sampler *sampler, struct session *session)
{
    sampler_end_window(sampler);
    stop_thread(sampler);
    if (is_blind(sampler)) {
        session->no_times_reason = strdup("the kernel took no sample of it; a virtual machine may lack the timers");
        return session->no_times_reason != NULL ? 0 : -ENOMEM;
    }
    int code = hand_over_stacks(sampler, session);
    if (code != 0)
        return code;
    for (size_t i = 0; i < session->request_count && i < sampler->window_count; i++)
        hand_over_window(sampler, &sampler->windows[i], &session->requests[i].cpu);
    session->has_times = true;
    return 0;
}
