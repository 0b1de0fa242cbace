/* Sampling: of the allocations, one in so many bytes is told, and its free. */

#ifndef PRELOAD_SAMPLES_H
#define PRELOAD_SAMPLES_H

#include "preload/guest.h"

/* A thread's place in the bytes that it allocates. */
struct samples {
    int64_t left; /* bytes until the next sample */
    uint64_t random;
};

/* Begin a thread's, and map what keeps track of sampled blocks if that has not been done. Returns false when there is no
   memory. */
GUEST_HIDDEN bool samples_begin(struct samples *samples);

/* The slow half of samples_take. Returns false also when there is no place for the block any more. */
GUEST_HIDDEN bool samples_keep(struct samples *samples, const void *block);

/* Whether the allocation of `block` is told. A Poisson process over the bytes, so that each is sampled with the probability
   1 - exp(-bytes / mean), whatever came before. */
static inline bool samples_take(struct samples *samples, const void *block, uint64_t bytes)
{
    samples->left -= (int64_t)(bytes > 0 ? bytes : 1);
    return __builtin_expect(samples->left <= 0, 0) && samples_keep(samples, block);
}

/* Whether `block` is a sampled one; it is not any more. */
GUEST_HIDDEN bool samples_drop(const void *block);

/* It is again: its free did not happen. Returns false when its place has been taken meanwhile. */
GUEST_HIDDEN bool samples_return(const void *block);

#endif
