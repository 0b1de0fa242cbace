/* The heaps of all processes -> the session's allocation sites. */

#ifndef COLLECTOR_SITES_H
#define COLLECTOR_SITES_H

#include <stddef.h>

#include "collector/process.h"
#include "collector/session.h"

/* Fill in the session's sites, frames and modules; stacks that are the same in terms of files are one, whatever process
   they come from. With a `depth` other than 0, only so many innermost frames of each stack count. `ns_per_tick` is of
   the time-stamp counter. Returns 0 or -ENOMEM: the session then has no sites. */
int sites_build(struct session *session, struct process *const *processes, size_t process_count, uint32_t depth,
                double ns_per_tick);

#endif
