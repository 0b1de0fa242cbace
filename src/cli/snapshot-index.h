/* The pages that lead to those of the requests. */

#ifndef CLI_SNAPSHOT_INDEX_H
#define CLI_SNAPSHOT_INDEX_H

#include "base/err.h"
#include "snapshot/snapshot.h"

/* Write index.html of a snapshot that is named `name` into `folder`, where it lies until it is committed. 0 or a
   negative errno with a sentence. */
int snapshot_index_write(const struct snapshot *snapshot, const char *name, const char *folder, struct err *err);

/* Write index.html of all snapshots in `directory`, in place of the last one in one step. Those that cannot be read are
   left out. The same results. */
int snapshot_index_write_all(const char *directory, struct err *err);

#endif
