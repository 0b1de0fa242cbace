/* Machine code to instructions, each with what a line stop needs to continue it (wire/plan.h). */

#ifndef PROBES_DECODE_H
#define PROBES_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elf/elf-file.h"
#include "elf/ranges.h"
#include "wire/plan.h"

struct instruction {
    struct wire_site site; /* offset, class, operands, bytes; flags EXIT and MAY_EXIT; function and line are not set */
    bool can_stop;         /* false: must not be replaced by a breakpoint */
    bool is_target;        /* a direct branch of this function leads here */
    bool falls_through;    /* may go on with the instruction behind it */
    bool is_call;
    bool has_row; /* set by sites_plan */
};

struct code {
    struct instruction *items; /* ascending */
    size_t count, capacity;
    size_t undecodable_bytes;
    bool has_indirect_jump;
};

/* Decode the instructions of `ranges`, from the start of each. At most `max_instructions`. 0 or -ENOMEM. */
int code_decode(struct code *code, const struct elf_file *file, const struct range_list *ranges,
                size_t max_instructions);
void code_fini(struct code *code);

/* The instruction that begins at `address`, or NULL. */
struct instruction *code_at(const struct code *code, uint64_t address);

#endif
