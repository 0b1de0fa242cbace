/* Where to send requests.

   The wait is over when the family listens and has settled: its listeners stay the same, and its threads sleep, for a
   few looks in a row. A single TCP port, or a single unix socket when there is no port, is taken without a word to it:
   what the program does before the first request stays what it is without us. Several are asked which of them answers
   HTTP; of those that do, the one that was opened first is taken. Unix sockets next to a TCP port are usually for other
   purposes, so they are asked only when no port answers. */

#include "harness/harness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/text.h"
#include "harness/candidates.h"
#include "harness/clock.h"
#include "harness/family.h"
#include "harness/http.h"
#include "harness/trial.h"

#define EAGER_NS (50 * CLOCK_MS) /* so long after the start we look every FIRST_LOOK_NS, then ever less often */
#define FIRST_LOOK_NS (1 * CLOCK_MS)
#define LAST_LOOK_NS (20 * CLOCK_MS)
#define SETTLED_LOOKS 3                /* equal looks in a row, */
#define SETTLED_LOOK_NS (4 * CLOCK_MS) /* so far apart, */
#define SETTLED_MOST_NS CLOCK_SECOND   /* or this long the same listeners while threads keep running */
#define ANSWERS_NS (300 * CLOCK_MS)    /* how long after the first answer earlier listeners may still answer */
#define HOPELESS_NS (2 * CLOCK_SECOND) /* how long to stay when all places have answered something else */

struct search {
    struct harness *harness;
    const struct harness_find *find;
    uint64_t start, deadline;
    struct listeners listeners;
    struct candidates candidates;
    int port;               /* of --port or --url, 0: any */
    uint64_t same_since;    /* since when the candidates are what they are */
    struct text last_names; /* of the candidates at the last look */
    int calm_looks;
    struct trials *trials;
    uint64_t answer_since, hopeless_since;
};

void harness_endpoint_fini(struct harness_endpoint *endpoint)
{
    free(endpoint->url);
    free(endpoint->unix_socket);
    *endpoint = (struct harness_endpoint){0};
}

/* "127.0.0.1:80 and /run/app.sock" */
static void name_candidates(const struct candidates *candidates, struct text *out)
{
    for (size_t i = 0; i < candidates->count; i++) {
        if (i > 0)
            text_add(out, i + 1 == candidates->count ? " and " : ", ");
        text_add_printable(out, candidate_name(&candidates->items[i]));
    }
}

/* Look once: what is there, and is it what was there at the last look? */
static int look(struct search *search)
{
    int code = listeners_list(search->harness, search->find, &search->listeners);
    if (code == 0)
        code = candidates_make(&search->listeners, search->port, &search->candidates);
    if (code != 0)
        return code;
    struct text names = TEXT_EMPTY;
    name_candidates(&search->candidates, &names);
    bool same = strcmp(text_get(&names), text_get(&search->last_names)) == 0;
    text_fini(&search->last_names);
    search->last_names = names;
    if (!same)
        search->same_since = clock_now();
    search->calm_looks = same && !family_is_busy(search->harness) ? search->calm_looks + 1 : 0;
    return 0;
}

static bool has_settled(const struct search *search)
{
    return search->calm_looks >= SETTLED_LOOKS || clock_now() - search->same_since > SETTLED_MOST_NS;
}

static int ended_without_listening(struct search *search, struct err *err)
{
    int status = search->harness->wait_status;
    if (WIFSIGNALED(status))
        return err_set(err, -ECHILD, "the program was killed by SIG%s before it listened",
                       sigabbrev_np(WTERMSIG(status)));
    return err_set(err, -ECHILD, "the program ended with status %d before it listened", WEXITSTATUS(status));
}

static int out_of_time(struct search *search, struct err *err)
{
    if (search->candidates.count > 0)
        return err_set(err, -ETIMEDOUT, "the program listens on %s, but no answer came over HTTP",
                       text_get(&search->last_names));
    struct candidates *others = &search->candidates;
    struct text names = TEXT_EMPTY;
    if (search->port != 0 && candidates_make(&search->listeners, 0, others) == 0)
        name_candidates(others, &names);
    if (others->count > 0)
        err_set(err, -ETIMEDOUT, "the program does not listen on port %d, but on %s", search->port, text_get(&names));
    else if (search->port != 0)
        err_set(err, -ETIMEDOUT, "the program does not listen on port %d", search->port);
    else
        err_set(err, -ETIMEDOUT, "the program does not listen on any TCP port or unix socket");
    text_fini(&names);
    return -ETIMEDOUT;
}

/* Why the search has to end now, or 0. */
static int check(struct search *search, struct err *err)
{
    program_attend(search->harness);
    if (search->harness->interrupted != 0)
        return program_was_interrupted(search->harness, err);
    if (family_is_gone(search->harness))
        return ended_without_listening(search, err);
    return clock_left(search->deadline) == 0 ? out_of_time(search, err) : 0;
}

static uint64_t pause_ns(const struct search *search)
{
    if (search->candidates.count > 0)
        return SETTLED_LOOK_NS;
    uint64_t waited = clock_now() - search->start;
    if (waited < EAGER_NS)
        return FIRST_LOOK_NS;
    uint64_t pause = waited / 50; /* 2 % late at most */
    return pause < LAST_LOOK_NS ? pause : LAST_LOOK_NS;
}

/* Wait until there are candidates, as many as there will be. */
static int wait_for_candidates(struct search *search, struct err *err)
{
    for (;;) {
        int code = look(search);
        if (code != 0)
            return err_set(err, code, "out of memory");
        if (search->candidates.count > 0 && has_settled(search))
            return 0;
        code = check(search, err);
        if (code != 0)
            return code;
        uint64_t pause = pause_ns(search), left = clock_left(search->deadline);
        program_nap(search->harness, pause < left ? pause : left);
    }
}

static int take(const struct candidate *candidate, bool tls, bool tls_is_open, struct harness_endpoint *out,
                struct err *err)
{
    struct harness_endpoint endpoint = {.tls = tls, .tls_is_open = tls_is_open};
    const char *rest = candidate->url + strlen("http");
    if (asprintf(&endpoint.url, "%s%s", tls ? "https" : "http", rest) < 0)
        endpoint.url = NULL;
    if (candidate->unix_socket != NULL)
        endpoint.unix_socket = strdup(candidate->unix_socket);
    if (endpoint.url == NULL || (candidate->unix_socket != NULL && endpoint.unix_socket == NULL)) {
        harness_endpoint_fini(&endpoint);
        return err_set(err, -ENOMEM, "out of memory");
    }
    *out = endpoint;
    return 0;
}

static size_t tcp_count(const struct candidates *candidates)
{
    size_t count = 0;
    while (count < candidates->count && candidates->items[count].unix_socket == NULL)
        count++;
    return count;
}

/* The candidate that has won, or NULL. Not while an earlier one may still answer. */
static const struct candidate *winner(struct search *search, size_t count)
{
    const struct candidate *first = NULL;
    bool pending_before = false, pending = false;
    for (size_t i = 0; i < count; i++) {
        enum trial_verdict verdict = trials_verdict(search->trials, &search->candidates.items[i]);
        pending = pending || verdict == TRIAL_PENDING;
        if (verdict != TRIAL_HTTP && verdict != TRIAL_HTTPS)
            continue;
        if (first == NULL) {
            first = &search->candidates.items[i];
            pending_before = pending;
        }
    }
    if (first != NULL && search->answer_since == 0)
        search->answer_since = clock_now();
    bool waited = search->answer_since != 0 && clock_now() - search->answer_since > ANSWERS_NS;
    if (first == NULL && !pending && search->hopeless_since == 0)
        search->hopeless_since = clock_now();
    if (first != NULL || pending)
        search->hopeless_since = 0;
    return pending_before && !waited ? NULL : first;
}

static bool have_ports_failed(const struct search *search, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (trials_verdict(search->trials, &search->candidates.items[i]) != TRIAL_OTHER)
            return false;
    return true;
}

/* Ask the candidates, and those that come meanwhile, until one has won. */
static int ask_candidates(struct search *search, struct harness_endpoint *out, struct err *err)
{
    search->trials = trials_new();
    if (search->trials == NULL)
        return err_set(err, -ENOMEM, "out of memory");
    for (;;) {
        size_t ports = tcp_count(&search->candidates);
        size_t count = have_ports_failed(search, ports) ? search->candidates.count : ports;
        struct candidates asked = {.items = search->candidates.items, .count = count};
        int code = trials_step(search->trials, &asked, LAST_LOOK_NS);
        if (code != 0)
            return err_set(err, code, "out of memory");
        const struct candidate *won = winner(search, count);
        if (won != NULL)
            return take(won, trials_verdict(search->trials, won) == TRIAL_HTTPS, false, out, err);
        if (search->hopeless_since != 0) {
            if (clock_now() - search->hopeless_since > HOPELESS_NS)
                return err_set(err, -EPROTO, "the program listens on %s, but no answer is HTTP",
                               text_get(&search->last_names));
            program_nap(search->harness, LAST_LOOK_NS);
        }
        code = check(search, err);
        if (code == 0 && look(search) != 0)
            code = err_set(err, -ENOMEM, "out of memory");
        if (code != 0)
            return code;
    }
}

static int search_freely(struct search *search, struct harness_endpoint *out, struct err *err)
{
    int code = wait_for_candidates(search, err);
    if (code != 0)
        return code;
    if (search->candidates.count == 1 || tcp_count(&search->candidates) == 1)
        return take(&search->candidates.items[0], false, true, out, err);
    return ask_candidates(search, out, err);
}

/* A named place is taken as it is, once the program listens: on that port, or, when something stands between (a proxy),
   on any after half of the time. */
static int wait_for_named(struct search *search, int port, struct err *err)
{
    uint64_t deadline = search->deadline;
    search->port = port;
    if (port != 0)
        search->deadline = clock_after(clock_left(deadline) / 2);
    struct err first;
    int code = wait_for_candidates(search, &first);
    if (code == -ETIMEDOUT && port != 0) {
        search->port = 0;
        search->deadline = deadline;
        if (wait_for_candidates(search, NULL) == 0)
            return 0;
    }
    return code == 0 ? 0 : err_set(err, code, "%s", first.text);
}

static int search_named(struct search *search, struct harness_endpoint *out, struct err *err)
{
    const struct harness_find *find = search->find;
    struct harness_endpoint endpoint = {.tls_is_open = find->url == NULL};
    int port = 0, code = 0;
    if (find->url != NULL)
        code = http_parse_url(find->url, &port, &endpoint.tls, err);
    if (code == 0)
        code = wait_for_named(search, find->unix_socket != NULL ? 0 : port, err);
    if (code != 0)
        return code;
    endpoint.url = strdup(find->url != NULL ? find->url : "http://localhost");
    if (find->unix_socket != NULL)
        endpoint.unix_socket = strdup(find->unix_socket);
    if (endpoint.url == NULL || (find->unix_socket != NULL && endpoint.unix_socket == NULL)) {
        harness_endpoint_fini(&endpoint);
        return err_set(err, -ENOMEM, "out of memory");
    }
    *out = endpoint;
    return 0;
}

int harness_find_endpoint(struct harness *harness, const struct harness_find *find, struct harness_endpoint *out,
                          struct err *err)
{
    struct search search = {
        .harness = harness,
        .find = find,
        .start = clock_now(),
        .deadline = clock_after(find->timeout_ns),
        .port = find->port,
    };
    int code = find->url != NULL || find->unix_socket != NULL ? search_named(&search, out, err)
                                                              : search_freely(&search, out, err);
    trials_free(search.trials);
    candidates_fini(&search.candidates);
    listeners_fini(&search.listeners);
    text_fini(&search.last_names);
    return code;
}
