/* The stream sockets on which the program's family listens. */

#ifndef HARNESS_LISTENERS_H
#define HARNESS_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "harness/program.h"

union address {
    struct sockaddr any;
    struct sockaddr_storage storage;
    struct sockaddr_un local;
};

struct listener {
    pid_t pid;      /* one of the processes that hold it */
    uint64_t inode; /* 0 when only the program told of it */
    union address address;
    socklen_t address_bytes;
};

struct listeners {
    struct listener *items;
    size_t count, capacity;
};

void listeners_fini(struct listeners *listeners);

/* List them in order of their creation, as far as that can be known. One of which `find->listeners` tells is listed
   when /proc does not, because we may not look into that process. 0 or -ENOMEM. */
int listeners_list(const struct harness *harness, const struct harness_find *find, struct listeners *out);

/* The port of a TCP listener, 0 for others. */
int listeners_port(const struct listener *listener);

#endif
