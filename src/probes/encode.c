/* The plan's bytes for the traced process: wire/plan.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "probes/probes.h"

/* At most half full, so that a miss in the handler is short. */
static uint32_t hash_slot_count(size_t sites)
{
    uint32_t slots = 16;
    while (slots < sites * 2 && slots < UINT32_C(1) << 30)
        slots *= 2;
    return slots;
}

static void fill_hash(uint32_t *slots, uint32_t slot_count, const struct probes *probes)
{
    for (size_t i = 0; i < probes->site_count; i++) {
        uint32_t at = wire_plan_hash(probes->sites[i].offset) & (slot_count - 1);
        while (slots[at] != 0)
            at = (at + 1) & (slot_count - 1);
        slots[at] = (uint32_t)i + 1;
    }
}

static uint64_t place(uint64_t *end, size_t count, size_t item_bytes)
{
    const uint64_t offset = *end;
    *end += (count * item_bytes + 7) & ~UINT64_C(7);
    return offset;
}

int probes_encode(const struct probes *probes, uint32_t plan_id, void **out, size_t *out_bytes, struct err *err)
{
    if (probes->site_count >= UINT32_C(1) << 29 || probes->function_count > UINT32_MAX ||
        probes->range_count > UINT32_MAX)
        return err_set(err, -E2BIG, "%s: too many line stops; narrow --function", probes->path);
    struct wire_plan plan = {
        .magic = WIRE_PLAN_MAGIC,
        .plan_id = plan_id,
        .site_count = (uint32_t)probes->site_count,
        .function_count = (uint32_t)probes->function_count,
        .range_count = (uint32_t)probes->range_count,
        .hash_slots = hash_slot_count(probes->site_count),
    };
    uint64_t end = sizeof plan;
    plan.hash_offset = place(&end, plan.hash_slots, sizeof(uint32_t));
    plan.sites_offset = place(&end, probes->site_count, sizeof(struct wire_site));
    plan.functions_offset = place(&end, probes->function_count, sizeof(struct wire_function));
    plan.ranges_offset = place(&end, probes->range_count, sizeof(struct wire_range));
    plan.total_bytes = end;
    if (probes->site_count > 0) {
        const struct wire_site *last = &probes->sites[probes->site_count - 1];
        plan.low = probes->sites[0].offset;
        plan.high = last->offset + last->insn_bytes;
    }
    uint8_t *bytes = calloc(1, end);
    if (bytes == NULL)
        return err_set(err, -ENOMEM, "out of memory for %zu line stops", probes->site_count);
    memcpy(bytes, &plan, sizeof plan);
    fill_hash((uint32_t *)(void *)(bytes + plan.hash_offset), plan.hash_slots, probes);
    if (probes->site_count > 0)
        memcpy(bytes + plan.sites_offset, probes->sites, probes->site_count * sizeof *probes->sites);
    if (probes->function_count > 0)
        memcpy(bytes + plan.functions_offset, probes->ranges_of, probes->function_count * sizeof *probes->ranges_of);
    if (probes->range_count > 0)
        memcpy(bytes + plan.ranges_offset, probes->ranges, probes->range_count * sizeof *probes->ranges);
    *out = bytes;
    *out_bytes = end;
    return 0;
}
