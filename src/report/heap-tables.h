/* Allocation sites grouped by the line they are blamed on, and put in order. */

#ifndef REPORT_HEAP_TABLES_H
#define REPORT_HEAP_TABLES_H

#include <stddef.h>
#include <stdint.h>

#include "collector/session.h"
#include "report/heap-stacks.h"

enum tables_order {
    TABLES_BY_PEAK,
    TABLES_BY_ALLOCATED,
    TABLES_BY_TEMPORARY,
    TABLES_BY_LIVE,
    TABLES_ORDER_COUNT,
};

/* What sites did, added up. */
struct tables_sum {
    uint64_t alloc_bytes, alloc_count;
    uint64_t live_bytes, live_count;
    uint64_t peak_bytes;
    uint64_t temporary_count;
};

struct tables_group {
    struct stacks_blame blame;
    struct tables_sum sum;
    /* For each order: the site of the group that comes first in it, and how many take part. */
    const struct session_site *heaviest[TABLES_ORDER_COUNT];
    struct stacks_blame heaviest_blame[TABLES_ORDER_COUNT];
    size_t stack_count[TABLES_ORDER_COUNT];
};

struct tables {
    struct tables_sum sum;
    struct tables_group *groups;
    size_t group_count;
};

/* Group the sites of request number `request`. Returns 0 or -ENOMEM. `stacks` must outlive the result. */
int tables_build(struct stacks *stacks, const struct session *session, uint32_t request, struct tables *out);
void tables_fini(struct tables *tables);

/* A site's figures. Of a whole run, what is live is what was never freed; of a request, what was not freed when the
   last request ended, for a server that is told to end may free everything. */
struct tables_sum tables_sum_of(const struct session *session, const struct session_site *site);

/* Add up the sites of a request, without looking at their stacks. */
struct tables_sum tables_sum_up(const struct session *session, uint32_t request);

/* The figure by which an order sorts, first of all; and whether something takes part in it at all. */
uint64_t tables_weight(const struct tables_sum *sum, enum tables_order order);
bool tables_takes_part(const struct tables_sum *sum, enum tables_order order);

/* The first `max` groups in an order, into `out`; returns how many there are, those beyond `max` included. Groups that
   weigh the same follow each other by their other figures and their names: the result is the same in every run. */
size_t tables_top(const struct tables *tables, enum tables_order order, const struct tables_group **out, size_t max);

#endif
