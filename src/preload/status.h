/* What the kernel says of this process in /proc/self/status. */

#ifndef PRELOAD_STATUS_H
#define PRELOAD_STATUS_H

#include "preload/guest.h"

/* The number behind `key`, which ends in ":\t"; `otherwise` when there is no such line or no /proc. */
GUEST_HIDDEN int64_t status_number(const char *key, int64_t otherwise);

#endif
