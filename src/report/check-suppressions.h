/* What is not to be reported: files in the syntax of LeakSanitizer (`leak:PATTERN`) and of valgrind (blocks in braces).
 */

#ifndef REPORT_CHECK_SUPPRESSIONS_H
#define REPORT_CHECK_SUPPRESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* One function of a stack. Strings belong to the session and its symbols. */
struct check_frame {
    const char *function;     /* demangled, NULL when unknown */
    const char *linkage_name; /* when it differs */
    const char *file;         /* NULL when unknown */
    uint32_t line;            /* 0 when unknown */
    bool inlined;             /* into the next frame */
    const char *module;       /* path, NULL when the address lies in none */
    uint64_t address;         /* in the module's own terms */
};

struct suppressions;

struct suppressions *suppressions_new(void);
void suppressions_free(struct suppressions *suppressions);

/* Read a file: lines "leak:PATTERN", comments after '#', and valgrind's blocks, of which those that are not for leaks
   are passed over. -EINVAL with "FILE:LINE: what; cure" when it is malformed; -ENOENT and so on when it cannot be read.
 */
int suppressions_read(struct suppressions *suppressions, const char *path, struct err *err);

/* The same from text that is named `path`. */
int suppressions_parse(struct suppressions *suppressions, const char *path, const char *text, struct err *err);

/* Whether a stack, innermost frame first, is not to be reported; the suppression that says so is then used. */
bool suppressions_match(struct suppressions *suppressions, const struct check_frame *frames, size_t count);

/* The first suppression from number *at on that never matched, as "leak:foo (.syseng-mem.supp:3)" in buffers of its
   own; false when there is none. *at is set for the next call. */
bool suppressions_next_unused(const struct suppressions *suppressions, size_t *at, const char **text, const char **path,
                              uint32_t *line);

/* Whether a stack is one of the C and C++ runtime's own caches, which live to the end by design. */
bool suppressions_is_runtime(const struct check_frame *frames, size_t count);

/* LeakSanitizer's patterns: '*' any text, '^' and '$' at the ends fix these, otherwise any part of `text` may match. */
bool suppressions_pattern_matches(const char *pattern, const char *text);

#endif
