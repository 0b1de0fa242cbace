/* ELF files and their DWARF, for the names and lines of addresses. */

#include "fuzz.h"

#include <stdlib.h>

#include "elf/elf-file.h"
#include "symbols/symbols.h"

#define ASKED 64 /* addresses, evenly over the segments */

static void ask(const char *path, uint64_t address)
{
    static struct symbols_frame frames[SYMBOLS_MAX_FRAMES];
    struct symbols *symbols = symbols_new("/nonexistent");
    if (symbols == NULL)
        return;
    for (uint64_t i = 0; i < ASKED; i++) {
        size_t count = symbols_lookup(symbols, path, address + i * 16, frames, SYMBOLS_MAX_FRAMES);
        for (size_t k = 0; k < count && k < SYMBOLS_MAX_FRAMES; k++)
            fprintf(fuzz_nowhere(), "%s %s %s %s", frames[k].function, frames[k].linkage_name, frames[k].file,
                    frames[k].function_file);
        symbols_name(symbols, path, address + i * 16, frames, SYMBOLS_MAX_FRAMES);
    }
    symbols_free(symbols);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file(data, size);
    struct elf_file file;
    struct err err;
    uint64_t start = 0;
    if (elf_file_open(&file, path, &err) == 0) {
        const Elf64_Shdr *text = elf_file_section(&file, ".text");
        start = text != NULL ? text->sh_addr : 0;
        elf_file_close(&file);
    }
    ask(path, start);
    free(symbols_build_id(path));
    return 0;
}
