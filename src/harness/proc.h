/* What /proc tells about processes. A process that has ended is an empty answer, not an error. */

#ifndef HARNESS_PROC_H
#define HARNESS_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct pids {
    pid_t *items;
    size_t count, capacity;
};

int pids_add(struct pids *pids, pid_t pid);
bool pids_has(const struct pids *pids, pid_t pid);
void pids_fini(struct pids *pids);

/* Add the children of `pid` to `out`. A child that appears or ends meanwhile can be missed: ask again. 0 or -ENOMEM. */
int proc_children(pid_t pid, struct pids *out);

/* State letter of a process (proc(5), /proc/PID/stat) and its parent; false when there is no such process. */
bool proc_stat(pid_t pid, char *state, pid_t *parent);

/* Whether a thread of the process is running or waits for a disk. */
bool proc_is_busy(pid_t pid);

struct inodes {
    uint64_t *items;
    size_t count, capacity;
};

/* Add the inode number of each socket that the process has open. 0, or -ENOMEM, or -EACCES when we may not look. */
int proc_sockets(pid_t pid, struct inodes *out);

#endif
