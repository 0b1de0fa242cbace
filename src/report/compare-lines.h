/* Which line of a function's new text is which of its old one. */

#ifndef REPORT_COMPARE_LINES_H
#define REPORT_COMPARE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "report/source.h"

/* Lines of a source file, both included; `last` is `first` - 1 when there are none. */
struct compare_span {
    const struct source *source;
    uint32_t first, last;
};

static inline size_t compare_span_count(const struct compare_span *span)
{
    return span->last + (size_t)1 - span->first;
}

/* Pair the lines of two texts, in order: the same lines first of all, then such as were changed a little. Blanks at
   both ends of a line do not count. `partners[i]` becomes the index of the new line, plus 1, of old line `i`; 0: it has
   none. 0; -ENOMEM; -E2BIG when the parts that differ are too long to be compared. */
int compare_lines_pair(const struct compare_span *old, const struct compare_span *new, uint32_t *partners);

/* Are two texts versions of one: does at least half of the shorter have partners, braces and blank lines not counted?
   The same results. */
int compare_lines_are_alike(const struct compare_span *old, const struct compare_span *new, bool *out);

#endif
