/* One compile unit: its functions with code, and its line rows. */

#include "symbols/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

struct loading {
    struct unit *unit;
    struct debug_info *info; /* where the functions are */
    struct dwarf_unit dwarf;
    struct range_list ranges; /* of one function; kept for its memory */
    uint64_t ranges_left;     /* many DIEs of a hostile file may share one long list */
};

static int add_function(struct loading *loading, Dwarf_Die die)
{
    struct unit *unit = loading->unit;
    loading->ranges.count = 0;
    int code = dwarf_ranges(loading->info, &loading->dwarf, die, &loading->ranges);
    if (code != 0 || loading->ranges.count > loading->ranges_left)
        return code;
    loading->ranges_left -= loading->ranges.count;
    for (size_t i = 0; i < loading->ranges.count; i++) {
        const struct range *range = &loading->ranges.items[i];
        struct unit_function *functions =
            array_grow(unit->functions, &unit->function_capacity, unit->function_count + 1, sizeof *functions);
        if (functions == NULL)
            return -ENOMEM;
        unit->functions = functions;
        functions[unit->function_count++] =
            (struct unit_function){range->low, range->high, dwarf_offset(loading->info, die)};
        if (range->high - range->low > unit->longest)
            unit->longest = range->high - range->low;
    }
    return 0;
}

static bool encloses_functions(Dwarf_Half tag)
{
    switch (tag) {
    case DW_TAG_subprogram: /* GNU C's nested functions, methods of local classes */
    case DW_TAG_lexical_block:
    case DW_TAG_namespace:
    case DW_TAG_module:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
        return true;
    default:
        return false;
    }
}

static int collect_functions(struct loading *loading, Dwarf_Die parent, int depth)
{
    int code = 0;
    Dwarf_Die die = depth < DWARF_MAX_DEPTH ? dwarf_first_child(loading->info, parent) : NULL;
    for (; die != NULL; die = dwarf_next(loading->info, die)) {
        const Dwarf_Half tag = dwarf_tag_of(loading->info, die);
        if (tag == DW_TAG_subprogram)
            code = add_function(loading, die);
        if (code == 0 && encloses_functions(tag))
            code = collect_functions(loading, die, depth + 1);
        if (code != 0) {
            dwarf_dealloc_die(die);
            break;
        }
    }
    return code;
}

static int compare_functions(const void *left, const void *right)
{
    const struct unit_function *a = left, *b = right;
    return (a->low > b->low) - (a->low < b->low);
}

static int load_functions(struct unit *unit, struct debug_info *info, Dwarf_Die unit_die)
{
    struct loading loading = {.unit = unit, .info = info};
    Dwarf_Die die = unit_die;
    info->budget = unit->size_bytes;
    dwarf_unit_init(info, &loading.dwarf, unit_die);
    unit->low = loading.dwarf.low;
    unit->is_cxx = loading.dwarf.is_cxx;
    if (dwarf_is_split(info, unit_die)) {
        char path[DWARF_PATH_BYTES];
        unit->dwo = dwarf_split_open(info, unit_die, path);
        die = unit->dwo != NULL ? dwarf_split_unit(unit->dwo) : NULL;
        if (die == NULL)
            return 0; /* there are still the skeleton's rows */
        unit->dwo_size_bytes = unit->dwo->budget;
        struct dwarf_unit split;
        dwarf_unit_init(unit->dwo, &split, die);
        unit->is_cxx = split.is_cxx;
        loading.info = unit->dwo;
    }
    loading.ranges_left = 65536 + loading.info->budget;
    int code = collect_functions(&loading, die, 0);
    if (unit->function_count > 1)
        qsort(unit->functions, unit->function_count, sizeof *unit->functions, compare_functions);
    range_list_fini(&loading.ranges);
    if (die != unit_die)
        dwarf_dealloc_die(die);
    return code;
}

/* Rows that say the same as the one before are left out, as are those that cover nothing. */
static int add_row(const struct dwarf_row *row, void *data)
{
    struct unit *unit = data;
    const struct unit_row fresh = {row->address, row->ends_sequence ? STRINGS_NONE : row->file,
                                   row->ends_sequence ? UNIT_NO_CODE : row->line};
    struct unit_row *last = unit->row_count > 0 ? &unit->rows[unit->row_count - 1] : NULL;
    if (last != NULL && last->line != UNIT_NO_CODE) {
        if (last->address == fresh.address) {
            *last = fresh;
            return 0;
        }
        if (last->file == fresh.file && last->line == fresh.line && last->address < fresh.address)
            return 0;
    }
    struct unit_row *rows = array_grow(unit->rows, &unit->row_capacity, unit->row_count + 1, sizeof *rows);
    if (rows == NULL)
        return -ENOMEM;
    unit->rows = rows;
    rows[unit->row_count++] = fresh;
    return 0;
}

/* At one address the end of a sequence comes before the beginning of the next. */
static int compare_rows(const void *left, const void *right)
{
    const struct unit_row *a = left, *b = right;
    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    return (b->line == UNIT_NO_CODE) - (a->line == UNIT_NO_CODE);
}

int unit_load(struct unit *unit, struct debug_info *info)
{
    Dwarf_Die die = NULL;
    unit->is_loaded = true;
    if (!dwarf_is_ok(info, dwarf_offdie_b(info->debug, unit->offset, 1, &die, &info->error)))
        return 0;
    int code = load_functions(unit, info, die);
    if (code == 0)
        code = dwarf_visit_rows(info, die, add_row, unit);
    if (unit->row_count > 1)
        qsort(unit->rows, unit->row_count, sizeof *unit->rows, compare_rows);
    dwarf_dealloc_die(die);
    return code;
}

void unit_unload(struct unit *unit)
{
    free(unit->functions);
    free(unit->rows);
    debug_info_close(unit->dwo);
    *unit = (struct unit){.offset = unit->offset, .size_bytes = unit->size_bytes, .last_use = unit->last_use};
}

size_t unit_memory_bytes(const struct unit *unit)
{
    return unit->function_capacity * sizeof *unit->functions + unit->row_capacity * sizeof *unit->rows +
           (unit->dwo != NULL ? unit->dwo_size_bytes : 0);
}

const struct unit_row *unit_row_at(const struct unit *unit, uint64_t address)
{
    size_t low = 0, high = unit->row_count; /* the first that begins behind `address` */
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (unit->rows[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && unit->rows[low - 1].line != UNIT_NO_CODE ? &unit->rows[low - 1] : NULL;
}

const struct unit_function *unit_function_at(const struct unit *unit, uint64_t address)
{
    size_t low = 0, high = unit->function_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (unit->functions[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    const struct unit_function *best = NULL;
    for (; low > 0 && address - unit->functions[low - 1].low < unit->longest; low--) {
        const struct unit_function *function = &unit->functions[low - 1];
        if (address < function->high && (best == NULL || function->high - function->low < best->high - best->low))
            best = function;
    }
    return best;
}
