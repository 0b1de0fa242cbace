/* The files of one request in a snapshot. */

#ifndef CLI_SNAPSHOT_FILES_H
#define CLI_SNAPSHOT_FILES_H

#include "base/err.h"
#include "collector/session.h"
#include "report/report.h"
#include "snapshot/snapshot.h"

/* What all requests of a snapshot have in common. */
struct snapshot_files {
    const struct session *session;
    const struct report_options *options;
    const struct snapshot *snapshot;
    const char *final_path; /* of the snapshot: what its files say of themselves */
    bool lacks_pictures;    /* graphviz could not draw, which was said */
};

/* Write the files of request number `index` into `folder`, and fill `out`, whose strings are snapshot_free's. Returns 0
   or a negative errno with a sentence. */
int snapshot_files_write(struct snapshot_files *files, uint32_t index, const char *folder, struct snapshot_request *out,
                         struct err *err);

/* "GET.root.000738ms": the folder that a request is to have. */
void snapshot_files_add_name(struct text *out, const struct session *session, uint32_t index);

#endif
