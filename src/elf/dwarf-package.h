/* A .dwp file: the .dwo files of a program in one, with an index by the units' ids (DWARF 5, section 7.3.5; for DWARF
   4, https://gcc.gnu.org/wiki/DebugFissionDWP). */

#ifndef ELF_DWARF_PACKAGE_H
#define ELF_DWARF_PACKAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "elf/dwarf-sections.h"
#include "elf/elf-file.h"

struct dwarf_package {
    struct elf_file elf;
    struct dwarf_sections sections;
};

/* Open the package at `path`; NULL when there is none that can be read. */
struct dwarf_package *dwarf_package_open(const char *path);
void dwarf_package_close(struct dwarf_package *package);

/* The parts of the package's sections that are the .dwo file of the compile unit `id`, as if they were a file of their
   own. False when it is not in there, or memory is out. The parts lie in the package, which must outlive them. */
bool dwarf_package_find(struct dwarf_package *package, uint64_t id, struct dwarf_sections *out);

#endif
