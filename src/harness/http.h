/* HTTP exchanges over libcurl, several at once: the only file that knows libcurl is http.c. */

#ifndef HARNESS_HTTP_H
#define HARNESS_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "harness/harness.h"

struct http;          /* exchanges under way */
struct http_exchange; /* one of them */

struct http_place {
    const char *url;         /* scheme, host and port; a path, if any, goes before the request's target */
    const char *unix_socket; /* or NULL */
    bool tls;                /* over TLS, whatever the scheme says */
};

/* The port of an http or https URL, its scheme's own when it names none. 0, or -EINVAL for anything else. */
int http_parse_url(const char *url, int *port, bool *tls, struct err *err);

/* NULL when memory is short. */
struct http *http_new(void);
void http_free(struct http *http);

/* Begin a request on a connection of its own. 0 with *out, or -EINVAL, -ENOMEM with a sentence. */
int http_request(struct http *http, const struct http_place *place, const struct harness_request *request,
                 struct http_exchange **out, struct err *err);

/* Begin a TLS handshake, after which the connection is closed. */
int http_handshake(struct http *http, const struct http_place *place, struct http_exchange **out, struct err *err);

/* End an exchange, done or not; its connection is closed. */
void http_end(struct http *http, struct http_exchange *exchange);

/* Get on with all exchanges, for at most `timeout_ns`, or until `wake_fd` is readable. */
void http_step(struct http *http, int wake_fd, uint64_t timeout_ns);

enum http_answer {
    HTTP_ANSWER_NONE,    /* none came, or not all of it: `code` says why */
    HTTP_ANSWER_WHOLE,   /* a complete response */
    HTTP_ANSWER_FOREIGN, /* bytes that are not HTTP */
};

struct http_result {
    bool is_done;
    enum http_answer answer;
    int code;       /* 0, or a negative errno, when done */
    int status;     /* HTTP status, 0 while none came */
    bool maybe_tls; /* what came is what a TLS server says to plain HTTP */
    uint64_t body_bytes;
    uint64_t elapsed_ns; /* until now, or until it was done */
};

/* How far an exchange is. When it is done and code is not 0, `err` gets the sentence. */
void http_look(const struct http_exchange *exchange, struct http_result *out, struct err *err);

#endif
