/* What programs that this one starts find in their environment. */

#ifndef PRELOAD_EXEC_HOOKS_H
#define PRELOAD_EXEC_HOOKS_H

#include "preload/guest.h"

/* Keep our two variables, before the program overwrites its environment. Called once, by the constructor, when there is
   a session. */
GUEST_HIDDEN void exec_remember(void);

#endif
