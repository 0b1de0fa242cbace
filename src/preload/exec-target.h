/* Can our library be preloaded into a program, judged by its file? */

#ifndef PRELOAD_EXEC_TARGET_H
#define PRELOAD_EXEC_TARGET_H

#include <stdbool.h>

#include "preload/guest.h"

/* False when it would harm the program, make its loader complain, or would only be seen in its environment: a 32-bit
   program, one for another C library, one that a sanitizer's library has to come first in, a static one. A script is
   judged by its interpreter; what cannot be read is given the benefit of the doubt. System calls only; keeps errno. */
GUEST_HIDDEN bool exec_target_is_suitable(const char *path);

#endif
