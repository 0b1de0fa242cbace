/* What is watched in this session: answers the collector's questions for plans, remembers every answer, and says what
   limits them. */

#ifndef CLI_WATCH_H
#define CLI_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "cli/options.h"
#include "collector/collector.h"
#include "probes/probes.h"

struct watch;

/* `options` must outlive it. NULL when memory is short. */
struct watch *watch_new(const struct options_watch *options);
void watch_free(struct watch *watch);

/* Compute what to stop at in `path` now, before the program starts, so that the answer is ready when it asks. Returns
   what was found, owned by `watch`, or NULL with a sentence. */
const struct probes *watch_look(struct watch *watch, const char *path, struct err *err);

/* A collector_plan_fn; `data` is the watch. */
int watch_plan(const char *path, uint32_t plan_id, void **plan, size_t *plan_bytes,
               struct collector_function **functions, size_t *function_count, void *data);

/* Say what is to be said about the file looked at before the start: debug information, --function that match nothing
   there but nearly do, sources that are newer. */
void watch_warn_before(struct watch *watch, const struct probes *probes);

/* Is there nothing to watch in any file that was looked at, and none was asked for? */
bool watch_is_empty(struct watch *watch);

/* Say what only turned out in the run: notes on libraries, globs that matched nowhere, nothing to watch at all, with
   `functions` that could be ("" when none are known). To be called when no further plan can be asked for. */
void watch_warn_after(struct watch *watch, const char *program, const char *functions);

#endif
