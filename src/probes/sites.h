/* Which instructions of one function to stop at, and which line each begins. */

#ifndef PROBES_SITES_H
#define PROBES_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/debug-info.h"
#include "elf/elf-file.h"
#include "wire/plan.h"

struct function_sites {
    struct wire_site *sites; /* ascending; `function` is not set */
    size_t count;
    uint32_t *lines; /* ascending, each once: lines that have code of their own */
    size_t line_count;
    uint32_t file; /* the function's, or that of its entry's row when DWARF does not say */
    uint32_t line; /* the same */
    uint32_t last_line;
    size_t instruction_count;
    size_t skipped; /* instructions that would be stops but cannot be replaced, and rows off any instruction */
};

/* Plan one function: the entry (after endbr64), the first instruction of each row, every way out. `every_instruction`
   adds all others that can be stopped at. At most `max_instructions` are looked at. 0 or -ENOMEM. */
int sites_plan(const struct debug_function *function, const struct elf_file *file, bool every_instruction,
               size_t max_instructions, struct function_sites *out);
void function_sites_fini(struct function_sites *sites);

#endif
