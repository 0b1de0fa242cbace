/* A stack that allocated in several windows is several sites: here it counts once. */

#include "report/stack-ends.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/text.h"
#include "report/report.h"

struct stack {
    const struct session_frame *frames;
    const struct session_site *site;
};

static int compare(const void *left, const void *right)
{
    const struct stack *a = left, *b = right;
    if (a->site->frame_count != b->site->frame_count)
        return a->site->frame_count < b->site->frame_count ? -1 : 1;
    for (uint32_t i = 0; i < a->site->frame_count; i++) {
        if (a->frames[i].address != b->frames[i].address)
            return a->frames[i].address < b->frames[i].address ? -1 : 1;
        if (a->frames[i].module != b->frames[i].module)
            return a->frames[i].module < b->frames[i].module ? -1 : 1;
    }
    return 0;
}

static bool are_whole(const struct session *session)
{
    for (size_t i = 0; i < session->site_count; i++)
        if (session->sites[i].cut || session->sites[i].stopped)
            return false;
    return true;
}

int stack_ends_count(const struct session *session, struct stack_ends *out)
{
    *out = (struct stack_ends){0};
    if (are_whole(session))
        return 0;
    struct stack *stacks = malloc(session->site_count * sizeof *stacks);
    if (stacks == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < session->site_count; i++)
        stacks[i] =
            (struct stack){.frames = session->frames + session->sites[i].frame_first, .site = &session->sites[i]};
    qsort(stacks, session->site_count, sizeof *stacks, compare);
    for (size_t i = 0, next; i < session->site_count; i = next) {
        bool cut = false, stopped = false;
        for (next = i; next < session->site_count && compare(&stacks[i], &stacks[next]) == 0; next++) {
            cut |= stacks[next].site->cut;
            stopped |= stacks[next].site->stopped;
        }
        out->stacks++;
        out->cut += cut;
        out->stopped += stopped;
    }
    free(stacks);
    return 0;
}

int report_stack_ends(const struct session *session, report_emit_fn *emit, void *data)
{
    struct stack_ends ends;
    struct text line = TEXT_EMPTY;
    if (stack_ends_count(session, &ends) != 0)
        return -ENOMEM;
    if (ends.cut > 0) {
        text_addf(&line, "%zu of %zu stacks are cut", ends.cut, ends.stacks);
        if (session->depth > 0)
            text_addf(&line, " at --depth %" PRIu32 ": frames further out are left out", session->depth);
        else
            text_add(&line, ": they are deeper than can be recorded, and frames further out are left out");
        emit(text_get(&line), data);
        text_clear(&line);
    }
    if (ends.stopped > 0) {
        text_addf(&line,
                  "%zu of %zu stacks end early: their outermost frame was called by code without unwind information, "
                  "generated at run time or written in assembly",
                  ends.stopped, ends.stacks);
        emit(text_get(&line), data);
        text_clear(&line);
    }
    if (session->guessed_frames > 0) {
        text_addf(&line,
                  "frames beyond code without unwind information were found by the frame pointer, at least %" PRIu64
                  " times: such a frame may be wrong",
                  session->guessed_frames);
        emit(text_get(&line), data);
    }
    text_fini(&line);
    return 0;
}
