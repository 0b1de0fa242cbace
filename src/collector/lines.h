/* From line-stop records to rows: follows each thread's activations of watched functions and charges every change of
   memory to the line that was running. A pure state machine over records: no process, no shared memory, no files. */

#ifndef COLLECTOR_LINES_H
#define COLLECTOR_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "collector/collector.h"
#include "wire/record.h"

struct lines;        /* all source functions and their figures, by window */
struct lines_thread; /* one thread's activations */

/* What the plan says about a stop. */
struct lines_site {
    uint32_t function; /* as lines_add_function returned it */
    uint32_t line;
    uint64_t offset;
    uint64_t jump_target; /* the stop is at an unconditional jump to there; otherwise 0 */
    uint8_t flags;        /* WIRE_SITE_* */
};

struct lines *lines_new(void);
void lines_free(struct lines *lines);

/* Make a source function known; its strings are copied. Functions of the same file and line are one (instances of a
   template, clones, the same header in several programs): the first one's index is returned then, and its range of
   lines grows. Returns UINT32_MAX when memory is short. */
uint32_t lines_add_function(struct lines *lines, const struct collector_function *function);

struct lines_thread *lines_thread_new(void);
void lines_thread_free(struct lines_thread *thread);

/* Take in one record; `site` is what its plan and site mean, NULL when it has none. */
void lines_feed(struct lines *lines, struct lines_thread *thread, const struct wire_record *record,
                const struct lines_site *site);

/* The thread is no more: its open activations end with the last sample seen, the heap being `heap_bytes` if
   `knows_heap`. */
void lines_close(struct lines *lines, struct lines_thread *thread, bool knows_heap, int64_t heap_bytes);

/* Functions that ran in `window`, ascending (file, line); the caller frees them as parts of a session. A tick of the
   records' time is so many nanoseconds. */
int lines_functions(const struct lines *lines, uint32_t window, double ns_per_tick, struct session_function **out,
                    size_t *out_count);

/* Functions that ran in none of the windows 1..last; ran_outside tells which ran besides them. */
int lines_never_ran(const struct lines *lines, uint32_t last, struct session_function **out, size_t *out_count);

/* Whether some Increment was measured by a thread's own page faults, because other threads moved the resident set. */
bool lines_many_threads(const struct lines *lines);

#endif
