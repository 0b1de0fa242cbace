/* What the dwarf-*.c files share: one open file, its current unit, and safe little accessors over libdwarf. */

#ifndef ELF_DWARF_READER_H
#define ELF_DWARF_READER_H

#include "elf/debug-info.h"
#include "elf/die-scan.h"
#include "elf/dwarf-api.h"
#include "elf/dwarf-package.h"
#include "elf/dwarf-sections.h"

#define DWARF_MAX_DEPTH 100 /* nesting of DIEs that we follow */
#define DWARF_MAX_HOPS 8    /* abstract_origin and specification, one after the other */
#define DWARF_MAX_RANGES 65536

struct dwarf_files { /* the file table of one unit */
    Dwarf_Off unit;
    uint32_t *numbers;
    size_t count;
    size_t base; /* DWARF 5 counts files from 0, older ones from 1 */
};

#define DWARF_CACHE_BITS 8
#define DWARF_CACHE_SLOTS (1u << DWARF_CACHE_BITS)

struct debug_info {
    Dwarf_Debug debug;
    Dwarf_Error error;
    struct strings *files; /* shared with the .dwo files of a program */
    struct strings own_files;
    struct dwarf_sections sections;
    void *access;             /* of libdwarf to them */
    const struct elf_file *elf;   /* what it was opened with; NULL: a part of a package */
    struct elf_file *own_elf;     /* a .dwo or shared file, closed with this, or NULL */
    struct debug_info *skeletons; /* of a .dwo file: the program's, and the unit there that stands for it */
    struct dwarf_package *package; /* the program's .dwp file, or NULL: looked for when a split unit is first met */
    bool package_is_known;
    struct debug_info *shared; /* the file that takes what several files have in common, or NULL: likewise */
    bool shared_is_known;
    debug_fetch_fn fetch; /* or NULL */
    void *fetch_data;
    Dwarf_Off skeleton;
    size_t range_lists_bytes;
    struct dwarf_files file_cache[DWARF_CACHE_SLOTS];
    Dwarf_Off *split_units; /* skeletons whose .dwo files are to be read */
    size_t split_count, split_capacity;
    bool is_damaged; /* a unit's head was refused */
    uint64_t budget; /* DIEs that may still be visited in this unit; a unit cannot have more DIEs than bytes */
};

struct dwarf_unit {
    Dwarf_Die die;
    Dwarf_Off offset; /* of the unit's DIE */
    uint64_t low;     /* its DW_AT_low_pc, base of DWARF 4 range lists */
    bool is_cxx, is_clang, is_optimized;
    bool rows_loaded;
    struct debug_row *rows;
    size_t row_count;
};

/* Open the debug information in `*sections`, which are the result's on success. */
int dwarf_open(struct dwarf_sections *sections, struct debug_info **out, struct err *err);

/* The path of an open file, by its descriptor. */
bool dwarf_path_of(const struct elf_file *elf, char path[], size_t path_bytes);

/* dwarf-shared.c: the file that `info` shares parts with, opened when it is first asked for; NULL when there is none. */
struct debug_info *dwarf_shared(struct debug_info *info);

/* dwarf-split.c: does a unit's DIE stand for a .dwo file? Keep it for later. Walk the functions of its .dwo file. */
bool dwarf_is_split(struct debug_info *info, Dwarf_Die die);
int dwarf_split_add(struct debug_info *info, Dwarf_Off offset);

/* Open the .dwo file that a skeleton's DIE stands for, in the program's .dwp file or by itself: NULL when it is not
   there. `path` gets where it should be. */
#define DWARF_PATH_BYTES 4096
struct debug_info *dwarf_split_open(struct debug_info *skeletons, Dwarf_Die die, char path[DWARF_PATH_BYTES]);

/* The DIE of the unit with code in a .dwo file, at which libdwarf's walk is left; NULL when it belongs to another build
   than the skeleton. */
Dwarf_Die dwarf_split_unit(struct debug_info *dwo);
int dwarf_walk_split(struct debug_info *info, struct dwarf_unit *skeleton, const struct debug_wanted *wanted);

/* The unit's functions. */
int dwarf_walk_unit(struct debug_info *info, struct dwarf_unit *unit, const struct debug_wanted *wanted);
void dwarf_unit_init(struct debug_info *info, struct dwarf_unit *unit, Dwarf_Die die);

/* Step to the unit behind the one whose DIE is at `*last` (0: to the first): its DIE, NULL at the end. Sets the budget to
   the unit's length. */
Dwarf_Die dwarf_next_unit(struct debug_info *info, Dwarf_Off *last, Dwarf_Half *version);

/* Whether a libdwarf call succeeded; releases its error. */
bool dwarf_is_ok(struct debug_info *info, int result);

/* NULL when absent; released by dwarf_dealloc_attribute or with the file. */
Dwarf_Attribute dwarf_attribute(struct debug_info *info, Dwarf_Die die, Dwarf_Half name);
bool dwarf_number(struct debug_info *info, Dwarf_Die die, Dwarf_Half name, uint64_t *value);
const char *dwarf_string(struct debug_info *info, Dwarf_Die die, Dwarf_Half name);

/* The DIE that attribute `name` of `die` refers to, or NULL. The caller releases it. It may be in the shared file:
   `*target` is the information that it is in. */
Dwarf_Die dwarf_reference(struct debug_info *info, Dwarf_Die die, Dwarf_Half name, struct debug_info **target);
Dwarf_Off dwarf_offset(struct debug_info *info, Dwarf_Die die);
Dwarf_Half dwarf_tag_of(struct debug_info *info, Dwarf_Die die);

/* The unit that `die` is in, for die-scan.h. */
bool dwarf_scan_unit(struct debug_info *info, Dwarf_Die die, struct die_unit *unit);

/* Address number `index` of the unit that `die` is in. */
bool dwarf_address(struct debug_info *info, Dwarf_Die die, uint64_t index, uint64_t *address);

/* Step to the first child or the next sibling; NULL at the end, on damage, or when the budget is used up. dwarf_next
   releases `die`. */
Dwarf_Die dwarf_first_child(struct debug_info *info, Dwarf_Die die);
Dwarf_Die dwarf_next(struct debug_info *info, Dwarf_Die die);

/* dwarf-check.c: whether libdwarf can be trusted with the file, and the size of .debug_rnglists. */
bool dwarf_is_sound(const struct elf_file *elf, size_t *range_lists_bytes);

/* dwarf-ranges.c: whether code may begin there. Linkers mark discarded code with address 0 (bfd), 1 (bfd, in range lists) or
   the highest ones (lld). */
static inline bool dwarf_is_code(uint64_t low)
{
    return low > 1 && low < UINT64_MAX - 2;
}

/* Append the code ranges of a DIE. Ranges at address 0 (discarded code) are left out. */
int dwarf_ranges(struct debug_info *info, const struct dwarf_unit *unit, Dwarf_Die die, struct range_list *out);

/* dwarf-lines.c */
uint32_t dwarf_file(struct debug_info *info, Dwarf_Die in_unit_of, uint64_t index);

/* One row of a line table as it stands there. */
struct dwarf_row {
    uint64_t address;
    uint32_t line; /* 0: code of no line */
    uint32_t file; /* number in the info's `files` */
    bool is_statement, ends_sequence;
};
typedef int (*dwarf_row_fn)(const struct dwarf_row *row, void *data); /* != 0 ends the visit */

/* Visit the rows of a unit in the table's order, without the sequences of discarded functions. Returns what ended it, or
   0. */
int dwarf_visit_rows(struct debug_info *info, Dwarf_Die unit_die, dwarf_row_fn visit, void *data);
int dwarf_load_rows(struct debug_info *info, struct dwarf_unit *unit);

/* dwarf-names.c: "ns::Class::name" of the DIE at `offset`; malloc'ed, NULL when memory is out. */
char *dwarf_qualified_name(struct debug_info *info, Dwarf_Off offset, const char *name);

#endif
