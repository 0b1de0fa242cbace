/* For test programs that run under the preload library: a look at their own process's place in the session. */

#ifndef TARGETS_SESSION_VIEW_H
#define TARGETS_SESSION_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sums over all threads; all 0 for a process without a place. */
struct view_sums {
    uint64_t alloc_bytes, alloc_count, free_bytes, free_count;
    uint64_t mapped_bytes, mapped_count, unmapped_bytes, unmapped_count;
    uint64_t slots, takeovers;
    int64_t live_bytes, peak_bytes;
    uint64_t own_bytes;
    uint32_t serial;
};

/* Returns false in a plain run. The mapping is made by system calls of its own, so that it is not counted. */
bool view_open(void);
struct view_sums view_sum(void);

#ifdef __cplusplus
}
#endif

#endif
