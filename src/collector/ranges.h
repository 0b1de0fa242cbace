/* Address ranges that do not overlap, each with a number: what a program has mapped, and by which site. */

#ifndef COLLECTOR_RANGES_H
#define COLLECTOR_RANGES_H

#include <stddef.h>
#include <stdint.h>

struct range {
    uint64_t start, end;
    uint32_t site;
};

/* In the order of their addresses: a process has some thousands of them at most, for the kernel sets a limit. Begins
   zeroed. */
struct ranges {
    struct range *items;
    size_t count, room;
};

void ranges_fini(struct ranges *ranges);

/* Called for each part that is taken out: `bytes` of a range of `site`, which has then become `pieces` ranges. */
typedef void ranges_visit_fn(uint32_t site, uint64_t bytes, unsigned pieces, void *data);

/* Take out whatever lies in [start, end). Returns 0, or -ENOMEM when a range cannot be split: nothing is taken out
   then. */
int ranges_remove(struct ranges *ranges, uint64_t start, uint64_t end, ranges_visit_fn *visit, void *data);

/* Put a range where there is none. Returns 0 or -ENOMEM. */
int ranges_add(struct ranges *ranges, uint64_t start, uint64_t end, uint32_t site);

#endif
