/* syseng_mem_client.h: fire HTTP requests at a server from inside a C program, and so from inside an annotated function.

   Link with -lsyseng_mem_client -lcurl (pkg-config syseng-mem-client). The functions keep no global state of their own but
   libcurl's; one client serves one thread at a time.

   SPDX-License-Identifier: MIT */

#ifndef SYSENG_MEM_CLIENT_H
#define SYSENG_MEM_CLIENT_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct syseng_mem_client;

/* A server's part for one connection: answer the requests that arrive on the connected stream socket `fd` until the other
   side closes it, then close it and return. It runs in the thread that called syseng_mem_client_get, so that the line with
   that call includes what the answer cost; the request itself is sent by a thread that lives as long as the call. */
typedef void syseng_mem_serve_fn(int fd, void *data);

/* A client of the server at `address`: "127.0.0.1:8080", "[::1]:8080", "http://host:8080", "https://host" (certificates are
   not checked) or "unix:/path/of/socket". NULL with errno set when there is no memory. */
struct syseng_mem_client *syseng_mem_client_new(const char *address);

/* A client of `serve`, which is called with a new connected socket and `data` for each request. No port is
   involved. NULL with errno set when there is no memory. */
struct syseng_mem_client *syseng_mem_client_of(syseng_mem_serve_fn *serve, void *data);

void syseng_mem_client_free(struct syseng_mem_client *client);

/* Send one request for `target` ("/path?query") and wait for the whole answer, at most 30 s. Returns the answer's status,
   200 for instance, or a negative errno: -ECONNREFUSED, -ETIMEDOUT, -EPROTO when what came was no answer,
   -ENOMEM; syseng_mem_client_error then says more. A `client` of NULL gives -EINVAL. */
int syseng_mem_client_get(struct syseng_mem_client *client, const char *target);

/* The same with a method, headers ("K: V", NULL-terminated, or NULL) and a body (or NULL). */
int syseng_mem_client_send(struct syseng_mem_client *client, const char *method, const char *target,
                           const char *const *headers, const void *body, size_t body_bytes);

/* The body of the last answer with a NUL behind its end, which *bytes (may be NULL) does not count; "" when there is none.
   Valid until the next request or syseng_mem_client_free. */
const char *syseng_mem_client_body(const struct syseng_mem_client *client, size_t *bytes);

/* Why the last request failed, in words; "" when it did not. Valid as long as the body. */
const char *syseng_mem_client_error(const struct syseng_mem_client *client);

#ifdef __cplusplus
}
#endif

#endif
