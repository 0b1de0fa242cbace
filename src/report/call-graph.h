/* Who called whom, and what came of it: a model's stacks added up by function and by call. */

#ifndef REPORT_CALL_GRAPH_H
#define REPORT_CALL_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "report/model.h"

struct call_node {
    uint64_t own[MODEL_MEASURE_COUNT];   /* of stacks whose innermost frame is in the function */
    uint64_t total[MODEL_MEASURE_COUNT]; /* of stacks that it is in, each once however often it is in there */
    uint64_t blamed_bytes, blamed_count; /* live memory that is blamed on the function */
};

/* The place that stacks begin at. */
#define CALL_GRAPH_ROOT UINT32_MAX

struct call_edge {
    uint32_t place;                         /* of the call: what call_graph_build was asked for, or CALL_GRAPH_ROOT */
    uint32_t callee;                        /* a function */
    uint64_t measures[MODEL_MEASURE_COUNT]; /* of the stacks with this call, each once */
    /* The same, of those stacks only in which the callee stands here for the first time, seen from the root: the sum
       over all calls of a function is then its total, with recursion as well. */
    uint64_t entering[MODEL_MEASURE_COUNT];
    uint32_t last_stack; /* that was added, plus one */
};

enum call_graph_places {
    CALL_GRAPH_FUNCTIONS, /* a call's place is the number of the calling function */
    CALL_GRAPH_LINES,     /* the number of a frame, the same for all frames on one line of one function */
};

struct call_graph {
    struct call_node *nodes; /* by the function's number in the model */
    uint32_t *places;        /* by the frame's number */
    struct call_edge *edges;
    size_t edge_count, edge_room;
    uint32_t *slots; /* edges by hash: number plus one */
    size_t slot_count;
};

/* Add up all stacks. 0 or -ENOMEM. */
int call_graph_build(const struct model *model, enum call_graph_places places, struct call_graph *out);
void call_graph_fini(struct call_graph *graph);

/* The edge of a call; NULL when no stack has it. */
struct call_edge *call_graph_find(const struct call_graph *graph, uint32_t place, uint32_t callee);

#endif
