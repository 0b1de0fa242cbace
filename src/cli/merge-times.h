/* The CPU time of stacks follows its windows when those are dropped or added up. */

#ifndef CLI_MERGE_TIMES_H
#define CLI_MERGE_TIMES_H

#include <stdint.h>

#include "collector/session.h"

/* Window number `index` is gone, and the later ones have moved down: so does their time; its own goes. */
void merge_times_drop(struct session *session, uint32_t index);

/* Every `repeat` consecutive windows are one: the times of the same stack become one. 0 or -ENOMEM: nothing has changed
   then. */
int merge_times_add_up(struct session *session, uint32_t repeat);

#endif
