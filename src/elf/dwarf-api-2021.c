/* libdwarf's API of 2021. */

#include "elf/dwarf-api.h"

#include <stdlib.h>

static int get_section_info(void *object, Dwarf_Half number, Dwarf_Obj_Access_Section *out, int *error)
{
    const struct dwarf_sections *sections = object;
    *error = DW_DLE_NE;
    if (number >= sections->count)
        return DW_DLV_NO_ENTRY;
    const struct dwarf_section *section = &sections->items[number];
    *out = (Dwarf_Obj_Access_Section){.name = section->name, .type = SHT_PROGBITS, .size = section->size_bytes};
    return DW_DLV_OK;
}

static Dwarf_Endianness get_byte_order(void *object)
{
    (void)object;
    return DW_OBJECT_LSB;
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

static Dwarf_Unsigned get_section_count(void *object)
{
    const struct dwarf_sections *sections = object;
    return sections->count;
}

/* libdwarf writes into a section only to relocate it, which the sections of linked files do not need. */
static int load_section(void *object, Dwarf_Half number, Dwarf_Small **out, int *error)
{
    const uint8_t *bytes = dwarf_sections_bytes(object, number);
    *error = DW_DLE_NE;
    *out = (Dwarf_Small *)(uintptr_t)bytes;
    return bytes != NULL ? DW_DLV_OK : DW_DLV_NO_ENTRY;
}

int dwarf_api_open(struct dwarf_sections *sections, void **access, Dwarf_Debug *debug, Dwarf_Error *error)
{
    static const Dwarf_Obj_Access_Methods methods = {
        .get_section_info = get_section_info,
        .get_byte_order = get_byte_order,
        .get_length_size = get_length_size,
        .get_pointer_size = get_pointer_size,
        .get_section_count = get_section_count,
        .load_section = load_section,
    };
    Dwarf_Obj_Access_Interface *interface = calloc(1, sizeof *interface);
    *access = interface;
    if (interface == NULL)
        return DW_DLV_NO_ENTRY;
    interface->object = sections;
    interface->methods = &methods;
    const int result = dwarf_object_init_b(interface, NULL, NULL, DW_GROUPNUMBER_ANY, debug, error);
    if (result != DW_DLV_OK)
        free(interface);
    return result;
}

void dwarf_api_close(Dwarf_Debug debug, void *access)
{
    Dwarf_Error error = NULL;
    dwarf_object_finish(debug, &error);
    free(access);
}

void dwarf_api_free_ranges(Dwarf_Debug debug, Dwarf_Ranges *ranges, Dwarf_Signed count)
{
    dwarf_ranges_dealloc(debug, ranges, count);
}
