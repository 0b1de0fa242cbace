/* The line number program of one unit (DWARF 5, section 6.2). libdwarf reads it too, but the versions at hand begin the
   sequences of a DWARF 5 table with file 0, where the standard says 1: rows would go to the wrong file. */

#ifndef ELF_LINE_PROGRAM_H
#define ELF_LINE_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct line_row {
    uint64_t address;
    uint64_t file; /* as the table counts: from 0 in DWARF 5, from 1 before */
    uint64_t line;
    bool is_statement;
    bool ends_sequence;
};

/* 0, or what ends the program: a negative errno. */
typedef int (*line_row_fn)(const struct line_row *row, void *data);

/* The version of the table at `offset` of .debug_line, 0 when there is no sound header. */
unsigned line_program_version(const uint8_t *section, size_t section_bytes, uint64_t offset);

/* Has the header as many directories and files as it says, and the directory of each file? libdwarf does not make sure.
 */
bool line_program_has_sound_tables(const uint8_t *section, size_t section_bytes, uint64_t offset);

/* Run the program of the table at `offset`. Ends quietly where the table is damaged. Returns what `visit` returned last. */
int line_program_run(const uint8_t *section, size_t section_bytes, uint64_t offset, line_row_fn visit, void *data);

#endif
