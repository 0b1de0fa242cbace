/* File tables and line rows of a unit. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf/dwarf-reader.h"
#include "elf/line-program.h"

/* Number of a path; "//" and "/./" are cleaned, for the units of one program may spell a file differently. */
static uint32_t add_path(struct strings *files, const char *path)
{
    char *clean = strdup(path);
    if (clean == NULL)
        return STRINGS_NONE;
    char *to = clean;
    for (const char *from = clean; *from != '\0';) {
        if (from[0] == '/' && from[1] == '/')
            from++;
        else if (from[0] == '/' && from[1] == '.' && from[2] == '/')
            from += 2;
        else
            *to++ = *from++;
    }
    *to = '\0';
    uint32_t number = strings_add(files, clean);
    free(clean);
    return number;
}

/* The unit's table in .debug_line: where it begins, and the section. */
static const uint8_t *line_table(struct debug_info *info, Dwarf_Die unit_die, size_t *section_bytes, uint64_t *offset)
{
    Dwarf_Attribute attribute = dwarf_attribute(info, unit_die, DW_AT_stmt_list);
    Dwarf_Off value = 0;
    if (attribute == NULL)
        return NULL;
    const bool found = dwarf_is_ok(info, dwarf_global_formref(attribute, &value, &info->error));
    dwarf_dealloc(info->debug, attribute, DW_DLA_ATTR);
    *offset = value;
    return found ? dwarf_sections_named(&info->sections, ".debug_line", section_bytes) : NULL;
}

static void load_files(struct debug_info *info, Dwarf_Die unit_die, struct dwarf_files *files)
{
    char **paths = NULL;
    Dwarf_Signed count = 0;
    size_t section_bytes = 0;
    uint64_t offset = 0;
    const uint8_t *section = line_table(info, unit_die, &section_bytes, &offset);
    if (section == NULL)
        section = dwarf_sections_named(&info->sections, ".debug_line.dwo", &section_bytes);
    if (section != NULL && !line_program_has_sound_tables(section, section_bytes, offset))
        return;
    if (!dwarf_is_ok(info, dwarf_srcfiles(unit_die, &paths, &count, &info->error)))
        return;
    files->numbers = count > 0 ? calloc((size_t)count, sizeof *files->numbers) : NULL;
    for (Dwarf_Signed i = 0; i < count; i++) {
        if (files->numbers != NULL)
            files->numbers[i] = add_path(info->files, paths[i]);
        dwarf_dealloc(info->debug, paths[i], DW_DLA_STRING);
    }
    dwarf_dealloc(info->debug, paths, DW_DLA_LIST);
    files->count = files->numbers != NULL ? (size_t)count : 0;
}

/* The version that counts is the line table's; an old assembler writes version 3 for DWARF 5 units. */
static size_t file_base(struct debug_info *info, Dwarf_Die unit_die)
{
    size_t section_bytes = 0;
    uint64_t offset = 0;
    const uint8_t *section = line_table(info, unit_die, &section_bytes, &offset);
    return section != NULL && line_program_version(section, section_bytes, offset) >= 5 ? 0 : 1;
}

static const struct dwarf_files *files_of(struct debug_info *info, Dwarf_Off unit);

/* A .dwo file counts its files as the skeleton's line table does, and need not have a table of its own. */
static const struct dwarf_files *files_of_skeleton(struct debug_info *info, const struct dwarf_files *own)
{
    return own->count == 0 && info->skeletons != NULL ? files_of(info->skeletons, info->skeleton) : own;
}

static const struct dwarf_files *files_of(struct debug_info *info, Dwarf_Off unit)
{
    struct dwarf_files *files = &info->file_cache[(unit * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - DWARF_CACHE_BITS)];
    if (files->unit == unit && files->unit != 0)
        return files_of_skeleton(info, files);
    free(files->numbers);
    *files = (struct dwarf_files){.unit = unit};
    Dwarf_Die die = NULL;
    if (dwarf_is_ok(info, dwarf_offdie_b(info->debug, unit, 1, &die, &info->error))) {
        load_files(info, die, files);
        files->base = file_base(info, die);
        dwarf_dealloc_die(die);
    }
    return files_of_skeleton(info, files);
}

static uint32_t file_number(const struct dwarf_files *files, uint64_t index)
{
    return index >= files->base && index - files->base < files->count ? files->numbers[index - files->base]
                                                                      : STRINGS_NONE;
}

uint32_t dwarf_file(struct debug_info *info, Dwarf_Die in_unit_of, uint64_t index)
{
    Dwarf_Off unit = 0;
    if (!dwarf_is_ok(info, dwarf_CU_dieoffset_given_die(in_unit_of, &unit, &info->error)))
        return STRINGS_NONE;
    return file_number(files_of(info, unit), index);
}

struct row_visit {
    const struct dwarf_files *files;
    dwarf_row_fn visit;
    void *data;
    bool begins, is_discarded;
};

static int visit_row(const struct line_row *raw, void *data)
{
    struct row_visit *visit = data;
    if (visit->begins) /* sequences of discarded functions begin at address 0 or at the very end */
        visit->is_discarded = raw->address <= 1 || raw->address >= UINT64_MAX - 2;
    visit->begins = raw->ends_sequence;
    const struct dwarf_row row = {raw->address, raw->line <= UINT32_MAX ? (uint32_t)raw->line : 0,
                                  file_number(visit->files, raw->file), raw->is_statement, raw->ends_sequence};
    return visit->is_discarded ? 0 : visit->visit(&row, visit->data);
}

int dwarf_visit_rows(struct debug_info *info, Dwarf_Die unit_die, dwarf_row_fn visit, void *data)
{
    size_t section_bytes = 0;
    uint64_t offset = 0;
    const uint8_t *section = line_table(info, unit_die, &section_bytes, &offset);
    if (section == NULL)
        return 0;
    struct row_visit state = {files_of(info, dwarf_offset(info, unit_die)), visit, data, true, false};
    return line_program_run(section, section_bytes, offset, visit_row, &state);
}

struct ordered_row {
    struct debug_row row;
    size_t order;
};

struct ordered_rows {
    struct ordered_row *items;
    size_t count, capacity;
};

/* Line 0 is no line. */
static int keep_row(const struct dwarf_row *row, void *data)
{
    struct ordered_rows *rows = data;
    if (row->ends_sequence || row->line == 0)
        return 0;
    struct ordered_row *items = array_reserve(rows->items, rows->count, &rows->capacity, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    rows->items = items;
    items[rows->count] = (struct ordered_row){{row->address, row->line, row->file, row->is_statement}, rows->count};
    rows->count++;
    return 0;
}

static int compare_rows(const void *left, const void *right)
{
    const struct ordered_row *a = left, *b = right;
    if (a->row.address != b->row.address)
        return a->row.address < b->row.address ? -1 : 1;
    return (a->order > b->order) - (a->order < b->order);
}

static int sort_rows(struct dwarf_unit *unit, struct ordered_row *rows, size_t count)
{
    if (count == 0)
        return 0;
    qsort(rows, count, sizeof *rows, compare_rows);
    unit->rows = calloc(count, sizeof *unit->rows);
    if (unit->rows == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        unit->rows[i] = rows[i].row;
    unit->row_count = count;
    return 0;
}

int dwarf_load_rows(struct debug_info *info, struct dwarf_unit *unit)
{
    if (unit->rows_loaded)
        return 0;
    unit->rows_loaded = true;
    struct ordered_rows rows = {0};
    int code = dwarf_visit_rows(info, unit->die, keep_row, &rows);
    if (code == 0)
        code = sort_rows(unit, rows.items, rows.count);
    free(rows.items);
    return code;
}
