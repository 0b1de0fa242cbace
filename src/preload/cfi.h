/* The rules of the process's own modules: see cfi/cfi.h. */

#ifndef PRELOAD_CFI_H
#define PRELOAD_CFI_H

#include "cfi/cfi.h"
#include "preload/guest.h"

/* The rule at `pc`, whichever module it lies in. Takes no lock, allocates nothing; reads only the module's own unwind
   section. */
GUEST_HIDDEN struct cfi_rule cfi_rule_at(uint64_t pc);

#endif
