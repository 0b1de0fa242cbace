/* Processes in another PID namespace than ours: what they call themselves is not what we have to call them. */

#ifndef COLLECTOR_PID_NAMESPACE_H
#define COLLECTOR_PID_NAMESPACE_H

#include <stdint.h>
#include <sys/types.h>

/* The PID namespace that we are in, by its inode number (namespaces(7)); 0 when that cannot be known. */
uint64_t pid_namespace_own(void);

/* Our number for the process that calls itself `pid` in `space` and has mapped the file of `fd`; 0: there is none. */
pid_t pid_namespace_find(uint64_t space, pid_t pid, int fd);

/* Our number for the thread of our process `pid` that calls itself `tid`, in a namespace that is not ours; 0: there is
 * none. */
pid_t pid_namespace_find_thread(pid_t pid, pid_t tid);

/* Our number for the parent of our process `pid`; 0 when that cannot be known. */
pid_t pid_namespace_parent(pid_t pid);

#endif
