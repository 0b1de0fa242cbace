/* The lines of the source that a JSON report refers to, so that it can be shown on another machine: of each function
   the whole block, of functions that stacks go through too, as far as they are the program's own. */

#ifndef REPORT_JSON_SOURCES_H
#define REPORT_JSON_SOURCES_H

#include "collector/session.h"
#include "report/heap-stacks.h"
#include "report/json-build.h"
#include "report/source.h"

struct json_sources;

/* Collect what the session's functions and the frames that `stacks` has resolved so far refer to. All must outlive it.
   NULL when memory is out. */
struct json_sources *json_sources_new(const struct session *session, const struct stacks *stacks,
                                      struct source_cache *cache);
void json_sources_free(struct json_sources *sources);

/* A build_next_fn's element: one file with its lines; files that cannot be read are left out. */
json_t *json_sources_next(struct json_sources *sources, struct json_build *build, size_t *position);

#endif
