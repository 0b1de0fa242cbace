/* Sites are sorted by window and stack, so that what belongs together is side by side. */

#include "cli/merge-sites.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "collector/session.h"

/* One site on its way through the sort. */
struct item {
    const struct session_frame *frames;
    struct session_site site;
    size_t order; /* of its first appearance */
};

void merge_sites_drop(struct session *session, uint32_t index)
{
    size_t kept = 0;
    for (size_t i = 0; i < session->site_count; i++) {
        struct session_site site = session->sites[i];
        if (site.request == index)
            continue;
        site.request -= site.request > index;
        session->sites[kept++] = site;
    }
    session->site_count = kept;
}

static int compare_stacks(const struct item *a, const struct item *b)
{
    if (a->site.request != b->site.request)
        return a->site.request < b->site.request ? -1 : 1;
    if (a->site.frame_count != b->site.frame_count)
        return a->site.frame_count < b->site.frame_count ? -1 : 1;
    for (uint32_t i = 0; i < a->site.frame_count; i++) {
        if (a->frames[i].address != b->frames[i].address)
            return a->frames[i].address < b->frames[i].address ? -1 : 1;
        if (a->frames[i].module != b->frames[i].module)
            return a->frames[i].module < b->frames[i].module ? -1 : 1;
    }
    return 0;
}

static int by_stack(const void *a, const void *b)
{
    const struct item *left = a, *right = b;
    int by = compare_stacks(left, right);
    return by != 0 ? by : (left->order > right->order) - (left->order < right->order);
}

static int by_order(const void *a, const void *b)
{
    const struct item *left = a, *right = b;
    return (left->order > right->order) - (left->order < right->order);
}

static int add(struct session *session, struct session_site *into, const struct session_site *from)
{
    uint64_t counts[SIZE_CLASSES] = {0};
    session_site_add_sizes(session, from, counts);
    return session_site_add(session, into, from, from->spread != 0 ? counts : NULL);
}

int merge_sites_add_up(struct session *session, uint32_t repeat)
{
    struct item *items = malloc((session->site_count + 1) * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < session->site_count; i++) {
        struct session_site site = session->sites[i];
        site.request /= repeat;
        items[i] = (struct item){.frames = session->frames + site.frame_first, .site = site, .order = i};
    }
    qsort(items, session->site_count, sizeof *items, by_stack);
    size_t kept = 0;
    int code = 0;
    for (size_t i = 0; i < session->site_count; i++) {
        if (kept > 0 && compare_stacks(&items[kept - 1], &items[i]) == 0)
            code = code == 0 ? add(session, &items[kept - 1].site, &items[i].site) : code;
        else
            items[kept++] = items[i];
    }
    qsort(items, kept, sizeof *items, by_order);
    for (size_t i = 0; i < kept; i++)
        session->sites[i] = items[i].site;
    session->site_count = kept;
    free(items);
    return code;
}
