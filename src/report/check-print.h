/* What the formats of `check` have in common: words for a finding, places in the repository, strings of any bytes. */

#ifndef REPORT_CHECK_PRINT_H
#define REPORT_CHECK_PRINT_H

#include "base/text.h"
#include "report/check.h"

/* The identity of a kind of finding: "leak/growing", "leak/still-live", "leak/kept", "limit/peak", "failed". */
const char *check_rule(const struct check_finding *finding);

/* "16 B in 1 block per request, 10 of 10 repeats", "peak 516.0 KiB > 500.0 KiB (.syseng-mem.conf:7)",
   "answered 404, which is not the status expected" */
void check_add_what(struct text *out, const struct check_result *result, const struct check_finding *finding);

/* Do other lost blocks lead to all of these? */
bool check_is_indirect(const struct check_finding *finding);

/* "LEAK", "LIMIT", "FAIL" */
const char *check_kind_name(enum check_kind kind);

/* The function that a leak is blamed on, or NULL. */
const char *check_blamed_function(const struct check_finding *finding);

/* "leak:header_dup": the line that suppresses the finding. False when nothing in the stack has a name. */
bool check_add_suppression(struct text *out, const struct check_finding *finding);

/* The last part of a path; "?" for none. */
const char *check_base_name(const char *path);

/* Is it a frame that every program or thread begins with, below main? Such frames at a stack's end tell nothing. */
size_t check_shown_frames(const struct check_finding *finding);

/* Where the finding is in the source: its blamed line, or the line of its limit. False when there is no such place. */
struct check_place {
    const char *file;
    uint32_t line;
};
bool check_find_place(const struct check_finding *finding, struct check_place *out);

/* A file as tools of a repository name it: relative to the directory that holds .git, upwards from the current one,
   else to the current one; absolute when it lies elsewhere. With slashes, without "." and "..". */
void check_add_path(struct text *out, const char *path);
/* The same as a URI reference (RFC 3986): "src/a%20b.c", "file:///usr/include/x.h". */
void check_add_uri(struct text *out, const char *path);

/* A frame's function, or "MODULE+0xADDRESS"; its place: "src/app.c:20", or the module's name. */
void check_add_function(struct text *out, const struct check_frame *frame);
void check_add_frame_place(struct text *out, const struct check_frame *frame);

/* Stack as lines "#0 strdup  libc.so.6", for formats that take plain text. */
void check_add_stack(struct text *out, const struct check_finding *finding);

/* Write the whole text. */
int check_write(struct text *text, FILE *out, struct err *err);

/* Give every finding its fingerprint: 16 hexadecimal digits from the rule, the request and the chain of functions, so
   that it stays the same when lines move; several of one chain are told apart by their order. Returns 0 or -ENOMEM. */
int check_fingerprint_all(struct check_result *result);

#endif
