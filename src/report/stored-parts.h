/* What the two halves of reading a session back share: stored.c, which opens files and answers, and stored-session.c,
   which makes a session of JSON. */

#ifndef REPORT_STORED_PARTS_H
#define REPORT_STORED_PARTS_H

#include <jansson.h>

#include "base/err.h"
#include "collector/session.h"
#include "symbols/symbols.h"

/* Line numbers beyond come from damaged debug information: no file has them. */
#define STORED_LINES_MAX 1000000

/* One element of "frames". */
struct stored_place {
    struct session_frame frame;
    struct symbols_frame *chain;
    size_t chain_count;
};

struct stored {
    json_t *root; /* holds the strings of `places` and the sources */
    struct session *session;
    struct stored_place *places;
    size_t place_count;
    uint32_t *slots; /* number of a place + 1 by hash of its frame */
    size_t slot_count;
};

struct stored_reader {
    struct stored *stored;
    const char *path;
    struct err *err;
    size_t frame_room, site_room, mapped_room, time_room;
};

/* Errors with a sentence: -EINVAL, -ENOMEM. */
int stored_refuse(const struct stored_reader *reader, const char *what);
int stored_run_out(const struct stored_reader *reader);

/* Fill the session and the places from the root. 0, -EINVAL or -ENOMEM with a sentence. */
int stored_read_session(struct stored_reader *reader);

/* The module of that path; SESSION_NO_MODULE when there is none. */
uint64_t stored_find_module(const struct session *session, const char *path);

/* Where in the slots the search for a frame begins. */
static inline size_t stored_home(const struct stored *stored, const struct session_frame *frame)
{
    uint64_t hash = (frame->address ^ (uint64_t)frame->module << 48) * UINT64_C(0x9E3779B97F4A7C15);
    return (size_t)(hash >> 20) & (stored->slot_count - 1);
}

static inline uint32_t stored_line(uint64_t value)
{
    return value <= STORED_LINES_MAX ? (uint32_t)value : 0;
}

#endif
