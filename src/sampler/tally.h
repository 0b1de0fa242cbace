/* Samples counted by stack: memory grows with the number of different stacks, not with time. */

#ifndef SAMPLER_TALLY_H
#define SAMPLER_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/session.h"

struct tally_stack {
    uint32_t window;
    size_t frame_first; /* in tally.frames */
    uint32_t frame_count;
    uint64_t sample_count;
    uint64_t hash;
    bool stopped;
};

struct tally {
    struct tally_stack *stacks;
    size_t stack_count, stack_capacity;
    struct session_frame *frames;
    size_t frame_count, frame_capacity;
    size_t *slots; /* of stacks, plus one; 0: free. A power of two of them */
    size_t slot_count;
};

void tally_fini(struct tally *tally);

/* One more sample of this stack in this window. 0; -ENOMEM, also when the tally is as large as it may become. */
int tally_add(struct tally *tally, uint32_t window, const struct session_frame *frames, size_t frame_count,
              bool stopped);

#endif
