/* meta.json: what is known of a snapshot without reading its profiles. */

#ifndef SNAPSHOT_META_H
#define SNAPSHOT_META_H

#include "base/text.h"
#include "snapshot/snapshot.h"

/* The file's text; with a request, that of its own folder, which has all that is said of the snapshot as well. */
void meta_add(struct text *out, const struct snapshot *snapshot, const struct snapshot_request *request);

#endif
