/* Places where the program might answer: its listeners, as addresses to connect to. */

#ifndef HARNESS_CANDIDATES_H
#define HARNESS_CANDIDATES_H

#include "harness/listeners.h"

struct candidate {
    char *url;         /* "http://127.0.0.1:8080" */
    char *unix_socket; /* NULL for TCP */
    int port;          /* 0 for unix sockets */
    bool is_near;      /* the loopback device's address, or any address */
    bool is_ipv4;
};

struct candidates {
    struct candidate *items;
    size_t count, capacity;
};

/* Turn listeners into candidates. Those of one TCP port are taken for one server, reached at its nearest address.
   `port` not 0: only this port. TCP comes before unix sockets. Returns 0 or -ENOMEM. */
int candidates_make(const struct listeners *listeners, int port, struct candidates *out);
void candidates_clear(struct candidates *candidates);
void candidates_fini(struct candidates *candidates);

/* What users call it: "127.0.0.1:8080" or the path of its socket. Owned by the candidate. */
const char *candidate_name(const struct candidate *candidate);

#endif
