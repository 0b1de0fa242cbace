/* A sorted array per process, and the processes in an array that is searched from its end: those that work are mostly
   the latest. */

#include "sampler/images.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct process {
    uint32_t pid;
    uint32_t thread_count;
    struct image *items; /* ascending, none overlap */
    size_t count, capacity;
};

struct images {
    struct process *processes;
    size_t count, capacity;
    size_t last; /* where one was found last */
};

struct images *images_new(void)
{
    return calloc(1, sizeof(struct images));
}

void images_free(struct images *images)
{
    if (images == NULL)
        return;
    for (size_t i = 0; i < images->count; i++)
        free(images->processes[i].items);
    free(images->processes);
    free(images);
}

static struct process *find(struct images *images, uint32_t pid)
{
    if (images->last < images->count && images->processes[images->last].pid == pid)
        return &images->processes[images->last];
    for (size_t i = images->count; i-- > 0;) {
        if (images->processes[i].pid != pid)
            continue;
        images->last = i;
        return &images->processes[i];
    }
    return NULL;
}

static struct process *find_or_add(struct images *images, uint32_t pid)
{
    struct process *process = find(images, pid);
    if (process != NULL)
        return process;
    struct process *processes =
        array_grow(images->processes, &images->capacity, images->count + 1, sizeof *images->processes);
    if (processes == NULL)
        return NULL;
    images->processes = processes;
    images->last = images->count;
    process = &processes[images->count++];
    *process = (struct process){.pid = pid, .thread_count = 1};
    return process;
}

static void forget(struct images *images, struct process *process)
{
    free(process->items);
    *process = images->processes[--images->count];
}

/* The first image that ends behind `address`. */
static size_t first_behind(const struct process *process, uint64_t address)
{
    size_t low = 0, high = process->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (process->items[middle].end <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Take [start, end) out; there is room for one more image, should it be the middle of one. */
static void cut_out(struct process *process, uint64_t start, uint64_t end)
{
    size_t at = first_behind(process, start);
    struct image *items = process->items;
    if (at < process->count && items[at].start < start && items[at].end > end) {
        memmove(&items[at + 1], &items[at], (process->count - at) * sizeof *items);
        process->count++;
        items[at].end = start;
        at++;
    } else if (at < process->count && items[at].start < start) {
        items[at].end = start;
        at++;
    }
    size_t behind = at;
    while (behind < process->count && items[behind].end <= end)
        behind++;
    memmove(&items[at], &items[behind], (process->count - behind) * sizeof *items);
    process->count -= behind - at;
    if (at < process->count && items[at].start < end) {
        items[at].file_offset += end - items[at].start;
        items[at].start = end;
    }
}

int images_map(struct images *images, uint32_t pid, const struct image *image)
{
    struct process *process = find_or_add(images, pid);
    if (process == NULL)
        return -ENOMEM;
    if (image->start >= image->end)
        return 0;
    struct image *items = array_grow(process->items, &process->capacity, process->count + 2, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    process->items = items;
    cut_out(process, image->start, image->end);
    size_t at = first_behind(process, image->start);
    memmove(&items[at + 1], &items[at], (process->count - at) * sizeof *items);
    items[at] = *image;
    process->count++;
    return 0;
}

int images_fork(struct images *images, uint32_t pid, uint32_t parent_pid)
{
    struct process *parent = find_or_add(images, parent_pid);
    if (parent == NULL)
        return -ENOMEM;
    if (pid == parent_pid) {
        parent->thread_count++;
        return 0;
    }
    images_clear(images, pid); /* an earlier process of that number, whose end was lost */
    struct process *child = find_or_add(images, pid);
    if (child == NULL)
        return -ENOMEM;
    child->thread_count = 1;
    parent = find(images, parent_pid);
    child = find(images, pid);
    if (parent->count == 0)
        return 0;
    struct image *items = array_grow(child->items, &child->capacity, parent->count, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    memcpy(items, parent->items, parent->count * sizeof *items);
    child->items = items;
    child->count = parent->count;
    return 0;
}

void images_clear(struct images *images, uint32_t pid)
{
    struct process *process = find(images, pid);
    if (process != NULL)
        process->count = 0;
}

void images_exit(struct images *images, uint32_t pid)
{
    struct process *process = find(images, pid);
    if (process != NULL && --process->thread_count == 0)
        forget(images, process);
}

const struct image *images_at(struct images *images, uint32_t pid, uint64_t address)
{
    const struct process *process = find(images, pid);
    if (process == NULL)
        return NULL;
    size_t at = first_behind(process, address);
    return at < process->count && process->items[at].start <= address ? &process->items[at] : NULL;
}
