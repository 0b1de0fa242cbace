/* The session that tests of the formats write: names that need care, inlined calls, recursion, code from an included
   file, code without a name or a module, a leak of 16 bytes beside 500 MiB that come and go. */

#ifndef TESTS_UNIT_FORMATS_SESSION_H
#define TESTS_UNIT_FORMATS_SESSION_H

#include "collector/session.h"
#include "symbols/symbols.h"

enum formats_request {
    FORMATS_MEMORY, /* GET /memory: all of the above */
    FORMATS_EMPTY,  /* GET /: nothing happened */
    FORMATS_REQUEST_COUNT,
};

/* A copy that may be changed; what it points to is shared. */
struct session formats_session(void);

/* The same allocations as one whole run, with the heap over time. */
struct session formats_run(void);

/* A report_lookup_fn for it. */
size_t formats_look_up(void *data, const char *path, uint64_t address, bool wants_lines, struct symbols_frame *out,
                       size_t max);

#endif
