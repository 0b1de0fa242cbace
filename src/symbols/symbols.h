/* Addresses of code to the source they came from: function, file, line, and the functions that the compiler inlined on
   the way. Reads DWARF 4 and 5 in the file itself, in a separate debug file or in .dwo files, and falls back to symbol
   tables. Everything is read when it is first asked for, one compile unit at a time. */

#ifndef SYMBOLS_SYMBOLS_H
#define SYMBOLS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Where a frame's function name comes from, best first. */
enum symbols_source {
    SYMBOLS_DWARF,
    SYMBOLS_SYMTAB,     /* .symtab, of the file or of its debug file */
    SYMBOLS_MINI_DEBUG, /* .gnu_debugdata: a compressed .symtab that Fedora's files carry */
    SYMBOLS_DYNSYM,     /* .dynsym: exported functions only, each no longer than it says */
    SYMBOLS_NONE,
};

struct symbols_frame {
    const char *function;     /* demangled and qualified, without parameters: "ns::map<int>::find"; NULL when unknown */
    const char *linkage_name; /* as the linker knows it: "_ZN2ns3mapIiE4findEv"; NULL in C, or when unknown */
    const char *file;         /* as DWARF names it, absolute where it tells; NULL when unknown */
    uint32_t line;            /* 0 when unknown, or when the compiler says that the code belongs to no line */
    uint32_t function_line; /* of the function's declaration, in `function_file`; 0 when unknown */
    const char *function_file; /* NULL when unknown */
    bool inlined;             /* inlined into the next frame, whose line is then that of the call */
    enum symbols_source source;
};

/* Frames of one address: a longer chain of inlined functions loses its outer ones before the last. */
#define SYMBOLS_MAX_FRAMES 64

struct symbols;

/* `debug_root` is where separate debug files live (NULL: /usr/lib/debug). NULL when memory is out. Not thread-safe: use
   one from one thread at a time. */
struct symbols *symbols_new(const char *debug_root);
void symbols_free(struct symbols *symbols);

/* From now on, ask debuginfod servers for what is not on this machine; symbols_lookup then may wait for the network. 0, or
   a negative errno and a sentence why that cannot be done, which symbols_can_ask_servers tells beforehand. */
int symbols_can_ask_servers(struct err *err);
int symbols_ask_servers(struct symbols *symbols, struct err *err);

/* Why the servers are no longer asked (-ETIMEDOUT: one kept silent); 0 when they are, or never were. */
int symbols_servers_failure(const struct symbols *symbols);

/* Describe the code at ELF address `address` of the file at `path`: put at most `max` frames into `out`, innermost
   first, and return how many the address has (more than `max`: the rest was left out). Of a return address give the one
   before it, so that it lies in the calling instruction. At least one frame, with `function` NULL when nothing is
   known; 0 only when `path` cannot be read, is no x86-64 ELF file, or memory is out. A file is opened once and stays
   the file it was then; results are remembered. Strings belong to `symbols` until symbols_free. See DWARF 5,
   sections 3.3 and 6.2. */
size_t symbols_lookup(struct symbols *symbols, const char *path, uint64_t address, struct symbols_frame *out,
                      size_t max);

/* The same by the symbol tables alone: one frame, without a line. For files whose debug information is large or has to be
   decompressed, and whose lines nobody would look at. */
size_t symbols_name(struct symbols *symbols, const char *path, uint64_t address, struct symbols_frame *out, size_t max);

/* The GNU build id of the file at `path`, in hexadecimal, for the caller to free; NULL when it has none, cannot be read, or
   memory is out. */
char *symbols_build_id(const char *path);

#endif
