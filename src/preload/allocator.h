/* What the program's allocator says of itself. Only jemalloc can be asked. */

#ifndef PRELOAD_ALLOCATOR_H
#define PRELOAD_ALLOCATOR_H

#include "preload/guest.h"

/* From now on, hooks look whether figures are wanted. */
GUEST_HIDDEN void allocator_open(void);

/* The program is over. */
GUEST_HIDDEN void allocator_close(void);

#endif
