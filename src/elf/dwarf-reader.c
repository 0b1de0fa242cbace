/* Safe little accessors over libdwarf. */

#include "elf/dwarf-reader.h"

#include <string.h>

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

/* A string of a DWARF 5 .dwo file by its index. libdwarf of 2021 adds the executable's DW_AT_str_offsets_base, which is
   not the .dwo file's: there the offsets begin behind the header (DWARF 5, section 7.26). */
static const char *split_string(struct debug_info *info, Dwarf_Attribute attribute)
{
    enum { HEADER_BYTES = 8 };
    Dwarf_Half form = 0;
    Dwarf_Unsigned index = 0;
    uint32_t offset = 0;
    size_t offsets_bytes = 0, text_bytes = 0;
    if (!dwarf_is_ok(info, dwarf_whatform(attribute, &form, &info->error)) || form == DW_FORM_GNU_str_index ||
        !dwarf_is_ok(info, dwarf_get_debug_str_index(attribute, &index, &info->error)))
        return NULL;
    const uint8_t *offsets = dwarf_sections_named(&info->sections, ".debug_str_offsets.dwo", &offsets_bytes);
    const char *text = (const char *)dwarf_sections_named(&info->sections, ".debug_str.dwo", &text_bytes);
    if (offsets == NULL || text == NULL || offsets_bytes < HEADER_BYTES ||
        index >= (offsets_bytes - HEADER_BYTES) / sizeof offset)
        return NULL;
    memcpy(&offset, offsets + HEADER_BYTES + index * sizeof offset, sizeof offset);
    return offset < text_bytes && memchr(text + offset, '\0', text_bytes - offset) != NULL ? text + offset : NULL;
}

/* A string that several files share. */
static const char *shared_string(struct debug_info *info, Dwarf_Attribute attribute)
{
    Dwarf_Off offset = 0;
    size_t text_bytes = 0;
    struct debug_info *shared = dwarf_shared(info);
    if (shared == NULL || !dwarf_is_ok(info, dwarf_global_formref(attribute, &offset, &info->error)))
        return NULL;
    const char *text = (const char *)dwarf_sections_named(&shared->sections, ".debug_str", &text_bytes);
    return text != NULL && offset < text_bytes && memchr(text + offset, '\0', text_bytes - offset) != NULL
               ? text + offset
               : NULL;
}

const char *dwarf_string(struct debug_info *info, Dwarf_Die die, Dwarf_Half name)
{
    Dwarf_Attribute attribute = dwarf_attribute(info, die, name);
    if (attribute == NULL)
        return NULL;
    Dwarf_Half form = 0;
    const char *special = info->skeletons != NULL ? split_string(info, attribute) : NULL;
    char *text = NULL; /* lies in the file's string section: it needs no release */
    if (!dwarf_is_ok(info, dwarf_whatform(attribute, &form, &info->error)))
        form = 0;
    if (form == DW_FORM_GNU_strp_alt)
        special = shared_string(info, attribute);
    else if (special == NULL && !dwarf_is_ok(info, dwarf_formstring(attribute, &text, &info->error)))
        text = NULL;
    dwarf_dealloc(info->debug, attribute, DW_DLA_ATTR);
    return special != NULL ? special : text;
}

Dwarf_Die dwarf_reference(struct debug_info *info, Dwarf_Die die, Dwarf_Half name, struct debug_info **target)
{
    Dwarf_Attribute attribute = dwarf_attribute(info, die, name);
    if (attribute == NULL)
        return NULL;
    Dwarf_Off offset = 0;
    Dwarf_Half form = 0;
    Dwarf_Die found = NULL;
    struct debug_info *there = info;
    if (dwarf_is_ok(info, dwarf_whatform(attribute, &form, &info->error)) && form == DW_FORM_GNU_ref_alt)
        there = dwarf_shared(info);
    if (there == NULL || !dwarf_is_ok(info, dwarf_global_formref(attribute, &offset, &info->error)) ||
        !dwarf_is_ok(there, dwarf_offdie_b(there->debug, offset, 1, &found, &there->error)))
        found = NULL;
    else
        *target = there;
    dwarf_dealloc(info->debug, attribute, DW_DLA_ATTR);
    return found;
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

bool dwarf_scan_unit(struct debug_info *info, Dwarf_Die die, struct die_unit *unit)
{
    const bool is_split = info->skeletons != NULL;
    Dwarf_Off header = 0, length = 0;
    *unit = (struct die_unit){0};
    unit->info =
        dwarf_sections_named(&info->sections, is_split ? ".debug_info.dwo" : ".debug_info", &unit->info_bytes);
    unit->abbreviations = dwarf_sections_named(&info->sections, is_split ? ".debug_abbrev.dwo" : ".debug_abbrev",
                                               &unit->abbreviations_bytes);
    if (unit->info == NULL || unit->abbreviations == NULL ||
        !dwarf_is_ok(info, dwarf_die_CU_offset_range(die, &header, &length, &info->error)))
        return false;
    unit->header = header;
    return true;
}

bool dwarf_address(struct debug_info *info, Dwarf_Die die, uint64_t index, uint64_t *address)
{
    Dwarf_Addr found = 0;
    if (!dwarf_is_ok(info, dwarf_debug_addr_index_to_addr(die, index, &found, &info->error)))
        return false;
    *address = found;
    return true;
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
