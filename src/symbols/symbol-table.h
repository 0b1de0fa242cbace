/* One ELF symbol table, sorted, to be asked which function contains an address. */

#ifndef SYMBOLS_SYMBOL_TABLE_H
#define SYMBOLS_SYMBOL_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "elf/elf-file.h"

struct symbol_entry {
    uint64_t low;
    uint64_t high;    /* of a symbol without a size: where the next begins */
    const char *name; /* lies in the ELF file */
};

struct symbol_table {
    struct symbol_entry *entries; /* ascending; of several symbols at one address the best named stays */
    size_t count, capacity;
};

/* Load the functions of `file`'s tables of `section_type` (SHT_SYMTAB or SHT_DYNSYM); the file must outlive the table.
   0 or -ENOMEM. */
int symbol_table_load(struct symbol_table *table, const struct elf_file *file, uint32_t section_type);
void symbol_table_fini(struct symbol_table *table);

/* The symbol that contains `address`, or NULL. */
const struct symbol_entry *symbol_table_find(const struct symbol_table *table, uint64_t address);

#endif
