/* Qualified names. DWARF gives a DIE no way to its parents: they are looked for from the beginning of the unit. */

#include <stdlib.h>
#include <string.h>

#include "elf/dwarf-reader.h"

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

char *dwarf_qualified_name(struct debug_info *info, Dwarf_Off offset, const char *name)
{
    char *qualified = strdup("");
    struct die_unit unit;
    uint64_t parents[DWARF_MAX_DEPTH];
    size_t count = 0;
    Dwarf_Die die = NULL;
    if (dwarf_is_ok(info, dwarf_offdie_b(info->debug, offset, 1, &die, &info->error))) {
        if (dwarf_scan_unit(info, die, &unit))
            count = die_scan_parents(&unit, offset, parents, DWARF_MAX_DEPTH);
        dwarf_dealloc_die(die);
    }
    for (size_t i = 0; i < count; i++) {
        if (!dwarf_is_ok(info, dwarf_offdie_b(info->debug, parents[i], 1, &die, &info->error)))
            break;
        const char *part = scope_name(info, die);
        if (part != NULL)
            qualified = append(qualified, part);
        dwarf_dealloc_die(die);
    }
    return append(qualified, name);
}
