/* How much memory all that a program makes us remember may take: a program that claims endless blocks, stacks and
   processes must not take the machine down with us. What finds no room is counted as lost by whoever asked. */

#ifndef COLLECTOR_BUDGET_H
#define COLLECTOR_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

/* Any thread. budget_take returns false, and takes nothing, when there is not so much left. */
bool budget_take(size_t bytes);
void budget_give(size_t bytes);

/* The limit is half of the machine's memory, or of what our control group may have; this sets another one. */
void budget_limit(size_t bytes);

#endif
