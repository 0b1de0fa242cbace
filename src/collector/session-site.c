/* Adding up allocation sites of the model. */

#include "collector/session.h"

#include <errno.h>

#include "base/array.h"

#define SPREADS_LIMIT (UINT32_C(1) << 31)

/* The site has, or is going to have, allocations of several size classes. */
static int make_spread(struct session *session, struct session_site *site)
{
    size_t needed = session->spread_count + 1;
    struct session_spread *grown =
        needed <= SPREADS_LIMIT ? array_grow(session->spreads, &session->spread_room, needed, sizeof *grown) : NULL;
    if (grown == NULL)
        return -ENOMEM;
    session->spreads = grown;
    struct session_spread *spread = &grown[session->spread_count];
    *spread = (struct session_spread){{0}};
    session_site_add_sizes(session, site, spread->counts);
    site->spread = (uint32_t)++session->spread_count;
    return 0;
}

int session_site_add(struct session *session, struct session_site *into, const struct session_site *from,
                     const uint64_t *from_counts)
{
    uint32_t class = size_class(from->size_max_bytes);
    bool is_even = into->spread == 0 && from_counts == NULL &&
                   (into->alloc_count == 0 || size_class(into->size_max_bytes) == class);
    if (!is_even && into->spread == 0 && make_spread(session, into) != 0)
        return -ENOMEM;
    if (!is_even) {
        uint64_t *counts = session->spreads[into->spread - 1].counts;
        if (from_counts == NULL)
            counts[class] += from->alloc_count;
        for (int i = 0; from_counts != NULL && i < SIZE_CLASSES; i++)
            counts[i] += from_counts[i];
    }
    session_site_add_figures(into, from);
    return 0;
}
