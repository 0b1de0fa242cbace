/* Split DWARF: the executable has skeleton units with addresses, ranges and line tables; the functions are described in
   .dwo files that the compiler left beside its objects (DWARF 5, section 7.3.2). */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/dwarf-reader.h"

static const char *dwo_name(struct debug_info *info, Dwarf_Die die)
{
    const char *name = dwarf_string(info, die, DW_AT_dwo_name);
    return name != NULL ? name : dwarf_string(info, die, DW_AT_GNU_dwo_name);
}

static void dwo_path(struct debug_info *info, Dwarf_Die die, const char *name, char *path, size_t path_bytes)
{
    const char *directory = dwarf_string(info, die, DW_AT_comp_dir);
    if (name[0] == '/' || directory == NULL)
        snprintf(path, path_bytes, "%s", name);
    else
        snprintf(path, path_bytes, "%s/%s", directory, name);
}

static struct debug_info *open_dwo(struct debug_info *skeletons, Dwarf_Off skeleton, const char *path)
{
    struct debug_info *info = NULL;
    if (skeletons->is_damaged) /* libdwarf of 2021 would search its units for ever */
        return NULL;
    struct elf_file *elf = malloc(sizeof *elf);
    if (elf == NULL || elf_file_open(elf, path, NULL) != 0) {
        free(elf);
        return NULL;
    }
    if (debug_info_open(elf, &info, NULL) != 0) {
        elf_file_close(elf);
        free(elf);
        return NULL;
    }
    info->own_elf = elf;
    info->files = skeletons->files;
    info->skeletons = skeletons;
    info->skeleton = skeleton;
    if (!dwarf_is_ok(info, dwarf_set_tied_dbg(info->debug, skeletons->debug, &info->error))) {
        debug_info_close(info);
        return NULL;
    }
    return info;
}

/* A .dwo file holds one unit with code. */
static int walk_dwo(struct debug_info *info, struct dwarf_unit *skeleton, const struct debug_wanted *wanted)
{
    int code = 0;
    Dwarf_Off last = 0;
    Dwarf_Half version = 0;
    while (code == 0) {
        Dwarf_Die die = dwarf_next_unit(info, &last, &version);
        if (die == NULL)
            break;
        struct dwarf_unit unit;
        dwarf_unit_init(info, &unit, die);
        unit.low = skeleton->low;
        unit.rows = skeleton->rows;
        unit.row_count = skeleton->row_count;
        unit.rows_loaded = true;
        if (dwarf_tag_of(info, die) == DW_TAG_compile_unit)
            code = dwarf_walk_unit(info, &unit, wanted);
        dwarf_dealloc_die(die);
    }
    return code;
}

bool dwarf_is_split(struct debug_info *info, Dwarf_Die die)
{
    return dwo_name(info, die) != NULL;
}

int dwarf_split_add(struct debug_info *info, Dwarf_Off offset)
{
    Dwarf_Off *units = array_reserve(info->split_units, info->split_count, &info->split_capacity, sizeof *units);
    if (units == NULL)
        return -ENOMEM;
    info->split_units = units;
    units[info->split_count++] = offset;
    return 0;
}

struct debug_info *dwarf_split_open(struct debug_info *skeletons, Dwarf_Die die, char path[DWARF_PATH_BYTES])
{
    const char *name = dwo_name(skeletons, die);
    path[0] = '\0';
    if (name == NULL)
        return NULL;
    dwo_path(skeletons, die, name, path, DWARF_PATH_BYTES);
    return open_dwo(skeletons, dwarf_offset(skeletons, die), path);
}

int dwarf_walk_split(struct debug_info *info, struct dwarf_unit *skeleton, const struct debug_wanted *wanted)
{
    char path[DWARF_PATH_BYTES];
    if (!dwarf_is_split(info, skeleton->die))
        return 0;
    int code = dwarf_load_rows(info, skeleton);
    if (code != 0)
        return code;
    struct debug_info *dwo = dwarf_split_open(info, skeleton->die, path);
    if (dwo == NULL)
        return wanted->miss(path, wanted->data);
    code = walk_dwo(dwo, skeleton, wanted);
    debug_info_close(dwo);
    return code;
}
