/* From a sample's registers and the piece of its stack to the frames. */

#ifndef SAMPLER_WALK_H
#define SAMPLER_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/session.h"
#include "sampler/images.h"
#include "sampler/modules.h"

#define WALK_FRAMES 4096 /* at most */

struct walk_start {
    uint32_t pid;
    bool in_kernel; /* on behalf of the instruction at or before `ip` */
    uint64_t ip;
    const uint64_t *registers; /* 16 of them, as DWARF numbers them */
    const uint8_t *stack;      /* what lies at the stack pointer */
    size_t stack_bytes;
};

/* Memory without a file may hold the program's instructions, run from there instead of from their place. Returns the
   place, or `address` itself. `pid` is the process that mapped the memory. */
typedef uint64_t walk_original_fn(uint32_t pid, uint64_t address, void *data);

struct walk {
    struct session_frame frames[WALK_FRAMES]; /* innermost first; modules as modules_find numbers them */
    size_t count;
    bool stopped;              /* outer frames are not known */
    bool begins_in_own;        /* the innermost frame is our library's */
    bool returns_from_handler; /* it is what a signal handler returns through */
    bool has_own_handler;      /* a signal handler of our library is under way */
};

/* Walk. `original` may be NULL. */
void walk_stack(struct images *images, struct modules *modules, const struct walk_start *start,
                walk_original_fn *original, void *data, struct walk *out);

#endif
