/* File tables and line rows of a unit. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf/dwarf-reader.h"

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

static void load_files(struct debug_info *info, Dwarf_Die unit_die, struct dwarf_files *files)
{
    char **paths = NULL;
    Dwarf_Signed count = 0;
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
    Dwarf_Half unit_version = 0, offset_bytes = 0;
    dwarf_get_version_of_die(unit_die, &unit_version, &offset_bytes);
    Dwarf_Unsigned version = unit_version;
    Dwarf_Small table_count = 0;
    Dwarf_Line_Context context = NULL;
    if (dwarf_is_ok(info, dwarf_srclines_b(unit_die, &version, &table_count, &context, &info->error)))
        dwarf_srclines_dealloc_b(context);
    return version >= 5 ? 0 : 1;
}

/* libdwarf of 2021 begins each sequence of a DWARF 5 table with file 0 instead of 1. They are the same file, except in
   units that link-time optimization made up, whose file 0 is no file at all. */
static void repair_first_file(struct debug_info *info, struct dwarf_files *files)
{
    const char *first = files->base == 0 && files->count > 1 ? strings_text(info->files, files->numbers[0]) : NULL;
    const char *name = first != NULL ? strrchr(first, '/') : NULL;
    if (first != NULL && strcmp(name != NULL ? name + 1 : first, "<artificial>") == 0)
        files->numbers[0] = files->numbers[1];
}

static const struct dwarf_files *files_of(struct debug_info *info, Dwarf_Off unit)
{
    struct dwarf_files *files = &info->file_cache[(unit * UINT64_C(0x9E3779B97F4A7C15)) >> 58];
    if (files->unit == unit && files->unit != 0)
        return files;
    free(files->numbers);
    *files = (struct dwarf_files){.unit = unit};
    Dwarf_Die die = NULL;
    if (dwarf_is_ok(info, dwarf_offdie_b(info->debug, unit, 1, &die, &info->error))) {
        load_files(info, die, files);
        files->base = file_base(info, die);
        dwarf_dealloc_die(die);
        repair_first_file(info, files);
    }
    return files;
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

struct raw_row {
    Dwarf_Addr address;
    Dwarf_Unsigned line, file;
    Dwarf_Bool is_statement, ends_sequence;
};

static bool read_row(struct debug_info *info, Dwarf_Line line, struct raw_row *row)
{
    return dwarf_is_ok(info, dwarf_lineaddr(line, &row->address, &info->error)) &&
           dwarf_is_ok(info, dwarf_lineno(line, &row->line, &info->error)) &&
           dwarf_is_ok(info, dwarf_line_srcfileno(line, &row->file, &info->error)) &&
           dwarf_is_ok(info, dwarf_linebeginstatement(line, &row->is_statement, &info->error)) &&
           dwarf_is_ok(info, dwarf_lineendsequence(line, &row->ends_sequence, &info->error));
}

int dwarf_visit_rows(struct debug_info *info, Dwarf_Die unit_die, dwarf_row_fn visit, void *data)
{
    Dwarf_Unsigned version = 0;
    Dwarf_Small table_count = 0;
    Dwarf_Line_Context context = NULL;
    Dwarf_Line *lines = NULL;
    Dwarf_Signed count = 0;
    const struct dwarf_files *files = files_of(info, dwarf_offset(info, unit_die));
    if (!dwarf_is_ok(info, dwarf_srclines_b(unit_die, &version, &table_count, &context, &info->error)))
        return 0;
    if (!dwarf_is_ok(info, dwarf_srclines_from_linecontext(context, &lines, &count, &info->error)))
        count = 0;
    int code = 0;
    bool begins = true, is_discarded = false;
    for (Dwarf_Signed i = 0; i < count && code == 0; i++) {
        struct raw_row raw = {0};
        if (!read_row(info, lines[i], &raw))
            continue;
        if (begins) /* sequences of discarded functions begin at address 0 or at the very end */
            is_discarded = raw.address <= 1 || raw.address >= UINT64_MAX - 2;
        begins = raw.ends_sequence;
        const struct dwarf_row row = {raw.address, raw.line <= UINT32_MAX ? (uint32_t)raw.line : 0,
                                      file_number(files, raw.file), raw.is_statement != 0, raw.ends_sequence != 0};
        if (!is_discarded)
            code = visit(&row, data);
    }
    dwarf_srclines_dealloc_b(context);
    return code;
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
    items[rows->count] =
        (struct ordered_row){{row->address, row->line, row->file, row->is_statement}, rows->count};
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
