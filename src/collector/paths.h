/* Stacks as a tree: what a path of return addresses, named by its hash, is made of. */

#ifndef COLLECTOR_PATHS_H
#define COLLECTOR_PATHS_H

#include <stddef.h>
#include <stdint.h>

struct path {
    uint64_t path; /* 0: free slot */
    uint64_t parent;
    uint64_t address; /* return address */
};

struct paths {
    struct path *slots;
    size_t slot_count, count;
};

void paths_fini(struct paths *paths);

/* Say that `path` is its parent's path and one address more. Known paths are left alone. Returns 0 or -ENOMEM. */
int paths_add(struct paths *paths, uint64_t path, uint64_t parent, uint64_t address);

/* NULL when nothing was said about the path. */
const struct path *paths_find(const struct paths *paths, uint64_t path);

#endif
