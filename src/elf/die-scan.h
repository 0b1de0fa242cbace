/* A fast look through the DIEs of one unit (DWARF 5, section 7.5). libdwarf reads DIEs too, but at half a microsecond
   and some allocations each: units of large programs have a hundred thousand, of which only functions with code matter.
   What is found here is looked at closer by libdwarf. */

#ifndef ELF_DIE_SCAN_H
#define ELF_DIE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct die_unit {
    const uint8_t *info; /* .debug_info */
    size_t info_bytes;
    const uint8_t *abbreviations; /* .debug_abbrev */
    size_t abbreviations_bytes;
    uint64_t header; /* offset of the unit's header in `info` */
};

/* A subprogram or inlined call with code. */
struct die_function {
    uint64_t offset; /* in `info` */
    uint32_t depth;  /* below the DIE that the scan began with */
    bool has_ranges; /* DW_AT_ranges tells what it covers, else `low` and `high` */
    bool low_is_index, high_is_length;
    uint64_t low, high;
};
typedef int (*die_function_fn)(const struct die_function *function, void *data); /* != 0 ends the scan */

/* Call `visit` for each subprogram of the unit that has code, in order. Ends quietly where the unit is damaged. Returns
   what ended it, 0 or -ENOMEM. */
int die_scan_functions(const struct die_unit *unit, die_function_fn visit, void *data);

/* The same of the inlined calls below the DIE at `offset`. */
int die_scan_inlined(const struct die_unit *unit, uint64_t offset, die_function_fn visit, void *data);

/* The DIEs around the one at `offset`, the unit's first; at most `max`. 0 when there is no DIE there. */
size_t die_scan_parents(const struct die_unit *unit, uint64_t offset, uint64_t *parents, size_t max);

#endif
