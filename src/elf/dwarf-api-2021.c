/* libdwarf's API of 2021. */

#include "elf/dwarf-api.h"

int dwarf_api_open(int fd, Dwarf_Debug *debug, Dwarf_Error *error)
{
    return dwarf_init_b(fd, DW_DLC_READ, DW_GROUPNUMBER_ANY, NULL, NULL, debug, error);
}

void dwarf_api_close(Dwarf_Debug debug)
{
    Dwarf_Error error = NULL;
    dwarf_finish(debug, &error);
}

void dwarf_api_free_ranges(Dwarf_Debug debug, Dwarf_Ranges *ranges, Dwarf_Signed count)
{
    dwarf_ranges_dealloc(debug, ranges, count);
}
