/* Asking several places for HTTP. */

#include "harness/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "harness/http.h"
#include "harness/signals.h"

struct probe {
    char *url, *unix_socket;
    struct http_exchange *exchange; /* NULL when nothing is under way */
    bool is_handshake;
    enum probe_verdict verdict;
};

struct probes {
    struct http *http;
    struct probe *items;
    size_t count, capacity;
};

struct probes *probes_new(void)
{
    struct probes *probes = calloc(1, sizeof *probes);
    if (probes == NULL)
        return NULL;
    probes->http = http_new();
    if (probes->http != NULL)
        return probes;
    free(probes);
    return NULL;
}

void probes_free(struct probes *probes)
{
    if (probes == NULL)
        return;
    for (size_t i = 0; i < probes->count; i++) {
        http_end(probes->http, probes->items[i].exchange);
        free(probes->items[i].url);
        free(probes->items[i].unix_socket);
    }
    http_free(probes->http);
    free(probes->items);
    free(probes);
}

static struct probe *find(const struct probes *probes, const struct candidate *candidate)
{
    for (size_t i = 0; i < probes->count; i++) {
        struct probe *probe = &probes->items[i];
        if (strcmp(probe->url, candidate->url) == 0 &&
            (probe->unix_socket == NULL) == (candidate->unix_socket == NULL) &&
            (probe->unix_socket == NULL || strcmp(probe->unix_socket, candidate->unix_socket) == 0))
            return probe;
    }
    return NULL;
}

enum probe_verdict probes_verdict(const struct probes *probes, const struct candidate *candidate)
{
    const struct probe *probe = find(probes, candidate);
    return probe == NULL ? PROBE_PENDING : probe->verdict;
}

static struct probe *add(struct probes *probes, const struct candidate *candidate)
{
    struct probe *items = array_grow(probes->items, &probes->capacity, probes->count + 1, sizeof *items);
    if (items == NULL)
        return NULL;
    probes->items = items;
    struct probe *probe = &items[probes->count];
    *probe = (struct probe){.url = strdup(candidate->url)};
    if (candidate->unix_socket != NULL)
        probe->unix_socket = strdup(candidate->unix_socket);
    if (probe->url == NULL || (candidate->unix_socket != NULL && probe->unix_socket == NULL)) {
        free(probe->url);
        free(probe->unix_socket);
        return NULL;
    }
    probes->count++;
    return probe;
}

static int ask(struct probes *probes, struct probe *probe, bool handshake)
{
    static const struct harness_request question = {.method = "OPTIONS", .target = "*"};
    struct http_place place = {.url = probe->url, .unix_socket = probe->unix_socket};
    http_end(probes->http, probe->exchange);
    probe->exchange = NULL;
    probe->is_handshake = handshake;
    return handshake ? http_handshake(probes->http, &place, &probe->exchange, NULL)
                     : http_request(probes->http, &place, &question, &probe->exchange, NULL);
}

/* Draw the conclusion from a question that is over. */
static int conclude(struct probes *probes, struct probe *probe, const struct http_result *result)
{
    if (probe->is_handshake) {
        probe->verdict = result->code == 0 ? PROBE_HTTPS : PROBE_OTHER;
    } else if (result->code == -ECONNREFUSED || result->code == -ENOENT) {
        http_end(probes->http, probe->exchange); /* gone, or not ready yet: asked again in the next round */
        probe->exchange = NULL;
        return 0;
    } else if (result->maybe_tls) {
        return ask(probes, probe, true);
    } else {
        probe->verdict = result->status != 0 ? PROBE_HTTP : PROBE_OTHER;
    }
    http_end(probes->http, probe->exchange);
    probe->exchange = NULL;
    return 0;
}

int probes_step(struct probes *probes, const struct candidates *candidates, uint64_t timeout_ns)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < candidates->count; i++) {
        struct probe *probe = find(probes, &candidates->items[i]);
        if (probe == NULL)
            probe = add(probes, &candidates->items[i]);
        if (probe == NULL)
            code = -ENOMEM;
        else if (probe->verdict == PROBE_PENDING && probe->exchange == NULL)
            code = ask(probes, probe, false);
    }
    if (code == 0)
        http_step(probes->http, signals_fd(), timeout_ns);
    for (size_t i = 0; code == 0 && i < probes->count; i++) {
        struct http_result result;
        if (probes->items[i].exchange == NULL)
            continue;
        http_look(probes->items[i].exchange, &result, NULL);
        if (result.is_done)
            code = conclude(probes, &probes->items[i], &result);
    }
    return code;
}
