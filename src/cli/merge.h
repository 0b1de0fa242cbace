/* Adds up the windows of a repeated request. */

#ifndef CLI_MERGE_H
#define CLI_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "collector/session.h"

/* Make one request of every `repeat` consecutive ones, in place; the last group may be shorter, when the program ended
   early. Occurrences, calls, changes, bytes, counts and time add up; memory in use and peaks are the highest; the
   resident set goes from the first window's start to the last one's end; the status is that of the first firing that
   failed, else of the last. Ordinals are numbered anew. -ENOMEM leaves the session as it was or partly merged, always
   valid. */
int merge_repeats(struct session *session, uint32_t repeat, struct err *err);

/* Take window number `index`, from 0, out of the session: what happened in it does not count. */
void merge_drop(struct session *session, size_t index);

#endif
