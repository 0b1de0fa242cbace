/* What the formats of a comparison have in common: words for figures and changes, and what is worth showing. */

#ifndef REPORT_COMPARE_PRINT_H
#define REPORT_COMPARE_PRINT_H

#include "base/text.h"
#include "report/compare.h"

/* "old", "new" */
extern const char *const compare_side_names[COMPARE_SIDES];

/* Rows of a table about requests. */
enum compare_cell {
    COMPARE_CELL_REQUEST,
    COMPARE_CELL_METRIC,
    COMPARE_CELL_OLD,
    COMPARE_CELL_NEW,
    COMPARE_CELL_CHANGE,
    COMPARE_CELL_PERCENT,
    COMPARE_CELL_REMARK,
    COMPARE_CELL_COUNT
};

struct compare_row {
    struct text cells[COMPARE_CELL_COUNT];
    int sign;      /* 1: more than before, -1: less */
    bool is_worse; /* than a limit allows */
};

struct compare_rows {
    struct compare_row *items;
    size_t count, room;
};

/* The rows of one request, behind those that are there. A request that did not change has one without figures. 0 or
   -ENOMEM. */
int compare_add_rows(const struct compare_request *request, const struct compare_limits *limits,
                     struct compare_rows *rows);
void compare_rows_fini(struct compare_rows *rows);

/* Did nothing change, as far as it is known? */
bool compare_is_unchanged(const struct compare_request *request);

/* Lists of lines, each by one figure. */
struct compare_list {
    bool is_watched;            /* lines of the line report, by the heap */
    enum model_measure measure; /* of all others */
    const char *title;
    bool is_fallback; /* shown only when the lists before have nothing */
};
extern const struct compare_list compare_lists[];
extern const size_t compare_list_count;

/* Lines of all requests in the order of what changed most; those that did not change are left out. Where several
   requests have the same line, that with the largest change speaks for it. */
struct compare_top {
    const struct compare_request *request;
    const struct compare_place *place;
    struct compare_pair pair;
    size_t others; /* requests in which it changed too */
};

/* 0 or -ENOMEM; *out is the caller's to free. */
int compare_top_lines(const struct compare_result *result, const struct compare_list *list, struct compare_top **out,
                      size_t *count);

/* The same for what is to be shown: nothing of a fallback when *shown, the number of lines shown so far, is not 0. */
int compare_next_list(const struct compare_result *result, const struct compare_list *list, size_t *shown,
                      struct compare_top **out, size_t *count);

/* Functions of the program that allocate on one side only, in the requests that both have: those that allocated most
   first. 0 or -ENOMEM; *out is the caller's to free. */
int compare_only_functions(const struct compare_result *result, int side, const struct compare_function ***out,
                           size_t *count);

/* A figure per firing: "516.0 KiB", "3", and where it is no whole number the sum too: "3.5 (35/10)". */
void compare_add_number(struct text *out, const struct compare_number *number, bool is_bytes);

/* "+256.2 KiB", "-3", "+0.50" */
void compare_add_change(struct text *out, const struct compare_pair *pair, bool is_bytes);

/* A file of a side, below the directory where its tree lies; else as all reports have it. Nothing for NULL. */
void compare_add_file(struct text *out, const struct compare_result *result, int side, const char *file);

/* "src/app.c:12": where the line is on the new side, or the old one when it is only there. */
void compare_add_place(struct text *out, const struct compare_result *result, const struct compare_place *place);
void compare_add_function_place(struct text *out, const struct compare_result *result,
                                const struct compare_function *function, int side);

/* The text of a line on one side, without blanks at its ends, cut at `most` bytes; nothing when there is none. */
void compare_add_text(struct text *out, const struct compare_result *result, const struct compare_request *request,
                      const struct compare_place *place, int side, size_t most);

/* "line only in new", "was src/old.c:10", "in 3 requests": what is to be said of a line; may be nothing. */
void compare_add_remarks(struct text *out, const struct compare_result *result, const struct compare_top *top);

/* "2026-11-22_18:20:37  d2c91aa  reuse header buffer" in three parts. */
void compare_add_commit(struct text *out, const struct compare_snapshot *snapshot);

/* What is to be known about the whole comparison, a sentence each. */
void compare_add_notes(const struct compare_result *result, report_emit_fn *emit, void *data);

/* "worse: GET /memory peak +49.6 % (limit +10 %), not freed +176 B (limit 0)", or that nothing is, and by which limits.
 */
void compare_add_verdict(struct text *out, const struct compare_result *result, const struct compare_limits *limits);

/* The two folders whose profiles are worth comparing further: of the request that changed most. NULL when none are
   known. */
const struct compare_request *compare_find_folders(const struct compare_result *result);

#endif
