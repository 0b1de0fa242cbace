/* The DWARF sections of a mapped file. */

#include "elf/dwarf-sections.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/unpack.h"

#define ELF_COMPRESSED_BY_ZSTD 2 /* ELFCOMPRESS_ZSTD, which older headers lack */
#define OLD_HEADER_BYTES 12    /* "ZLIB" and the size, big-endian */
#define MOST_A_BYTE_MAKES 1040 /* deflate unpacks a byte to at most 1032 (zlib Technical Details) */

static bool is_plausible(const struct dwarf_section *section)
{
    return section->size_bytes > 0 && section->size_bytes / MOST_A_BYTE_MAKES <= section->packed_bytes;
}

/* ELF gABI, "Section Compression". */
static void take_compressed(struct dwarf_section *section)
{
    Elf64_Chdr header;
    section->packing = DWARF_SECTIONS_UNKNOWN;
    section->size_bytes = 0;
    if (section->packed_bytes < sizeof header)
        return;
    memcpy(&header, section->packed, sizeof header);
    section->packed += sizeof header;
    section->packed_bytes -= sizeof header;
    section->size_bytes = header.ch_size;
    if (header.ch_type == ELFCOMPRESS_ZLIB && is_plausible(section))
        section->packing = DWARF_SECTIONS_ZLIB;
    else if (header.ch_type == ELF_COMPRESSED_BY_ZSTD && section->size_bytes > 0 &&
             unpack_zstd_is_plausible(section->packed, section->packed_bytes, section->size_bytes))
        section->packing = DWARF_SECTIONS_ZSTD;
}

static void take_old_compressed(struct dwarf_section *section)
{
    section->packing = DWARF_SECTIONS_UNKNOWN;
    section->size_bytes = 0;
    if (section->packed_bytes < OLD_HEADER_BYTES || memcmp(section->packed, "ZLIB", 4) != 0)
        return;
    for (size_t i = 4; i < OLD_HEADER_BYTES; i++)
        section->size_bytes = section->size_bytes << 8 | section->packed[i];
    section->packed += OLD_HEADER_BYTES;
    section->packed_bytes -= OLD_HEADER_BYTES;
    if (is_plausible(section))
        section->packing = DWARF_SECTIONS_ZLIB;
}

static void take(struct dwarf_section *section, const struct elf_file *elf, const Elf64_Shdr *header)
{
    const char *name = elf_file_section_name(elf, header);
    const bool is_old_compressed = strncmp(name, ".zdebug_", 8) == 0;
    if ((!is_old_compressed && strncmp(name, ".debug_", 7) != 0) || header->sh_type == SHT_NOBITS)
        return;
    section->packed = elf_file_section_bytes(elf, header, &section->packed_bytes);
    if (section->packed == NULL)
        return;
    section->size_bytes = section->packed_bytes;
    if ((header->sh_flags & SHF_COMPRESSED) != 0)
        take_compressed(section);
    else if (is_old_compressed)
        take_old_compressed(section);
    if (section->packing != DWARF_SECTIONS_UNKNOWN && section->size_bytes > 0)
        snprintf(section->name, sizeof section->name, ".%s", name + (is_old_compressed ? 2 : 1));
}

int dwarf_sections_init(struct dwarf_sections *sections, const struct elf_file *elf)
{
    *sections = (struct dwarf_sections){calloc(elf->section_count + 1, sizeof *sections->items), elf->section_count};
    if (sections->items == NULL)
        return -ENOMEM;
    for (size_t i = 1; i < sections->count; i++)
        take(&sections->items[i], elf, &elf->sections[i]);
    return 0;
}

void dwarf_sections_fini(struct dwarf_sections *sections)
{
    for (size_t i = 0; i < sections->count; i++)
        free(sections->items[i].unpacked);
    free(sections->items);
    *sections = (struct dwarf_sections){0};
}

static void unpack(struct dwarf_section *section)
{
    uint8_t *out = malloc(section->size_bytes);
    const bool is_whole = out != NULL && (section->packing == DWARF_SECTIONS_ZSTD ? unpack_zstd : unpack_zlib)(
                                             section->packed, section->packed_bytes, out, section->size_bytes);
    if (is_whole) {
        section->unpacked = out;
    } else {
        section->packing = DWARF_SECTIONS_UNKNOWN;
        free(out);
    }
}

const uint8_t *dwarf_sections_bytes(struct dwarf_sections *sections, size_t number)
{
    if (number >= sections->count || sections->items[number].name[0] == '\0')
        return NULL;
    struct dwarf_section *section = &sections->items[number];
    if (section->packing == DWARF_SECTIONS_PLAIN)
        return section->packed;
    if (section->unpacked == NULL && section->packing != DWARF_SECTIONS_UNKNOWN)
        unpack(section);
    return section->unpacked;
}

const uint8_t *dwarf_sections_named(struct dwarf_sections *sections, const char *name, size_t *size_bytes)
{
    for (size_t i = 1; i < sections->count; i++) {
        if (strcmp(sections->items[i].name, name) != 0)
            continue;
        *size_bytes = sections->items[i].size_bytes;
        return dwarf_sections_bytes(sections, i);
    }
    return NULL;
}
