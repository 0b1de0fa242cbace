/* libdwarf as both of its APIs offer it: the one of 2021 (Debian 12) and 0.x. What differs is declared here and defined
   in dwarf-api-2021.c or dwarf-api-0.c, of which configure picks one. */

#ifndef ELF_DWARF_API_H
#define ELF_DWARF_API_H

#include "config.h"

#include <stddef.h>

#include "elf/dwarf-sections.h"

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

/* Open the debug information in mapped sections, which must stay until dwarf_api_close, as must `*access`. DW_DLV_*. */
int dwarf_api_open(struct dwarf_sections *sections, void **access, Dwarf_Debug *debug, Dwarf_Error *error);
void dwarf_api_close(Dwarf_Debug debug, void *access);
void dwarf_api_free_ranges(Dwarf_Debug debug, Dwarf_Ranges *ranges, Dwarf_Signed count);

#endif
