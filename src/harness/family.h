/* The program's family: its first process and all descendants. We are their subreaper (prctl(2)), so a descendant whose
   parent ends, a daemon for instance, becomes our child, and when we have no child left, none is left of the family. */

#ifndef HARNESS_FAMILY_H
#define HARNESS_FAMILY_H

#include <stdbool.h>

#include "harness/program.h"

/* List the family in `out`, parents before their children. 0 or -ENOMEM. */
int family_list(const struct harness *harness, struct pids *out);

/* Only those whose parent we are: the first process, and descendants that lost theirs. */
int family_roots(const struct harness *harness, struct pids *out);

/* Take over the exit status of each of our children of the family that has ended. */
void family_reap(struct harness *harness);

/* Whether all of it has ended. */
bool family_is_gone(struct harness *harness);

/* Whether a thread of it runs. */
bool family_is_busy(const struct harness *harness);

/* Whether the process is one of it (it still exists, then). */
bool family_has(const struct harness *harness, pid_t pid);

#endif
