/* The functions around an address within one unit. */

#include "symbols/chain.h"

#include <stdlib.h>
#include <string.h>

#include "symbols/demangle.h"

struct search {
    struct debug_info *info;
    struct dwarf_unit dwarf; /* for its ranges only */
    uint64_t address;
    struct range_list ranges; /* of one DIE; kept for its memory */
    uint64_t ranges_left;
    Dwarf_Off path[SYMBOLS_MAX_FRAMES]; /* the function's DIE, then the inlined ones inwards */
    size_t count;
};

static bool covers(struct search *search, Dwarf_Die die)
{
    search->ranges.count = 0;
    if (dwarf_ranges(search->info, &search->dwarf, die, &search->ranges) != 0 ||
        search->ranges.count > search->ranges_left)
        return false;
    search->ranges_left -= search->ranges.count;
    return range_list_has(&search->ranges, search->address);
}

/* Follow the inlined calls that cover the address, through blocks, which need not say what they cover. */
static bool descend(struct search *search, Dwarf_Die parent, int depth)
{
    bool found = false;
    Dwarf_Die die = depth < DWARF_MAX_DEPTH ? dwarf_first_child(search->info, parent) : NULL;
    for (; die != NULL; die = dwarf_next(search->info, die)) {
        const Dwarf_Half tag = dwarf_tag_of(search->info, die);
        if (tag == DW_TAG_inlined_subroutine && covers(search, die)) {
            /* When the chain is too long, its last place is for the innermost. */
            search->path[search->count] = dwarf_offset(search->info, die);
            search->count += search->count < SYMBOLS_MAX_FRAMES - 1;
            descend(search, die, depth + 1);
            found = true;
        } else if (tag == DW_TAG_lexical_block || tag == DW_TAG_try_block || tag == DW_TAG_catch_block) {
            found = descend(search, die, depth + 1);
        }
        if (found) {
            dwarf_dealloc_die(die);
            break;
        }
    }
    return found;
}

struct identity {
    const char *name, *linkage_name; /* in libdwarf's memory */
    struct debug_info *info;         /* where the declaration is */
    Dwarf_Off declaration;           /* whose scope qualifies the name */
};

static void take_names(struct debug_info *info, Dwarf_Die die, struct identity *identity)
{
    if (identity->name == NULL)
        identity->name = dwarf_string(info, die, DW_AT_name);
    if (identity->linkage_name == NULL)
        identity->linkage_name = dwarf_string(info, die, DW_AT_linkage_name);
    if (identity->linkage_name == NULL)
        identity->linkage_name = dwarf_string(info, die, DW_AT_MIPS_linkage_name);
}

/* The names are at the abstract instance or at the declaration, which may lie in other units (link-time optimization).
 */
static struct identity identify(struct debug_info *info, Dwarf_Die die)
{
    struct identity identity = {NULL, NULL, info, dwarf_offset(info, die)};
    Dwarf_Die origin = NULL;
    struct debug_info *origin_info = info;
    take_names(info, die, &identity);
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
        info = identity.info = origin_info;
        identity.declaration = dwarf_offset(info, origin);
        take_names(info, origin, &identity);
    }
    if (origin != NULL)
        dwarf_dealloc_die(origin);
    return identity;
}

static const char *keep(struct strings *names, const char *text)
{
    return text != NULL ? strings_text(names, strings_add(names, text)) : NULL;
}

static void name_frame(struct debug_info *info, Dwarf_Die die, bool is_cxx, struct strings *names,
                       struct symbols_frame *frame)
{
    const struct identity identity = identify(info, die);
    frame->linkage_name = keep(names, identity.linkage_name);
    if (identity.name == NULL) {
        char *demangled = identity.linkage_name != NULL ? demangle(identity.linkage_name) : NULL;
        frame->function = keep(names, demangled != NULL ? demangled : identity.linkage_name);
        free(demangled);
    } else if (is_cxx || identity.linkage_name != NULL) {
        char *qualified = dwarf_qualified_name(identity.info, identity.declaration, identity.name);
        frame->function = keep(names, qualified);
        free(qualified);
    } else {
        frame->function = keep(names, identity.name);
    }
    frame->source = frame->function != NULL ? SYMBOLS_DWARF : SYMBOLS_NONE;
}

static void place_call(struct debug_info *info, Dwarf_Die die, const struct strings *names, struct symbols_frame *frame)
{
    uint64_t line = 0, file = 0;
    if (dwarf_number(info, die, DW_AT_call_line, &line) && line <= UINT32_MAX)
        frame->line = (uint32_t)line;
    if (dwarf_number(info, die, DW_AT_call_file, &file))
        frame->file = strings_text(names, dwarf_file(info, die, file));
}

void chain_place(const struct unit *unit, uint64_t address, const struct strings *names, struct symbols_frame *frame)
{
    const struct unit_row *row = unit_row_at(unit, address);
    frame->file = row != NULL ? strings_text(names, row->file) : NULL;
    frame->line = row != NULL ? row->line : 0;
}

size_t chain_find(struct debug_info *info, const struct unit *unit, const struct unit_function *function,
                  uint64_t address, struct strings *names, struct symbols_frame *out)
{
    struct search search = {.info = unit->dwo != NULL ? unit->dwo : info, .address = address, .count = 1};
    const uint64_t size_bytes = unit->dwo != NULL ? unit->dwo_size_bytes : unit->size_bytes;
    Dwarf_Die die = NULL;
    search.path[0] = function->die;
    search.dwarf.low = unit->low;
    search.info->budget = size_bytes;
    search.ranges_left = 65536 + size_bytes;
    if (dwarf_is_ok(search.info, dwarf_offdie_b(search.info->debug, function->die, 1, &die, &search.info->error))) {
        descend(&search, die, 0);
        dwarf_dealloc_die(die);
    }
    range_list_fini(&search.ranges);

    chain_place(unit, address, names, &out[0]);
    for (size_t i = 0; i < search.count; i++) {
        struct symbols_frame *frame = &out[i];
        const Dwarf_Off offset = search.path[search.count - 1 - i];
        frame->inlined = i + 1 < search.count;
        if (!dwarf_is_ok(search.info, dwarf_offdie_b(search.info->debug, offset, 1, &die, &search.info->error)))
            continue;
        name_frame(search.info, die, unit->is_cxx, names, frame);
        if (frame->inlined)
            place_call(search.info, die, names, frame + 1);
        dwarf_dealloc_die(die);
    }
    return search.count;
}
