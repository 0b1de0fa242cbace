/* An x86-64 ELF file mapped for reading. Every offset and size in it is checked before it is used, so a hostile file
   costs nothing but an error. Read-only after opening: threads may share it. */

#ifndef ELF_ELF_FILE_H
#define ELF_ELF_FILE_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct elf_file {
    int fd;
    const uint8_t *bytes; /* the whole file */
    size_t size_bytes;
    Elf64_Ehdr header;
    Elf64_Shdr *sections; /* copies: the file may place them unaligned */
    size_t section_count;
    Elf64_Phdr *segments;
    size_t segment_count;
    const char *names; /* section name table, NUL-terminated within `names_bytes`, or NULL */
    size_t names_bytes;
};

/* One symbol of .symtab or .dynsym. `name` lies in the mapping. */
struct elf_symbol {
    const char *name;
    uint64_t address;
    uint64_t size_bytes;
    unsigned type; /* STT_* */
    bool is_defined;
};
typedef bool (*elf_symbol_fn)(const struct elf_symbol *symbol, void *data); /* false: stop */

/* Map `path`. -ENOEXEC when it is not a 64-bit little-endian x86-64 ELF file or its tables do not fit into it. */
int elf_file_open(struct elf_file *file, const char *path, struct err *err);

/* The same for a file that is open already; `fd` is the file's from now on, and closed also on failure. */
int elf_file_open_fd(struct elf_file *file, int fd, const char *path, struct err *err);
void elf_file_close(struct elf_file *file);

const char *elf_file_section_name(const struct elf_file *file, const Elf64_Shdr *section);

/* The first section of this name that has contents, or NULL. */
const Elf64_Shdr *elf_file_section(const struct elf_file *file, const char *name);

/* The section's bytes as they are in the file (not decompressed), or NULL when it has none or they lie outside. */
const uint8_t *elf_file_section_bytes(const struct elf_file *file, const Elf64_Shdr *section, size_t *size_bytes);

/* The file's bytes that are loaded at ELF address `address`, and how many follow within its segment; NULL when nothing is
   loaded there from the file. */
const uint8_t *elf_file_at(const struct elf_file *file, uint64_t address, size_t *available_bytes);

/* As elf_file_at, but only within executable segments. */
const uint8_t *elf_file_text_at(const struct elf_file *file, uint64_t address, size_t *available_bytes);

/* The GNU build id, or NULL. */
const uint8_t *elf_file_build_id(const struct elf_file *file, size_t *size_bytes);

/* Call `visit` for each symbol of the tables of `section_type` (SHT_SYMTAB or SHT_DYNSYM). */
void elf_file_symbols(const struct elf_file *file, uint32_t section_type, elf_symbol_fn visit, void *data);

/* Call `visit` for each ELF note of the SHT_NOTE section. Stops at the first malformed one. */
typedef bool (*elf_note_fn)(const char *owner, uint32_t type, const uint8_t *desc, size_t desc_bytes, void *data);
void elf_file_notes(const struct elf_file *file, const Elf64_Shdr *section, elf_note_fn visit, void *data);

#endif
