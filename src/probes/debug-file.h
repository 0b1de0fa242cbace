/* Where a program's debug information is: in itself, or in a separate file. */

#ifndef PROBES_DEBUG_FILE_H
#define PROBES_DEBUG_FILE_H

#include <stdbool.h>

#include "probes/elf-file.h"
#include "probes/probes.h"

struct debug_file {
    struct elf_file elf; /* the separate file; fd -1: the program's own is the one to read, if any */
    bool has_info;       /* .debug_info is there */
    bool has_lines;      /* .debug_line is there */
    bool has_symbols;    /* .symtab is there, in either */
};

/* Look for debug information of `program`, which lies at probes->path: in itself, then by build id and by debug link below
   `root` (NULL: /usr/lib/debug), as gdb does (GDB manual, "Separate Debug Files"). Adds notes on what is missing or stale.
   Finding none is no error. */
int debug_file_find(struct debug_file *debug, const struct elf_file *program, struct probes *probes,
                    const char *root);
void debug_file_close(struct debug_file *debug);

#endif
