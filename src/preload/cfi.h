/* How to step from one stack frame to its caller: the call frame information (.eh_frame) of a loaded module, evaluated
   for one address. */

#ifndef PRELOAD_CFI_H
#define PRELOAD_CFI_H

#include "preload/guest.h"

enum cfi_kind {
    CFI_UNKNOWN, /* no information, or one that a rule cannot say */
    CFI_SP,      /* the caller's frame begins at sp + cfa_offset */
    CFI_BP,      /* at bp + cfa_offset */
    CFI_ALIGNED, /* at the address stored at bp + cfa_offset: a frame that re-aligned its stack */
    CFI_SIGNAL,  /* a signal frame: the registers lie in the ucontext at sp */
    CFI_ROOT,    /* the outermost frame */
};

struct cfi_rule {
    uint8_t kind; /* enum cfi_kind */
    bool
        restores_bp; /* the caller's bp was saved: CFI_SP, CFI_BP at frame + bp_offset; CFI_ALIGNED at bp + bp_offset */
    int32_t cfa_offset; /* bytes */
    int32_t bp_offset;  /* bytes */
};

/* The rule at `pc`: an address within an instruction of the frame's code, for a return address one byte less. Takes no
   lock, allocates nothing; reads only the module's own unwind section. See DWARF 5, section 6.4, and the Linux Standard
   Base, "Exception Frames". */
GUEST_HIDDEN struct cfi_rule cfi_rule_at(uint64_t pc);

#endif
