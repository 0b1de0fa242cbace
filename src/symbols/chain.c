/* The functions around an address within one unit. */

#include "symbols/chain.h"

#include <stdlib.h>
#include <string.h>

#include "symbols/demangle.h"

/* The inlined calls that cover the address, from the function's own to the innermost. Their DIEs are put into `path`,
   behind `count`, and their number returned. Of a chain that is too long the last place is for the innermost. */
static size_t follow(const struct unit_inlines *inlines, uint64_t address, Dwarf_Off path[], size_t count)
{
    const struct unit_inlined *around = NULL;
    for (size_t i = 0; i < inlines->count; i++) {
        const struct unit_inlined *inlined = &inlines->items[i];
        const bool is_piece = around != NULL && inlined->die == around->die;
        if (around != NULL && !is_piece && inlined->depth <= around->depth)
            break; /* behind the one that covers it */
        if (is_piece || address < inlined->low || address >= inlined->high)
            continue;
        count -= count == SYMBOLS_MAX_FRAMES;
        path[count++] = inlined->die;
        around = inlined;
    }
    return count;
}

struct identity {
    const char *name, *linkage_name; /* in libdwarf's memory */
    struct debug_info *info;         /* where the declaration is */
    Dwarf_Off declaration;           /* whose scope qualifies the name */
    uint64_t line;                   /* of the definition; 0 when unknown */
    const char *file;
};

/* The first place met is the definition's: a declaration in a class comes last. */
static void take_place(struct debug_info *info, Dwarf_Die die, const struct strings *names, struct identity *identity)
{
    uint64_t file = 0;
    if (identity->line != 0 || !dwarf_number(info, die, DW_AT_decl_line, &identity->line))
        return;
    if (dwarf_number(info, die, DW_AT_decl_file, &file))
        identity->file = strings_text(names, dwarf_file(info, die, file));
}

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
static struct identity identify(struct debug_info *info, Dwarf_Die die, const struct strings *names)
{
    struct identity identity = {NULL, NULL, info, dwarf_offset(info, die), 0, NULL};
    Dwarf_Die origin = NULL;
    struct debug_info *origin_info = info;
    take_names(info, die, &identity);
    take_place(info, die, names, &identity);
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
        take_place(info, origin, names, &identity);
    }
    if (origin != NULL)
        dwarf_dealloc_die(origin);
    return identity;
}

static const char *keep(struct strings *names, const char *text)
{
    return text != NULL ? strings_text(names, strings_add(names, text)) : NULL;
}

/* With -g1 DWARF has no scopes: the linkage name may. NULL when it does not. */
static char *with_scope(const struct identity *identity)
{
    char *demangled = identity->linkage_name != NULL ? demangle(identity->linkage_name) : NULL;
    const size_t length = demangled != NULL ? strlen(demangled) : 0, name_length = strlen(identity->name);
    if (length > name_length + 2 && strcmp(demangled + length - name_length, identity->name) == 0 &&
        strncmp(demangled + length - name_length - 2, "::", 2) == 0)
        return demangled;
    free(demangled);
    return NULL;
}

static void name_frame(struct debug_info *info, Dwarf_Die die, bool is_cxx, struct strings *names,
                       struct symbols_frame *frame)
{
    const struct identity identity = identify(info, die, names);
    frame->linkage_name = keep(names, identity.linkage_name);
    frame->function_line = identity.line <= UINT32_MAX ? (uint32_t)identity.line : 0;
    frame->function_file = identity.file;
    if (identity.name == NULL) {
        char *demangled = identity.linkage_name != NULL ? demangle(identity.linkage_name) : NULL;
        frame->function = keep(names, demangled != NULL ? demangled : identity.linkage_name);
        free(demangled);
    } else if (is_cxx || identity.linkage_name != NULL) {
        char *qualified = dwarf_qualified_name(identity.info, identity.declaration, identity.name);
        char *demangled = qualified != NULL && strcmp(qualified, identity.name) == 0 ? with_scope(&identity) : NULL;
        frame->function = keep(names, demangled != NULL ? demangled : qualified);
        free(demangled);
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

size_t chain_find(struct debug_info *info, struct unit *unit, struct unit_function *function, uint64_t address,
                  struct strings *names, struct symbols_frame *out)
{
    struct debug_info *holder = unit->dwo != NULL ? unit->dwo : info;
    Dwarf_Off path[SYMBOLS_MAX_FRAMES] = {function->die}; /* the function's DIE, then the inlined ones inwards */
    const struct unit_inlines *inlines = unit_inlines_of(unit, info, function);
    const size_t count = inlines != NULL ? follow(inlines, address, path, 1) : 1;
    chain_place(unit, address, names, &out[0]);
    for (size_t i = 0; i < count; i++) {
        struct symbols_frame *frame = &out[i];
        Dwarf_Die die = NULL;
        frame->inlined = i + 1 < count;
        if (!dwarf_is_ok(holder, dwarf_offdie_b(holder->debug, path[count - 1 - i], 1, &die, &holder->error)))
            continue;
        name_frame(holder, die, unit->is_cxx, names, frame);
        if (frame->inlined)
            place_call(holder, die, names, frame + 1);
        dwarf_dealloc_die(die);
    }
    return count;
}
