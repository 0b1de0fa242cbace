/* Breakpoints in a module's text, and how a displaced instruction is continued. */

#ifndef PRELOAD_DISPLACE_H
#define PRELOAD_DISPLACE_H

#include <ucontext.h>

#include "preload/guest.h"
#include "wire/plan.h"

/* A stop that was hit: the plan's site in a loaded module. */
struct displace_site {
    const struct wire_plan *plan;
    const struct wire_site *site;
    uint32_t index; /* of the site in the plan */
    uint64_t base;  /* load bias of the module */
    uint64_t copy;  /* where the displaced copy of the instruction lies */
};

/* Arm the stops of a plan in the module with load bias `base`, mapped at [start, end). Returns how many are in place; adds
   the others to *refused. Stops are in place when it returns, and their hits must be handled already before. */
GUEST_HIDDEN uint32_t displace_arm(const struct wire_plan *plan, uint64_t base, uint64_t start, uint64_t end,
                                   uint32_t *refused);

/* In a forked child, which inherits the stops: make the plans resident there too. Returns how many stops are in place. */
GUEST_HIDDEN uint32_t displace_after_fork(void);

/* Forget a module that was unloaded. */
GUEST_HIDDEN void displace_forget(uint64_t base);

/* Is a plan armed at this load bias? */
GUEST_HIDDEN bool displace_is_armed(uint64_t base, uint32_t plan_id);

/* Which stop lies at `pc`? */
GUEST_HIDDEN bool displace_find(uint64_t pc, struct displace_site *out);

/* The line stop behind which the instruction at `pc`, which may have no stop itself, lies in its function. */
GUEST_HIDDEN bool displace_line_of(uint64_t pc, struct displace_site *out);

/* Does the instruction at the stop leave its function, given the registers it is about to run with? */
GUEST_HIDDEN bool displace_exits(const struct displace_site *stop, const greg_t *registers);

/* Set the registers so that the program goes on as if the instruction had run from its place, or is about to from its
   copy. */
GUEST_HIDDEN void displace_continue(const struct displace_site *stop, greg_t *registers);

/* Where the copies of the module with this load bias lie, 0 when it has none. */
GUEST_HIDDEN uint64_t displace_copies(uint64_t base);

/* If `pc` lies in a copy, the address in the program that stands for it: of the instruction itself before it ran, of where
   it continues after. 0 when `pc` is not in a copy. */
GUEST_HIDDEN uint64_t displace_original(uint64_t pc);

/* Does the processor compare return addresses with a stack of its own (CET)? Then none may be replaced. */
GUEST_HIDDEN bool displace_has_shadow_stack(void);

/* Put one stop's original byte back, so that the instruction at `pc` runs in its place. */
GUEST_HIDDEN bool displace_restore(uint64_t pc);

/* Write into the program's text, whatever its protection. */
GUEST_HIDDEN bool displace_write_text(uint64_t address, const void *bytes, size_t count);

#endif
