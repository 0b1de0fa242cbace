/* Functions, frames and addresses are numbered at first sight. */

#include "report/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "base/text.h"
#include "report/heap-tables.h"

/* Numbers of equal things by hash: open addressing, number + 1, 0 is free. */
struct index {
    uint32_t *slots;
    size_t count; /* of slots: a power of two */
};

struct builder {
    struct model *model;
    size_t function_room, frame_room, address_room, link_room, stack_address_room, stack_room;
    struct index functions, frames;
    struct {
        uint32_t *items; /* number of the model's address + 1 by that of the chain */
        size_t room;
    } chains;
    uint32_t nowhere; /* the address of stacks without frames, plus one */
};

static uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 29;
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
    for (; text != NULL && *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
    return mix(hash, 0);
}

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Two functions of one name in two files are two; where the file is unknown, the module tells. */
static bool is_same_function(const struct model_function *a, const struct model_function *b)
{
    return is_same_text(a->name, b->name) && is_same_text(a->file, b->file) &&
           (a->file != NULL || is_same_text(a->module, b->module));
}

static uint64_t hash_function(const struct model_function *function)
{
    uint64_t hash = mix_text(mix_text(1, function->name), function->file);
    return function->file != NULL ? hash : mix_text(hash, function->module);
}

static bool is_same_frame(const struct model_frame *a, const struct model_frame *b)
{
    return a->function == b->function && a->line == b->line && a->inlined == b->inlined &&
           is_same_text(a->file, b->file);
}

static uint64_t hash_frame(const struct model_frame *frame)
{
    return mix(mix(mix_text(1, frame->file), frame->function), (uint64_t)frame->line << 1 | frame->inlined);
}

static uint64_t hash_at(const struct builder *builder, const struct index *index, size_t number)
{
    return index == &builder->functions ? hash_function(&builder->model->functions[number])
                                        : hash_frame(&builder->model->frames[number]);
}

static void index_put(struct index *index, uint64_t hash, uint32_t number)
{
    size_t at = hash & (index->count - 1);
    while (index->slots[at] != 0)
        at = (at + 1) & (index->count - 1);
    index->slots[at] = number + 1;
}

/* Make room for one more than `used`. */
static int index_grow(const struct builder *builder, struct index *index, size_t used)
{
    if (2 * (used + 1) <= index->count)
        return 0;
    struct index larger = {.count = index->count > 0 ? 2 * index->count : 256};
    larger.slots = calloc(larger.count, sizeof *larger.slots);
    if (larger.slots == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < used; i++)
        index_put(&larger, hash_at(builder, index, i), (uint32_t)i);
    free(index->slots);
    *index = larger;
    return 0;
}

static int intern_function(struct builder *builder, const struct model_function *wanted, uint32_t *number)
{
    struct model *model = builder->model;
    if (index_grow(builder, &builder->functions, model->function_count) != 0)
        return -ENOMEM;
    size_t mask = builder->functions.count - 1, at = hash_function(wanted) & mask;
    for (; builder->functions.slots[at] != 0; at = (at + 1) & mask) {
        *number = builder->functions.slots[at] - 1;
        if (is_same_function(&model->functions[*number], wanted))
            return 0;
    }
    struct model_function *functions =
        array_grow(model->functions, &builder->function_room, model->function_count + 1, sizeof *functions);
    if (functions == NULL)
        return -ENOMEM;
    model->functions = functions;
    *number = (uint32_t)model->function_count++;
    functions[*number] = *wanted;
    builder->functions.slots[at] = *number + 1;
    return 0;
}

static int intern_frame(struct builder *builder, const struct model_frame *wanted, uint32_t *number)
{
    struct model *model = builder->model;
    if (index_grow(builder, &builder->frames, model->frame_count) != 0)
        return -ENOMEM;
    size_t mask = builder->frames.count - 1, at = hash_frame(wanted) & mask;
    for (; builder->frames.slots[at] != 0; at = (at + 1) & mask) {
        *number = builder->frames.slots[at] - 1;
        if (is_same_frame(&model->frames[*number], wanted))
            return 0;
    }
    struct model_frame *frames =
        array_grow(model->frames, &builder->frame_room, model->frame_count + 1, sizeof *frames);
    if (frames == NULL)
        return -ENOMEM;
    model->frames = frames;
    *number = (uint32_t)model->frame_count++;
    frames[*number] = *wanted;
    builder->frames.slots[at] = *number + 1;
    return 0;
}

static int add_link(struct builder *builder, const struct model_function *function, const struct model_frame *frame)
{
    struct model *model = builder->model;
    struct model_frame wanted = *frame;
    uint32_t number;
    int code = intern_function(builder, function, &wanted.function);
    if (code == 0)
        code = intern_frame(builder, &wanted, &number);
    uint32_t *links =
        code == 0 ? array_grow(model->links, &builder->link_room, model->link_count + 1, sizeof *links) : NULL;
    if (links == NULL)
        return -ENOMEM;
    model->links = links;
    links[model->link_count++] = number;
    return 0;
}

/* One frame of an address's chain. */
static int add_symbol(struct builder *builder, const struct session_frame *place, const struct symbols_frame *symbol)
{
    const struct session *session = builder->model->session;
    struct model_function function = {
        .name = symbol->function,
        .linkage_name = symbol->linkage_name,
        .file = symbol->function_file != NULL ? symbol->function_file : symbol->file,
        .line = symbol->function_line,
        .module = place->module < session->module_count ? session->modules[place->module] : NULL,
        .rank = stacks_rank(builder->model->stacks_of, place, symbol),
    };
    if (function.name == NULL) {
        function.name = stacks_address_name(builder->model->stacks_of, place);
        if (function.name == NULL)
            return -ENOMEM;
    }
    const bool has_line = symbol->file != NULL && symbol->line > 0;
    return add_link(builder, &function,
                    &(struct model_frame){.file = has_line ? symbol->file : NULL,
                                          .line = has_line ? symbol->line : 0,
                                          .inlined = symbol->inlined});
}

static int add_address(struct builder *builder, const struct session_frame *place, uint32_t *number)
{
    struct model *model = builder->model;
    struct model_address *addresses =
        array_grow(model->addresses, &builder->address_room, model->address_count + 1, sizeof *addresses);
    if (addresses == NULL)
        return -ENOMEM;
    model->addresses = addresses;
    *number = (uint32_t)model->address_count++;
    addresses[*number] = (struct model_address){.place = place, .link_first = (uint32_t)model->link_count};
    return 0;
}

/* The number of an address in the model, which is made at first sight. */
static int resolve(struct builder *builder, const struct session_frame *place, uint32_t *number)
{
    struct model *model = builder->model;
    const struct stacks_chain *chain = stacks_resolve(model->stacks_of, place);
    if (chain == NULL)
        return -ENOMEM;
    size_t room = builder->chains.room;
    uint32_t *items =
        array_grow(builder->chains.items, &builder->chains.room, (size_t)chain->number + 1, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    builder->chains.items = items;
    memset(items + room, 0, (builder->chains.room - room) * sizeof *items);
    if (items[chain->number] != 0) {
        *number = items[chain->number] - 1;
        return 0;
    }
    int code = add_address(builder, place, number);
    for (size_t i = 0; i < chain->count && code == 0; i++)
        code = add_symbol(builder, place, &chain->items[i]);
    if (code != 0)
        return code;
    model->addresses[*number].link_count = (uint32_t)(model->link_count - model->addresses[*number].link_first);
    items[chain->number] = *number + 1;
    return 0;
}

/* The address that a stack without frames has instead. */
static int resolve_nowhere(struct builder *builder, uint32_t *number)
{
    if (builder->nowhere != 0) {
        *number = builder->nowhere - 1;
        return 0;
    }
    const struct model_function function = {.name = "(no stack)", .rank = STACKS_NOTHING};
    int code = add_address(builder, NULL, number);
    if (code == 0)
        code = add_link(builder, &function, &(struct model_frame){0});
    if (code != 0)
        return code;
    builder->model->addresses[*number].link_count = 1;
    builder->nowhere = *number + 1;
    return 0;
}

static int add_stack_address(struct builder *builder, uint32_t number)
{
    struct model *model = builder->model;
    uint32_t *numbers = array_grow(model->stack_addresses, &builder->stack_address_room, model->stack_address_count + 1,
                                   sizeof *numbers);
    if (numbers == NULL)
        return -ENOMEM;
    model->stack_addresses = numbers;
    numbers[model->stack_address_count++] = number;
    return 0;
}

/* `site` tells the stack; the figures are the caller's. */
static int add_stack(struct builder *builder, const struct session_site *site, const struct model_stack *figures)
{
    struct model *model = builder->model;
    struct model_stack stack = *figures;
    stack.address_first = (uint32_t)model->stack_address_count;
    const struct session_frame *frames = &model->session->frames[site->frame_first];
    uint32_t end = stacks_outer(model->stacks_of, site), number;
    int code = 0;
    for (uint32_t depth = stacks_inner(model->stacks_of, site); depth < end && code == 0; depth++) {
        code = resolve(builder, &frames[depth], &number);
        if (code == 0)
            code = add_stack_address(builder, number);
    }
    if (code == 0 && model->stack_address_count == stack.address_first) {
        code = resolve_nowhere(builder, &number);
        if (code == 0)
            code = add_stack_address(builder, number);
    }
    stack.address_count = (uint32_t)(model->stack_address_count - stack.address_first);
    struct model_stack *stacks =
        code == 0 ? array_grow(model->stacks, &builder->stack_room, model->stack_count + 1, sizeof *stacks) : NULL;
    if (stacks == NULL)
        return -ENOMEM;
    model->stacks = stacks;
    stacks[model->stack_count++] = stack;
    for (int i = 0; i < MODEL_MEASURE_COUNT; i++)
        model->totals[i] += stack.measures[i];
    return 0;
}

static int add_site(struct builder *builder, const struct session_site *site)
{
    const struct tables_sum sum = tables_sum_of(builder->model->session, site);
    const struct model_stack figures = {.site = site,
                                        .measures = {[MODEL_ALLOC_COUNT] = sum.alloc_count,
                                                     [MODEL_ALLOC_BYTES] = sum.alloc_bytes,
                                                     [MODEL_LIVE_COUNT] = sum.live_count,
                                                     [MODEL_LIVE_BYTES] = sum.live_bytes,
                                                     [MODEL_PEAK_BYTES] = sum.peak_bytes,
                                                     [MODEL_TEMPORARY_COUNT] = sum.temporary_count}};
    return add_stack(builder, site, &figures);
}

static int add_time(struct builder *builder, const struct session_time *time)
{
    const struct session_site site = {.frame_first = time->frame_first, .frame_count = time->frame_count};
    return add_stack(builder, &site, &(struct model_stack){.measures = {[MODEL_TIME_NS] = time->ns}});
}

int model_build(const struct session *session, uint32_t request, report_lookup_fn *lookup, void *lookup_data,
                struct model *out)
{
    *out = (struct model){.session = session, .request = &session->requests[request]};
    struct builder builder = {.model = out};
    out->has_memory = session->has_sites;
    out->has_time = session->has_times && out->request->cpu.is_measured;
    out->stacks_of = stacks_new(session, lookup, lookup_data);
    int code = out->stacks_of != NULL ? stacks_look_ahead(out->stacks_of, true) : -ENOMEM;
    for (size_t i = 0; i < session->site_count && code == 0; i++)
        if (session->sites[i].request == request)
            code = add_site(&builder, &session->sites[i]);
    for (size_t i = 0; i < session->time_count && code == 0; i++)
        if (session->times[i].request == request)
            code = add_time(&builder, &session->times[i]);
    free(builder.functions.slots);
    free(builder.frames.slots);
    free(builder.chains.items);
    if (code != 0)
        model_fini(out);
    return code;
}

void model_fini(struct model *model)
{
    free(model->functions);
    free(model->frames);
    free(model->addresses);
    free(model->links);
    free(model->stack_addresses);
    free(model->stacks);
    stacks_free(model->stacks_of);
    *model = (struct model){0};
}

const struct model_frame *model_next(const struct model *model, const struct model_stack *stack,
                                     struct model_walk *walk)
{
    if (walk->address >= stack->address_count)
        return NULL;
    const struct model_address *address =
        &model->addresses[model->stack_addresses[stack->address_first + walk->address]];
    const struct model_frame *frame = &model->frames[model->links[address->link_first + walk->link]];
    if (++walk->link == address->link_count) {
        walk->address++;
        walk->link = 0;
    }
    return frame;
}

size_t model_depth(const struct model *model, const struct model_stack *stack)
{
    size_t depth = 0;
    for (uint32_t i = 0; i < stack->address_count; i++)
        depth += model->addresses[model->stack_addresses[stack->address_first + i]].link_count;
    return depth;
}
