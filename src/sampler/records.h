/* What the kernel writes into a ring of perf_event_open(2), for the one layout that rings.c asks for. The numbers come
   from the kernel, but the reader checks them like any file's. */

#ifndef SAMPLER_RECORDS_H
#define SAMPLER_RECORDS_H

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is asked for: attr.sample_type, and the user's general registers with ip. */
#define RECORDS_SAMPLE_TYPE (PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER)
#define RECORDS_REGISTERS UINT64_C(0xff01ff) /* bits of asm/perf_regs.h, in whose order they come */
#define RECORDS_GENERAL 16

struct record {
    uint32_t type;                       /* PERF_RECORD_* */
    uint32_t pid, tid;                   /* whose it is; of FORK: of the new one */
    uint32_t parent_pid;                 /* FORK */
    uint64_t time_ns;                    /* CLOCK_MONOTONIC */
    bool in_kernel;                      /* SAMPLE: the thread was in the kernel, on behalf of what its registers say */
    bool is_exec;                        /* COMM: its memory is a new one */
    bool has_registers;                  /* SAMPLE: of a 64-bit thread */
    uint64_t ip;                         /* SAMPLE */
    uint64_t registers[RECORDS_GENERAL]; /* SAMPLE: as DWARF numbers them */
    const uint8_t *stack;                /* SAMPLE: what lies at the stack pointer, in the record */
    size_t stack_bytes;
    uint64_t start, end;  /* MMAP2: addresses */
    uint64_t file_offset; /* MMAP2 */
    const char *path;     /* MMAP2: NUL-terminated, in the record */
    uint64_t lost_count;  /* LOST */
};

/* Read one record of `size` bytes. False when it is not one: too short for what it says. A type that is not asked for
   is one, too. */
bool record_read(const uint8_t *bytes, size_t size, struct record *out);

/* When a record was written, for the order among rings. False as for record_read. */
bool record_time(const uint8_t *bytes, size_t size, uint64_t *time_ns);

#endif
