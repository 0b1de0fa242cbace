/* A look at a stopped process: which blocks of its heap can still be reached. */

#ifndef COLLECTOR_LOOK_H
#define COLLECTOR_LOOK_H

#include "collector/halt.h"
#include "collector/memory.h"
#include "collector/process.h"

/* Stop `process`, take in its last events, read its memory, and let it go on; process->look says how that went, and the
   heap's sites have what was found. `asker` is the thread that waits for the look with its stack from wire->look_sp
   upwards, 0 when nobody does. Threads that could not be let go on yet are left in *late, which is then to be released
   again and again. */
void look_at(struct process *process, struct memory *memory, pid_t asker, struct halt *late);

#endif
