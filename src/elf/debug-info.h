/* Functions and line rows out of a file's DWARF. Plain structs: nothing of libdwarf leaves this module's dwarf-*.c. */

#ifndef ELF_DEBUG_INFO_H
#define ELF_DEBUG_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "elf/elf-file.h"
#include "elf/ranges.h"
#include "elf/strings.h"

/* One row of a line table. Rows of one unit are sorted by address; rows of one address keep their order. */
struct debug_row {
    uint64_t address;
    uint32_t line;
    uint32_t file; /* number in the info's `files` */
    bool is_statement;
};

/* A stretch of code that came from an inlined function, and where the outermost call stands. */
struct debug_inline {
    struct range range;
    uint32_t line;
    uint32_t file;
};

struct debug_function {
    char *name; /* qualified */
    const char *short_name;
    const char *linkage_name; /* or NULL */
    uint32_t file;            /* number in `files`, STRINGS_NONE when DWARF does not say */
    uint32_t line;            /* 0 when DWARF does not say */
    uint64_t entry;
    struct range_list ranges;
    struct debug_inline *inlines; /* sorted by range.low */
    size_t inline_count, inline_capacity;
    bool is_cxx;
    bool is_optimized;
    const struct debug_row *rows; /* of its unit */
    size_t row_count;
};

struct debug_info;

struct debug_wanted {
    /* Cheap first questions, to skip units and functions: may [low, high) hold a wanted function? Is this one wanted? */
    bool (*may_hold)(uint64_t low, uint64_t high, void *data);
    bool (*is_wanted)(const struct debug_function *function, void *data);
    int (*take)(const struct debug_function *function, const struct strings *files, void *data); /* < 0 ends the walk */
    /* A .dwo file that is named but not there. */
    int (*miss)(const char *dwo_path, void *data);
    void *data;
};

/* Open the debug information of `elf`, which must outlive it. -ENODATA when there is none that libdwarf can read. */
int debug_info_open(const struct elf_file *elf, struct debug_info **out, struct err *err);
void debug_info_close(struct debug_info *info);

/* Where a file that `info` shares parts with may come from when it is not here: by its build id, an open file or a negative
   errno. */
typedef int (*debug_fetch_fn)(const uint8_t *id, size_t id_bytes, void *data);
void debug_info_set_fetch(struct debug_info *info, debug_fetch_fn fetch, void *data);

/* Walk the functions that have code and are wanted. Returns 0 or what `take` returned. */
int debug_info_walk(struct debug_info *info, const struct debug_wanted *wanted);

/* A function that only the symbol table tells of. */
struct debug_symbol {
    char *name;
    uint64_t entry;
    struct range_list ranges; /* normalized */
};

/* Give to `take` those of the symbols whose code has line rows, though no DIE describes them (-g1, a .dwo file that is
   not there). */
int debug_info_walk_symbols(struct debug_info *info, const struct debug_symbol *symbols, size_t count,
                            const struct debug_wanted *wanted);

/* Facts on the first unit. `producer` is malloc'ed or NULL. */
void debug_info_first_unit(struct debug_info *info, int *version, char **producer);

#endif
