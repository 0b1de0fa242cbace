/* One request of a session, as a session. */

#include "collector/session.h"

#include <errno.h>
#include <stdlib.h>

static int slice_sites(const struct session_site *sites, size_t count, uint32_t index, struct session_site **out,
                       size_t *out_count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        kept += sites[i].request == index;
    *out = malloc((kept + 1) * sizeof **out);
    *out_count = 0;
    if (*out == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        if (sites[i].request != index)
            continue;
        (*out)[*out_count] = sites[i];
        (*out)[(*out_count)++].request = 0;
    }
    return 0;
}

static int slice_times(const struct session *session, uint32_t index, struct session *out)
{
    out->time_count = 0;
    out->times = malloc((session->time_count + 1) * sizeof *out->times);
    if (out->times == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < session->time_count; i++) {
        if (session->times[i].request != index)
            continue;
        out->times[out->time_count] = session->times[i];
        out->times[out->time_count++].request = 0;
    }
    return 0;
}

int session_slice(const struct session *session, uint32_t index, struct session *out)
{
    *out = *session;
    out->requests = &session->requests[index];
    out->request_count = 1;
    out->sites = out->mapped = NULL;
    out->times = NULL;
    if (slice_sites(session->sites, session->site_count, index, &out->sites, &out->site_count) == 0 &&
        slice_sites(session->mapped, session->mapped_count, index, &out->mapped, &out->mapped_count) == 0 &&
        slice_times(session, index, out) == 0)
        return 0;
    session_slice_fini(out);
    return -ENOMEM;
}

void session_slice_fini(struct session *slice)
{
    free(slice->sites);
    free(slice->mapped);
    free(slice->times);
    slice->sites = slice->mapped = NULL;
    slice->times = NULL;
}
