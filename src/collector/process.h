/* One traced process as the collector follows it. */

#ifndef COLLECTOR_PROCESS_H
#define COLLECTOR_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "collector/heap.h"
#include "collector/memory.h"
#include "collector/plans.h"
#include "collector/stream.h"
#include "collector/ticks.h"
#include "collector/timeline.h"

/* Cumulative figures of a process, or the sum of several. */
struct counts {
    uint64_t alloc_bytes, alloc_count, free_bytes, free_count;
    uint64_t mapped_bytes, unmapped_bytes;
    uint64_t lost;
    uint64_t guessed_frames;
};

struct slot {
    struct wire_ring *ring;      /* of its line stops, NULL: none yet */
    struct lines_thread *thread; /* made when its ring appears */
    uint32_t ring_chunk;
    uint64_t tail;       /* our own: the shared one is not trusted */
    uint64_t generation; /* of the thread whose records these are */
    size_t stream;       /* its event stream among the process's, plus one; 0: none yet */
};

/* A file in the process's memory. Later entries may have taken the place of earlier ones that were unloaded. */
struct process_module {
    char *path;
    uint64_t base, start, end;
    uint32_t born, died;          /* it was there in the generations [born, died) */
    uint64_t copies, plan_offset; /* as in its wire_module */
};

struct process {
    uint32_t chunk;
    uint32_t serial;
    pid_t pid, parent_pid;  /* 0: of another PID namespace, and not found, since it has gone */
    pid_t own_pid;          /* as it calls itself */
    uint64_t pid_namespace; /* 0: ours */
    uint32_t parent_serial; /* of whom it was forked from, 0: of nobody */
    bool is_forked;         /* set when it ends: it began as a copy of its parent */
    bool ended;             /* its last records are in; `wire` may belong to somebody else now */
    struct wire_process *wire;
    uint32_t *chain; /* chunks of its thread slots behind its own, in order, as far as they are known */
    size_t chain_count, chain_room;
    struct slot *slots;
    size_t slot_count, slot_room;
    uint32_t rings; /* wire_process.rings when all that its threads have were found */
    struct streams streams;
    struct heap *heap; /* made when the first event ring appears */
    uint64_t events;
    struct process_module *modules; /* where its code lay, copied when it ended */
    size_t module_count;
    uint32_t generation; /* in which it registered */
    uint64_t wait_ticks;
    uint64_t start_ns; /* CLOCK_MONOTONIC */
    struct timeline timeline;
    size_t budget_bytes; /* of what it has besides its heap */
    uint64_t nonsense;   /* records or heads that cannot be */
    uint64_t records;
    struct counts last;     /* as last read, final once `ended` */
    struct counts window;   /* at the start of the open window */
    uint32_t figures_taken; /* the last window whose allocator's figures were added to it */
    int64_t window_live_bytes;
    int64_t peak_bytes;             /* above window_live_bytes; read when the window or the process ends */
    bool was_looked_at;             /* for good, before it began to leave */
    enum session_look look;         /* of the last look; what it found is in the heap's sites */
    struct session_process summary; /* filled when it ends */
};

/* Add what the process's allocator has said of itself to the windows that it was of, each once: window n is
   requests[n - 1]. */
void process_take_figures(struct process *process, struct session_request *requests, size_t count);

/* Begin to follow the process in chunk `chunk`. Returns 0, -ENOMEM, or -EINVAL when it is none. */
int process_new(const struct memory *memory, uint32_t chunk, struct process **out);
void process_free(struct process *process);

/* Take in all records that are there. Returns whether there were any. */
bool process_drain(struct process *process, struct memory *memory, const struct plans *plans, struct lines *lines);

/* Take in all events to the last: no thread of it is running. */
void process_drain_all(struct process *process, struct memory *memory);

/* Its list of modules in shared memory, NULL when it has none; of a process that has not ended. */
struct wire_modules *process_modules(const struct process *process, const struct memory *memory);

/* Its thread slot number `index`, NULL behind the last. */
const struct wire_thread *process_thread(struct process *process, const struct memory *memory, size_t index);

bool process_is_single_threaded(const struct process *process);

/* Read the counters of all its threads into `last`. */
void process_read_counts(struct process *process, const struct memory *memory);

/* The resident set without our own pages; false when it cannot be read. */
bool process_rss(const struct process *process, int64_t *bytes);

/* Add to its timeline how it is now (CLOCK_MONOTONIC), if that is wanted. Returns whether the kernel was asked. */
bool process_sample(struct process *process, uint64_t now_ns);

/* Fill in what is told in nanoseconds; the session takes over what `out` points to. */
void process_hand_over(struct process *process, struct ticks start, struct ticks end, struct session_process *out);

/* Whether both are one process: the images before and after an exec. */
bool process_is(const struct process *process, const struct process *other);

/* Our number for its thread that calls itself `tid`; 0 when there is none. */
pid_t process_thread_number(const struct process *process, pid_t tid);

/* Whether it is gone: no such process any more, or another one under its number. */
bool process_is_gone(const struct process *process);

/* It is gone: close its activations, keep its summary. Its chunks can then be freed. */
void process_end(struct process *process, struct memory *memory, struct lines *lines);

void counts_add(struct counts *sum, const struct counts *other);
struct counts counts_minus(const struct counts *a, const struct counts *b);

#endif
