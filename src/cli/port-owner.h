/* Who listens on a TCP port of this machine. */

#ifndef CLI_PORT_OWNER_H
#define CLI_PORT_OWNER_H

#include <stdbool.h>
#include <sys/types.h>

struct port_owner {
    pid_t pid; /* 0: somebody whose process we may not look at */
    char name[64];
};

/* Returns false when nobody listens there, on any address, as far as /proc/net tells. */
bool port_owner_find(long port, struct port_owner *out);

#endif
