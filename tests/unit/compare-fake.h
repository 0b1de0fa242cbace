/* Snapshots made by hand, for the tests of the comparison. */

#ifndef TESTS_UNIT_COMPARE_FAKE_H
#define TESTS_UNIT_COMPARE_FAKE_H

#include <stddef.h>
#include <stdint.h>

#include "report/compare.h"

#define FAKE_MOST 16000 /* addresses, stacks, and a third of all stacks' frames */

/* A request with its stacks, symbols and sources. */
struct fake {
    struct session session;
    struct session_request request;
    struct session_site *sites;
    struct session_frame *frames;
    struct symbols_frame *symbols; /* by address */
    size_t symbol_count;
    const char *paths[8], *texts[8]; /* sources */
    size_t source_count;
    uint64_t times[32];
    struct report_options options;
    struct model model;
    bool is_built;
};

void fake_init(struct fake *fake, const char *method, const char *target);
void fake_fini(struct fake *fake);

/* The text of a file; what it is first said to be holds. */
void fake_source(struct fake *fake, const char *path, const char *text);

/* A line of a function, whose definition is at `defined`; 0: its source is not known. Returns its address. */
uint64_t fake_line(struct fake *fake, const char *function, const char *file, uint32_t defined, uint32_t line);

/* A stack, innermost address first, which allocated `bytes` in one block, of which `live` were kept. Adds to the totals
   of the request as well. */
void fake_stack(struct fake *fake, uint64_t bytes, uint64_t live, size_t count, const uint64_t *addresses);

/* It was fired so often; what was and will be added is the sum. `ns` has the times, or is NULL. */
void fake_repeat(struct fake *fake, uint32_t count, const uint64_t *ns);

/* Where `fake` is the only request. `input` must live as long as the result. */
struct compare_snapshot fake_snapshot(struct fake *fake, const char *name, struct compare_input *input);

/* Its model, built when it is first asked for. */
const struct model *fake_model(struct fake *fake);

#endif
