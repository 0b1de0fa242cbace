/* One compile unit: its functions with code, and its line rows. */

#ifndef SYMBOLS_UNIT_H
#define SYMBOLS_UNIT_H

#include "elf/dwarf-reader.h"
#include "symbols/symbols.h"

struct unit_inlined { /* a stretch of code of an inlined call */
    uint64_t low, high;
    Dwarf_Off die;
    uint32_t depth; /* in the tree of DIEs */
};

struct unit_inlines { /* of one function, as they stand in DWARF: outer ones before those within */
    Dwarf_Off function;
    struct unit_inlined *items;
    size_t count, capacity;
};

struct unit_function {
    uint64_t low, high;
    Dwarf_Off die;
    uint32_t inlines; /* number in the unit's + 1; 0: not read yet */
};

struct unit_row { /* from this address up to the next row's */
    uint64_t address;
    uint32_t file; /* number in the names */
    uint32_t line; /* UNIT_NO_CODE: up to the next row there is nothing */
};

#define UNIT_NO_CODE UINT32_MAX

struct unit {
    Dwarf_Off offset;    /* of its DIE, or of the skeleton's */
    uint64_t size_bytes; /* in .debug_info: bounds the number of DIEs */
    uint64_t last_use;   /* ascends from use to use */
    bool is_loaded;      /* what follows is there */
    uint64_t low;        /* base of DWARF 4 range lists */
    bool is_cxx;
    struct debug_info *dwo;          /* where the functions are when it is split, else NULL */
    uint64_t dwo_size_bytes;         /* of the unit in there */
    struct unit_function *functions; /* ascending by `low` */
    size_t function_count, function_capacity;
    uint64_t longest;      /* function, in bytes: how far to look back */
    struct unit_inlines *inlines; /* of the functions that were asked for */
    size_t inlines_count, inlines_capacity, inlined_bytes;
    struct unit_row *rows; /* ascending */
    size_t row_count, row_capacity;
};

/* Read the unit that is in `info`. Damage leaves out what cannot be read. 0 or -ENOMEM. */
int unit_load(struct unit *unit, struct debug_info *info);

/* Forget what unit_load read. */
void unit_unload(struct unit *unit);

/* About what the loaded unit takes. */
size_t unit_memory_bytes(const struct unit *unit);

/* The row that covers `address`, or NULL. */
const struct unit_row *unit_row_at(const struct unit *unit, uint64_t address);

/* The smallest function around `address`, or NULL. */
struct unit_function *unit_function_at(const struct unit *unit, uint64_t address);

/* The calls inlined into `function`; read when they are first asked for. `info` is what the unit was loaded from. NULL when
   memory is out. */
const struct unit_inlines *unit_inlines_of(struct unit *unit, struct debug_info *info, struct unit_function *function);

#endif
