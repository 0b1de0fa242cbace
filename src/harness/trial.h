/* Which of several places answers HTTP? Each is asked once, all at the same time, by "OPTIONS *": the request that RFC
   9110, section 9.3.7, has for this, since it touches no resource. */

#ifndef HARNESS_TRIAL_H
#define HARNESS_TRIAL_H

#include <stdbool.h>

#include "harness/candidates.h"
#include "harness/program.h"

enum trial_verdict {
    TRIAL_PENDING,
    TRIAL_HTTP,
    TRIAL_HTTPS,
    TRIAL_OTHER, /* it answered something else, or closed the connection */
};

struct trials;

/* NULL when memory is short. */
struct trials *trials_new(void);
void trials_free(struct trials *trials);

/* Ask those places that were not asked yet, and get on with all questions for at most `timeout_ns`. 0 or -ENOMEM. */
int trials_step(struct trials *trials, const struct candidates *candidates, uint64_t timeout_ns);

/* What is known of a place. */
enum trial_verdict trials_verdict(const struct trials *trials, const struct candidate *candidate);

#endif
