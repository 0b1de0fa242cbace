/* The symbol table that some distributions leave in stripped files, compressed. */

#ifndef SYMBOLS_MINI_DEBUG_H
#define SYMBOLS_MINI_DEBUG_H

#include <stdbool.h>

#include "elf/elf-file.h"

/* Open the ELF file within `file`'s .gnu_debugdata (GDB manual, "MiniDebugInfo"). False when there is none, it is
   damaged or larger than can be, or syseng-mem was built without liblzma. */
bool mini_debug_open(const struct elf_file *file, struct elf_file *mini);

#endif
