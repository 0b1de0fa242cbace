/* What the parts of a comparison hand each other. */

#ifndef REPORT_COMPARE_WORK_H
#define REPORT_COMPARE_WORK_H

#include "report/compare.h"
#include "report/compare-paths.h"
#include "report/source.h"

/* A part of a function's text on both sides: its own block, or what it has from an included file. */
struct compare_part {
    uint32_t function;
    const char *file; /* without the roots; NULL: the one where the function is defined */
    struct {
        const char *file; /* NULL: not on this side */
        uint32_t first, last;
    } sides[COMPARE_SIDES];
    bool is_paired, by_offset;         /* by_offset: without text */
    uint32_t *partners[COMPARE_SIDES]; /* by the distance from `first`: the other side's line, or 0 */
};

struct compare_work {
    struct compare_roots roots;
    struct model_function **watched[COMPARE_SIDES]; /* by input: the request's functions, as a model has them */
    /* By input, by the model's function and, behind those, by the request's: index in the result's functions. */
    uint32_t **functions[COMPARE_SIDES];
    struct source_cache *sources[COMPARE_SIDES]; /* by input */
    struct compare_part *parts;                  /* ascending (function, file) */
    size_t part_count;
};

/* Find out which functions are the same. 0 or -ENOMEM. */
int compare_match_functions(struct compare_result *result);

/* Fill in a request's lines, and its stacks. The same results. */
int compare_match_lines(struct compare_result *result, struct compare_request *request);
int compare_match_stacks(struct compare_result *result, struct compare_request *request);

int compare_match_watched(struct compare_result *result, struct compare_request *request);

/* Where a line is on both sides. 0 or -ENOMEM. */
int compare_locate(struct compare_result *result, int side, uint32_t function, const char *file, uint32_t line,
                   struct compare_place *out);

/* In the order of functions, files and lines: -1, 0, 1. */
int compare_places(const struct compare_place *a, const struct compare_place *b);

/* How often a request was fired. */
uint32_t compare_firings(const struct compare_input *input);

/* The number of the function of a frame of an input's model. */
uint32_t compare_function_of(const struct compare_result *result, int side, const struct compare_input *input,
                             const struct model_frame *frame);

/* The number of function `index` of an input's request. */
uint32_t compare_watched_of(const struct compare_result *result, int side, const struct compare_input *input,
                            size_t index);

/* The part in which a line of a function lies, or NULL. */
struct compare_part *compare_find_part(const struct compare_result *result, int side, uint32_t function,
                                       const char *file);

/* Negative, 0, positive as -1, 0, 1 of strcmp; NULL comes first. */
int compare_texts(const char *a, const char *b);

/* New minus old, times the firings of both sides: comparable among pairs of the same request. */
__extension__ typedef __int128 compare_wide;
compare_wide compare_difference(const struct compare_pair *pair);

/* The source of a file of a side, as `input` has it. Valid until the next call. */
const struct source *compare_source(const struct compare_result *result, int side, const struct compare_input *input,
                                    const char *file);

#endif
