/* Annotated or wanted functions that the debug information does not describe: by their ELF symbols. */

#ifndef PROBES_SYMBOL_FUNCTIONS_H
#define PROBES_SYMBOL_FUNCTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "elf/debug-info.h"
#include "elf/elf-file.h"

struct symbol_functions {
    struct debug_symbol *items;
    size_t count, capacity;
};

typedef bool (*symbol_functions_filter_fn)(const char *name, const struct range_list *ranges, void *data);

/* Collect the function symbols of `file` that `is_wanted`. A function's .cold part is added to its ranges; the
   instruction that g++'s mark puts in front is left out. 0 or -ENOMEM. */
int symbol_functions_find(struct symbol_functions *functions, const struct elf_file *program,
                          const struct elf_file *file, symbol_functions_filter_fn is_wanted, void *data);
void symbol_functions_fini(struct symbol_functions *functions);

#endif
