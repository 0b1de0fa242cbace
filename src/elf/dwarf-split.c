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

/* The id that a unit shares with its skeleton: an attribute, or in DWARF 5 part of the unit's header. */
static bool unit_id(struct debug_info *info, Dwarf_Die die, uint64_t *id)
{
    enum { VERSION_AT = 4, ID_AT = 12, HEADER_BYTES = 20 };
    Dwarf_Off header = 0, length = 0;
    size_t bytes = 0;
    uint32_t first_word;
    uint16_t version;
    if (dwarf_number(info, die, DW_AT_GNU_dwo_id, id))
        return true;
    const uint8_t *section = dwarf_sections_named(
        &info->sections, info->skeletons != NULL ? ".debug_info.dwo" : ".debug_info", &bytes);
    if (section == NULL || !dwarf_is_ok(info, dwarf_die_CU_offset_range(die, &header, &length, &info->error)) ||
        header > bytes || bytes - header < HEADER_BYTES)
        return false;
    memcpy(&first_word, section + header, sizeof first_word);
    memcpy(&version, section + header + VERSION_AT, sizeof version);
    if (first_word == UINT32_MAX || version != 5) /* units of 4 GiB */
        return false;
    memcpy(id, section + header + ID_AT, sizeof *id);
    return true;
}

static void find_package(struct debug_info *info)
{
    char path[DWARF_PATH_BYTES + sizeof ".dwp"];
    info->package_is_known = true;
    if (info->elf == NULL || !dwarf_path_of(info->elf, path, DWARF_PATH_BYTES))
        return;
    char *end = path + strlen(path);
    strcpy(end, ".dwp");
    info->package = dwarf_package_open(path);
    if (info->package == NULL && end - path > 6 && strncmp(end - 6, ".debug", 6) == 0) {
        strcpy(end - 6, ".dwp");
        info->package = dwarf_package_open(path);
    }
}

static struct debug_info *open_in_package(struct debug_info *skeletons, Dwarf_Die die)
{
    struct debug_info *info = NULL;
    struct dwarf_sections sections;
    uint64_t id = 0;
    if (!skeletons->package_is_known)
        find_package(skeletons);
    if (skeletons->package == NULL || !unit_id(skeletons, die, &id) ||
        !dwarf_package_find(skeletons->package, id, &sections))
        return NULL;
    if (dwarf_open(&sections, &info, NULL) != 0)
        dwarf_sections_fini(&sections);
    return info;
}

static struct debug_info *open_by_itself(const char *path)
{
    struct debug_info *info = NULL;
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
    return info;
}

static struct debug_info *open_dwo(struct debug_info *skeletons, Dwarf_Die die, const char *path)
{
    if (skeletons->is_damaged) /* libdwarf of 2021 would search its units for ever */
        return NULL;
    struct debug_info *info = open_in_package(skeletons, die);
    if (info == NULL)
        info = open_by_itself(path);
    if (info == NULL)
        return NULL;
    info->files = skeletons->files;
    info->skeletons = skeletons;
    info->skeleton = dwarf_offset(skeletons, die);
    if (!dwarf_is_ok(info, dwarf_set_tied_dbg(info->debug, skeletons->debug, &info->error))) {
        debug_info_close(info);
        return NULL;
    }
    return info;
}

static bool is_same_build(struct debug_info *dwo, Dwarf_Die die)
{
    uint64_t id = 0, wanted = 0;
    Dwarf_Die skeleton = NULL;
    if (!dwarf_is_ok(dwo->skeletons, dwarf_offdie_b(dwo->skeletons->debug, dwo->skeleton, 1, &skeleton,
                                                    &dwo->skeletons->error)))
        return false;
    const bool is_same = !unit_id(dwo->skeletons, skeleton, &wanted) || !unit_id(dwo, die, &id) || id == wanted;
    dwarf_dealloc_die(skeleton);
    return is_same;
}

/* A .dwo file holds one unit with code. */
Dwarf_Die dwarf_split_unit(struct debug_info *dwo)
{
    Dwarf_Off last = 0;
    Dwarf_Half version = 0;
    for (;;) {
        Dwarf_Die die = dwarf_next_unit(dwo, &last, &version);
        if (die == NULL || (dwarf_tag_of(dwo, die) == DW_TAG_compile_unit && is_same_build(dwo, die)))
            return die;
        dwarf_dealloc_die(die);
    }
}

static int walk_dwo(struct debug_info *info, struct dwarf_unit *skeleton, const struct debug_wanted *wanted)
{
    Dwarf_Die die = dwarf_split_unit(info);
    if (die == NULL)
        return 0;
    struct dwarf_unit unit;
    dwarf_unit_init(info, &unit, die);
    unit.low = skeleton->low;
    unit.rows = skeleton->rows;
    unit.row_count = skeleton->row_count;
    unit.rows_loaded = true;
    const int code = dwarf_walk_unit(info, &unit, wanted);
    dwarf_dealloc_die(die);
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
    return open_dwo(skeletons, die, path);
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
