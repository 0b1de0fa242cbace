/* The walk over a file's DWARF: units, functions with code, their names and inlined calls. */

#include "elf/debug-info.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf/dwarf-reader.h"

static int open_sections(struct debug_info *info, struct err *err)
{
    const int result = dwarf_api_open(&info->sections, &info->access, &info->debug, &info->error);
    if (result == DW_DLV_OK)
        return 0;
    const int code = err_set(err, -ENODATA, "no debug information that can be read: %s",
                             result == DW_DLV_ERROR ? dwarf_errmsg(info->error) : "there is none");
    if (result == DW_DLV_ERROR)
        dwarf_dealloc_error(NULL, info->error);
    return code;
}

int dwarf_open(struct dwarf_sections *sections, struct debug_info **out, struct err *err)
{
    struct debug_info *info = calloc(1, sizeof *info);
    if (info == NULL)
        return err_set(err, -ENOMEM, "out of memory");
    info->sections = *sections;
    const int code = open_sections(info, err);
    if (code != 0) {
        free(info);
        return code;
    }
    info->files = &info->own_files;
    info->range_lists_bytes = SIZE_MAX;
    *out = info;
    return 0;
}

int debug_info_open(const struct elf_file *elf, struct debug_info **out, struct err *err)
{
    struct dwarf_sections sections;
    size_t range_lists_bytes;
    if (!dwarf_is_sound(elf, &range_lists_bytes))
        return err_set(err, -ENODATA, "no debug information that can be read: its tables are damaged");
    if (dwarf_sections_init(&sections, elf) != 0)
        return err_set(err, -ENOMEM, "out of memory");
    const int code = dwarf_open(&sections, out, err);
    if (code != 0) {
        dwarf_sections_fini(&sections);
        return code;
    }
    (*out)->elf = elf;
    (*out)->range_lists_bytes = range_lists_bytes;
    return 0;
}

void debug_info_set_fetch(struct debug_info *info, debug_fetch_fn fetch, void *data)
{
    info->fetch = fetch;
    info->fetch_data = data;
}

void debug_info_close(struct debug_info *info)
{
    if (info == NULL)
        return;
    for (size_t i = 0; i < DWARF_CACHE_SLOTS; i++)
        free(info->file_cache[i].numbers);
    free(info->split_units);
    strings_fini(&info->own_files);
    dwarf_api_close(info->debug, info->access);
    dwarf_sections_fini(&info->sections);
    debug_info_close(info->shared);
    dwarf_package_close(info->package);
    if (info->own_elf != NULL)
        elf_file_close(info->own_elf);
    free(info->own_elf);
    free(info);
}

/* gcc lists its options in the producer; the last -O counts. */
static bool producer_is_optimizing(const char *producer)
{
    bool optimizing = false;
    for (const char *at = strstr(producer, " -O"); at != NULL; at = strstr(at + 1, " -O"))
        optimizing = at[3] != '0';
    return optimizing;
}

static bool language_is_cxx(uint64_t language)
{
    return language == DW_LANG_C_plus_plus || language == DW_LANG_C_plus_plus_03 ||
           language == DW_LANG_C_plus_plus_11 || language == DW_LANG_C_plus_plus_14 || language == 0x2b /* 17 */ ||
           language == 0x2c /* 20 */;
}

void dwarf_unit_init(struct debug_info *info, struct dwarf_unit *unit, Dwarf_Die die)
{
    *unit = (struct dwarf_unit){.die = die, .offset = dwarf_offset(info, die)};
    Dwarf_Addr low = 0;
    if (dwarf_is_ok(info, dwarf_lowpc(die, &low, &info->error)))
        unit->low = low;
    uint64_t language = 0;
    if (dwarf_number(info, die, DW_AT_language, &language))
        unit->is_cxx = language_is_cxx(language);
    const char *producer = dwarf_string(info, die, DW_AT_producer);
    if (producer != NULL) {
        unit->is_clang = strstr(producer, "clang") != NULL;
        unit->is_optimized = producer_is_optimizing(producer);
    }
}

static void unit_fini(struct debug_info *info, struct dwarf_unit *unit)
{
    free(unit->rows);
    dwarf_dealloc_die(unit->die);
}

static bool may_hold(const struct debug_wanted *wanted, const struct range_list *ranges)
{
    for (size_t i = 0; i < ranges->count; i++)
        if (wanted->may_hold(ranges->items[i].low, ranges->items[i].high, wanted->data))
            return true;
    return false;
}

/* Fill what `die` itself says and is not known yet. */
static void take_facts(struct debug_info *info, Dwarf_Die die, struct debug_function *function)
{
    uint64_t number = 0;
    if (function->short_name == NULL)
        function->short_name = dwarf_string(info, die, DW_AT_name);
    if (function->linkage_name == NULL)
        function->linkage_name = dwarf_string(info, die, DW_AT_linkage_name);
    if (function->linkage_name == NULL)
        function->linkage_name = dwarf_string(info, die, DW_AT_MIPS_linkage_name);
    if (function->line == 0 && dwarf_number(info, die, DW_AT_decl_line, &number) && number <= UINT32_MAX)
        function->line = (uint32_t)number;
    if (function->file == STRINGS_NONE && dwarf_number(info, die, DW_AT_decl_file, &number))
        function->file = dwarf_file(info, die, number);
}

/* The name and place, through the abstract instance and the declaration, which may lie in other units (LTO). */
static int identify(struct debug_info *info, Dwarf_Die die, struct debug_function *function)
{
    Dwarf_Off declaration = dwarf_offset(info, die);
    Dwarf_Die origin = NULL;
    struct debug_info *origin_info = info;
    take_facts(info, die, function);
    for (int hop = 0; hop < DWARF_MAX_HOPS; hop++) {
        Dwarf_Die from = origin != NULL ? origin : die;
        info = origin_info;
        Dwarf_Die next = dwarf_reference(info, from, DW_AT_abstract_origin, &origin_info);
        if (next == NULL)
            next = dwarf_reference(info, from, DW_AT_specification, &origin_info);
        if (origin != NULL)
            dwarf_dealloc_die(origin);
        origin = next;
        if (origin == NULL)
            break;
        info = origin_info;
        declaration = dwarf_offset(info, origin);
        take_facts(info, origin, function);
    }
    if (origin != NULL)
        dwarf_dealloc_die(origin);
    if (function->short_name == NULL)
        function->short_name = function->linkage_name != NULL ? function->linkage_name : "(unnamed)";
    function->name =
        function->is_cxx ? dwarf_qualified_name(info, declaration, function->short_name) : strdup(function->short_name);
    return function->name != NULL ? 0 : -ENOMEM;
}

static int add_inline(struct debug_info *info, const struct dwarf_unit *unit, Dwarf_Die die,
                      struct debug_function *function)
{
    uint64_t line = 0, file = 0;
    if (!dwarf_number(info, die, DW_AT_call_line, &line) || line == 0 || line > UINT32_MAX)
        return 0;
    const uint32_t file_number =
        dwarf_number(info, die, DW_AT_call_file, &file) ? dwarf_file(info, die, file) : STRINGS_NONE;
    struct range_list ranges = {0};
    int code = dwarf_ranges(info, unit, die, &ranges);
    for (size_t i = 0; i < ranges.count && code == 0; i++) {
        struct debug_inline *items =
            array_reserve(function->inlines, function->inline_count, &function->inline_capacity, sizeof *items);
        if (items == NULL) {
            code = -ENOMEM;
            break;
        }
        function->inlines = items;
        items[function->inline_count++] = (struct debug_inline){ranges.items[i], (uint32_t)line, file_number};
    }
    range_list_fini(&ranges);
    return code;
}

/* The outermost inlined calls below `parent`. */
static int collect_inlines(struct debug_info *info, const struct dwarf_unit *unit, Dwarf_Die parent, int depth,
                           struct debug_function *function)
{
    int code = 0;
    Dwarf_Die die = depth < DWARF_MAX_DEPTH ? dwarf_first_child(info, parent) : NULL;
    for (; die != NULL; die = dwarf_next(info, die)) {
        const Dwarf_Half tag = dwarf_tag_of(info, die);
        if (tag == DW_TAG_inlined_subroutine)
            code = add_inline(info, unit, die, function);
        else if (tag == DW_TAG_lexical_block)
            code = collect_inlines(info, unit, die, depth + 1, function);
        if (code != 0) {
            dwarf_dealloc_die(die);
            break;
        }
    }
    return code;
}

static int compare_inlines(const void *left, const void *right)
{
    const struct debug_inline *a = left, *b = right;
    return (a->range.low > b->range.low) - (a->range.low < b->range.low);
}

static uint64_t entry_of(struct debug_info *info, Dwarf_Die die, const struct range_list *ranges)
{
    Dwarf_Attribute attribute = dwarf_attribute(info, die, DW_AT_entry_pc);
    Dwarf_Addr entry = 0;
    if (attribute != NULL) {
        /* An offset (DWARF 5 allows it) is not an address form and fails here: then it is the first range's start. */
        if (!dwarf_is_ok(info, dwarf_formaddr(attribute, &entry, &info->error)) || !range_list_has(ranges, entry))
            entry = 0;
        dwarf_dealloc(info->debug, attribute, DW_DLA_ATTR);
    }
    return entry != 0 ? entry : ranges->items[0].low;
}

static void function_fini(struct debug_function *function)
{
    range_list_fini(&function->ranges);
    free(function->inlines);
    free(function->name);
}

static int complete(struct debug_info *info, struct dwarf_unit *unit, Dwarf_Die die, struct debug_function *function)
{
    /* clang's producer lists no options, but it describes call sites only when it optimizes. */
    if (unit->is_clang && (dwarf_attribute(info, die, DW_AT_call_all_calls) != NULL ||
                           dwarf_attribute(info, die, DW_AT_GNU_all_call_sites) != NULL))
        function->is_optimized = true;
    const uint64_t budget = info->budget; /* these DIEs are met again by the walk itself */
    int code = collect_inlines(info, unit, die, 0, function);
    info->budget = budget;
    if (code == 0 && function->inline_count > 1)
        qsort(function->inlines, function->inline_count, sizeof *function->inlines, compare_inlines);
    if (code == 0)
        code = dwarf_load_rows(info, unit);
    function->rows = unit->rows;
    function->row_count = unit->row_count;
    return code;
}

static int consider(struct debug_info *info, struct dwarf_unit *unit, Dwarf_Die die, const struct debug_wanted *wanted)
{
    struct debug_function function = {.file = STRINGS_NONE, .is_cxx = unit->is_cxx, .is_optimized = unit->is_optimized};
    int code = dwarf_ranges(info, unit, die, &function.ranges);
    if (code == 0 && function.ranges.count > 0 && may_hold(wanted, &function.ranges)) {
        function.entry = entry_of(info, die, &function.ranges);
        range_list_normalize(&function.ranges);
        code = identify(info, die, &function);
        if (code == 0 && wanted->is_wanted(&function, wanted->data)) {
            code = complete(info, unit, die, &function);
            if (code == 0)
                code = wanted->take(&function, info->files, wanted->data);
        }
    }
    function_fini(&function);
    return code;
}

static bool encloses_functions(Dwarf_Half tag)
{
    switch (tag) {
    case DW_TAG_subprogram: /* GNU C's nested functions, methods of local classes */
    case DW_TAG_lexical_block:
    case DW_TAG_namespace:
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
        return true;
    default:
        return false;
    }
}

static int walk(struct debug_info *info, struct dwarf_unit *unit, Dwarf_Die parent, int depth,
                const struct debug_wanted *wanted)
{
    int code = 0;
    Dwarf_Die die = depth < DWARF_MAX_DEPTH ? dwarf_first_child(info, parent) : NULL;
    for (; die != NULL; die = dwarf_next(info, die)) {
        const Dwarf_Half tag = dwarf_tag_of(info, die);
        if (tag == DW_TAG_subprogram)
            code = consider(info, unit, die, wanted);
        if (code == 0 && encloses_functions(tag))
            code = walk(info, unit, die, depth + 1, wanted);
        if (code != 0) {
            dwarf_dealloc_die(die);
            break;
        }
    }
    return code;
}

int dwarf_walk_unit(struct debug_info *info, struct dwarf_unit *unit, const struct debug_wanted *wanted)
{
    return walk(info, unit, unit->die, 0, wanted);
}

static bool is_unit_with_code(Dwarf_Half tag)
{
    return tag == DW_TAG_compile_unit || tag == DW_TAG_skeleton_unit;
}

static int walk_top(struct debug_info *info, struct dwarf_unit *unit, const struct debug_wanted *wanted)
{
    struct range_list ranges = {0};
    int code = dwarf_ranges(info, unit, unit->die, &ranges);
    if (code == 0 && may_hold(wanted, &ranges))
        code =
            dwarf_is_split(info, unit->die) ? dwarf_split_add(info, unit->offset) : dwarf_walk_unit(info, unit, wanted);
    range_list_fini(&ranges);
    return code;
}

/* libdwarf finds a .dwo file's addresses only when no walk over the executable's units is under way. */
static int walk_split_units(struct debug_info *info, const struct debug_wanted *wanted)
{
    int code = 0;
    for (size_t i = 0; i < info->split_count && code == 0; i++) {
        Dwarf_Die die = NULL;
        if (!dwarf_is_ok(info, dwarf_offdie_b(info->debug, info->split_units[i], 1, &die, &info->error)))
            continue;
        struct dwarf_unit unit;
        dwarf_unit_init(info, &unit, die);
        code = dwarf_walk_split(info, &unit, wanted);
        unit_fini(info, &unit);
    }
    info->split_count = 0;
    return code;
}

Dwarf_Die dwarf_next_unit(struct debug_info *info, Dwarf_Off *last, Dwarf_Half *version)
{
    Dwarf_Unsigned length = 0, type_offset = 0, next_header = 0;
    Dwarf_Half address_bytes = 0, length_bytes = 0, extension_bytes = 0, unit_type = 0;
    Dwarf_Off abbrev_offset = 0;
    Dwarf_Sig8 signature;
    Dwarf_Die die = NULL;
    const int result =
        dwarf_next_cu_header_d(info->debug, 1, &length, version, &abbrev_offset, &address_bytes, &length_bytes,
                               &extension_bytes, &signature, &type_offset, &next_header, &unit_type, &info->error);
    info->is_damaged = info->is_damaged || result == DW_DLV_ERROR;
    if (!dwarf_is_ok(info, result) || !dwarf_is_ok(info, dwarf_siblingof_b(info->debug, NULL, 1, &die, &info->error)))
        return NULL;
    /* libdwarf begins anew after the end, and in some .dwo files without telling that there was an end. */
    const Dwarf_Off offset = dwarf_offset(info, die);
    if (offset <= *last) {
        dwarf_dealloc_die(die);
        return NULL;
    }
    *last = offset;
    info->budget = length;
    return die;
}

/* Call `visit` for each unit with code until it returns other than 0, which is then the result. */
typedef int visit_unit_fn(struct debug_info *info, struct dwarf_unit *unit, void *data);

static int visit_units(struct debug_info *info, visit_unit_fn *visit, void *data)
{
    int code = 0;
    Dwarf_Off last = 0;
    Dwarf_Half version = 0;
    while (code == 0) {
        Dwarf_Die die = dwarf_next_unit(info, &last, &version);
        if (die == NULL)
            break;
        struct dwarf_unit unit;
        dwarf_unit_init(info, &unit, die);
        if (is_unit_with_code(dwarf_tag_of(info, die)))
            code = visit(info, &unit, data);
        unit_fini(info, &unit);
    }
    return code;
}

static int visit_top(struct debug_info *info, struct dwarf_unit *unit, void *data)
{
    const struct debug_wanted *const *wanted = data;
    return walk_top(info, unit, *wanted);
}

int debug_info_walk(struct debug_info *info, const struct debug_wanted *wanted)
{
    int code = visit_units(info, visit_top, &wanted);
    return code == 0 ? walk_split_units(info, wanted) : code;
}

/* What debug_info_walk_symbols was asked for. */
struct symbols_wanted {
    const struct debug_symbol *symbols;
    size_t count;
    const struct debug_wanted *wanted;
};

/* The symbols that lie in one unit, with that unit's rows. */
static int take_symbols(struct debug_info *info, struct dwarf_unit *unit, void *data)
{
    const struct symbols_wanted *asked = data;
    const struct debug_symbol *symbols = asked->symbols;
    struct range_list ranges = {0};
    int code = dwarf_ranges(info, unit, unit->die, &ranges);
    range_list_normalize(&ranges);
    for (size_t i = 0; i < asked->count && code == 0; i++) {
        if (!range_list_has_sorted(&ranges, symbols[i].entry))
            continue;
        code = dwarf_load_rows(info, unit);
        const struct debug_function function = {
            .name = symbols[i].name,
            .short_name = symbols[i].name,
            .linkage_name = symbols[i].name,
            .file = STRINGS_NONE,
            .entry = symbols[i].entry,
            .ranges = symbols[i].ranges,
            .is_cxx = true, /* the careful choice when it is not known */
            .is_optimized = unit->is_optimized,
            .rows = unit->rows,
            .row_count = unit->row_count,
        };
        if (code == 0 && unit->row_count > 0)
            code = asked->wanted->take(&function, info->files, asked->wanted->data);
    }
    range_list_fini(&ranges);
    return code;
}

int debug_info_walk_symbols(struct debug_info *info, const struct debug_symbol *symbols, size_t count,
                            const struct debug_wanted *wanted)
{
    struct symbols_wanted asked = {.symbols = symbols, .count = count, .wanted = wanted};
    return visit_units(info, take_symbols, &asked);
}

void debug_info_first_unit(struct debug_info *info, int *version, char **producer)
{
    Dwarf_Off last = 0;
    Dwarf_Half unit_version = 0;
    Dwarf_Die die = dwarf_next_unit(info, &last, &unit_version);
    *version = unit_version;
    *producer = NULL;
    if (die == NULL)
        return;
    const char *text = dwarf_string(info, die, DW_AT_producer);
    if (text != NULL)
        *producer = strdup(text);
    dwarf_dealloc_die(die);
}
