/* Looks through the process's modules: those in shared memory while it runs, our copy of them later. */

#include "collector/places.h"

#include "wire/plan.h"

struct search {
    const struct plans *plans;
    uint64_t address;
    uint64_t *original;
    enum collector_place found;
};

static void look_in(struct search *search, uint64_t base, uint64_t copies, uint64_t plan_offset)
{
    const struct wire_plan *plan = copies != 0 ? plans_at(search->plans, plan_offset) : NULL;
    if (plan == NULL || search->found != COLLECTOR_PLACE_PROGRAM)
        return;
    uint64_t within = search->address - copies;
    if (within / WIRE_COPY_BYTES < plan->site_count) {
        *search->original =
            base + wire_copy_original(&wire_plan_sites(plan)[within / WIRE_COPY_BYTES], within % WIRE_COPY_BYTES);
        search->found = COLLECTOR_PLACE_COPY;
    } else if (wire_plan_find(plan, search->address - 1 - base) != WIRE_PLAN_NO_SITE) {
        *search->original = search->address - 1;
        search->found = COLLECTOR_PLACE_BEHIND_STOP;
    }
}

static void look_in_module(const char *path, const struct wire_module *module, void *data)
{
    (void)path;
    look_in(data, module->base, atomic_load_explicit(&module->copies, memory_order_relaxed), module->plan_offset);
}

enum collector_place places_find(const struct process *process, const struct memory *memory, const struct plans *plans,
                                 uint64_t address, uint64_t *original)
{
    struct search search = {.plans = plans, .address = address, .original = original};
    if (process->ended) {
        for (size_t i = 0; i < process->module_count; i++)
            look_in(&search, process->modules[i].base, process->modules[i].copies, process->modules[i].plan_offset);
        return search.found;
    }
    struct wire_modules *modules = process_modules(process, memory);
    if (modules != NULL)
        plans_visit_modules(modules, look_in_module, &search);
    return search.found;
}
