/* Grouping by blamed line. */

#include "report/heap-tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct builder {
    struct stacks *stacks;
    const struct session *session;
    struct tables *tables;
    size_t room;
    uint32_t *index; /* group + 1 by hash of its blame */
    size_t slots;
};

uint64_t tables_weight(const struct tables_sum *sum, enum tables_order order)
{
    switch (order) {
    case TABLES_BY_PEAK:
        return sum->peak_bytes;
    case TABLES_BY_ALLOCATED:
        return sum->alloc_bytes;
    case TABLES_BY_TEMPORARY:
        return sum->temporary_count;
    case TABLES_BY_LIVE:
        return sum->live_bytes;
    case TABLES_ORDER_COUNT:
        break;
    }
    return 0;
}

bool tables_takes_part(const struct tables_sum *sum, enum tables_order order)
{
    if (order == TABLES_BY_LIVE)
        return sum->live_count > 0;
    if (order == TABLES_BY_ALLOCATED)
        return sum->alloc_count > 0;
    return tables_weight(sum, order) > 0;
}

struct tables_sum tables_sum_of(const struct session *session, const struct session_site *site)
{
    bool is_run = session->requests[site->request].is_run;
    return (struct tables_sum){.alloc_bytes = site->alloc_bytes,
                               .alloc_count = site->alloc_count,
                               .live_bytes = is_run ? site->live_bytes : site->window_live_bytes,
                               .live_count = is_run ? site->live_count : site->window_live_count,
                               .peak_bytes = site->peak_bytes,
                               .temporary_count = site->temporary_count};
}

static void add(struct tables_sum *into, const struct tables_sum *from)
{
    into->alloc_bytes += from->alloc_bytes;
    into->alloc_count += from->alloc_count;
    into->live_bytes += from->live_bytes;
    into->live_count += from->live_count;
    into->peak_bytes += from->peak_bytes;
    into->temporary_count += from->temporary_count;
}

struct tables_sum tables_sum_up(const struct session *session, uint32_t request)
{
    struct tables_sum sum = {0};
    for (size_t i = 0; i < session->site_count; i++) {
        if (session->sites[i].request != request)
            continue;
        struct tables_sum one = tables_sum_of(session, &session->sites[i]);
        add(&sum, &one);
    }
    return sum;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
    return (a < b) - (a > b);
}

/* Negative when `a` comes before `b`. */
static int compare_sums(const struct tables_sum *a, const struct tables_sum *b, enum tables_order order)
{
    int by = compare_numbers(tables_weight(a, order), tables_weight(b, order));
    if (by == 0 && order == TABLES_BY_LIVE)
        by = compare_numbers(a->live_count, b->live_count);
    if (by == 0)
        by = compare_numbers(a->alloc_bytes, b->alloc_bytes);
    return by != 0 ? by : compare_numbers(a->alloc_count, b->alloc_count);
}

static int compare_texts(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

static bool has_name(const struct stacks_blame *blame)
{
    return blame->rank != STACKS_NOTHING;
}

/* 0 when both are the same line of the same function; else an order of no meaning. */
static int compare_blames(const struct stacks_blame *a, const struct stacks_blame *b)
{
    if (has_name(a) != has_name(b))
        return has_name(a) ? -1 : 1;
    if (has_name(a)) {
        int by = compare_texts(a->file, b->file);
        if (by == 0)
            by = (a->line > b->line) - (a->line < b->line);
        if (by == 0)
            by = compare_texts(a->function, b->function);
        /* Without a line, a name may stand for different functions in different files. */
        return by != 0 || a->file != NULL
                   ? by
                   : (a->frame->module > b->frame->module) - (a->frame->module < b->frame->module);
    }
    if (a->frame == NULL || b->frame == NULL)
        return (a->frame == NULL) - (b->frame == NULL);
    int by = (a->frame->module > b->frame->module) - (a->frame->module < b->frame->module);
    return by != 0 ? by : (a->frame->address > b->frame->address) - (a->frame->address < b->frame->address);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; text != NULL && *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
    return hash;
}

static uint64_t hash_blame(const struct stacks_blame *blame)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325) ^ blame->line;
    if (has_name(blame))
        hash = hash_text(hash_text(hash, blame->function), blame->file);
    else if (blame->frame != NULL)
        hash = (hash ^ blame->frame->address) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ hash >> 32;
}

static int grow(struct builder *builder)
{
    struct tables *tables = builder->tables;
    struct tables_group *groups =
        array_grow(tables->groups, &builder->room, tables->group_count + 1, sizeof *tables->groups);
    if (groups == NULL)
        return -ENOMEM;
    tables->groups = groups;
    if (4 * (tables->group_count + 1) <= 3 * builder->slots)
        return 0;
    size_t slots = builder->slots > 0 ? 2 * builder->slots : 256;
    uint32_t *index = calloc(slots, sizeof *index);
    if (index == NULL)
        return -ENOMEM;
    for (uint32_t i = 0; i < tables->group_count; i++) {
        size_t at = hash_blame(&groups[i].blame) & (slots - 1);
        while (index[at] != 0)
            at = (at + 1) & (slots - 1);
        index[at] = i + 1;
    }
    free(builder->index);
    builder->index = index;
    builder->slots = slots;
    return 0;
}

/* The group of `blame`, made at first sight; NULL when memory is out. */
static struct tables_group *group_of(struct builder *builder, const struct stacks_blame *blame)
{
    struct tables *tables = builder->tables;
    if (grow(builder) != 0)
        return NULL;
    size_t at = hash_blame(blame) & (builder->slots - 1);
    for (; builder->index[at] != 0; at = (at + 1) & (builder->slots - 1))
        if (compare_blames(&tables->groups[builder->index[at] - 1].blame, blame) == 0)
            return &tables->groups[builder->index[at] - 1];
    struct tables_group *group = &tables->groups[tables->group_count++];
    *group = (struct tables_group){.blame = *blame};
    builder->index[at] = (uint32_t)tables->group_count;
    return group;
}

static int add_site(struct builder *builder, const struct session_site *site)
{
    struct stacks_blame blame;
    struct tables_sum sum = tables_sum_of(builder->session, site);
    int code = stacks_find_blame(builder->stacks, site, &blame);
    struct tables_group *group = code == 0 ? group_of(builder, &blame) : NULL;
    if (group == NULL)
        return -ENOMEM;
    add(&builder->tables->sum, &sum);
    add(&group->sum, &sum);
    for (int order = 0; order < TABLES_ORDER_COUNT; order++) {
        if (!tables_takes_part(&sum, order))
            continue;
        struct tables_sum best = {0};
        if (group->stack_count[order]++ > 0)
            best = tables_sum_of(builder->session, group->heaviest[order]);
        if (group->stack_count[order] == 1 || compare_sums(&sum, &best, order) < 0) {
            group->heaviest[order] = site;
            group->heaviest_blame[order] = blame;
        }
    }
    return 0;
}

int tables_build(struct stacks *stacks, const struct session *session, uint32_t request, struct tables *out)
{
    *out = (struct tables){0};
    struct builder builder = {.stacks = stacks, .session = session, .tables = out};
    int code = stacks_look_ahead(stacks, false);
    for (size_t i = 0; i < session->site_count && code == 0; i++)
        if (session->sites[i].request == request)
            code = add_site(&builder, &session->sites[i]);
    free(builder.index);
    if (code != 0)
        tables_fini(out);
    return code;
}

void tables_fini(struct tables *tables)
{
    free(tables->groups);
    *tables = (struct tables){0};
}

static bool is_before(const struct tables_group *a, const struct tables_group *b, enum tables_order order)
{
    int by = compare_sums(&a->sum, &b->sum, order);
    return by != 0 ? by < 0 : compare_blames(&a->blame, &b->blame) < 0;
}

size_t tables_top(const struct tables *tables, enum tables_order order, const struct tables_group **out, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < tables->group_count; i++) {
        const struct tables_group *group = &tables->groups[i];
        if (!tables_takes_part(&group->sum, order))
            continue;
        size_t held = count < max ? count : max, at = held;
        count++;
        while (at > 0 && is_before(group, out[at - 1], order))
            at--;
        if (at >= max)
            continue;
        memmove(&out[at + 1], &out[at], ((held < max ? held : max - 1) - at) * sizeof *out);
        out[at] = group;
    }
    return count;
}
