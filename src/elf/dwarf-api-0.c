/* libdwarf's 0.x API. */

#include "elf/dwarf-api.h"

#include <stdlib.h>

static int get_section_info(void *object, Dwarf_Unsigned number, Dwarf_Obj_Access_Section_a *out, int *error)
{
    const struct dwarf_sections *sections = object;
    *error = DW_DLE_NE;
    if (number >= sections->count)
        return DW_DLV_NO_ENTRY;
    const struct dwarf_section *section = &sections->items[number];
    *out = (Dwarf_Obj_Access_Section_a){
        .as_name = section->name, .as_type = SHT_PROGBITS, .as_size = section->size_bytes, .as_addralign = 1};
    return DW_DLV_OK;
}

static Dwarf_Small get_byte_order(void *object)
{
    (void)object;
    return DW_END_little;
}

static Dwarf_Small get_length_size(void *object)
{
    (void)object;
    return 8;
}

static Dwarf_Small get_pointer_size(void *object)
{
    (void)object;
    return 8;
}

/* An upper bound of what offsets may say. */
static Dwarf_Unsigned get_file_size(void *object)
{
    const struct dwarf_sections *sections = object;
    Dwarf_Unsigned size = 0;
    for (size_t i = 0; i < sections->count; i++)
        size += sections->items[i].size_bytes;
    return size;
}

static Dwarf_Unsigned get_section_count(void *object)
{
    const struct dwarf_sections *sections = object;
    return sections->count;
}

/* libdwarf writes into a section only to relocate it, which the sections of linked files do not need. */
static int load_section(void *object, Dwarf_Unsigned number, Dwarf_Small **out, int *error)
{
    const uint8_t *bytes = dwarf_sections_bytes(object, number);
    *error = DW_DLE_NE;
    *out = (Dwarf_Small *)(uintptr_t)bytes;
    return bytes != NULL ? DW_DLV_OK : DW_DLV_NO_ENTRY;
}

int dwarf_api_open(struct dwarf_sections *sections, void **access, Dwarf_Debug *debug, Dwarf_Error *error)
{
    static const Dwarf_Obj_Access_Methods_a methods = {
        .om_get_section_info = get_section_info,
        .om_get_byte_order = get_byte_order,
        .om_get_length_size = get_length_size,
        .om_get_pointer_size = get_pointer_size,
        .om_get_filesize = get_file_size,
        .om_get_section_count = get_section_count,
        .om_load_section = load_section,
    };
    Dwarf_Obj_Access_Interface_a *interface = calloc(1, sizeof *interface);
    *access = interface;
    if (interface == NULL)
        return DW_DLV_NO_ENTRY;
    interface->ai_object = sections;
    interface->ai_methods = &methods;
    const int result = dwarf_object_init_b(interface, NULL, NULL, DW_GROUPNUMBER_ANY, debug, error);
    if (result != DW_DLV_OK)
        free(interface);
    return result;
}

void dwarf_api_close(Dwarf_Debug debug, void *access)
{
    dwarf_object_finish(debug);
    free(access);
}

void dwarf_api_free_ranges(Dwarf_Debug debug, Dwarf_Ranges *ranges, Dwarf_Signed count)
{
    dwarf_dealloc_ranges(debug, ranges, count);
}
