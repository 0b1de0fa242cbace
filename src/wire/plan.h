/* The plan of one module's line stops, as syseng-mem hands it to the traced process: a head, a hash table from site
   offset to site, the sites and the functions they belong to. Everything is relative to the module's load bias, so
   one plan serves every process that maps the file. Names and lines stay with syseng-mem (probes/probes.h). */

#ifndef WIRE_PLAN_H
#define WIRE_PLAN_H

#include <stdint.h>

#define WIRE_PLAN_MAGIC 0x4e4c5057u /* "WPLN" */

struct wire_plan {
    uint32_t magic;
    uint32_t plan_id;     /* number of the plan in this session, from 1 */
    uint32_t site_count;
    uint32_t function_count;
    uint32_t range_count;
    uint32_t hash_slots;  /* a power of two, larger than site_count */
    uint64_t hash_offset; /* uint32_t[hash_slots]: site index + 1, 0 empty; linear probing from wire_plan_hash */
    uint64_t sites_offset;
    uint64_t functions_offset;
    uint64_t ranges_offset;
    uint64_t total_bytes;
    uint64_t low, high; /* all sites lie in [low, high) */
    uint64_t reserved;
};

/* How the displaced instruction is continued. */
enum wire_site_class {
    WIRE_SITE_COPY,          /* runs from its copy, then jumps back */
    WIRE_SITE_COPY_RIP,      /* the same, its 32-bit displacement re-based to reach `target` */
    WIRE_SITE_JUMP,          /* emulated: jmp rel */
    WIRE_SITE_JUMP_IF,       /* emulated: jcc, `condition` is its low opcode nibble */
    WIRE_SITE_JUMP_COUNTER,  /* jrcxz, loop: copied with two jumps behind it, taken one first at +5 */
    WIRE_SITE_CALL,          /* emulated: call rel */
    WIRE_SITE_CALL_INDIRECT, /* emulated: call reg or mem */
    WIRE_SITE_RETURN,        /* emulated: ret, ret n */
    WIRE_SITE_JUMP_INDIRECT, /* emulated: jmp reg or mem */
    WIRE_SITE_CLASS_COUNT
};

enum {
    WIRE_SITE_ENTRY = 1u << 0,     /* first instruction of the function */
    WIRE_SITE_LINE = 1u << 1,      /* a row of the line table begins here */
    WIRE_SITE_EXIT = 1u << 2,      /* always leaves the function */
    WIRE_SITE_MAY_EXIT = 1u << 3,  /* leaves it when the branch is taken, or lands outside the ranges */
    WIRE_SITE_LOOP_HEAD = 1u << 4, /* an ENTRY that is also a branch target within the function */
};

/* What a site's copy takes: 15 bytes of instruction and two jumps of 5. The copy of site i of an armed module lies at
   wire_module.copies + i * WIRE_COPY_BYTES. */
#define WIRE_COPY_BYTES 32u

#define WIRE_SITE_REGISTER_RIP 16
#define WIRE_SITE_REGISTER_NONE (-1)
#define WIRE_SITE_INSN_BYTES 16

/* One instruction to stop at. `offset`, `target`, `next` are ELF addresses (add the module's load bias). */
struct wire_site {
    uint64_t offset;
    uint64_t target; /* branch target, or what a RIP-relative operand addresses */
    int64_t displacement;
    uint32_t function; /* index */
    uint32_t line;
    uint8_t class;     /* enum wire_site_class */
    uint8_t flags;
    uint8_t insn_bytes;        /* length, 1..15 */
    uint8_t displacement_byte; /* COPY_RIP: index of the displacement within the instruction */
    uint8_t condition;
    int8_t base;        /* indirect: register numbers 0..15 in encoding order (rax rcx rdx rbx rsp rbp rsi rdi r8..),
                           WIRE_SITE_REGISTER_RIP or _NONE */
    int8_t index;
    uint8_t scale; /* 1, 2, 4, 8; 0: the operand is the register `base` itself, not memory */
    uint8_t insn[WIRE_SITE_INSN_BYTES];
};
_Static_assert(sizeof(struct wire_site) == 56, "site layout");

struct wire_function {
    uint64_t entry;      /* ELF address */
    uint32_t range_first; /* index into the ranges */
    uint32_t range_count;
};

struct wire_range {
    uint64_t low, high; /* [low, high), ELF addresses */
};

static inline uint32_t wire_plan_hash(uint64_t offset)
{
    return (uint32_t)((offset * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
}

static inline const struct wire_site *wire_plan_sites(const struct wire_plan *plan)
{
    return (const struct wire_site *)((const uint8_t *)plan + plan->sites_offset);
}

#define WIRE_PLAN_NO_SITE UINT32_MAX

/* Which site is at the ELF address `offset`? */
static inline uint32_t wire_plan_find(const struct wire_plan *plan, uint64_t offset)
{
    const uint32_t *hash = (const uint32_t *)((const uint8_t *)plan + plan->hash_offset);
    const uint32_t mask = plan->hash_slots - 1;
    for (uint32_t slot = wire_plan_hash(offset) & mask; hash[slot] != 0; slot = (slot + 1) & mask)
        if (wire_plan_sites(plan)[hash[slot] - 1].offset == offset)
            return hash[slot] - 1;
    return WIRE_PLAN_NO_SITE;
}

/* The ELF address that stands for the place `within` bytes into a site's copy: of the instruction itself before it ran, of
   where it continues after. */
static inline uint64_t wire_copy_original(const struct wire_site *site, uint64_t within)
{
    if (within == 0)
        return site->offset;
    if (site->class == WIRE_SITE_JUMP_COUNTER && within > site->insn_bytes)
        return site->target;
    return site->offset + site->insn_bytes;
}

#endif
