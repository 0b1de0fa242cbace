/* Our end of the session: owns the shared memory, answers plan requests, drains the rings and turns records into a
   `struct session`. One background thread does the work; the functions below may be called from one other thread. */

#ifndef COLLECTOR_COLLECTOR_H
#define COLLECTOR_COLLECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "collector/session.h"

struct collector;

/* Answer a traced process's question "what is to be stopped at in `path`?". Called from the collector's thread. Return
   0 with *plan (malloc'ed, wire/plan.h, numbered `plan_id`) and *functions (one per function of the plan; the collector
   takes both), or with *plan NULL when there is nothing to stop at. */
struct collector_function {
    char *name, *file;
    uint32_t line, last_line;
    bool annotated, optimized;
    uint32_t *lines;
    size_t line_count;
};
typedef int collector_plan_fn(const char *path, uint32_t plan_id, void **plan, size_t *plan_bytes,
                              struct collector_function **functions, size_t *function_count, void *data);

/* Create the session. `flags` are WIRE_WANT_*. `plan` may be NULL: no line stops. */
int collector_new(uint32_t flags, collector_plan_fn *plan, void *data, struct collector **out, struct err *err);
void collector_free(struct collector *collector);

/* The value for the environment variable WIRE_ENV_CHANNEL. Owned by the collector. */
const char *collector_channel(const struct collector *collector);

/* Keep only the `frames` innermost frames of each stack; stacks that differ further out are then one. 0: all. */
void collector_limit_depth(struct collector *collector, uint32_t frames);

/* Record only one allocation in so many bytes, on average; 0: every one. Before the program is started. */
void collector_sample(struct collector *collector, uint64_t bytes);

int collector_start(struct collector *collector, struct err *err); /* starts the thread */

/* Number of processes that registered so far: 0 after the program has begun means that the preload library did not come
 * up. */
size_t collector_process_count(struct collector *collector);

/* A listening socket that a traced process reported. */
struct collector_listen {
    pid_t pid;
    int fd;
    uint8_t address[128]; /* struct sockaddr */
    size_t address_bytes;
};
/* Copy up to `max` of the sockets reported so far, in order of their appearance; returns how many there are. */
size_t collector_listens(struct collector *collector, struct collector_listen *out, size_t max);

/* A figure that changes whenever any traced process allocated, freed, or met a line stop: equal twice means quiet.
   Asked for while a window is open, it means that the response is there. */
uint64_t collector_activity(struct collector *collector);

/* What is at an address of process `pid`, where the program's code does not run from its own place because of a line
   stop. Any thread may ask. */
enum collector_place {
    COLLECTOR_PLACE_PROGRAM,     /* nothing of ours: *original is left as it is */
    COLLECTOR_PLACE_COPY,        /* a copy of the instruction at *original */
    COLLECTOR_PLACE_BEHIND_STOP, /* the byte behind the breakpoint at *original */
};
enum collector_place collector_place(struct collector *collector, pid_t pid, uint64_t address, uint64_t *original);

/* Open and close a request window. Only one is open at a time. The request's method and target are copied; for a whole
   run both are NULL. collector_end_window fills in the result of the request. */
int collector_begin_window(struct collector *collector, const char *method, const char *target, struct err *err);
void collector_end_window(struct collector *collector, int status, uint64_t elapsed_ns, bool finished);

/* The last window is over: look which blocks all processes still refer to. What they do when they leave is then not
   looked at any more. Without this call each process is looked at when it leaves, as WIRE_WANT_LOOKS has it ask for. */
void collector_look(struct collector *collector);

/* Stop the thread after all records are in, and hand over the session, which the caller frees. */
struct session *collector_finish(struct collector *collector);

#endif
