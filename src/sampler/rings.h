/* The kernel's side: the events, one ring per CPU, and their records in the order of time. */

#ifndef SAMPLER_RINGS_H
#define SAMPLER_RINGS_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct rings;

struct rings_options {
    uint64_t interval_ns;
    bool from_exec;   /* sampling is on from the process's exec, else off */
    bool no_children; /* the process's own threads only */
};

/* Open the events of process `pid` and of what it will start. The errors of sampler_new. */
int rings_open(pid_t pid, const struct rings_options *options, struct rings **out, struct err *err);
void rings_close(struct rings *rings);

/* Time in the kernel is not sampled: we may not. */
bool rings_is_user_only(const struct rings *rings);

void rings_switch(struct rings *rings, bool on);

/* The CPU time of all threads while sampling was on, in the kernel included, in nanoseconds; as exact as the kernel
   itself knows it. */
uint64_t rings_cpu_ns(const struct rings *rings);

/* Fill in what to wait for; returns how many there are. `items` may be NULL. */
size_t rings_poll(const struct rings *rings, struct pollfd *items);

/* The next record that was written before `before_ns` (CLOCK_MONOTONIC), or NULL. It stays until the next call. */
const uint8_t *rings_next(struct rings *rings, uint64_t before_ns, size_t *size);

#endif
