/* Qualified names. DWARF gives a DIE no way to its parent, but DIEs are laid out in pre-order: of the children of one
   parent, the last that begins at or before an offset is the one around it. */

#include <stdlib.h>
#include <string.h>

#include "elf/dwarf-reader.h"

static const struct dwarf_children *children_of(struct debug_info *info, Dwarf_Die parent)
{
    const Dwarf_Off offset = dwarf_offset(info, parent);
    struct dwarf_children *children = &info->child_cache[(offset * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - DWARF_CACHE_BITS)];
    if (children->parent == offset && offset != 0)
        return children;
    free(children->offsets);
    *children = (struct dwarf_children){.parent = offset};
    const uint64_t budget = info->budget; /* not the walk's: counted in its own right */
    info->budget = 1u << 24;
    for (Dwarf_Die die = dwarf_first_child(info, parent); die != NULL; die = dwarf_next(info, die)) {
        Dwarf_Off *offsets =
            array_reserve(children->offsets, children->count, &children->capacity, sizeof *offsets);
        if (offsets == NULL) {
            dwarf_dealloc_die(die);
            break;
        }
        children->offsets = offsets;
        offsets[children->count++] = dwarf_offset(info, die);
    }
    info->budget = budget;
    return children;
}

/* The child of `parent` that is, or holds, the DIE at `offset`; 0 when there is none. */
static Dwarf_Off child_around(struct debug_info *info, Dwarf_Die parent, Dwarf_Off offset)
{
    const struct dwarf_children *children = children_of(info, parent);
    size_t low = 0, high = children->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (children->offsets[middle] <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? children->offsets[low - 1] : 0;
}

/* What a DIE adds to the names of what it encloses, or NULL for nothing. */
static const char *scope_name(struct debug_info *info, Dwarf_Die die)
{
    const char *name = dwarf_string(info, die, DW_AT_name);
    switch (dwarf_tag_of(info, die)) {
    case DW_TAG_namespace:
        return name != NULL ? name : "(anonymous namespace)";
    case DW_TAG_class_type:
    case DW_TAG_structure_type:
    case DW_TAG_union_type:
        return name != NULL ? name : "(anonymous class)";
    case DW_TAG_subprogram:
        return name; /* a function's local class */
    default:
        return NULL;
    }
}

/* "a" to "a::b"; frees `left`. */
static char *append(char *left, const char *right)
{
    if (left == NULL)
        return NULL;
    const size_t length = strlen(left), bytes = length + strlen(right) + 3;
    char *joined = realloc(left, bytes);
    if (joined == NULL) {
        free(left);
        return NULL;
    }
    if (length > 0) {
        memcpy(joined + length, "::", 3);
    }
    strcat(joined, right);
    return joined;
}

static Dwarf_Die unit_die_of(struct debug_info *info, Dwarf_Off offset)
{
    Dwarf_Die die = NULL, unit = NULL;
    Dwarf_Off unit_offset = 0;
    if (!dwarf_is_ok(info, dwarf_offdie_b(info->debug, offset, 1, &die, &info->error)))
        return NULL;
    if (!dwarf_is_ok(info, dwarf_CU_dieoffset_given_die(die, &unit_offset, &info->error)) ||
        !dwarf_is_ok(info, dwarf_offdie_b(info->debug, unit_offset, 1, &unit, &info->error)))
        unit = NULL;
    dwarf_dealloc_die(die);
    return unit;
}

char *dwarf_qualified_name(struct debug_info *info, Dwarf_Off offset, const char *name)
{
    char *qualified = strdup("");
    Dwarf_Die scope = unit_die_of(info, offset);
    for (int depth = 0; scope != NULL && depth < DWARF_MAX_DEPTH; depth++) {
        const Dwarf_Off next = child_around(info, scope, offset);
        dwarf_dealloc_die(scope);
        scope = NULL;
        if (next == 0 || next == offset || !dwarf_is_ok(info, dwarf_offdie_b(info->debug, next, 1, &scope, &info->error)))
            break;
        const char *part = scope_name(info, scope);
        if (part != NULL)
            qualified = append(qualified, part);
    }
    if (scope != NULL)
        dwarf_dealloc_die(scope);
    return append(qualified, name);
}

void dwarf_names_fini(struct debug_info *info)
{
    for (size_t i = 0; i < DWARF_CACHE_SLOTS; i++)
        free(info->child_cache[i].offsets);
}
