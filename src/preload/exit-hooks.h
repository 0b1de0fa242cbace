/* The ways out of the process, at the end of which syseng-mem is asked for a last look. */

#ifndef PRELOAD_EXIT_HOOKS_H
#define PRELOAD_EXIT_HOOKS_H

#include "preload/guest.h"

/* Called by the constructor, before the program could register a handler. */
GUEST_HIDDEN void exit_watch(void);

/* The program itself makes the system call that ends the process, or only the thread. */
GUEST_HIDDEN void exit_by_system_call(bool ends_process);

#endif
