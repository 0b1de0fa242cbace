/* A stored profile read back, ready for reports and comparisons. */

#ifndef FUZZ_PROFILE_H
#define FUZZ_PROFILE_H

#include <stdbool.h>

#include "report/compare.h"
#include "report/stored.h"

struct fuzz_profile {
    struct stored *stored;
    struct report_options options;
    struct report_origin origin;
    struct model model; /* of the first request */
};

/* False when it is refused: there is nothing to free then. */
bool fuzz_profile_read(struct fuzz_profile *profile, const char *path);
void fuzz_profile_fini(struct fuzz_profile *profile);

/* A golden file, which has to be readable. */
void fuzz_profile_read_golden(struct fuzz_profile *profile, const char *name);

/* Compare two, the old one first. */
void fuzz_profile_compare(const struct fuzz_profile *old, const struct fuzz_profile *new,
                          struct compare_input inputs[COMPARE_SIDES], struct compare_result *out);

#endif
