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

/* Returns how many are left. */
static size_t drop(struct session_site *sites, size_t count, uint32_t index)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct session_site site = sites[i];
        if (site.request == index)
            continue;
        site.request -= site.request > index;
        sites[kept++] = site;
    }
    return kept;
}

void merge_sites_drop(struct session *session, uint32_t index)
{
    session->site_count = drop(session->sites, session->site_count, index);
    session->mapped_count = drop(session->mapped, session->mapped_count, index);
}

int merge_sites_compare_stacks(const struct session_frame *a, uint32_t a_count, const struct session_frame *b,
                               uint32_t b_count)
{
    if (a_count != b_count)
        return a_count < b_count ? -1 : 1;
    for (uint32_t i = 0; i < a_count; i++) {
        if (a[i].address != b[i].address)
            return a[i].address < b[i].address ? -1 : 1;
        if (a[i].module != b[i].module)
            return a[i].module < b[i].module ? -1 : 1;
    }
    return 0;
}

static int compare_stacks(const struct item *a, const struct item *b)
{
    if (a->site.request != b->site.request)
        return a->site.request < b->site.request ? -1 : 1;
    return merge_sites_compare_stacks(a->frames, a->site.frame_count, b->frames, b->site.frame_count);
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

/* What several firings held at their peaks was never there together: of each group of `repeat` the firing that held
   most speaks for all. */
static int keep_highest_peaks(const struct session *session, struct session_site *sites, size_t count, uint32_t repeat)
{
    uint64_t *peaks = calloc(session->request_count + 1, sizeof *peaks);
    if (peaks == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        peaks[sites[i].request] += sites[i].peak_bytes;
    for (size_t i = 0; i < count; i++) {
        size_t first = sites[i].request / repeat * repeat, highest = first;
        for (size_t j = first; j < first + repeat && j < session->request_count; j++)
            highest = peaks[j] > peaks[highest] ? j : highest;
        sites[i].peak_bytes = sites[i].request == highest ? sites[i].peak_bytes : 0;
    }
    free(peaks);
    return 0;
}

static int add_up(struct session *session, struct session_site *sites, size_t *count, uint32_t repeat)
{
    struct item *items = malloc((*count + 1) * sizeof *items);
    if (items == NULL || keep_highest_peaks(session, sites, *count, repeat) != 0) {
        free(items);
        return -ENOMEM;
    }
    for (size_t i = 0; i < *count; i++) {
        struct session_site site = sites[i];
        site.request /= repeat;
        items[i] = (struct item){.frames = session->frames + site.frame_first, .site = site, .order = i};
    }
    qsort(items, *count, sizeof *items, by_stack);
    size_t kept = 0;
    int code = 0;
    for (size_t i = 0; i < *count; i++) {
        if (kept > 0 && compare_stacks(&items[kept - 1], &items[i]) == 0)
            code = code == 0 ? add(session, &items[kept - 1].site, &items[i].site) : code;
        else
            items[kept++] = items[i];
    }
    qsort(items, kept, sizeof *items, by_order);
    for (size_t i = 0; i < kept; i++)
        sites[i] = items[i].site;
    *count = kept;
    free(items);
    return code;
}

int merge_sites_add_up(struct session *session, uint32_t repeat)
{
    int code = add_up(session, session->sites, &session->site_count, repeat);
    return code != 0 ? code : add_up(session, session->mapped, &session->mapped_count, repeat);
}
