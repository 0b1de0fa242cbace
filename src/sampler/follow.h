/* From the kernel's records to samples by stack. A state machine over bytes: it opens the files that the records name,
   and nothing else. */

#ifndef SAMPLER_FOLLOW_H
#define SAMPLER_FOLLOW_H

#include "sampler/sampler.h"
#include "sampler/tally.h"

/* What became of a window's samples. */
struct follow_counts {
    uint64_t program; /* in the tally */
    uint64_t own;     /* of our library: hooks, line stops */
    uint64_t lost;    /* the kernel had no room for them, or we had no memory */
};

struct follow;

/* NULL when memory is short. */
struct follow *follow_new(const struct sampler_options *options);
void follow_free(struct follow *follow);

/* Samples belong to this window from now on. */
void follow_window(struct follow *follow, uint32_t window);

/* Take in a record. What is none is counted as lost. */
void follow_feed(struct follow *follow, const uint8_t *bytes, size_t size);

/* Of the current window, so far. */
struct follow_counts follow_counts(const struct follow *follow);

/* All stacks. Their frames' modules are numbers for follow_module. */
const struct tally *follow_tally(const struct follow *follow);
uint32_t follow_module_count(const struct follow *follow);
const char *follow_module(const struct follow *follow, uint32_t module);

#endif
