/* HTML pages: of one request, of a snapshot, and of all snapshots. Each is one file that needs nothing else: no
   network, no server. What it shows comes from the profiled program and its requests, and is escaped. */

#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "report/model.h"
#include "report/report.h"

/* The page of one request or run (docs/pages.md). Without options->source it has no source text. Returns 0, -ENOMEM or
   the negative errno of the write. */
int report_page(const struct model *model, const struct report_options *options, FILE *out, struct err *err);

/* A request as the index pages tell it from others: a column. */
struct page_request {
    const char *method, *target;
    uint32_t ordinal; /* 1, 2, ... among those with the same method and target */
};

/* What a snapshot has of a request. What was not measured is shown blank. */
struct page_cell {
    const char *folder; /* in the snapshot's; NULL: the snapshot lacks this request, the rest is then meaningless */
    int status;         /* HTTP status, 0: no answer */
    bool has_heap;      /* the figures up to not_freed_count */
    int64_t peak_bytes;
    uint64_t alloc_bytes, alloc_count;
    int64_t not_freed_bytes, not_freed_count;
    bool has_elapsed;
    uint64_t elapsed_ns;
};

/* A snapshot: a row. Strings may be NULL but for `folder`. */
struct page_snapshot_row {
    const char *folder;            /* in that of the snapshots; of page_snapshot, its title only */
    const char *time;              /* as it is shown */
    const char *commit;            /* of the program's sources */
    const char *subject;           /* of that commit */
    bool dirty;                    /* there were changes besides */
    const struct page_cell *cells; /* as many as there are requests, in their order */
};

struct page_history {
    const struct page_request *requests;
    size_t request_count;
    const struct page_snapshot_row *snapshots; /* oldest first */
    size_t snapshot_count;
};

/* The index of all snapshots, newest first: links lead to FOLDER/index.html and FOLDER/CELL-FOLDER/index.html. Returns
   0 or the negative errno of the write. */
int page_snapshots(const struct page_history *history, FILE *out, struct err *err);

/* The index of one snapshot: a row per request. Links lead to CELL-FOLDER/index.html. The same results. */
int page_snapshot(const struct page_snapshot_row *snapshot, const struct page_request *requests, size_t request_count,
                  FILE *out, struct err *err);

#endif
