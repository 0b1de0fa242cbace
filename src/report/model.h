/* One window's stacks in terms of functions and lines: what every format that shows stacks is written from, so that all
   of them have the same sums. */

#ifndef REPORT_MODEL_H
#define REPORT_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/session.h"
#include "report/heap-stacks.h"

/* What is known of a stack. "Live" is what was not freed when the last window had ended; of a whole run, at its end. */
enum model_measure {
    MODEL_ALLOC_COUNT,
    MODEL_ALLOC_BYTES,
    MODEL_LIVE_COUNT,
    MODEL_LIVE_BYTES,
    MODEL_PEAK_BYTES,
    MODEL_TEMPORARY_COUNT,
    MODEL_TIME_NS,
    MODEL_MEASURE_COUNT,
};

/* A function of the source, or a piece of code without a name. */
struct model_function {
    const char *name;         /* "ns::find", "libfoo.so+0x1a2b", "(no stack)": never NULL, of any bytes */
    const char *linkage_name; /* "_ZN2ns4findEv", or NULL */
    const char *file;         /* where it is defined, as DWARF names it; NULL when unknown */
    uint32_t line;            /* of its definition; 0 when unknown */
    const char *module;       /* path of the file that its code is in; NULL when unknown */
    enum stacks_rank rank;    /* STACKS_LINE: the program's own */
};

/* A line of a function. */
struct model_frame {
    uint32_t function;
    const char *file; /* of the line: another than the function's for code from an included file; NULL when unknown */
    uint32_t line;    /* 0 when unknown */
    bool inlined;     /* into the frame behind it; its caller's line is then that of the call */
};

/* An address that stacks go through: it may stand for several frames, inlined into each other. */
struct model_address {
    const struct session_frame *place; /* NULL: of a stack without frames */
    uint32_t link_first, link_count;   /* in the model's links, innermost first */
};

/* One stack, the innermost first. What nobody would look at is left out: our own library's frames, and what comes
   before every main function. There is at least one frame. */
struct model_stack {
    uint32_t address_first, address_count; /* in the model's stack_addresses */
    uint64_t measures[MODEL_MEASURE_COUNT];
    const struct session_site *site; /* NULL: it has CPU time only */
};

struct model {
    const struct session *session;
    const struct session_request *request;
    struct model_function *functions;
    size_t function_count;
    struct model_frame *frames;
    size_t frame_count;
    struct model_address *addresses;
    size_t address_count;
    uint32_t *links; /* numbers of frames */
    size_t link_count;
    uint32_t *stack_addresses; /* numbers of addresses */
    size_t stack_address_count;
    struct model_stack *stacks;
    size_t stack_count;
    uint64_t totals[MODEL_MEASURE_COUNT];
    bool has_memory, has_time; /* which measures mean anything: MODEL_TIME_NS, and all others */
    struct stacks *stacks_of;  /* owned */
};

/* Build the model of request number `request`; `session` and `lookup_data` must outlive it. 0 or -ENOMEM. */
int model_build(const struct session *session, uint32_t request, report_lookup_fn *lookup, void *lookup_data,
                struct model *out);
void model_fini(struct model *model);

/* The frames of a stack one by one, innermost first: begin with a zeroed walk; NULL behind the outermost. */
struct model_walk {
    uint32_t address, link;
};
const struct model_frame *model_next(const struct model *model, const struct model_stack *stack,
                                     struct model_walk *walk);

/* How many frames a stack has. */
size_t model_depth(const struct model *model, const struct model_stack *stack);

#endif
