/* The plans of this session. A question is a path in the traced process's list of modules; it comes from memory that
   the program can write, so every length in it is checked. */

#include "collector/plans.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "collector/futex.h"
#include "wire/plan.h"

/* Files of one run. A program can make any number of them; each costs a look at its debug information. */
#define PLANS_LIMIT 65536u

struct plan {
    dev_t device;
    ino_t inode;
    struct timespec changed;
    uint64_t offset; /* in the session, 0: nothing to stop at */
    uint64_t bytes;
    struct wire_plan *blob; /* ours, as encoded; NULL: nothing to stop at */
    uint32_t *functions;    /* index in `lines` of each function of the plan */
};

struct plans {
    struct memory *memory;
    struct lines *lines;
    collector_plan_fn *make;
    void *data;
    struct plan *items; /* plan_id - 1 */
    size_t count, room;
    uint64_t refused;
};

struct plans *plans_new(struct memory *memory, struct lines *lines, collector_plan_fn *make, void *data)
{
    struct plans *plans = calloc(1, sizeof *plans);
    if (plans != NULL)
        *plans = (struct plans){.memory = memory, .lines = lines, .make = make, .data = data};
    return plans;
}

void plans_free(struct plans *plans)
{
    if (plans == NULL)
        return;
    for (size_t i = 0; i < plans->count; i++) {
        free(plans->items[i].blob);
        free(plans->items[i].functions);
    }
    free(plans->items);
    free(plans);
}

static void functions_free(struct collector_function *functions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(functions[i].name);
        free(functions[i].file);
        free(functions[i].lines);
    }
    free(functions);
}

/* Take in what the maker of plans answered for `plan`. */
static void adopt(struct plans *plans, struct plan *plan, void *blob, size_t bytes,
                  const struct collector_function *functions, size_t count)
{
    uint32_t *map = calloc(count ? count : 1, sizeof *map);
    if (map == NULL || bytes < sizeof *plan->blob) {
        free(map);
        free(blob);
        return;
    }
    for (size_t i = 0; i < count; i++)
        map[i] = lines_add_function(plans->lines, &functions[i]);
    plan->offset = memory_add_plan(plans->memory, blob, bytes);
    if (plan->offset == 0) {
        free(map);
        free(blob);
        return;
    }
    plan->bytes = bytes;
    plan->blob = blob;
    plan->functions = map;
}

static struct plan *find(struct plans *plans, const struct stat *status)
{
    for (size_t i = 0; i < plans->count; i++) {
        struct plan *plan = &plans->items[i];
        if (plan->device == status->st_dev && plan->inode == status->st_ino &&
            plan->changed.tv_sec == status->st_mtim.tv_sec && plan->changed.tv_nsec == status->st_mtim.tv_nsec)
            return plan;
    }
    return NULL;
}

/* The path under which we can open what the process calls `path`: it may live in another root directory. */
static const char *our_path(pid_t pid, const char *path, char *buffer, size_t buffer_bytes)
{
    char root[PATH_MAX];
    snprintf(buffer, buffer_bytes, "/proc/%d/root", (int)pid);
    ssize_t length = readlink(buffer, root, sizeof root - 1);
    if (length <= 0 || (length == 1 && root[0] == '/'))
        return path;
    snprintf(buffer, buffer_bytes, "/proc/%d/root%s", (int)pid, path);
    return access(buffer, R_OK) == 0 ? buffer : path;
}

static const struct plan *plan_for(struct plans *plans, pid_t pid, const char *path)
{
    char buffer[PATH_MAX + 32];
    struct stat status;
    path = our_path(pid, path, buffer, sizeof buffer);
    if (plans->make == NULL || stat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return NULL;
    struct plan *known = find(plans, &status);
    if (known != NULL)
        return known;

    if (plans->count == PLANS_LIMIT) {
        plans->refused++;
        return NULL;
    }
    if (plans->count == plans->room) {
        size_t room = plans->room ? 2 * plans->room : 32;
        struct plan *grown = realloc(plans->items, room * sizeof *grown);
        if (grown == NULL)
            return NULL;
        plans->items = grown;
        plans->room = room;
    }
    struct plan *plan = &plans->items[plans->count++];
    *plan = (struct plan){.device = status.st_dev, .inode = status.st_ino, .changed = status.st_mtim};
    void *blob = NULL;
    size_t bytes = 0, function_count = 0;
    struct collector_function *functions = NULL;
    if (plans->make(path, (uint32_t)plans->count, &blob, &bytes, &functions, &function_count, plans->data) == 0 &&
        blob != NULL)
        adopt(plans, plan, blob, bytes, functions, function_count);
    functions_free(functions, function_count);
    return plan;
}

/* The entry at *at, with its path copied out and ended, or NULL behind the last sound one. Moves *at to the next. */
static struct wire_module *next_module(struct wire_modules *modules, size_t *at, char path[PATH_MAX + 1])
{
    if (*at + sizeof(struct wire_module) > sizeof modules->entries)
        return NULL;
    struct wire_module *module = (struct wire_module *)(modules->entries + *at);
    uint32_t entry_bytes = module->entry_bytes, path_bytes = module->path_bytes;
    if (entry_bytes % 8 != 0 || entry_bytes < sizeof *module || entry_bytes > sizeof modules->entries - *at ||
        path_bytes == 0 || path_bytes > entry_bytes - sizeof *module || path_bytes > PATH_MAX)
        return NULL;
    *at += entry_bytes;
    memcpy(path, module->path, path_bytes);
    path[path_bytes - 1] = '\0';
    return module;
}

void plans_visit_modules(struct wire_modules *modules, plans_module_fn *visit, void *data)
{
    uint32_t asked = atomic_load_explicit(&modules->asked, memory_order_acquire);
    char path[PATH_MAX + 1];
    size_t at = 0;
    struct wire_module *module;
    for (uint32_t i = 0; i < asked && (module = next_module(modules, &at, path)) != NULL; i++)
        visit(path, module, data);
}

bool plans_answer(struct plans *plans, pid_t pid, struct wire_modules *modules)
{
    uint32_t asked = atomic_load_explicit(&modules->asked, memory_order_acquire);
    uint32_t answered = atomic_load_explicit(&modules->answered, memory_order_relaxed);
    if (asked == answered)
        return false;
    char path[PATH_MAX + 1];
    size_t at = 0;
    struct wire_module *module;
    for (uint32_t i = 0; i < asked && (module = next_module(modules, &at, path)) != NULL; i++) {
        if (i < answered)
            continue;
        const struct plan *plan = module->flags & WIRE_MODULE_NO_STOPS ? NULL : plan_for(plans, pid, path);
        module->plan_bytes = plan ? plan->bytes : 0;
        module->plan_offset = plan ? plan->offset : 0;
    }
    atomic_store_explicit(&modules->answered, asked, memory_order_release);
    futex_wake(&modules->answered);
    return true;
}

uint64_t plans_refused(const struct plans *plans)
{
    return plans->refused;
}

const struct wire_plan *plans_at(const struct plans *plans, uint64_t offset)
{
    for (size_t i = 0; offset != 0 && i < plans->count; i++)
        if (plans->items[i].offset == offset)
            return plans->items[i].blob;
    return NULL;
}

bool plans_site(const struct plans *plans, uint32_t plan_id, uint32_t site, struct lines_site *out)
{
    if (plan_id == 0 || plan_id > plans->count)
        return false;
    const struct plan *plan = &plans->items[plan_id - 1];
    if (plan->blob == NULL || site >= plan->blob->site_count)
        return false;
    const struct wire_site *s = &wire_plan_sites(plan->blob)[site];
    *out = (struct lines_site){
        .function = plan->functions[s->function], .line = s->line, .offset = s->offset, .flags = s->flags};
    out->jump_target = s->class == WIRE_SITE_JUMP ? s->target : 0;
    return true;
}
