/* A .dwp file. The index is a hash table from id to row, and two tables with a row per unit and a column per section:
   where the unit's part begins, and how long it is. */

#include "elf/dwarf-package.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/dwarf-reader.h"

#define HEADER_BYTES 16
#define COLUMN_LIMIT 16

struct package_index {
    const uint8_t *ids, *rows, *columns, *offsets, *sizes;
    uint32_t version, column_count, unit_count, slot_count;
};

static uint32_t read_word(const uint8_t *bytes, size_t number)
{
    uint32_t word;
    memcpy(&word, bytes + number * sizeof word, sizeof word);
    return word;
}

static bool read_index(struct dwarf_package *package, struct package_index *index)
{
    size_t bytes = 0;
    const uint8_t *section = dwarf_sections_named(&package->sections, ".debug_cu_index", &bytes);
    if (section == NULL || bytes < HEADER_BYTES)
        return false;
    index->version = read_word(section, 0) & 0xffff; /* 32 bits wide in version 2, 16 in version 5 */
    index->column_count = read_word(section, 1);
    index->unit_count = read_word(section, 2);
    index->slot_count = read_word(section, 3);
    if ((index->version != 2 && index->version != 5) || index->column_count > COLUMN_LIMIT ||
        (index->slot_count & (index->slot_count - 1)) != 0)
        return false;
    const uint64_t table_bytes = (uint64_t)index->unit_count * index->column_count * sizeof(uint32_t);
    const uint64_t slots_bytes = (uint64_t)index->slot_count * (sizeof(uint64_t) + sizeof(uint32_t));
    const uint64_t heads_bytes = (uint64_t)index->column_count * sizeof(uint32_t);
    if (HEADER_BYTES + slots_bytes + heads_bytes + 2 * table_bytes > bytes)
        return false;
    index->ids = section + HEADER_BYTES;
    index->rows = index->ids + index->slot_count * sizeof(uint64_t);
    index->columns = index->rows + index->slot_count * sizeof(uint32_t);
    index->offsets = index->columns + heads_bytes;
    index->sizes = index->offsets + table_bytes;
    return true;
}

/* The unit's row, counted from 1; 0 when there is none. */
static uint32_t find_row(const struct package_index *index, uint64_t id)
{
    const uint64_t mask = (uint64_t)index->slot_count - 1;
    uint64_t slot = id & mask;
    for (uint32_t tries = 0; tries < index->slot_count; tries++) {
        uint64_t found;
        memcpy(&found, index->ids + slot * sizeof found, sizeof found);
        const uint32_t row = read_word(index->rows, slot);
        if (row == 0 || (found == id && row <= index->unit_count))
            return row;
        slot = (slot + ((id >> 32 & mask) | 1)) & mask;
    }
    return 0;
}

static const char *column_name(uint32_t version, uint32_t column)
{
    static const char *const old_names[] = {
        [1] = ".debug_info.dwo", [3] = ".debug_abbrev.dwo",      [4] = ".debug_line.dwo",
        [5] = ".debug_loc.dwo",  [6] = ".debug_str_offsets.dwo", [8] = ".debug_macro.dwo",
    };
    static const char *const names[] = {
        [1] = ".debug_info.dwo",     [3] = ".debug_abbrev.dwo",      [4] = ".debug_line.dwo",
        [5] = ".debug_loclists.dwo", [6] = ".debug_str_offsets.dwo", [8] = ".debug_rnglists.dwo",
    };
    if (column >= sizeof names / sizeof *names)
        return NULL;
    return version == 2 ? old_names[column] : names[column];
}

static void add_part(struct dwarf_sections *out, const char *name, const uint8_t *bytes, size_t size_bytes)
{
    struct dwarf_section *part = &out->items[out->count++];
    snprintf(part->name, sizeof part->name, "%s", name);
    part->packed = bytes;
    part->packed_bytes = part->size_bytes = size_bytes;
    part->packing = DWARF_SECTIONS_PLAIN;
}

static void add_column(struct dwarf_package *package, const struct package_index *index, uint32_t row, uint32_t column,
                       struct dwarf_sections *out)
{
    const char *name = column_name(index->version, read_word(index->columns, column));
    const size_t cell = (size_t)(row - 1) * index->column_count + column;
    const uint32_t offset = read_word(index->offsets, cell), size = read_word(index->sizes, cell);
    size_t whole_bytes = 0;
    const uint8_t *whole = name != NULL ? dwarf_sections_named(&package->sections, name, &whole_bytes) : NULL;
    if (whole != NULL && size > 0 && offset <= whole_bytes && size <= whole_bytes - offset)
        add_part(out, name, whole + offset, size);
}

bool dwarf_package_find(struct dwarf_package *package, uint64_t id, struct dwarf_sections *out)
{
    struct package_index index;
    const uint32_t row = read_index(package, &index) ? find_row(&index, id) : 0;
    if (row == 0)
        return false;
    *out = (struct dwarf_sections){calloc(COLUMN_LIMIT + 2, sizeof *out->items), 1};
    if (out->items == NULL)
        return false;
    for (uint32_t column = 0; column < index.column_count; column++)
        add_column(package, &index, row, column, out);
    size_t text_bytes = 0; /* the units share their strings */
    const uint8_t *text = dwarf_sections_named(&package->sections, ".debug_str.dwo", &text_bytes);
    if (text != NULL)
        add_part(out, ".debug_str.dwo", text, text_bytes);
    return true;
}

struct dwarf_package *dwarf_package_open(const char *path)
{
    struct dwarf_package *package = calloc(1, sizeof *package);
    size_t range_lists_bytes;
    if (package == NULL || elf_file_open(&package->elf, path, NULL) != 0) {
        free(package);
        return NULL;
    }
    if (dwarf_is_sound(&package->elf, &range_lists_bytes) &&
        dwarf_sections_init(&package->sections, &package->elf) == 0)
        return package;
    dwarf_package_close(package);
    return NULL;
}

void dwarf_package_close(struct dwarf_package *package)
{
    if (package == NULL)
        return;
    dwarf_sections_fini(&package->sections);
    elf_file_close(&package->elf);
    free(package);
}
