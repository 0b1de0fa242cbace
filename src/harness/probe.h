/* Which of several places answers HTTP? Each is asked once, all at the same time, by "OPTIONS *": the request that RFC 9110,
   section 9.3.7, has for this, since it touches no resource. */

#ifndef HARNESS_PROBE_H
#define HARNESS_PROBE_H

#include <stdbool.h>

#include "harness/candidates.h"
#include "harness/program.h"

enum probe_verdict {
    PROBE_PENDING,
    PROBE_HTTP,
    PROBE_HTTPS,
    PROBE_OTHER, /* it answered something else, or closed the connection */
};

struct probes;

/* NULL when memory is short. */
struct probes *probes_new(void);
void probes_free(struct probes *probes);

/* Ask those places that were not asked yet, and get on with all questions for at most `timeout_ns`. 0 or -ENOMEM. */
int probes_step(struct probes *probes, const struct candidates *candidates, uint64_t timeout_ns);

/* What is known of a place. */
enum probe_verdict probes_verdict(const struct probes *probes, const struct candidate *candidate);

#endif
