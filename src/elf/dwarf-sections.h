/* The DWARF sections of a mapped file as libdwarf's object access wants them: straight out of the mapping, so that only
   those pages are read that are looked at. Compressed sections are unpacked when they are first asked for. */

#ifndef ELF_DWARF_SECTIONS_H
#define ELF_DWARF_SECTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "elf/elf-file.h"

struct dwarf_section {
    char name[32];         /* ".debug_info", also of ".zdebug_info"; "" of what is not DWARF */
    const uint8_t *packed; /* as it is in the file */
    size_t packed_bytes;
    int packing;       /* DWARF_SECTIONS_* */
    size_t size_bytes; /* unpacked */
    uint8_t *unpacked; /* or NULL */
};

enum { DWARF_SECTIONS_PLAIN, DWARF_SECTIONS_ZLIB, DWARF_SECTIONS_ZSTD, DWARF_SECTIONS_UNKNOWN };

struct dwarf_sections {
    struct dwarf_section *items; /* numbered as in the file, so [0] is none */
    size_t count;
};

/* `elf` must outlive the sections. 0 or -ENOMEM. */
int dwarf_sections_init(struct dwarf_sections *sections, const struct elf_file *elf);
void dwarf_sections_fini(struct dwarf_sections *sections);

/* The section's bytes, or NULL when they cannot be unpacked. They stay until dwarf_sections_fini. */
const uint8_t *dwarf_sections_bytes(struct dwarf_sections *sections, size_t number);

/* The bytes of the section of this name, NULL when there is none that can be unpacked. */
const uint8_t *dwarf_sections_named(struct dwarf_sections *sections, const char *name, size_t *size_bytes);

#endif
