/* The modules of the process (program and shared libraries), as told to syseng-mem. */

#ifndef PRELOAD_MODULES_H
#define PRELOAD_MODULES_H

#include "preload/guest.h"

/* Each time that modules are unloaded a new generation begins: the same addresses may be other code then. A forked child goes
   on from its parent's. */
GUEST_HIDDEN extern volatile uint32_t modules_generation;

/* Look at what is loaded now: tell syseng-mem of what is new, wait for its plans and, if `arms`, arm them; forget what is
   gone. Safe inside the loader's notification of a change. */
GUEST_HIDDEN void modules_refresh(bool arms);

/* In a forked child: the list is the parent's; begin one of our own at the next change. */
GUEST_HIDDEN void modules_after_fork(void);

/* Address of the loader's function that is called whenever the list changes (r_brk of the debugger interface), 0 when
   there is none. */
GUEST_HIDDEN uint64_t modules_notification(void);

#endif
