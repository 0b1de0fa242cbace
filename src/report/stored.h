/* A session that was written as JSON (report_json) and is read back, on any machine: names and source lines come from
   the file itself. */

#ifndef REPORT_STORED_H
#define REPORT_STORED_H

#include "base/err.h"
#include "collector/session.h"
#include "report/report.h"

struct stored;

/* Read what report_json wrote: plain, or compressed with gzip. -EINVAL when the file is none, or of a version that is
   not known; else a negative errno. The sentence begins with the path. What is missing in it stays 0 or unknown; what
   cannot be true is refused. */
int stored_read(const char *path, struct stored **out, struct err *err);
void stored_free(struct stored *stored);

/* Belongs to `stored`. */
const struct session *stored_session(const struct stored *stored);

/* Let a report take its names and sources from `stored`, which must outlive it. */
void stored_serve(struct stored *stored, struct report_options *options);

#endif
