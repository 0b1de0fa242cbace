/* The shared libraries that a program needs, as the dynamic loader resolves them, without running the program. */

#ifndef CLI_LOADER_LIST_H
#define CLI_LOADER_LIST_H

#include <stddef.h>

#include "base/err.h"

struct loader_library {
    char *name;
    char *path; /* NULL: not found */
};

struct loader_list {
    struct loader_library *items;
    size_t count, capacity;
};

/* Ask the loader `interpreter` (PT_INTERP) with its --list option about `path`. -errno with a sentence. */
int loader_list_read(const char *interpreter, const char *path, struct loader_list *out, struct err *err);
void loader_list_fini(struct loader_list *list);

#endif
