/* libdwarf as both of its APIs offer it: the one of 2021 (Debian 12) and 0.x. What differs is declared here and defined in
   dwarf-api-2021.c or dwarf-api-0.c, of which configure picks one. */

#ifndef ELF_DWARF_API_H
#define ELF_DWARF_API_H

#include "config.h"

#include <stddef.h>

#if defined(HAVE_LIBDWARF_LIBDWARF_H)
#include <libdwarf/dwarf.h>
#include <libdwarf/libdwarf.h>
#elif defined(HAVE_LIBDWARF_0_LIBDWARF_H)
#include <libdwarf-0/dwarf.h>
#include <libdwarf-0/libdwarf.h>
#else
#include <dwarf.h>
#include <libdwarf.h>
#endif

/* Open the debug information of an object file. `fd` must stay open until dwarf_api_close. DW_DLV_*. */
int dwarf_api_open(int fd, Dwarf_Debug *debug, Dwarf_Error *error);
void dwarf_api_close(Dwarf_Debug debug);
void dwarf_api_free_ranges(Dwarf_Debug debug, Dwarf_Ranges *ranges, Dwarf_Signed count);

#endif
