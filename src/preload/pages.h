/* Making pages resident at once, so that they never appear in the middle of somebody's line. */

#ifndef PRELOAD_PAGES_H
#define PRELOAD_PAGES_H

#include <stddef.h>
#include <stdint.h>

#include "preload/guest.h"

/* Make the pages of [start, start + bytes) present, writable ones as if written. Returns how many bytes that are, in
   whole pages; 0 when there is no memory for them: shared ones must not be touched then. */
GUEST_HIDDEN uint64_t pages_populate(const void *start, size_t bytes, int writable);

/* Make the pages of [start, start + bytes) present for reading. Returns how many bytes of them were not before; 0 when
   that cannot be told. */
GUEST_HIDDEN uint64_t pages_populate_new(const void *start, size_t bytes);

/* Make what of [start, start + bytes) is mapped present for reading, if the kernel knows how to. */
GUEST_HIDDEN void pages_advise_populated(uint64_t start, uint64_t bytes);

/* The same as pages_populate for every segment of this library itself. */
GUEST_HIDDEN uint64_t pages_populate_library(void);

#endif
