/* Where the program's instructions run from when a line stop has displaced them. */

#ifndef COLLECTOR_PLACES_H
#define COLLECTOR_PLACES_H

#include "collector/collector.h"
#include "collector/memory.h"
#include "collector/plans.h"
#include "collector/process.h"

/* What lies at `address` of the process: see collector_place. */
enum collector_place places_find(const struct process *process, const struct memory *memory, const struct plans *plans,
                                 uint64_t address, uint64_t *original);

#endif
