/* Notes of a plan: what the user should know, though nothing failed. */

#ifndef PROBES_NOTES_H
#define PROBES_NOTES_H

#include <stddef.h>

#include "probes/globs.h"
#include "probes/probes.h"

/* Append a note; the texts are copied, `detail` may be NULL. 0 or -ENOMEM. */
int notes_add(struct probes *probes, enum probes_note_kind kind, const char *subject, const char *detail);
int notes_add_count(struct probes *probes, enum probes_note_kind kind, const char *subject, size_t count);

/* One note for each glob that matched no function. */
int notes_unmatched_globs(struct probes *probes, const struct globs *globs);

#endif
