/* The plans of this session: what each file's line stops are, computed once per file and served to every process. */

#ifndef COLLECTOR_PLANS_H
#define COLLECTOR_PLANS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "collector/collector.h"
#include "collector/lines.h"
#include "collector/memory.h"

struct plans;

struct plans *plans_new(struct memory *memory, struct lines *lines, collector_plan_fn *make, void *data);
void plans_free(struct plans *plans);

/* Call `visit` for each sound entry of a process's list of modules, in order. `path` is ended and lives until it
 * returns. */
typedef void plans_module_fn(const char *path, const struct wire_module *module, void *data);
void plans_visit_modules(struct wire_modules *modules, plans_module_fn *visit, void *data);

/* Answer what process `pid` asks in its list of modules. Returns whether there was a question. */
bool plans_answer(struct plans *plans, pid_t pid, struct wire_modules *modules);

/* How many questions were not answered because there were too many files. */
uint64_t plans_refused(const struct plans *plans);

/* The plan at this offset of the session, or NULL. */
const struct wire_plan *plans_at(const struct plans *plans, uint64_t offset);

/* What is known of site number `site` of plan `plan_id`; false when the record that names it is nonsense. */
bool plans_site(const struct plans *plans, uint32_t plan_id, uint32_t site, struct lines_site *out);

#endif
