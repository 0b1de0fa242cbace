/* The same tree of sources in two places: which directories to leave out so that its files have the same names. */

#ifndef REPORT_COMPARE_PATHS_H
#define REPORT_COMPARE_PATHS_H

#include <stddef.h>

/* How many bytes of paths[0] and of paths[1] lead to the trees. */
struct compare_roots {
    const char *paths[2];
    size_t lengths[2];
};

/* Pairs of an old and a new path that have the longest end in common say where the trees may lie: "/a/src/app.c" and
   "/b/src/app.c" at "/a/" and "/b/". Of these that under which most files are the same; none, when as many are the same
   without. The lists are sorted anew. 0 or -ENOMEM. */
int compare_paths_find(const char **paths[2], const size_t counts[2], struct compare_roots *out);

/* `path` without its root; as it is when it is not below that. */
const char *compare_paths_strip(const struct compare_roots *roots, int side, const char *path);

#endif
