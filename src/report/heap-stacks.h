/* The frames of a session's stacks in terms of the source, looked up when they are first asked for, and which of them a
   stack's memory is blamed on. */

#ifndef REPORT_HEAP_STACKS_H
#define REPORT_HEAP_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "collector/session.h"
#include "report/report.h"

struct stacks;

/* `session` and `lookup_data` must outlive it. `lookup` may be NULL: no frame then has a name. NULL when memory is
   out. */
struct stacks *stacks_new(const struct session *session, report_lookup_fn *lookup, void *lookup_data);
void stacks_free(struct stacks *stacks);

/* What one address stands for: the function whose code it is last, before it those inlined there, innermost first. At
   least one, with a NULL function when nothing is known. NULL when memory is out. Valid until stacks_free. */
struct stacks_chain {
    const struct symbols_frame *items;
    size_t count;
    uint32_t number; /* of the address: 0, 1, ... in the order in which they were resolved */
};
const struct stacks_chain *stacks_resolve(struct stacks *stacks, const struct session_frame *frame);

/* Look up in advance what will be asked for: of each site's stack the innermost address in the program itself, or all.
   In the order of the addresses, so that each part of the debug information is read once. Numbers none. 0 or -ENOMEM.
 */
int stacks_look_ahead(struct stacks *stacks, bool all);

/* The addresses that were resolved so far. */
size_t stacks_count(const struct stacks *stacks);
const struct stacks_chain *stacks_numbered(const struct stacks *stacks, uint32_t number, struct session_frame *frame);

/* Where a site's stack begins for the reader: frames of the preload library at the inner end are left out. */
uint32_t stacks_inner(const struct stacks *stacks, const struct session_site *site);

/* Where it ends: what comes before every main function and every thread's is left out, unless there is nothing else. */
uint32_t stacks_outer(struct stacks *stacks, const struct session_site *site);

/* How good a frame is as the one to blame, best last. */
enum stacks_rank {
    STACKS_NOTHING, /* an address */
    STACKS_RUNTIME, /* a function of the C library or the C++ runtime */
    STACKS_LIBRARY, /* a function of a system's library, or of a system's header */
    STACKS_NAMED,   /* a function of the program, its line unknown */
    STACKS_LINE,    /* a line of the program's own sources */
};

enum stacks_rank stacks_rank(const struct stacks *stacks, const struct session_frame *frame,
                             const struct symbols_frame *symbol);

struct stacks_blame {
    enum stacks_rank rank;
    uint32_t depth;                    /* of the frame in the stack, 0 innermost */
    uint32_t link;                     /* index in its chain */
    const struct session_frame *frame; /* NULL for an empty stack */
    const char *function, *file;       /* may be NULL */
    uint32_t line;                     /* 0 when unknown */
};

/* The first frame of the best rank that the stack has; of a stack without any name in the program itself, what the
   program called there, or its innermost frame. Returns 0 or -ENOMEM. */
int stacks_find_blame(struct stacks *stacks, const struct session_site *site, struct stacks_blame *out);

/* "libfoo.so.1+0x1a2b": what is shown of a frame without a name. */
void stacks_add_address(struct text *out, const struct session *session, const struct session_frame *frame);

/* The same as a string that belongs to `stacks`; NULL when memory is out. */
const char *stacks_address_name(struct stacks *stacks, const struct session_frame *frame);

/* "libfoo.so.1": the last part of the module's path, "?" when the address lies in none. */
const char *stacks_module_name(const struct session *session, const struct session_frame *frame);

/* "src/app.c:17", or only the module's name when the source is unknown. */
void stacks_add_place(struct text *out, const struct session *session, const struct session_frame *frame,
                      const char *file, uint32_t line);

#endif
