/* The stored profiles that a word of the command line means: those of a snapshot, or one request's. */

#ifndef CLI_STORED_PROFILES_H
#define CLI_STORED_PROFILES_H

#include <stddef.h>

#include "base/err.h"
#include "snapshot/snapshot.h"

struct stored_profiles {
    struct snapshot *snapshot; /* NULL: only a profile was named */
    char *path;                /* of the folder */
    char **folders;            /* of the requests */
    char **files;              /* the profiles in them */
    size_t count;
};

/* Find them below `directory` as snapshot_resolve does; a folder with a profile is a request's. A negative errno with a
   sentence; -ENOMEM is our own failure, all others are the user's. */
int stored_profiles_find(const char *directory, const char *word, struct stored_profiles *out, struct err *err);
void stored_profiles_fini(struct stored_profiles *profiles);

#endif
