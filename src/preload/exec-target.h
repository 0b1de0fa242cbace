/* Can our library be preloaded into a program, judged by its file? */

#ifndef PRELOAD_EXEC_TARGET_H
#define PRELOAD_EXEC_TARGET_H

#include <stdbool.h>

#include "preload/guest.h"

/* False when it would harm the program or make its loader complain: a 32-bit one, one for another C library, one that a
   sanitizer's library has to come first in. A script is judged by its interpreter; what cannot be read is given the
   benefit of the doubt. System calls only; keeps errno. */
GUEST_HIDDEN bool exec_target_is_suitable(const char *path);

#endif
