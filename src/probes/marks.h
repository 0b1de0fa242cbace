/* Where the annotations of syseng_mem.h left their traces in an ELF file. */

#ifndef PROBES_MARKS_H
#define PROBES_MARKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/elf-file.h"
#include "elf/ranges.h"

struct marks {
    struct range_list sections; /* the marker sections: each function that begins there is annotated */
    uint64_t *entries;          /* ascending: functions with g++'s mark have this entry */
    size_t entry_count;
    uint64_t *inside; /* ascending: the innermost function around each is annotated (statement form) */
    size_t inside_count;
};

/* Collect the marks. Scans the text once; no debug information is opened. -ENOMEM. */
int marks_find(const struct elf_file *file, struct marks *marks);
void marks_fini(struct marks *marks);

static inline bool marks_is_empty(const struct marks *marks)
{
    return marks->sections.count == 0 && marks->entry_count == 0 && marks->inside_count == 0;
}

/* Whether g++'s mark stands at `address`; the function's entry is MARKS_HOOK_BYTES behind it. */
#define MARKS_HOOK_BYTES 8
bool marks_is_hook_prologue(const struct elf_file *file, uint64_t address);

/* Whether a function with this entry and these ranges is annotated. */
bool marks_has_function(const struct marks *marks, uint64_t entry, const struct range_list *ranges);

/* Whether any mark lies in [low, high): may a compile unit with that range hold an annotated function? */
bool marks_touch(const struct marks *marks, uint64_t low, uint64_t high);

#endif
