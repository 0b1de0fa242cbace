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
    Dwarf_Die die;            /* of the unit there */
    struct range_list ranges; /* of one function; kept for its memory */
    uint64_t ranges_left;     /* many DIEs of a hostile file may share one long list */
};

typedef int (*code_fn)(uint64_t low, uint64_t high, const struct die_function *function, void *data);

/* Of a function in several pieces. */
static int visit_pieces(struct loading *loading, const struct die_function *function, code_fn visit, void *data)
{
    struct debug_info *info = loading->info;
    Dwarf_Die die = NULL;
    if (!dwarf_is_ok(info, dwarf_offdie_b(info->debug, function->offset, 1, &die, &info->error)))
        return 0;
    loading->ranges.count = 0;
    int code = dwarf_ranges(info, &loading->dwarf, die, &loading->ranges);
    dwarf_dealloc_die(die);
    if (code != 0 || loading->ranges.count > loading->ranges_left)
        return code;
    loading->ranges_left -= loading->ranges.count;
    for (size_t i = 0; i < loading->ranges.count && code == 0; i++)
        code = visit(loading->ranges.items[i].low, loading->ranges.items[i].high, function, data);
    return code;
}

/* Call `visit` for each stretch of the function's code. */
static int visit_ranges(struct loading *loading, const struct die_function *function, code_fn visit, void *data)
{
    uint64_t low = function->low, high = function->high;
    if (function->has_ranges)
        return visit_pieces(loading, function, visit, data);
    if (function->low_is_index && !dwarf_address(loading->info, loading->die, low, &low))
        return 0;
    if (function->high_is_length)
        high += low;
    return dwarf_is_code(low) && low < high ? visit(low, high, function, data) : 0;
}

static int add_function(uint64_t low, uint64_t high, const struct die_function *function, void *data)
{
    struct unit *unit = data;
    struct unit_function *functions =
        array_grow(unit->functions, &unit->function_capacity, unit->function_count + 1, sizeof *functions);
    if (functions == NULL)
        return -ENOMEM;
    unit->functions = functions;
    functions[unit->function_count++] = (struct unit_function){low, high, function->offset, 0};
    if (high - low > unit->longest)
        unit->longest = high - low;
    return 0;
}

static int take_function(const struct die_function *function, void *data)
{
    struct loading *loading = data;
    return visit_ranges(loading, function, add_function, loading->unit);
}

static int collect_functions(struct loading *loading)
{
    struct die_unit unit;
    return dwarf_scan_unit(loading->info, loading->die, &unit) ? die_scan_functions(&unit, take_function, loading) : 0;
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
    loading.die = die;
    int code = collect_functions(&loading);
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

/* They mostly are, and a hundred thousand take time. */
static bool are_sorted(const struct unit *unit)
{
    for (size_t i = 1; i < unit->row_count; i++)
        if (compare_rows(&unit->rows[i - 1], &unit->rows[i]) > 0)
            return false;
    return true;
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
    if (!are_sorted(unit))
        qsort(unit->rows, unit->row_count, sizeof *unit->rows, compare_rows);
    dwarf_dealloc_die(die);
    return code;
}

void unit_unload(struct unit *unit)
{
    for (size_t i = 0; i < unit->inlines_count; i++)
        free(unit->inlines[i].items);
    free(unit->inlines);
    free(unit->functions);
    free(unit->rows);
    debug_info_close(unit->dwo);
    *unit = (struct unit){.offset = unit->offset, .size_bytes = unit->size_bytes, .last_use = unit->last_use};
}

size_t unit_memory_bytes(const struct unit *unit)
{
    return unit->function_capacity * sizeof *unit->functions + unit->row_capacity * sizeof *unit->rows +
           unit->inlines_capacity * sizeof *unit->inlines + unit->inlined_bytes +
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

struct unit_function *unit_function_at(const struct unit *unit, uint64_t address)
{
    size_t low = 0, high = unit->function_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (unit->functions[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    struct unit_function *best = NULL;
    for (; low > 0 && address - unit->functions[low - 1].low < unit->longest; low--) {
        struct unit_function *function = &unit->functions[low - 1];
        if (address < function->high && (best == NULL || function->high - function->low < best->high - best->low))
            best = function;
    }
    return best;
}

struct gathering {
    struct loading loading;
    struct unit_inlines inlines;
};

static int add_inlined(struct unit_inlines *inlines, uint64_t low, uint64_t high, const struct die_function *function)
{
    struct unit_inlined *items = array_grow(inlines->items, &inlines->capacity, inlines->count + 1, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    inlines->items = items;
    items[inlines->count++] = (struct unit_inlined){low, high, function->offset, function->depth};
    return 0;
}

static int add_inlined_range(uint64_t low, uint64_t high, const struct die_function *function, void *data)
{
    struct gathering *gathering = data;
    return add_inlined(&gathering->inlines, low, high, function);
}

static int take_inlined(const struct die_function *function, void *data)
{
    struct gathering *gathering = data;
    return visit_ranges(&gathering->loading, function, add_inlined_range, gathering);
}

static int gather(struct unit *unit, struct debug_info *info, const struct unit_function *function,
                  struct gathering *gathering)
{
    struct loading *loading = &gathering->loading;
    struct die_unit scanned;
    *gathering = (struct gathering){.inlines.function = function->die};
    loading->unit = unit;
    loading->info = unit->dwo != NULL ? unit->dwo : info;
    loading->dwarf.low = unit->low;
    loading->ranges_left = 65536 + (unit->dwo != NULL ? unit->dwo_size_bytes : unit->size_bytes);
    int code = 0;
    if (dwarf_is_ok(loading->info,
                    dwarf_offdie_b(loading->info->debug, function->die, 1, &loading->die, &loading->info->error))) {
        if (dwarf_scan_unit(loading->info, loading->die, &scanned))
            code = die_scan_inlined(&scanned, function->die, take_inlined, gathering);
        dwarf_dealloc_die(loading->die);
    }
    range_list_fini(&loading->ranges);
    return code;
}

const struct unit_inlines *unit_inlines_of(struct unit *unit, struct debug_info *info, struct unit_function *function)
{
    if (function->inlines != 0)
        return &unit->inlines[function->inlines - 1];
    struct gathering gathering;
    int code = gather(unit, info, function, &gathering);
    struct unit_inlines *inlines =
        array_grow(unit->inlines, &unit->inlines_capacity, unit->inlines_count + 1, sizeof *inlines);
    if (inlines != NULL)
        unit->inlines = inlines;
    if (code != 0 || inlines == NULL) {
        free(gathering.inlines.items);
        return NULL;
    }
    inlines[unit->inlines_count++] = gathering.inlines;
    unit->inlined_bytes += gathering.inlines.capacity * sizeof *gathering.inlines.items;
    function->inlines = (uint32_t)unit->inlines_count;
    return &inlines[unit->inlines_count - 1];
}
