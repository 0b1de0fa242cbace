/* Sessions for the pages: a server's request, a large one, one without stacks, and one whose every name is an attack.
 */

#ifndef TESTS_UNIT_PAGE_SESSION_H
#define TESTS_UNIT_PAGE_SESSION_H

#include "report/page.h"

struct page_sample {
    struct session *session;
    report_lookup_fn *lookup;
    void *lookup_data;
    struct report_origin origin;
};

/* Static; sources are relative to tests/golden. One request, "GET /memory", with all there can be. */
struct page_sample page_sample(void);

/* The same with names, targets, files and messages that try to be HTML. */
struct page_sample page_sample_hostile(void);

/* The same with nothing annotated, no stacks and no timeline. */
struct page_sample page_sample_empty(void);

/* So many different stacks of 5 to 60 frames, the same at every call. */
struct page_sample page_sample_large(size_t stack_count);
void page_sample_large_free(struct page_sample *sample);

/* So many snapshots of so many requests. The other frees all that there are. */
struct page_history page_sample_history(size_t snapshot_count, size_t request_count);
void page_sample_history_free(void);

#endif
