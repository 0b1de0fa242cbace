/* How to step from one stack frame to its caller: the call frame information (.eh_frame) of a module, evaluated for one
   address. A pure function of bytes that nobody vouches for, without a call to anything: the guest asks it of modules
   in memory, and syseng-mem of files. */

#ifndef CFI_CFI_H
#define CFI_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum cfi_kind {
    CFI_UNKNOWN, /* no information, or one that a rule cannot say */
    CFI_SP,      /* the caller's frame begins at sp + cfa_offset */
    CFI_BP,      /* at bp + cfa_offset */
    CFI_ALIGNED, /* at the address stored at bp + cfa_offset: a frame that re-aligned its stack */
    CFI_SIGNAL,  /* a signal frame: the registers lie in the ucontext at sp */
    CFI_ROOT,    /* the outermost frame */
    /* What hand-written code does between its prologue and its epilogue. */
    CFI_STORED,   /* cfa_offset behind the address stored at sp + holder_offset */
    CFI_REGISTER, /* at the register cfa_register + cfa_offset */
};

struct cfi_rule {
    uint8_t kind;          /* enum cfi_kind */
    bool restores_bp;      /* the caller's bp was saved: at frame + bp_offset, CFI_ALIGNED at bp + bp_offset */
    int32_t cfa_offset;    /* bytes */
    int32_t bp_offset;     /* bytes */
    int32_t holder_offset; /* CFI_STORED: bytes */
    uint8_t cfa_register;  /* CFI_REGISTER: as DWARF numbers them (psABI, figure 3.36), 0..15 */
};

/* Bytes, and the address that the first of them has in the terms in which addresses are asked for. */
struct cfi_area {
    const uint8_t *bytes;
    size_t size_bytes;
    uint64_t address;
};

struct cfi_module {
    struct cfi_area header; /* what has .eh_frame_hdr, which begins at `header_address` */
    struct cfi_area frames; /* what has .eh_frame: the same area, perhaps */
    uint64_t header_address;
};

/* The rule at `pc`: an address within an instruction of the frame's code, for a return address one byte less. Takes no
   lock, allocates nothing, reads nothing outside of the module's areas. See DWARF 5, section 6.4, and the Linux
   Standard Base, "Exception Frames". */
struct cfi_rule cfi_evaluate(const struct cfi_module *module, uint64_t pc);

#endif
