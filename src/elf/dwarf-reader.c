/* Safe little accessors over libdwarf. */

#include "elf/dwarf-reader.h"

bool dwarf_is_ok(struct debug_info *info, int result)
{
    if (result == DW_DLV_ERROR && info->error != NULL)
        dwarf_dealloc_error(info->debug, info->error);
    info->error = NULL;
    return result == DW_DLV_OK;
}

Dwarf_Attribute dwarf_attribute(struct debug_info *info, Dwarf_Die die, Dwarf_Half name)
{
    Dwarf_Attribute attribute = NULL;
    return dwarf_is_ok(info, dwarf_attr(die, name, &attribute, &info->error)) ? attribute : NULL;
}

bool dwarf_number(struct debug_info *info, Dwarf_Die die, Dwarf_Half name, uint64_t *value)
{
    Dwarf_Attribute attribute = dwarf_attribute(info, die, name);
    if (attribute == NULL)
        return false;
    Dwarf_Unsigned number = 0;
    Dwarf_Signed with_sign = 0;
    bool found = true;
    if (dwarf_is_ok(info, dwarf_formudata(attribute, &number, &info->error)))
        *value = number;
    else if (dwarf_is_ok(info, dwarf_formsdata(attribute, &with_sign, &info->error)) && with_sign >= 0)
        *value = (uint64_t)with_sign;
    else
        found = false;
    dwarf_dealloc(info->debug, attribute, DW_DLA_ATTR);
    return found;
}

const char *dwarf_string(struct debug_info *info, Dwarf_Die die, Dwarf_Half name)
{
    Dwarf_Attribute attribute = dwarf_attribute(info, die, name);
    if (attribute == NULL)
        return NULL;
    char *text = NULL; /* lies in the file's string section: it needs no release */
    if (!dwarf_is_ok(info, dwarf_formstring(attribute, &text, &info->error)))
        text = NULL;
    dwarf_dealloc(info->debug, attribute, DW_DLA_ATTR);
    return text;
}

Dwarf_Die dwarf_reference(struct debug_info *info, Dwarf_Die die, Dwarf_Half name)
{
    Dwarf_Attribute attribute = dwarf_attribute(info, die, name);
    if (attribute == NULL)
        return NULL;
    Dwarf_Off offset = 0;
    Dwarf_Die target = NULL;
    if (!dwarf_is_ok(info, dwarf_global_formref(attribute, &offset, &info->error)) ||
        !dwarf_is_ok(info, dwarf_offdie_b(info->debug, offset, 1, &target, &info->error)))
        target = NULL;
    dwarf_dealloc(info->debug, attribute, DW_DLA_ATTR);
    return target;
}

Dwarf_Off dwarf_offset(struct debug_info *info, Dwarf_Die die)
{
    Dwarf_Off offset = 0;
    return dwarf_is_ok(info, dwarf_dieoffset(die, &offset, &info->error)) ? offset : 0;
}

Dwarf_Half dwarf_tag_of(struct debug_info *info, Dwarf_Die die)
{
    Dwarf_Half tag = 0;
    return dwarf_is_ok(info, dwarf_tag(die, &tag, &info->error)) ? tag : 0;
}

Dwarf_Die dwarf_first_child(struct debug_info *info, Dwarf_Die die)
{
    Dwarf_Die child = NULL;
    if (info->budget == 0 || !dwarf_is_ok(info, dwarf_child(die, &child, &info->error)))
        return NULL;
    info->budget--;
    return child;
}

Dwarf_Die dwarf_next(struct debug_info *info, Dwarf_Die die)
{
    Dwarf_Die next = NULL;
    if (info->budget > 0 && !dwarf_is_ok(info, dwarf_siblingof_b(info->debug, die, 1, &next, &info->error)))
        next = NULL;
    /* DW_AT_sibling of a damaged file may point backwards. */
    if (next != NULL && dwarf_offset(info, next) <= dwarf_offset(info, die)) {
        dwarf_dealloc_die(next);
        next = NULL;
    }
    if (next != NULL)
        info->budget--;
    dwarf_dealloc_die(die);
    return next;
}
