/* CPU time by samples: where the threads of the program, and of all that it starts, are each time that they have used
   so much of it. The kernel takes the samples (perf_event_open(2)) into memory of ours; the program gets no signal, no
   descriptor and no thread. One background thread reads them; the functions below may be called from one other. */

#ifndef SAMPLER_SAMPLER_H
#define SAMPLER_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "collector/session.h"

struct sampler;

/* What lies at an address of a process, where the program's code does not run from its own place. */
enum sampler_place {
    SAMPLER_PLACE_PROGRAM,     /* that code itself */
    SAMPLER_PLACE_COPY,        /* a copy of the instruction at *original */
    SAMPLER_PLACE_BEHIND_STOP, /* the byte behind a breakpoint at *original */
};

/* Asked from the sampler's thread; `pid` is the process that mapped the memory there. *original is left as it is where
   nothing stands for anything. */
typedef enum sampler_place sampler_place_fn(uint32_t pid, uint64_t address, uint64_t *original, void *data);

struct sampler_options {
    uint64_t interval_ns;    /* CPU time of a thread from one sample to the next; 0: SAMPLER_INTERVAL_NS */
    bool from_exec;          /* the first window opens by itself at the exec */
    bool no_children;        /* sample the process's own threads only */
    const char *own_name;    /* file name of the library whose time is not the program's */
    sampler_place_fn *place; /* NULL: nothing stops at lines, and all code runs from its own place */
    void *data;
};

/* A prime number of microseconds: what the program does every millisecond is not met at the same point each time. */
#define SAMPLER_INTERVAL_NS UINT64_C(997000)

/* Get ready to sample process `pid`, which is about to exec, and what it will start. 0; or a negative errno, when CPU
   time cannot be measured here, with a sentence that says why and what helps. `options->own_name` must outlive the
   sampler. */
int sampler_new(pid_t pid, const struct sampler_options *options, struct sampler **out, struct err *err);
void sampler_free(struct sampler *sampler);

/* Windows are numbered from 0 in the order of their beginning. */
void sampler_begin_window(struct sampler *sampler);
void sampler_end_window(struct sampler *sampler);

/* All windows are over: put what was measured into the session, whose requests are the windows. Without any sample
   although CPU time was used, session->no_times_reason says so. 0 or -ENOMEM: the session has then no times. */
int sampler_finish(struct sampler *sampler, struct session *session);

#endif
