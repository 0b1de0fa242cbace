/* Code ranges of a DIE: low_pc and high_pc, DWARF 4 range lists, DWARF 5 range lists. */

#include <errno.h>

#include "elf/dwarf-reader.h"
#include "elf/range-list.h"

static int add_range(struct range_list *out, uint64_t low, uint64_t high)
{
    if (!dwarf_is_code(low) || out->count >= DWARF_MAX_RANGES)
        return 0;
    return range_list_add(out, low, high);
}

struct address_of {
    struct debug_info *info;
    Dwarf_Die die;
};

static bool look_up_address(uint64_t index, uint64_t *address, void *data)
{
    const struct address_of *of = data;
    return dwarf_address(of->info, of->die, index, address);
}

/* Where the offsets of the unit's range lists begin: in a .dwo file behind the header, which has 12 bytes. */
static bool list_table(struct debug_info *info, Dwarf_Die die, uint64_t *table)
{
    Dwarf_Off unit = 0;
    Dwarf_Die unit_die = NULL;
    *table = 12;
    if (info->skeletons != NULL)
        return true;
    if (!dwarf_is_ok(info, dwarf_CU_dieoffset_given_die(die, &unit, &info->error)) ||
        !dwarf_is_ok(info, dwarf_offdie_b(info->debug, unit, 1, &unit_die, &info->error)))
        return false;
    Dwarf_Attribute attribute = dwarf_attribute(info, unit_die, DW_AT_rnglists_base);
    Dwarf_Off base = 0;
    bool found = false;
    if (attribute != NULL) {
        found = dwarf_is_ok(info, dwarf_global_formref(attribute, &base, &info->error));
        dwarf_dealloc(info->debug, attribute, DW_DLA_ATTR);
    }
    dwarf_dealloc_die(unit_die);
    *table = base;
    return found;
}

struct added {
    struct range_list *out;
    size_t count;
};

static int add_listed(uint64_t low, uint64_t high, void *data)
{
    struct added *added = data;
    return ++added->count > DWARF_MAX_RANGES ? 1 : add_range(added->out, low, high);
}

static int add_rnglist(struct debug_info *info, const struct dwarf_unit *unit, Dwarf_Die die, Dwarf_Attribute attribute,
                       Dwarf_Half form, struct range_list *out)
{
    struct address_of of = {info, die};
    struct added added = {out, 0};
    struct range_source source = {.base = unit->low, .address = look_up_address, .data = &of};
    uint64_t table = 0, offset = 0;
    source.section = dwarf_sections_named(
        &info->sections, info->skeletons != NULL ? ".debug_rnglists.dwo" : ".debug_rnglists", &source.section_bytes);
    if (source.section == NULL)
        return 0;
    if (form == DW_FORM_rnglistx) {
        Dwarf_Unsigned index = 0;
        if (!dwarf_is_ok(info, dwarf_formudata(attribute, &index, &info->error)) || !list_table(info, die, &table) ||
            !range_list_offset(&source, table, index, &offset))
            return 0;
    } else {
        Dwarf_Off global = 0;
        if (!dwarf_is_ok(info, dwarf_global_formref(attribute, &global, &info->error)))
            return 0;
        offset = global;
    }
    const int code = range_list_visit(&source, offset, add_listed, &added);
    return code < 0 ? code : 0;
}

static int add_old_ranges(struct debug_info *info, const struct dwarf_unit *unit, Dwarf_Die die,
                          Dwarf_Attribute attribute, struct range_list *out)
{
    Dwarf_Off offset = 0, real_offset = 0;
    Dwarf_Ranges *ranges = NULL;
    Dwarf_Signed count = 0;
    Dwarf_Unsigned bytes = 0;
    if (!dwarf_is_ok(info, dwarf_global_formref(attribute, &offset, &info->error)) ||
        !dwarf_is_ok(info,
                     dwarf_get_ranges_b(info->debug, offset, die, &real_offset, &ranges, &count, &bytes, &info->error)))
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
        code = version >= 5 ? add_rnglist(info, unit, die, attribute, form, out)
                            : add_old_ranges(info, unit, die, attribute, out);
    dwarf_dealloc(info->debug, attribute, DW_DLA_ATTR);
    return code;
}
