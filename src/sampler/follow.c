/* Dispatches records. */

#include "sampler/follow.h"

#include <stdlib.h>

#include "sampler/images.h"
#include "sampler/modules.h"
#include "sampler/records.h"
#include "sampler/walk.h"

struct follow {
    struct sampler_options options;
    struct images *images;
    struct modules *modules;
    struct tally tally;
    uint32_t window;
    struct follow_counts counts;
    struct walk walk; /* of the sample at hand; too large for a stack */
};

struct follow *follow_new(const struct sampler_options *options)
{
    struct follow *follow = calloc(1, sizeof *follow);
    if (follow == NULL)
        return NULL;
    follow->options = *options;
    follow->images = images_new();
    follow->modules = modules_new(options->own_name);
    if (follow->images != NULL && follow->modules != NULL)
        return follow;
    follow_free(follow);
    return NULL;
}

void follow_free(struct follow *follow)
{
    if (follow == NULL)
        return;
    images_free(follow->images);
    modules_free(follow->modules);
    tally_fini(&follow->tally);
    free(follow);
}

void follow_window(struct follow *follow, uint32_t window)
{
    follow->window = window;
    follow->counts = (struct follow_counts){0};
}

static enum sampler_place place_of(const struct follow *follow, uint32_t pid, uint64_t address, uint64_t *original)
{
    *original = address;
    return follow->options.place != NULL ? follow->options.place(pid, address, original, follow->options.data)
                                         : SAMPLER_PLACE_PROGRAM;
}

static uint64_t original_of(uint32_t pid, uint64_t address, void *data)
{
    uint64_t original;
    place_of(data, pid, address, &original);
    return original;
}

/* Is this time that the program would not have spent without us? That is also the kernel's way into a line stop, the
   registers being those behind its breakpoint, and the way back from the handler. */
static bool is_own(const struct follow *follow, const struct record *record)
{
    const struct walk *walk = &follow->walk;
    uint64_t original;
    if (walk->begins_in_own || walk->has_own_handler)
        return true;
    if (walk->returns_from_handler && follow->options.place != NULL)
        return true;
    const struct image *image = record->in_kernel ? images_at(follow->images, record->pid, record->ip) : NULL;
    return image != NULL && place_of(follow, image->mapped_by, record->ip, &original) == SAMPLER_PLACE_BEHIND_STOP;
}

static void take_sample(struct follow *follow, const struct record *record)
{
    const struct walk_start start = {.pid = record->pid,
                                     .in_kernel = record->in_kernel,
                                     .ip = record->ip,
                                     .registers = record->registers,
                                     .stack = record->stack,
                                     .stack_bytes = record->stack_bytes};
    struct walk *walk = &follow->walk;
    walk->count = 0;
    walk->stopped = true; /* without registers: 32-bit code, or a thread that has left its program already */
    if (record->has_registers)
        walk_stack(follow->images, follow->modules, &start, original_of, follow, walk);
    if (record->has_registers && is_own(follow, record))
        follow->counts.own++;
    else if (tally_add(&follow->tally, follow->window, walk->frames, walk->count, walk->stopped) == 0)
        follow->counts.program++;
    else
        follow->counts.lost++;
}

static void take_mapping(struct follow *follow, const struct record *record)
{
    const struct image image = {.start = record->start,
                                .end = record->end,
                                .file_offset = record->file_offset,
                                .module = modules_find(follow->modules, record->path),
                                .mapped_by = record->pid};
    images_map(follow->images, record->pid, &image); /* without it, stacks end there: they say so */
}

void follow_feed(struct follow *follow, const uint8_t *bytes, size_t size)
{
    struct record record;
    if (!record_read(bytes, size, &record)) {
        follow->counts.lost++;
        return;
    }
    switch (record.type) {
    case PERF_RECORD_SAMPLE:
        take_sample(follow, &record);
        break;
    case PERF_RECORD_MMAP2:
        take_mapping(follow, &record);
        break;
    case PERF_RECORD_COMM:
        if (record.is_exec)
            images_clear(follow->images, record.pid);
        break;
    case PERF_RECORD_FORK:
        images_fork(follow->images, record.pid, record.parent_pid);
        break;
    case PERF_RECORD_EXIT:
        images_exit(follow->images, record.pid);
        break;
    case PERF_RECORD_LOST:
        follow->counts.lost += record.lost_count;
        break;
    }
}

struct follow_counts follow_counts(const struct follow *follow)
{
    return follow->counts;
}

const struct tally *follow_tally(const struct follow *follow)
{
    return &follow->tally;
}

uint32_t follow_module_count(const struct follow *follow)
{
    return modules_count(follow->modules);
}

const char *follow_module(const struct follow *follow, uint32_t module)
{
    return modules_path(follow->modules, module);
}
