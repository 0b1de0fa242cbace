/* Stacks that do not reach the root: how many, and why. */

#ifndef REPORT_STACK_ENDS_H
#define REPORT_STACK_ENDS_H

#include <stddef.h>

#include "collector/session.h"

struct stack_ends {
    size_t stacks;  /* distinct ones of the session; 0 when all are whole, for then nobody asks */
    size_t cut;     /* of these, at the depth limit */
    size_t stopped; /* at code without unwind information */
};

/* Returns 0 or -ENOMEM. */
int stack_ends_count(const struct session *session, struct stack_ends *out);

#endif
