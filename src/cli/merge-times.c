/* As for sites: sorted by window and stack, what belongs together is side by side. */

#include "cli/merge-times.h"

#include <errno.h>
#include <stdlib.h>

#include "cli/merge-sites.h"

struct item {
    const struct session_frame *frames;
    struct session_time time;
};

void merge_times_drop(struct session *session, uint32_t index)
{
    size_t kept = 0;
    for (size_t i = 0; i < session->time_count; i++) {
        struct session_time time = session->times[i];
        if (time.request == index)
            continue;
        time.request -= time.request > index;
        session->times[kept++] = time;
    }
    session->time_count = kept;
}

static int by_window_and_stack(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->time.request != y->time.request)
        return x->time.request < y->time.request ? -1 : 1;
    if (x->time.stopped != y->time.stopped)
        return x->time.stopped ? 1 : -1;
    return merge_sites_compare_stacks(x->frames, x->time.frame_count, y->frames, y->time.frame_count);
}

int merge_times_add_up(struct session *session, uint32_t repeat)
{
    struct item *items = malloc((session->time_count + 1) * sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < session->time_count; i++) {
        items[i] = (struct item){.frames = session->frames + session->times[i].frame_first, .time = session->times[i]};
        items[i].time.request /= repeat;
    }
    qsort(items, session->time_count, sizeof *items, by_window_and_stack);
    size_t kept = 0;
    for (size_t i = 0; i < session->time_count; i++) {
        if (i == 0 || by_window_and_stack(&items[i - 1], &items[i]) != 0) {
            session->times[kept++] = items[i].time;
            continue;
        }
        session->times[kept - 1].sample_count += items[i].time.sample_count;
        session->times[kept - 1].ns += items[i].time.ns;
    }
    session->time_count = kept;
    free(items);
    return 0;
}
