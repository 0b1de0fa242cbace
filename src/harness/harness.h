/* Runs the program: starts it under the preload library, waits until it listens, fires requests, ends it. */

#ifndef HARNESS_HARNESS_H
#define HARNESS_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct harness_start {
    const char *path;     /* file to execute */
    char *const *argv;    /* NULL-terminated, argv[0] included */
    const char *preload;  /* path of the preload library, or NULL: run unprofiled */
    const char *channel;  /* value of WIRE_ENV_CHANNEL, or NULL */
    bool keep_stdin_open; /* a server that ends at end of file on its standard input, when ours is at its end */
    bool new_session;     /* reserved */
    /* Called, unless NULL, when the process is there but has not executed the program yet. */
    void (*before_exec)(pid_t pid, void *data);
    void *data;
};

struct harness; /* a started program */

/* Start the program. It gets our stdin, stdout and stderr and no other descriptor of ours. When execve fails, returns
   its negative errno (-ENOENT, -EACCES, -ENOEXEC ...). */
int harness_start(const struct harness_start *start, struct harness **out, struct err *err);
pid_t harness_pid(const struct harness *harness);
void harness_free(struct harness *harness);

/* Where to send requests. */
struct harness_endpoint {
    char *url;         /* "http://127.0.0.1:8080", no path, or NULL */
    char *unix_socket; /* path, "@name" for an abstract one, or NULL */
    bool tls;
    bool tls_is_open; /* nobody said http or https: found out by the first request, see harness_fire */
};
void harness_endpoint_fini(struct harness_endpoint *endpoint);

/* Listening sockets known from elsewhere (the preload library's reports); /proc is consulted besides. */
struct harness_listener {
    pid_t pid;
    uint8_t address[128]; /* struct sockaddr */
    size_t address_bytes;
};
typedef size_t harness_listeners_fn(struct harness_listener *out, size_t max, void *data);

struct harness_find {
    const char *url;         /* --url: taken as it is */
    const char *unix_socket; /* --unix-socket */
    int port;                /* --port, 0: any */
    uint64_t timeout_ns;
    harness_listeners_fn *listeners; /* may be NULL */
    void *data;
};

/* Wait until the program, or any descendant of it (daemons included), accepts connections, and find out how to talk to
   it: of several listeners the first that answers HTTP or HTTPS. -ETIMEDOUT; -ECHILD when everything ended without
   listening. */
int harness_find_endpoint(struct harness *harness, const struct harness_find *find, struct harness_endpoint *out,
                          struct err *err);

struct harness_request {
    const char *method;         /* "GET" */
    const char *target;         /* "/path?query" */
    const char *const *headers; /* "K: V" */
    size_t header_count;
    const void *body; /* or NULL */
    size_t body_bytes;
    uint64_t timeout_ns;
    /* Called, unless NULL, when the server turned out to speak TLS, before the request is repeated so: what the first
       attempt cost the program need not count. */
    void (*again)(void *data);
    void *data;
};

struct harness_response {
    int status; /* 0 when none */
    uint64_t elapsed_ns;
    uint64_t body_bytes;
    bool finished;
};

/* Fire one request and wait for its complete response. Certificates are not checked. Returns 0, or -ETIMEDOUT,
   -ECONNREFUSED, -ECONNRESET, -EPROTO with a sentence; *out is filled as far as it went in every case. The connection
   is opened anew and closed after the response, so that the server is done with it. */
int harness_fire(struct harness *harness, const struct harness_endpoint *endpoint,
                 const struct harness_request *request, struct harness_response *out, struct err *err);

/* Wait until `activity` has kept its value for `quiet_ns` and the traced processes do not run (/proc state), at most
   `timeout_ns`. Returns whether it became quiet. */
typedef uint64_t harness_activity_fn(void *data);
bool harness_wait_quiet(struct harness *harness, harness_activity_fn *activity, void *data, uint64_t quiet_ns,
                        uint64_t timeout_ns);

/* Has the program (its first process) ended? Fills *wait_status then. Does not block. */
bool harness_has_ended(struct harness *harness, int *wait_status);

/* Has all of its family ended? A daemon is there when the program's first process has long ended. */
bool harness_is_gone(struct harness *harness);

/* The last signal that asked syseng-mem to end (INT, TERM, HUP, QUIT), or 0. The program got it as well. While a
   program is started, such a signal does not kill us: harness_find_endpoint and harness_fire return -EINTR,
   harness_wait_quiet false, harness_wait waits on; at the second, harness_stop kills at once. */
int harness_interrupted(const struct harness *harness);

/* Wait for the program to end by itself, all of its family included when `family`. Signals that reach syseng-mem
   (INT, TERM, HUP, QUIT) are passed on to it. */
int harness_wait(struct harness *harness, bool family, int *wait_status);

/* End the program and all its descendants, daemons included: SIGTERM, after `grace_ns` SIGKILL. *by_us tells whether it
   still ran. */
int harness_stop(struct harness *harness, uint64_t grace_ns, int *wait_status, bool *by_us);

/* Parse "/path?query" or "METHOD /path". Returns false when `text` is neither. *method is malloc'ed, *target points
   into `text`. */
bool harness_parse_request(const char *text, char **method, const char **target);

#endif
