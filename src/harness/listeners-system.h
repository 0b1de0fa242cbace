/* All listening stream sockets of the system (of our network namespace). */

#ifndef HARNESS_LISTENERS_SYSTEM_H
#define HARNESS_LISTENERS_SYSTEM_H

#include <stdbool.h>

#include "harness/listeners.h"

/* Called for each, with inode and address. What is not 0 ends the listing and is returned by it. */
typedef int listeners_fn(struct listener *listener, void *data);

/* TCP, as ss(8) does it: sock_diag(7), which only looks at sockets that listen. -EOPNOTSUPP when the kernel has it not.
 */
int listeners_by_netlink(listeners_fn *call, void *data);

/* TCP, by /proc/net/tcp and tcp6. They visit every bucket of a table that grows with the machine's memory: some ms. */
int listeners_by_tables(listeners_fn *call, void *data);

/* Unix sockets, by /proc/net/unix. */
int listeners_by_unix_table(listeners_fn *call, void *data);

/* Parse a line of /proc/net/tcp or tcp6 (`family` AF_INET or AF_INET6), or of /proc/net/unix (AF_UNIX). Returns whether
   it is a listening stream socket; fills in inode and address then. See proc_pid_net(5). */
bool listeners_parse(const char *line, int family, struct listener *out);

#endif
