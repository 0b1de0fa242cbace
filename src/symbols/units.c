/* The compile units of one file's DWARF by address. The index holds every unit's ranges; what is in a unit is read when
   an address falls into it, and forgotten again when too many others were read since. */

#include "symbols/units.h"

#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "symbols/chain.h"
#include "symbols/unit.h"

#define LOADED_BYTES_LIMIT ((size_t)48 << 20)

struct unit_range {
    uint64_t low, high;
    uint64_t reach; /* the highest `high` of this and all ranges before it */
    uint32_t unit;
};

struct units {
    struct debug_info *info;
    struct strings *names;
    struct unit *items;
    size_t count, capacity;
    struct unit_range *ranges; /* ascending by `low` */
    size_t range_count, range_capacity;
    uint64_t uses;
    size_t loaded_bytes;
};

static bool add_range(struct units *units, const struct range *range, uint32_t unit)
{
    struct unit_range *last = units->range_count > 0 ? &units->ranges[units->range_count - 1] : NULL;
    if (last != NULL && last->unit == unit && last->high == range->low) {
        last->high = range->high;
        return true;
    }
    struct unit_range *ranges =
        array_grow(units->ranges, &units->range_capacity, units->range_count + 1, sizeof *ranges);
    if (ranges == NULL)
        return false;
    units->ranges = ranges;
    ranges[units->range_count++] = (struct unit_range){range->low, range->high, 0, unit};
    return true;
}

static bool add_unit(struct units *units, Dwarf_Die die, uint64_t *ranges_left)
{
    struct range_list ranges = {0};
    struct dwarf_unit dwarf;
    dwarf_unit_init(units->info, &dwarf, die);
    bool is_ok = dwarf_ranges(units->info, &dwarf, die, &ranges) == 0;
    if (is_ok && ranges.count > 0 && ranges.count <= *ranges_left) {
        *ranges_left -= ranges.count;
        struct unit *items = array_grow(units->items, &units->capacity, units->count + 1, sizeof *items);
        is_ok = items != NULL;
        if (is_ok) {
            units->items = items;
            items[units->count] = (struct unit){.offset = dwarf.offset, .size_bytes = units->info->budget};
        }
        for (size_t i = 0; i < ranges.count && is_ok; i++)
            is_ok = add_range(units, &ranges.items[i], (uint32_t)units->count);
        units->count += is_ok;
    }
    range_list_fini(&ranges);
    return is_ok;
}

static int compare_ranges(const void *left, const void *right)
{
    const struct unit_range *a = left, *b = right;
    if (a->low != b->low)
        return a->low < b->low ? -1 : 1;
    return (a->unit > b->unit) - (a->unit < b->unit);
}

static void sort_ranges(struct units *units)
{
    if (units->range_count > 1)
        qsort(units->ranges, units->range_count, sizeof *units->ranges, compare_ranges);
    uint64_t reach = 0;
    for (size_t i = 0; i < units->range_count; i++) {
        reach = units->ranges[i].high > reach ? units->ranges[i].high : reach;
        units->ranges[i].reach = reach;
    }
}

struct units *units_new(struct debug_info *info, struct strings *names, size_t size_bytes)
{
    struct units *units = calloc(1, sizeof *units);
    if (units == NULL)
        return NULL;
    *units = (struct units){.info = info, .names = names};
    info->files = names;
    uint64_t ranges_left = 65536 + size_bytes / 2; /* a range takes two bytes at least */
    bool is_ok = true;
    Dwarf_Off last = 0;
    Dwarf_Half version = 0;
    while (is_ok) {
        Dwarf_Die die = dwarf_next_unit(info, &last, &version);
        if (die == NULL)
            break;
        const Dwarf_Half tag = dwarf_tag_of(info, die);
        if (tag == DW_TAG_compile_unit || tag == DW_TAG_skeleton_unit)
            is_ok = add_unit(units, die, &ranges_left);
        dwarf_dealloc_die(die);
    }
    if (!is_ok) {
        units_free(units);
        return NULL;
    }
    sort_ranges(units);
    return units;
}

void units_free(struct units *units)
{
    if (units == NULL)
        return;
    for (size_t i = 0; i < units->count; i++)
        unit_unload(&units->items[i]);
    free(units->items);
    free(units->ranges);
    free(units);
}

/* Forget the unit that was used longest ago, but for `keep`. */
static bool forget_one(struct units *units, const struct unit *keep)
{
    struct unit *oldest = NULL;
    for (size_t i = 0; i < units->count; i++) {
        struct unit *unit = &units->items[i];
        if (unit->is_loaded && unit != keep && (oldest == NULL || unit->last_use < oldest->last_use))
            oldest = unit;
    }
    if (oldest == NULL)
        return false;
    units->loaded_bytes -= unit_memory_bytes(oldest);
    unit_unload(oldest);
    return true;
}

static struct unit *use(struct units *units, uint32_t number)
{
    struct unit *unit = &units->items[number];
    unit->last_use = ++units->uses;
    if (unit->is_loaded)
        return unit;
    const int code = unit_load(unit, units->info);
    units->loaded_bytes += unit_memory_bytes(unit);
    while (units->loaded_bytes > LOADED_BYTES_LIMIT && forget_one(units, unit))
        ;
    return code == 0 ? unit : NULL;
}

static size_t look_into(struct units *units, uint32_t number, uint64_t address, struct symbols_frame *out,
                        bool *is_cxx)
{
    struct unit *unit = use(units, number);
    if (unit == NULL)
        return 0;
    *is_cxx = unit->is_cxx;
    memset(out, 0, SYMBOLS_MAX_FRAMES * sizeof *out);
    struct unit_function *function = unit_function_at(unit, address);
    if (function != NULL) {
        units->loaded_bytes -= unit_memory_bytes(unit);
        const size_t count = chain_find(units->info, unit, function, address, units->names, out);
        units->loaded_bytes += unit_memory_bytes(unit);
        return count;
    }
    chain_place(unit, address, units->names, &out[0]);
    out[0].source = SYMBOLS_NONE;
    return out[0].file != NULL ? 1 : 0;
}

size_t units_lookup(struct units *units, uint64_t address, struct symbols_frame *out, bool *is_cxx)
{
    size_t low = 0, high = units->range_count; /* the first that begins behind `address` */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (units->ranges[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    /* Units may overlap (damage, or code that the linker merged): one that has a function there is better. */
    uint32_t tried[8];
    size_t tried_count = 0, count = 0;
    for (; low > 0 && units->ranges[low - 1].reach > address && tried_count < 8; low--) {
        const struct unit_range *range = &units->ranges[low - 1];
        bool is_new = address < range->high;
        for (size_t i = 0; i < tried_count && is_new; i++)
            is_new = tried[i] != range->unit;
        if (!is_new)
            continue;
        tried[tried_count++] = range->unit;
        struct symbols_frame frames[SYMBOLS_MAX_FRAMES];
        bool is_found_cxx = false;
        const size_t found = look_into(units, range->unit, address, frames, &is_found_cxx);
        if (found > 0 && (count == 0 || frames[0].source == SYMBOLS_DWARF)) {
            *is_cxx = is_found_cxx;
            memcpy(out, frames, found * sizeof *out);
            count = found;
        }
        if (count > 0 && out[0].source == SYMBOLS_DWARF)
            break;
    }
    return count;
}
