/* Code ranges of a DIE: low_pc and high_pc, DWARF 4 range lists, DWARF 5 range lists. */

#include <errno.h>

#include "elf/dwarf-reader.h"

/* Linkers mark discarded code with address 0 (bfd), 1 (bfd, in range lists) or the highest ones (lld). */
static int add_range(struct range_list *out, uint64_t low, uint64_t high)
{
    if (low <= 1 || low >= UINT64_MAX - 2 || out->count >= DWARF_MAX_RANGES)
        return 0;
    return range_list_add(out, low, high);
}

static int add_rnglist(struct debug_info *info, Dwarf_Attribute attribute, Dwarf_Half form, struct range_list *out)
{
    Dwarf_Unsigned index = 0, count = 0, global = 0;
    Dwarf_Off offset = 0;
    if (form == DW_FORM_rnglistx) {
        if (!dwarf_is_ok(info, dwarf_formudata(attribute, &index, &info->error)))
            return 0;
    } else {
        if (!dwarf_is_ok(info, dwarf_global_formref(attribute, &offset, &info->error)) ||
            offset >= info->range_lists_bytes)
            return 0;
        index = offset;
    }
    Dwarf_Rnglists_Head head = NULL;
    if (!dwarf_is_ok(info, dwarf_rnglists_get_rle_head(attribute, form, index, &head, &count, &global, &info->error)))
        return 0;
    int code = 0;
    for (Dwarf_Unsigned i = 0; i < count && i < DWARF_MAX_RANGES && code == 0; i++) {
        unsigned length = 0, kind = 0;
        Dwarf_Unsigned raw_first = 0, raw_second = 0, low = 0, high = 0;
        Dwarf_Bool unavailable = 0;
        if (!dwarf_is_ok(info, dwarf_get_rnglists_entry_fields_a(head, i, &length, &kind, &raw_first, &raw_second,
                                                                 &unavailable, &low, &high, &info->error)) ||
            kind == DW_RLE_end_of_list)
            break;
        if (kind != DW_RLE_base_address && kind != DW_RLE_base_addressx && !unavailable)
            code = add_range(out, low, high);
    }
    dwarf_dealloc_rnglists_head(head);
    return code;
}

static int add_old_ranges(struct debug_info *info, const struct dwarf_unit *unit, Dwarf_Die die,
                          Dwarf_Attribute attribute, struct range_list *out)
{
    Dwarf_Off offset = 0, real_offset = 0;
    Dwarf_Ranges *ranges = NULL;
    Dwarf_Signed count = 0;
    Dwarf_Unsigned bytes = 0;
    if (!dwarf_is_ok(info, dwarf_global_formref(attribute, &offset, &info->error)) ||
        !dwarf_is_ok(info, dwarf_get_ranges_b(info->debug, offset, die, &real_offset, &ranges, &count, &bytes,
                                              &info->error)))
        return 0;
    uint64_t base = unit->low;
    int code = 0;
    for (Dwarf_Signed i = 0; i < count && code == 0 && ranges[i].dwr_type != DW_RANGES_END; i++) {
        if (ranges[i].dwr_type == DW_RANGES_ADDRESS_SELECTION)
            base = ranges[i].dwr_addr2;
        else
            code = add_range(out, ranges[i].dwr_addr1 + base, ranges[i].dwr_addr2 + base);
    }
    dwarf_api_free_ranges(info->debug, ranges, count);
    return code;
}

int dwarf_ranges(struct debug_info *info, const struct dwarf_unit *unit, Dwarf_Die die, struct range_list *out)
{
    Dwarf_Addr low = 0, high = 0;
    Dwarf_Half form = 0, version = 0, offset_bytes = 0;
    enum Dwarf_Form_Class class = DW_FORM_CLASS_UNKNOWN;
    if (dwarf_is_ok(info, dwarf_lowpc(die, &low, &info->error)) &&
        dwarf_is_ok(info, dwarf_highpc_b(die, &high, &form, &class, &info->error)))
        return add_range(out, low, class == DW_FORM_CLASS_CONSTANT ? low + high : high);
    Dwarf_Attribute attribute = dwarf_attribute(info, die, DW_AT_ranges);
    if (attribute == NULL)
        return 0;
    int code = 0;
    if (dwarf_is_ok(info, dwarf_whatform(attribute, &form, &info->error)) &&
        dwarf_get_version_of_die(die, &version, &offset_bytes) == DW_DLV_OK)
        code = version >= 5 ? add_rnglist(info, attribute, form, out)
                            : add_old_ranges(info, unit, die, attribute, out);
    dwarf_dealloc(info->debug, attribute, DW_DLA_ATTR);
    return code;
}
