/* The heaps of all processes -> the session's allocation sites. */

#include "collector/sites.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FRAMES_MAX 65536

struct builder {
    struct session *session;
    size_t site_room, frame_room;
    uint32_t *index; /* site + 1 by hash of (request, frames) */
    size_t slots;
    size_t depth;                 /* frames that count */
    uint64_t *addresses;          /* scratch: one stack as the heap has it */
    struct session_frame *frames; /* scratch: the same in terms of files */
};

/* Index of the file, which the session then has. */
static uint32_t module_index(struct session *session, const char *path)
{
    for (size_t i = session->module_count; i-- > 0;)
        if (strcmp(session->modules[i], path) == 0)
            return (uint32_t)i;
    char **grown = realloc(session->modules, (session->module_count + 1) * sizeof *grown);
    char *copy = grown != NULL ? strdup(path) : NULL;
    if (grown != NULL)
        session->modules = grown;
    if (copy == NULL)
        return SESSION_NO_MODULE;
    session->modules[session->module_count] = copy;
    return (uint32_t)session->module_count++;
}

/* The files in a process's memory. A forked child tells only of those that it loads itself; the others are its
   parent's. */
struct modules {
    const struct process *process;
    uint32_t *indices; /* the session's, of the process's modules */
};

#define GENERATIONS_MAX 16

/* The module that covered `address` in `generation`; else the last one that ever did: its list may have been begun anew. */
static const struct process_module *module_at(const struct process *process, uint64_t address, uint32_t generation)
{
    const struct process_module *last = NULL;
    for (size_t i = process->module_count; i-- > 0;) {
        const struct process_module *module = &process->modules[i];
        if (address < module->start || address >= module->end)
            continue;
        if (generation >= module->born && generation < module->died)
            return module;
        last = last == NULL ? module : last;
    }
    return last;
}

/* Where the code at `address` came from, in the process itself or in those that it was forked from. */
static struct session_frame frame_of(const struct modules *generations, size_t count, uint64_t address,
                                     uint32_t generation)
{
    address--;
    for (size_t g = 0; g < count; g++) {
        const struct process *process = generations[g].process;
        const struct process_module *module = module_at(process, address, generation);
        uint32_t index = module != NULL ? generations[g].indices[module - process->modules] : SESSION_NO_MODULE;
        if (index != SESSION_NO_MODULE)
            return (struct session_frame){.module = index, .address = address - module->base};
        generation = generation < process->generation ? generation : process->generation;
    }
    return (struct session_frame){.module = SESSION_NO_MODULE, .address = address};
}

/* The process that `processes[index]` was forked from, or NULL. */
static const struct process *parent_of(struct process *const *processes, size_t index)
{
    const struct process *child = processes[index];
    if (!child->is_forked)
        return NULL;
    for (size_t i = index; i-- > 0;)
        if (processes[i]->pid == child->parent_pid)
            return processes[i];
    return NULL;
}

static uint64_t hash_of(uint32_t request, const struct session_frame *frames, size_t count)
{
    uint64_t hash = request + UINT64_C(0x9E3779B97F4A7C15);
    for (size_t i = 0; i < count; i++) {
        hash = (hash ^ frames[i].address) * UINT64_C(0x9E3779B97F4A7C15);
        hash = (hash ^ hash >> 29 ^ frames[i].module) * UINT64_C(0xBF58476D1CE4E5B9);
    }
    return hash ^ hash >> 32;
}

static bool is_same(const struct session *session, const struct session_site *site, uint32_t request,
                    const struct session_frame *frames, size_t count)
{
    if (site->request != request || site->frame_count != count)
        return false;
    const struct session_frame *own = &session->frames[site->frame_first];
    for (size_t i = 0; i < count; i++)
        if (own[i].address != frames[i].address || own[i].module != frames[i].module)
            return false;
    return true;
}

static int grow_index(struct builder *builder)
{
    struct session *session = builder->session;
    if (4 * (session->site_count + 1) <= 3 * builder->slots)
        return 0;
    size_t slots = builder->slots ? 2 * builder->slots : 1024;
    uint32_t *index = calloc(slots, sizeof *index);
    if (index == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < session->site_count; i++) {
        const struct session_site *site = &session->sites[i];
        size_t at = hash_of(site->request, &session->frames[site->frame_first], site->frame_count) & (slots - 1);
        while (index[at] != 0)
            at = (at + 1) & (slots - 1);
        index[at] = i + 1;
    }
    free(builder->index);
    builder->index = index;
    builder->slots = slots;
    return 0;
}

static int grow_arrays(struct builder *builder, size_t frame_count)
{
    struct session *session = builder->session;
    if (session->site_count == builder->site_room) {
        size_t room = builder->site_room ? 2 * builder->site_room : 256;
        struct session_site *grown = realloc(session->sites, room * sizeof *grown);
        if (grown == NULL)
            return -ENOMEM;
        session->sites = grown;
        builder->site_room = room;
    }
    while (session->frame_count + frame_count > builder->frame_room) {
        size_t room = builder->frame_room ? 2 * builder->frame_room : 4096;
        struct session_frame *grown = room < UINT32_MAX ? realloc(session->frames, room * sizeof *grown) : NULL;
        if (grown == NULL)
            return -ENOMEM;
        session->frames = grown;
        builder->frame_room = room;
    }
    return 0;
}

/* The session's site of the stack in builder->frames, made at first sight. */
static struct session_site *site_of(struct builder *builder, uint32_t request, size_t count)
{
    struct session *session = builder->session;
    if (grow_index(builder) != 0)
        return NULL;
    size_t at = hash_of(request, builder->frames, count) & (builder->slots - 1);
    for (; builder->index[at] != 0; at = (at + 1) & (builder->slots - 1))
        if (is_same(session, &session->sites[builder->index[at] - 1], request, builder->frames, count))
            return &session->sites[builder->index[at] - 1];
    if (grow_arrays(builder, count) != 0)
        return NULL;
    memcpy(&session->frames[session->frame_count], builder->frames, count * sizeof *builder->frames);
    session->sites[session->site_count] = (struct session_site){
        .request = request, .frame_first = (uint32_t)session->frame_count, .frame_count = (uint32_t)count};
    session->frame_count += count;
    builder->index[at] = (uint32_t)++session->site_count;
    return &session->sites[session->site_count - 1];
}

/* The loader's start is called by the kernel: there is nothing beyond it, although nothing says so. */
static bool is_loader(const struct session *session, const struct session_frame *frame)
{
    if (frame->module == SESSION_NO_MODULE)
        return false;
    const char *path = session->modules[frame->module], *slash = strrchr(path, '/');
    return strncmp(slash != NULL ? slash + 1 : path, "ld-", 3) == 0;
}

static int add_site(struct builder *builder, const struct modules *generations, size_t generation_count,
                    const struct heap_site *from)
{
    if (from->window == 0 || from->window > builder->session->request_count)
        return 0;
    struct heap_stack stack =
        heap_walk(generations[0].process->heap, from->stack, builder->addresses, builder->depth);
    size_t count = stack.count < builder->depth ? stack.count : builder->depth;
    enum wire_root end = stack.count > builder->depth ? WIRE_ROOT_CUT : stack.end;
    for (size_t i = 0; i < count; i++)
        builder->frames[i] = frame_of(generations, generation_count, builder->addresses[i], stack.generation);
    struct session_site *site = site_of(builder, from->window - 1, count);
    if (site == NULL)
        return -ENOMEM;
    site->cut |= end == WIRE_ROOT_CUT;
    site->stopped |=
        end == WIRE_ROOT_STOPPED && (count == 0 || !is_loader(builder->session, &builder->frames[count - 1]));
    site->alloc_bytes += from->alloc_bytes;
    site->alloc_count += from->alloc_count;
    site->live_bytes += from->live_bytes;
    site->live_count += from->live_count;
    site->survived_count += from->survived_count;
    site->window_live_bytes += from->window_live_bytes;
    site->window_live_count += from->window_live_count;
    site->peak_bytes += from->peak_bytes;
    site->temporary_count += from->temporary_count;
    return 0;
}

/* The session's indices of a process's modules; malloc'ed, NULL when memory is out. */
static uint32_t *index_modules(struct session *session, const struct process *process)
{
    uint32_t *indices = malloc((process->module_count + 1) * sizeof *indices);
    for (size_t i = 0; indices != NULL && i < process->module_count; i++)
        indices[i] = module_index(session, process->modules[i].path);
    return indices;
}

/* The process itself, its parent if it was forked, and so on. Returns how many. */
static size_t find_generations(struct session *session, struct process *const *processes, size_t index,
                               struct modules *out)
{
    size_t count = 0;
    for (const struct process *process = processes[index]; process != NULL && count < GENERATIONS_MAX;) {
        uint32_t *indices = index_modules(session, process);
        if (indices == NULL)
            break;
        out[count++] = (struct modules){.process = process, .indices = indices};
        process = parent_of(processes, index);
        while (process != NULL && processes[index] != process)
            index--;
    }
    return count;
}

static int add_process(struct builder *builder, struct process *const *processes, size_t index)
{
    const struct process *process = processes[index];
    struct modules generations[GENERATIONS_MAX];
    const struct heap_site *sites;
    size_t count = heap_sites(process->heap, &sites);
    size_t generation_count = find_generations(builder->session, processes, index, generations);
    int code = generation_count > 0 ? 0 : -ENOMEM;
    for (size_t i = 0; code == 0 && i < count; i++)
        code = add_site(builder, generations, generation_count, &sites[i]);
    builder->session->disorder += heap_totals(process->heap)->disorder;
    builder->session->unknown_frees += heap_totals(process->heap)->unknown_frees;
    for (size_t i = 0; i < generation_count; i++)
        free(generations[i].indices);
    return code;
}

int sites_build(struct session *session, struct process *const *processes, size_t process_count, uint32_t depth)
{
    struct builder builder = {.session = session,
                              .depth = depth > 0 && depth < FRAMES_MAX ? depth : FRAMES_MAX,
                              .addresses = malloc(FRAMES_MAX * sizeof *builder.addresses),
                              .frames = malloc(FRAMES_MAX * sizeof *builder.frames)};
    int code = builder.addresses != NULL && builder.frames != NULL ? 0 : -ENOMEM;
    for (size_t i = 0; code == 0 && i < process_count; i++)
        if (processes[i]->heap != NULL)
            code = add_process(&builder, processes, i);
    session->has_sites = code == 0;
    session->depth = depth;
    if (code != 0)
        session->site_count = 0;
    free(builder.addresses);
    free(builder.frames);
    free(builder.index);
    return code;
}
