/* One ELF file that is asked about: its debug information, its symbol tables, and what was answered so far. */

#ifndef SYMBOLS_OBJECT_H
#define SYMBOLS_OBJECT_H

#include "elf/strings.h"
#include "symbols/servers.h"
#include "symbols/symbols.h"

struct object;

/* Open the file at `path`; strings go to `names`. What is not on this machine is asked of `servers`, if not NULL. Both must
   outlive the object. NULL when it cannot be read. */
struct object *object_open(const char *path, const char *debug_root, struct servers *servers, struct strings *names);
void object_close(struct object *object);

/* As symbols_lookup, or symbols_name when no lines are wanted; at most SYMBOLS_MAX_FRAMES. */
size_t object_lookup(struct object *object, uint64_t address, bool wants_lines, struct symbols_frame *out);

#endif
