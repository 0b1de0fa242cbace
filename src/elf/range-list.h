/* One DWARF 5 range list (section 7.25). libdwarf reads them too, but the versions at hand do not find those of .dwo
   files, and do not survive damage. */

#ifndef ELF_RANGE_LIST_H
#define ELF_RANGE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range_source {
    const uint8_t *section; /* .debug_rnglists or .debug_rnglists.dwo */
    size_t section_bytes;
    uint64_t base; /* the unit's address */
    /* The unit's address of this index in .debug_addr. */
    bool (*address)(uint64_t index, uint64_t *address, void *data);
    void *data;
};

/* Where list number `index` begins of the table whose offsets begin at `table`; false when it is not in there. */
bool range_list_offset(const struct range_source *source, uint64_t table, uint64_t index, uint64_t *offset);

/* Visit the ranges of the list at `offset`; ends quietly where it is damaged. Returns what `visit` returned last. */
typedef int (*range_fn)(uint64_t low, uint64_t high, void *data); /* != 0 ends the visit */
int range_list_visit(const struct range_source *source, uint64_t offset, range_fn visit, void *data);

#endif
