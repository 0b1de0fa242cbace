/* Where a program's debug information is: in itself, or in a separate file. */

#ifndef ELF_DEBUG_FILE_H
#define ELF_DEBUG_FILE_H

#include <stdbool.h>

#include "elf/elf-file.h"

struct debug_file {
    struct elf_file elf; /* the separate file; fd -1: the program's own is the one to read, if any */
    bool has_info;       /* .debug_info is there */
    bool has_lines;      /* .debug_line is there */
    bool has_symbols;    /* .symtab is there, in either */
    char *missing;       /* the name of a debug link that leads nowhere, or NULL */
    char *stale;         /* a file that is where it should be but belongs to another build, or NULL */
};

/* Look for debug information of `program`, which lies at `path`: in itself, then by build id and by debug link below `root`
   (NULL: /usr/lib/debug), as gdb does (GDB manual, "Separate Debug Files"). Finding none is no error. 0 or -ENOMEM. */
int debug_file_find(struct debug_file *debug, const struct elf_file *program, const char *path, const char *root);

/* Use the open file `fd` for the program's debug information, if it belongs to it; `fd` is taken over in any case. */
bool debug_file_take(struct debug_file *debug, const struct elf_file *program, int fd);
void debug_file_close(struct debug_file *debug);

#endif
