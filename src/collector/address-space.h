/* A process's memory, read from outside. */

#ifndef COLLECTOR_ADDRESS_SPACE_H
#define COLLECTOR_ADDRESS_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "collector/reach.h"

enum mapping_kind {
    MAPPING_OTHER,
    MAPPING_ANONYMOUS,
    MAPPING_HEAP,    /* what brk moves */
    MAPPING_STACK,   /* of the first thread */
    MAPPING_LIBC,    /* the C library's file */
    MAPPING_IGNORED, /* ours, the kernel's, a device's */
};

struct mapping {
    uint64_t start, end;
    bool readable, writable, shared;
    enum mapping_kind kind;
};

struct address_space {
    pid_t tid;
    struct mapping *mappings; /* ascending */
    size_t count;
    int pagemap; /* -1: which pages are there is not known */
    int memory;  /* reads what the program itself may not read just now; -1: not possible */
    void *buffer;
};

/* Of the process that thread `tid` belongs to. Returns 0 or a negative errno. */
int address_space_open(struct address_space *space, pid_t tid);
void address_space_close(struct address_space *space);

/* Does process `pid` have the file behind `fd` mapped? True as well when the kernel does not tell. */
bool address_space_may_have(pid_t pid, int fd);

/* The mapping that has the byte at `address`, or NULL. */
const struct mapping *address_space_find(const struct address_space *space, uint64_t address);

/* A reach_read_fn; `data` is the address space. */
size_t address_space_read(const struct reach_span *spans, size_t count, void *out, void *data);

/* Hand over the words of [start, end), which lies in `mapping`, as far as the program can have written there: pages
   that were never touched, and those of files as they are in the file, are passed over. Both ends are multiples of 8.
 */
typedef void address_space_visit_fn(const uint64_t *words, size_t count, void *data);
void address_space_visit(struct address_space *space, const struct mapping *mapping, uint64_t start, uint64_t end,
                         address_space_visit_fn *visit, void *data);

#endif
