/* Two snapshots of three requests, and what comes of comparing them. */

#ifndef TESTS_UNIT_COMPARE_WORLD_H
#define TESTS_UNIT_COMPARE_WORLD_H

#include "compare-fake.h"

enum { WORLD_MEMORY, WORLD_ROOT, WORLD_USER, WORLD_REQUESTS };

struct world {
    struct fake fakes[COMPARE_SIDES][WORLD_REQUESTS];
    struct compare_input inputs[COMPARE_SIDES][WORLD_REQUESTS];
    struct compare_snapshot snapshots[COMPARE_SIDES];
    struct compare_result result;
};

/* Lines that were added, removed and edited, functions that came and went, a request only in new; "GET /memory" was
   fired ten times. */
struct world *world_changed(void);

/* Two requests without any stack that are the same on both sides. */
struct world *world_unchanged(void);

void world_free(struct world *world);

#endif
