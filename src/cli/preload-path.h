/* Where the libraries are that are preloaded into the program. */

#ifndef CLI_PRELOAD_PATH_H
#define CLI_PRELOAD_PATH_H

#include "base/err.h"

/* The preload library: $SYSENG_MEM_PRELOAD, else the build tree that this executable lies in, else where it is
 *installed. out is malloc'ed and absolute. -ENOENT with a sentence. */
int preload_path_find(char **out, struct err *err);

/* The system's jemalloc, for --allocator=jemalloc. The same way. */
int preload_path_find_jemalloc(char **out, struct err *err);

#endif
