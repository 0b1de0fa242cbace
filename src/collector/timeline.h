/* A process's heap and resident set over time: a bounded number of points, whose distance doubles when there are too
   many. */

#ifndef COLLECTOR_TIMELINE_H
#define COLLECTOR_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/session.h"

#define TIMELINE_POINTS 1024 /* at most */
#define TIMELINE_INTERVAL_NS UINT64_C(10000000)

/* Begins zeroed. */
struct timeline {
    struct session_point *points; /* malloc'ed */
    size_t count;
    unsigned doublings; /* of the interval */
};

uint64_t timeline_interval(const struct timeline *timeline);

/* Whether a point at `ns` (from the start of the process) is wanted: the last one is long enough ago. */
bool timeline_is_due(const struct timeline *timeline, uint64_t ns);

/* Add a point that is later than all others. Of each two points that become one, that with the larger heap stays.
   Without memory nothing happens. */
void timeline_add(struct timeline *timeline, const struct session_point *point);

#endif
