/* Firing one request. */

#include "harness/harness.h"

#include <errno.h>

#include "harness/clock.h"
#include "harness/family.h"
#include "harness/http.h"
#include "harness/program.h"
#include "harness/signals.h"

#define RETRY_NS (5 * CLOCK_MS)
#define REFUSED_NS (1 * CLOCK_SECOND)   /* how long a server that answered before may refuse */
#define HANDSHAKE_NS (2 * CLOCK_SECOND) /* a server for something else may wait for more, and never answer */
#define SETTLED_NS (20 * CLOCK_MS)
#define SETTLED_MOST_NS (500 * CLOCK_MS)
#define DYING_NS (100 * CLOCK_MS) /* a process closes its connections some time before it is gone */
#define STEP_NS (100 * CLOCK_MS)
#define HANDSHAKE_NS (2 * CLOCK_SECOND) /* a server for something else may never answer one */

/* Drive an exchange to its end, or the deadline, or a signal for us. */
static int complete(struct harness *harness, struct http *http, struct http_exchange *exchange, uint64_t deadline,
                    struct http_result *out, struct err *err)
{
    for (;;) {
        http_look(exchange, out, err);
        if (out->is_done)
            return out->code;
        uint64_t left = clock_left(deadline);
        if (left == 0)
            return err_set(err, -ETIMEDOUT, "no %s in time", out->status == 0 ? "answer" : "end of the answer");
        http_step(http, signals_fd(), left < STEP_NS ? left : STEP_NS);
        program_attend(harness);
        if (harness->interrupted != 0)
            return program_was_interrupted(harness, err);
    }
}

/* One request on one connection. */
static int attempt(struct harness *harness, struct http *http, const struct http_place *place,
                   const struct harness_request *request, uint64_t deadline, struct http_result *out, struct err *err)
{
    struct http_exchange *exchange;
    *out = (struct http_result){0};
    int code = http_request(http, place, request, &exchange, err);
    if (code != 0)
        return code;
    code = complete(harness, http, exchange, deadline, out, err);
    http_end(http, exchange);
    return code;
}

/* A listening socket can be seen a moment before it takes connections, and a named port before anybody listens. */
static int attempt_until_connected(struct harness *harness, struct http *http, const struct http_place *place,
                                   const struct harness_request *request, uint64_t deadline, struct http_result *out,
                                   struct err *err)
{
    uint64_t patience = harness->answered ? clock_after(REFUSED_NS) : deadline;
    for (;;) {
        int code = attempt(harness, http, place, request, deadline, out, err);
        if ((code != -ECONNREFUSED && code != -ENOENT) || clock_left(patience) == 0 || clock_left(deadline) == 0 ||
            family_is_gone(harness))
            return code;
        program_nap(harness, RETRY_NS);
        if (harness->interrupted != 0)
            return program_was_interrupted(harness, err);
    }
}

static bool speaks_tls(struct harness *harness, struct http *http, const struct http_place *place, uint64_t deadline)
{
    struct http_exchange *exchange;
    struct http_result result;
    uint64_t patience = clock_after(HANDSHAKE_NS);
    if (http_handshake(http, place, &exchange, NULL) != 0)
        return false;
    int code = complete(harness, http, exchange, patience < deadline ? patience : deadline, &result, NULL);
    http_end(http, exchange);
    return code == 0;
}

/* Whether the processes of the family are still the same ones. */
static bool is_unchanged(const struct harness *harness, const struct pids *before)
{
    struct pids now = {0};
    bool unchanged = family_list(harness, &now) == 0 && now.count == before->count;
    for (size_t i = 0; unchanged && i < now.count; i++)
        unchanged = pids_has(before, now.items[i]);
    pids_fini(&now);
    return unchanged;
}

/* A server that never answered anything, closes the connection, and lost no process over it: that is a server for
   something else (redis). */
static int judge_silence(struct harness *harness, const struct pids *before, int code, struct err *err)
{
    if (code != -ECONNRESET || harness->answered)
        return code;
    uint64_t deadline = clock_after(DYING_NS);
    do {
        if (before->count == 0 || !is_unchanged(harness, before))
            return code;
        program_nap(harness, RETRY_NS);
    } while (clock_left(deadline) > 0);
    return err_set(err, -EPROTO, "the server closed the connection without an answer; it seems not to speak HTTP");
}

/* Whether an endpoint speaks TLS is not asked before the first request, for asking is traffic. A plain request that
   fails the way it does at a TLS server is followed by a handshake; when that succeeds, the request is repeated over
   TLS. */
static int fire(struct harness *harness, struct http *http, struct http_place *place, bool scheme_is_open,
                const struct harness_request *request, struct http_result *out, struct err *err)
{
    uint64_t deadline = clock_after(request->timeout_ns);
    struct pids before = {0};
    if (!harness->answered)
        family_list(harness, &before);
    int code = attempt_until_connected(harness, http, place, request, deadline, out, err);
    bool is_open = scheme_is_open && !place->tls && !harness->answered;
    bool tls = is_open && out->maybe_tls && speaks_tls(harness, http, place, deadline);
    if (!tls)
        code = out->maybe_tls ? judge_silence(harness, &before, code, err) : code;
    pids_fini(&before);
    if (!tls)
        return code;
    harness->tls = true;
    place->tls = true;
    if (request->again != NULL) {
        harness_wait_quiet(harness, NULL, NULL, SETTLED_NS, SETTLED_MOST_NS); /* with the two connections before */
        request->again(request->data);
    }
    return attempt(harness, http, place, request, deadline, out, err);
}

int harness_fire(struct harness *harness, const struct harness_endpoint *endpoint,
                 const struct harness_request *request, struct harness_response *out, struct err *err)
{
    *out = (struct harness_response){0};
    struct http *http = http_new();
    if (http == NULL)
        return err_set(err, -ENOMEM, "out of memory");
    bool scheme_is_open = endpoint->tls_is_open;
    struct http_place place = {
        .url = endpoint->url != NULL ? endpoint->url : "http://localhost",
        .unix_socket = endpoint->unix_socket,
        .tls = endpoint->tls || (scheme_is_open && harness->tls),
    };
    struct http_result result;
    int code = fire(harness, http, &place, scheme_is_open, request, &result, err);
    *out = (struct harness_response){.status = result.status,
                                     .elapsed_ns = result.elapsed_ns,
                                     .body_bytes = result.body_bytes,
                                     .finished = code == 0};
    harness->answered = harness->answered || result.status != 0;
    http_free(http);
    return code;
}
