/* Asking several places for HTTP. */

#include "harness/trial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "harness/http.h"
#include "harness/signals.h"

struct trial {
    char *url, *unix_socket;
    struct http_exchange *exchange; /* NULL when nothing is under way */
    bool is_handshake;
    enum trial_verdict verdict;
};

struct trials {
    struct http *http;
    struct trial *items;
    size_t count, capacity;
};

struct trials *trials_new(void)
{
    struct trials *trials = calloc(1, sizeof *trials);
    if (trials == NULL)
        return NULL;
    trials->http = http_new();
    if (trials->http != NULL)
        return trials;
    free(trials);
    return NULL;
}

void trials_free(struct trials *trials)
{
    if (trials == NULL)
        return;
    for (size_t i = 0; i < trials->count; i++) {
        http_end(trials->http, trials->items[i].exchange);
        free(trials->items[i].url);
        free(trials->items[i].unix_socket);
    }
    http_free(trials->http);
    free(trials->items);
    free(trials);
}

static struct trial *find(const struct trials *trials, const struct candidate *candidate)
{
    for (size_t i = 0; i < trials->count; i++) {
        struct trial *trial = &trials->items[i];
        if (strcmp(trial->url, candidate->url) == 0 &&
            (trial->unix_socket == NULL) == (candidate->unix_socket == NULL) &&
            (trial->unix_socket == NULL || strcmp(trial->unix_socket, candidate->unix_socket) == 0))
            return trial;
    }
    return NULL;
}

enum trial_verdict trials_verdict(const struct trials *trials, const struct candidate *candidate)
{
    const struct trial *trial = find(trials, candidate);
    return trial == NULL ? TRIAL_PENDING : trial->verdict;
}

static struct trial *add(struct trials *trials, const struct candidate *candidate)
{
    struct trial *items = array_grow(trials->items, &trials->capacity, trials->count + 1, sizeof *items);
    if (items == NULL)
        return NULL;
    trials->items = items;
    struct trial *trial = &items[trials->count];
    *trial = (struct trial){.url = strdup(candidate->url)};
    if (candidate->unix_socket != NULL)
        trial->unix_socket = strdup(candidate->unix_socket);
    if (trial->url == NULL || (candidate->unix_socket != NULL && trial->unix_socket == NULL)) {
        free(trial->url);
        free(trial->unix_socket);
        return NULL;
    }
    trials->count++;
    return trial;
}

static int ask(struct trials *trials, struct trial *trial, bool handshake)
{
    static const struct harness_request question = {.method = "OPTIONS", .target = "*"};
    struct http_place place = {.url = trial->url, .unix_socket = trial->unix_socket};
    http_end(trials->http, trial->exchange);
    trial->exchange = NULL;
    trial->is_handshake = handshake;
    return handshake ? http_handshake(trials->http, &place, &trial->exchange, NULL)
                     : http_request(trials->http, &place, &question, &trial->exchange, NULL);
}

/* Draw the conclusion from a question that is over. */
static int conclude(struct trials *trials, struct trial *trial, const struct http_result *result)
{
    if (trial->is_handshake) {
        trial->verdict = result->code == 0 ? TRIAL_HTTPS : TRIAL_OTHER;
    } else if (result->code == -ECONNREFUSED || result->code == -ENOENT) {
        http_end(trials->http, trial->exchange); /* gone, or not ready yet: asked again in the next round */
        trial->exchange = NULL;
        return 0;
    } else if (result->maybe_tls) {
        return ask(trials, trial, true);
    } else {
        trial->verdict = result->status != 0 ? TRIAL_HTTP : TRIAL_OTHER;
    }
    http_end(trials->http, trial->exchange);
    trial->exchange = NULL;
    return 0;
}

int trials_step(struct trials *trials, const struct candidates *candidates, uint64_t timeout_ns)
{
    int code = 0;
    for (size_t i = 0; code == 0 && i < candidates->count; i++) {
        struct trial *trial = find(trials, &candidates->items[i]);
        if (trial == NULL)
            trial = add(trials, &candidates->items[i]);
        if (trial == NULL)
            code = -ENOMEM;
        else if (trial->verdict == TRIAL_PENDING && trial->exchange == NULL)
            code = ask(trials, trial, false);
    }
    if (code == 0)
        http_step(trials->http, signals_fd(), timeout_ns);
    for (size_t i = 0; code == 0 && i < trials->count; i++) {
        struct http_result result;
        if (trials->items[i].exchange == NULL)
            continue;
        http_look(trials->items[i].exchange, &result, NULL);
        if (result.is_done)
            code = conclude(trials, &trials->items[i], &result);
    }
    return code;
}
