/* Tables that libdwarf of 2021 does not survive when they are damaged: on a header that it refuses in .debug_rnglists or
   .debug_loclists it frees its memory twice. Their headers are simple (DWARF 5, sections 7.28 and 7.29), so they are
   checked before libdwarf sees the file; nor does it check offsets into .debug_rnglists. Compressed sections are not
   looked into. */

#include <string.h>

#include "elf/dwarf-reader.h"
#include "elf/elf-file.h"

struct list_header {
    uint16_t version;
    uint8_t address_bytes;
    uint8_t segment_bytes;
    uint32_t offset_count;
};

/* The offsets behind the header, each from where they begin. */
static bool are_offsets_sound(const uint8_t *bytes, uint32_t count, size_t offset_bytes, uint64_t limit)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t offset = 0;
        memcpy(&offset, bytes + i * offset_bytes, offset_bytes);
        if (offset >= limit)
            return false;
    }
    return true;
}

/* Check the table that begins at `bytes`; its length goes to `*length`. */
static bool is_table_sound(const uint8_t *bytes, size_t left, size_t *length)
{
    struct list_header header;
    uint32_t short_length;
    uint64_t unit_length;
    size_t at = sizeof short_length, offset_bytes = 4;
    if (left < sizeof short_length)
        return false;
    memcpy(&short_length, bytes, sizeof short_length);
    unit_length = short_length;
    if (short_length == UINT32_MAX) {
        if (left < at + sizeof unit_length)
            return false;
        memcpy(&unit_length, bytes + at, sizeof unit_length);
        at += sizeof unit_length;
        offset_bytes = 8;
    }
    if (unit_length > left - at || unit_length < sizeof header)
        return false;
    memcpy(&header, bytes + at, sizeof header);
    *length = at + unit_length;
    return header.version == 5 && header.address_bytes == 8 && header.segment_bytes == 0 &&
           header.offset_count <= (unit_length - sizeof header) / offset_bytes &&
           are_offsets_sound(bytes + at + sizeof header, header.offset_count, offset_bytes,
                             unit_length - sizeof header);
}

static bool is_section_sound(const struct elf_file *elf, const char *name)
{
    const Elf64_Shdr *section = elf_file_section(elf, name);
    if (section == NULL || (section->sh_flags & SHF_COMPRESSED) != 0)
        return true;
    size_t left, length = 0;
    const uint8_t *bytes = elf_file_section_bytes(elf, section, &left);
    for (; bytes != NULL && left > 0; bytes += length, left -= length)
        if (!is_table_sound(bytes, left, &length))
            return false;
    return bytes != NULL;
}

/* How far an offset into the section may go; SIZE_MAX when only libdwarf will know. */
static size_t offset_limit(const struct elf_file *elf, const char *name)
{
    const Elf64_Shdr *section = elf_file_section(elf, name);
    return section != NULL && (section->sh_flags & SHF_COMPRESSED) == 0 ? section->sh_size : SIZE_MAX;
}

bool dwarf_is_sound(const struct elf_file *elf, size_t *range_lists_bytes)
{
    static const char *const names[] = {".debug_rnglists", ".debug_loclists", ".debug_rnglists.dwo",
                                        ".debug_loclists.dwo"};
    bool is_sound = true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        is_sound = is_sound && is_section_sound(elf, names[i]);
    *range_lists_bytes = offset_limit(elf, ".debug_rnglists");
    return is_sound;
}
