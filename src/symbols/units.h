/* The compile units of one file's DWARF by address, each read when it is first needed. */

#ifndef SYMBOLS_UNITS_H
#define SYMBOLS_UNITS_H

#include "elf/debug-info.h"
#include "symbols/symbols.h"

struct units;

/* Index the units of `info`, which must outlive the result, as must `names`, which takes all strings. NULL when memory
   is out. `size_bytes` is that of the file, and bounds the work. */
struct units *units_new(struct debug_info *info, struct strings *names, size_t size_bytes);
void units_free(struct units *units);

/* Describe `address`: as symbols_lookup, but 0 frames when no unit covers it. When a unit has only line rows, the one
   frame has no function. At most SYMBOLS_MAX_FRAMES. `*is_cxx`: the code is of C++. */
size_t units_lookup(struct units *units, uint64_t address, struct symbols_frame *out, bool *is_cxx);

#endif
