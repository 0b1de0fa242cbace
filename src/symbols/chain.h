/* The functions around an address within one unit: the innermost inlined one first, the real one last. */

#ifndef SYMBOLS_CHAIN_H
#define SYMBOLS_CHAIN_H

#include "elf/strings.h"
#include "symbols/symbols.h"
#include "symbols/unit.h"

/* Describe `address`, which `function` of `unit` covers; `info` is the file of the unit. Fills at most
   SYMBOLS_MAX_FRAMES and returns how many, at least one. */
size_t chain_find(struct debug_info *info, struct unit *unit, struct unit_function *function, uint64_t address,
                  struct strings *names, struct symbols_frame *out);

/* The innermost frame's place. */
void chain_place(const struct unit *unit, uint64_t address, const struct strings *names, struct symbols_frame *frame);

#endif
