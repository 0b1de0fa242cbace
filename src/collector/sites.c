/* The heaps of all processes -> the session's allocation sites. */

#include "collector/sites.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

#define FRAMES_MAX 65536                 /* of a stack */
#define FRAMES_LIMIT (UINT32_C(1) << 27) /* of all stacks: 2 GiB */
#define POSITIONS 1024                   /* powers of two */
#define KNOWN_FRAMES 4096
#define GUEST_NAME "libsyseng_mem_preload."

/* The stack looked at last, outermost frame first. Most of it is the next one's as well. */
struct walk {
    uint64_t paths[FRAMES_MAX];
    struct session_frame frames[FRAMES_MAX];
    uint64_t hashes[FRAMES_MAX]; /* of all frames up to here */
    size_t count;
    uint16_t positions[POSITIONS];                                 /* where a path probably is, by its low bits */
    uint64_t fresh_paths[FRAMES_MAX], fresh_addresses[FRAMES_MAX]; /* scratch: innermost first */
    uint64_t root; /* of the stack: why it ends, and the generation of the modules that its addresses lie in */
    struct {
        uint64_t address;
        uint32_t generation;
        struct session_frame frame;
    } known[KNOWN_FRAMES]; /* by the address's low bits; those of the process that is being added */
};

/* Sites of one kind. */
struct list {
    struct session_site *sites;
    size_t count, room;
    uint64_t *index; /* the low half of a hash of (request, frames) << 32 | site + 1 */
    size_t slots;
};

struct builder {
    struct session *session;
    size_t frame_room;
    struct list blocks, mapped;
    size_t depth; /* frames that count */
    struct walk *walk;
    double ns_per_tick;
};

/* The files in a process's memory. A forked child tells only of those that it loads itself; the others are its
   parent's. */
struct modules {
    const struct process *process;
    uint32_t *indices; /* the session's, of the process's modules */
};

#define GENERATIONS_MAX 16

/* The module that covered `address` in `generation`; with ANY_GENERATION the last one that ever did. Its number,
   NO_NUMBER when there is none. */
#define ANY_GENERATION UINT32_MAX
#define NO_NUMBER SIZE_MAX

static size_t module_at(const struct modules *modules, uint64_t address, uint32_t generation)
{
    for (size_t i = modules->process->module_count; i-- > 0;) {
        const struct process_module *module = &modules->process->modules[i];
        if (address >= module->start && address < module->end && modules->indices[i] != SESSION_NO_MODULE &&
            (generation == ANY_GENERATION || (generation >= module->born && generation < module->died)))
            return i;
    }
    return NO_NUMBER;
}

/* Where the code at `address` came from: the process itself, or those that it was forked from. A list that was full was
   begun anew and knows nothing of what was unloaded before: then any module that ever lay there. */
static struct session_frame frame_of(const struct modules *generations, size_t count, uint64_t address,
                                     uint32_t generation)
{
    address--;
    for (int exactly = 1; exactly >= 0; exactly--) {
        uint32_t wanted = exactly ? generation : ANY_GENERATION;
        for (size_t g = 0; g < count; g++) {
            const struct process *process = generations[g].process;
            size_t at = module_at(&generations[g], address, wanted);
            if (at != NO_NUMBER)
                return (struct session_frame){.module = generations[g].indices[at],
                                              .address = address - process->modules[at].base};
            if (exactly && process->generation < wanted) /* its parent's are as they were at the fork */
                wanted = process->generation;
        }
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
        if (processes[i]->serial == child->parent_serial)
            return processes[i];
    return NULL;
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return (hash ^ hash >> 29) * UINT64_C(0xBF58476D1CE4E5B9);
}

static uint64_t mix_frame(uint64_t hash, const struct session_frame *frame)
{
    return mix(hash, (uint64_t)frame->module << 48 ^ frame->address);
}

static struct session_frame known_frame(struct walk *walk, const struct modules *generations, size_t generation_count,
                                        uint64_t address)
{
    uint32_t generation = (uint32_t)(walk->root >> 2);
    size_t at = address & (KNOWN_FRAMES - 1);
    if (walk->known[at].address != address || walk->known[at].generation != generation) {
        walk->known[at].address = address;
        walk->known[at].generation = generation;
        walk->known[at].frame = frame_of(generations, generation_count, address, generation);
    }
    return walk->known[at].frame;
}

/* Step outwards until the stack of before is met, whose root is then this one's as well. Returns how many frames of it
   remain; *fresh_count are new. */
static size_t walk_outwards(struct walk *walk, const struct heap *heap, uint64_t path, size_t *fresh_count)
{
    uint64_t parent, address;
    *fresh_count = 0;
    for (; path >= WIRE_EVENT_ROOTS && *fresh_count < FRAMES_MAX; path = parent) {
        size_t at = walk->positions[path & (POSITIONS - 1)];
        if (at < walk->count && walk->paths[at] == path)
            return at + 1;
        if (!heap_frame(heap, path, &parent, &address))
            break;
        walk->fresh_paths[*fresh_count] = path;
        walk->fresh_addresses[(*fresh_count)++] = address;
    }
    walk->root = path < WIRE_EVENT_ROOTS ? path : WIRE_ROOT_CUT; /* what nobody told the rest of is as good as cut */
    return 0;
}

/* The guest's own frames are left out: a program has none of them when it is not watched. */
static bool is_guests(const struct session *session, const struct session_frame *frame)
{
    return frame->module != SESSION_NO_MODULE && strstr(session->modules[frame->module], "/" GUEST_NAME) != NULL;
}

static void walk_to(struct walk *walk, const struct session *session, const struct modules *generations,
                    size_t generation_count, uint64_t path)
{
    size_t fresh_count;
    walk->count = walk_outwards(walk, generations[0].process->heap, path, &fresh_count);
    while (fresh_count > 0 && walk->count < FRAMES_MAX) {
        size_t at = walk->count;
        struct session_frame frame =
            known_frame(walk, generations, generation_count, walk->fresh_addresses[--fresh_count]);
        if (is_guests(session, &frame))
            continue;
        walk->frames[at] = frame;
        walk->paths[at] = walk->fresh_paths[fresh_count];
        walk->hashes[at] = mix_frame(at > 0 ? walk->hashes[at - 1] : 0, &frame);
        walk->positions[walk->paths[at] & (POSITIONS - 1)] = (uint16_t)at;
        walk->count++;
    }
}

/* The walk's frames that count, outermost first; `hash` is of them. */
struct stack {
    const struct session_frame *frames;
    size_t count;
    uint64_t hash;
};

static struct stack stack_of(const struct walk *walk, size_t depth)
{
    if (walk->count <= depth)
        return (struct stack){
            .frames = walk->frames, .count = walk->count, .hash = walk->count > 0 ? walk->hashes[walk->count - 1] : 0};
    struct stack stack = {.frames = &walk->frames[walk->count - depth], .count = depth};
    for (size_t i = 0; i < depth; i++)
        stack.hash = mix_frame(stack.hash, &stack.frames[i]);
    return stack;
}

static bool is_same(const struct session *session, const struct session_site *site, uint32_t request,
                    const struct stack *stack)
{
    if (site->request != request || site->frame_count != stack->count)
        return false;
    const struct session_frame *own = &session->frames[site->frame_first];
    for (size_t i = 0; i < stack->count; i++) {
        const struct session_frame *other = &stack->frames[stack->count - 1 - i];
        if (own[i].address != other->address || own[i].module != other->module)
            return false;
    }
    return true;
}

static int grow_index(struct list *list)
{
    if (4 * (list->count + 1) <= 3 * list->slots)
        return 0;
    size_t slots = list->slots ? 2 * list->slots : 1024;
    uint64_t *index = calloc(slots, sizeof *index);
    if (index == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < list->slots; i++) {
        if (list->index[i] == 0)
            continue;
        size_t at = (list->index[i] >> 32) & (slots - 1);
        while (index[at] != 0)
            at = (at + 1) & (slots - 1);
        index[at] = list->index[i];
    }
    free(list->index);
    list->index = index;
    list->slots = slots;
    return 0;
}

static int grow_sites(struct list *list)
{
    struct session_site *grown = array_grow(list->sites, &list->room, list->count + 1, sizeof *grown);
    if (grown == NULL)
        return -ENOMEM;
    list->sites = grown;
    return 0;
}

static int grow_frames(struct builder *builder, size_t frame_count)
{
    struct session *session = builder->session;
    size_t needed = session->frame_count + frame_count;
    struct session_frame *grown =
        needed <= FRAMES_LIMIT ? array_grow(session->frames, &builder->frame_room, needed, sizeof *grown) : NULL;
    if (grown == NULL)
        return -ENOMEM;
    session->frames = grown;
    return 0;
}

/* The session's site of the stack, made at first sight. */
static struct session_site *site_of(struct builder *builder, struct list *list, uint32_t request,
                                    const struct stack *stack)
{
    struct session *session = builder->session;
    if (grow_index(list) != 0)
        return NULL;
    uint32_t hash = (uint32_t)(mix(stack->hash, request) >> 16);
    size_t at = hash & (list->slots - 1);
    for (uint64_t entry; (entry = list->index[at]) != 0; at = (at + 1) & (list->slots - 1))
        if (entry >> 32 == hash && is_same(session, &list->sites[(uint32_t)entry - 1], request, stack))
            return &list->sites[(uint32_t)entry - 1];
    if (grow_sites(list) != 0 || grow_frames(builder, stack->count) != 0)
        return NULL;
    for (size_t i = 0; i < stack->count; i++)
        session->frames[session->frame_count + i] = stack->frames[stack->count - 1 - i];
    list->sites[list->count] = (struct session_site){
        .request = request, .frame_first = (uint32_t)session->frame_count, .frame_count = (uint32_t)stack->count};
    session->frame_count += stack->count;
    list->index[at] = (uint64_t)hash << 32 | (uint32_t)++list->count;
    return &list->sites[list->count - 1];
}

/* The loader's start is called by the kernel: there is nothing beyond it, although nothing says so. */
static bool is_loader(const struct session *session, const struct session_frame *frame)
{
    if (frame->module == SESSION_NO_MODULE)
        return false;
    const char *path = session->modules[frame->module], *slash = strrchr(path, '/');
    return strncmp(slash != NULL ? slash + 1 : path, "ld-", 3) == 0;
}

static uint64_t ns_of(const struct builder *builder, uint64_t ticks)
{
    return (uint64_t)((double)ticks * builder->ns_per_tick);
}

/* Of blocks that nobody has looked at, nothing is known but that they are live. */
static struct session_site figures_of(const struct builder *builder, const struct heap_site *from, bool is_looked_at)
{
    struct session_site figures = {
        .alloc_bytes = from->alloc_bytes,
        .alloc_count = from->alloc_count,
        .live_bytes = from->live_bytes,
        .live_count = from->live_count,
        .survived_count = from->survived_count,
        .window_live_bytes = from->window_live_bytes,
        .window_live_count = from->window_live_count,
        .peak_bytes = from->peak_bytes,
        .temporary_count = from->temporary_count,
        .size_min_bytes = from->size_min_bytes,
        .size_max_bytes = from->size_max_bytes,
        .lifetimes = {.count = from->lifetimes.count,
                      .sum_ns = ns_of(builder, from->lifetimes.sum_ticks),
                      .min_ns = ns_of(builder, from->lifetimes.min_ticks),
                      .max_ns = ns_of(builder, from->lifetimes.max_ticks)},
    };
    if (!is_looked_at) {
        figures.unknown_bytes = from->live_bytes;
        figures.unknown_count = from->live_count;
        return figures;
    }
    figures.held_bytes = from->held_bytes;
    figures.held_count = from->held_count;
    figures.lost_bytes = from->lost_bytes;
    figures.lost_count = from->lost_count;
    figures.indirect_bytes = from->indirect_bytes;
    figures.indirect_count = from->indirect_count;
    figures.led_bytes = from->led_bytes;
    figures.led_count = from->led_count;
    return figures;
}

static int add_site(struct builder *builder, const struct modules *generations, size_t generation_count,
                    const struct heap_site *from)
{
    if (from->window == 0 || from->window > builder->session->request_count)
        return 0;
    struct list *list = from->is_mapped ? &builder->mapped : &builder->blocks;
    const struct walk *walk = builder->walk;
    walk_to(builder->walk, builder->session, generations, generation_count,
            heap_path(generations[0].process->heap, from->stack));
    struct stack stack = stack_of(walk, builder->depth);
    struct session_site *site = site_of(builder, list, from->window - 1, &stack);
    if (site == NULL)
        return -ENOMEM;
    bool is_looked_at = generations[0].process->look == SESSION_LOOK_DONE;
    struct session_site figures = figures_of(builder, from, is_looked_at);
    uint32_t end = walk->count > stack.count ? WIRE_ROOT_CUT : walk->root & 3;
    figures.cut = end >= WIRE_ROOT_CUT;
    figures.stopped = end == WIRE_ROOT_STOPPED && (stack.count == 0 || !is_loader(builder->session, &stack.frames[0]));
    uint64_t counts[SIZE_CLASSES];
    bool is_even = size_class(from->size_min_bytes) == size_class(from->size_max_bytes);
    if (!is_even)
        heap_sizes(generations[0].process->heap, from->stack, counts);
    return session_site_add(builder->session, site, &figures, is_even ? NULL : counts);
}

/* The session's indices of a process's modules; malloc'ed, NULL when memory is out. */
static uint32_t *index_modules(struct session *session, const struct process *process)
{
    uint32_t *indices = malloc((process->module_count + 1) * sizeof *indices);
    for (size_t i = 0; indices != NULL && i < process->module_count; i++)
        indices[i] = session_module(session, process->modules[i].path);
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
    size_t count = heap_site_count(process->heap);
    size_t generation_count = find_generations(builder->session, processes, index, generations);
    int code = generation_count > 0 ? 0 : -ENOMEM;
    builder->walk->count = 0;
    memset(builder->walk->known, 0xff, sizeof builder->walk->known);
    for (size_t i = 0; code == 0 && i < count; i++) {
        struct heap_site site;
        heap_site(process->heap, i, &site);
        code = add_site(builder, generations, generation_count, &site);
    }
    struct heap_totals totals = heap_totals(process->heap);
    builder->session->disorder += totals.disorder;
    builder->session->unknown_frees += totals.unknown_frees;
    for (size_t i = 0; i < generation_count; i++)
        free(generations[i].indices);
    return code;
}

int sites_build(struct session *session, struct process *const *processes, size_t process_count, uint32_t depth,
                double ns_per_tick)
{
    struct builder builder = {.session = session,
                              .depth = depth > 0 && depth < FRAMES_MAX ? depth : FRAMES_MAX,
                              .walk = calloc(1, sizeof *builder.walk),
                              .ns_per_tick = ns_per_tick};
    int code = builder.walk != NULL ? 0 : -ENOMEM;
    for (size_t i = 0; code == 0 && i < process_count; i++)
        if (processes[i]->heap != NULL)
            code = add_process(&builder, processes, i);
    session->has_sites = code == 0;
    session->depth = depth;
    session->sites = builder.blocks.sites;
    session->site_count = code == 0 ? builder.blocks.count : 0;
    session->mapped = builder.mapped.sites;
    session->mapped_count = code == 0 ? builder.mapped.count : 0;
    free(builder.walk);
    free(builder.blocks.index);
    free(builder.mapped.index);
    return code;
}
