#include "collector/timeline.h"

#include <stdlib.h>

uint64_t timeline_interval(const struct timeline *timeline)
{
    return TIMELINE_INTERVAL_NS << timeline->doublings;
}

bool timeline_is_due(const struct timeline *timeline, uint64_t ns)
{
    return timeline->count == 0 || ns >= timeline->points[timeline->count - 1].ns + timeline_interval(timeline);
}

static void thin_out(struct timeline *timeline)
{
    struct session_point *points = timeline->points;
    size_t kept = 0;
    for (size_t i = 0; i + 1 < timeline->count; i += 2)
        points[kept++] = points[i].heap_bytes > points[i + 1].heap_bytes ? points[i] : points[i + 1];
    timeline->count = kept;
    timeline->doublings++;
}

void timeline_add(struct timeline *timeline, const struct session_point *point)
{
    if (timeline->points == NULL)
        timeline->points = malloc(TIMELINE_POINTS * sizeof *timeline->points);
    if (timeline->points == NULL)
        return;
    if (timeline->count == TIMELINE_POINTS)
        thin_out(timeline);
    timeline->points[timeline->count++] = *point;
}
