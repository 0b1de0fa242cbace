/* The default form: start a server, fire requests at it one after another, each in a window of its own, and show what
   they did line by line. */

#include "cli/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/units.h"
#include "cli/message.h"
#include "cli/port-owner.h"
#include "cli/profile.h"
#include "cli/requests.h"

#define MS UINT64_C(1000000)

/* A request is over when the server has done nothing for this long after its response; one that never rests (a timer, a
   background thread) is not waited for longer than that. A server's answer is often followed by its clean-up. */
#define QUIET_NS (20 * MS)
#define QUIET_TIMEOUT_NS (2000 * MS)
#define RESTLESS_NS (200 * MS) /* once it is known to be so */

/* What a polite server gets to end after SIGTERM. */
#define GRACE_NS (5000 * MS)

struct lines_command {
    struct profile profile;
    struct requests requests;
    struct harness_endpoint endpoint;
    const struct request *measured; /* the window of this one is open */
    size_t window_count;
    bool restless; /* the program has work of its own */
    bool stopped;  /* no further request: the program is gone, or the user has had enough */
    int failure;
};

static size_t listeners(struct harness_listener *out, size_t max, void *data)
{
    struct collector_listen *listens = calloc(max, sizeof *listens);
    if (listens == NULL)
        return 0;
    size_t count = collector_listens(data, listens, max);
    for (size_t i = 0; i < count && i < max; i++) {
        out[i] = (struct harness_listener){.pid = listens[i].pid, .address_bytes = listens[i].address_bytes};
        memcpy(out[i].address, listens[i].address, sizeof out[i].address);
    }
    free(listens);
    return count;
}

static uint64_t activity(void *data)
{
    return data != NULL ? collector_activity(data) : 0;
}

static void wait_quiet(struct lines_command *command)
{
    struct profile *profile = &command->profile;
    if (harness_wait_quiet(profile->harness, activity, profile->collector, QUIET_NS,
                           command->restless ? RESTLESS_NS : QUIET_TIMEOUT_NS) ||
        command->restless || harness_interrupted(profile->harness) != 0)
        return;
    command->restless = true;
    message(MESSAGE_WARNING,
            "%s: does not rest (a thread or a timer of its own keeps it busy): what it does meanwhile counts in the "
            "requests' "
            "numbers; stop that work, or compare several requests with --repeat",
            profile->program.name);
}

static bool find_endpoint(struct lines_command *command)
{
    const struct options_requests *options = &command->profile.options->requests;
    struct collector *collector = command->profile.collector;
    const struct harness_find find = {
        .url = options->url,
        .unix_socket = options->unix_socket,
        .port = (int)options->port,
        .timeout_ns = options->timeout_ns,
        .listeners = collector != NULL ? listeners : NULL,
        .data = collector,
    };
    struct err err;
    progress_begin("waiting until the program listens");
    int status = harness_find_endpoint(command->profile.harness, &find, &command->endpoint, &err);
    progress_end();
    if (status < 0) {
        const char *name = command->profile.program.name;
        int wait_status;
        command->failure = PROFILE_FAILED;
        command->profile.interrupted = status == -EINTR;
        if (status == -EINTR)
            message(MESSAGE_ERROR, "%s: %s before it listened: no request was sent", name, err.text);
        else if (status == -ECHILD && harness_has_ended(command->profile.harness, &wait_status))
            message(MESSAGE_ERROR,
                    "%s: ended (%s %d) before it listened: no request was sent, and what it said is above; its own "
                    "arguments "
                    "follow after --, and 'syseng-mem run' profiles a program that is no server",
                    name, WIFSIGNALED(wait_status) ? "killed by signal" : "exit status",
                    WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status));
        else
            message(MESSAGE_ERROR,
                    "%s: %s: no request was sent; --timeout gives it longer, its own arguments follow after --, and "
                    "'syseng-mem run' profiles a program that is no server",
                    name, err.text);
        return false;
    }
    message(MESSAGE_DETAIL, "requests go to %s%s%s", command->endpoint.url != NULL ? command->endpoint.url : "",
            command->endpoint.unix_socket != NULL ? " at " : "",
            command->endpoint.unix_socket != NULL ? command->endpoint.unix_socket : "");
    return true;
}

static bool open_window(struct lines_command *command)
{
    const struct request *request = command->measured;
    int status = profile_begin_window(&command->profile, request->method, request->target);
    if (status == 0) {
        command->window_count++;
        return true;
    }
    command->failure = status;
    command->stopped = true;
    return false;
}

/* The server speaks TLS: what the plain attempt cost it is not the request's. Harness calls it once at most. */
static void begin_again(void *data)
{
    struct lines_command *command = data;
    if (command->profile.collector == NULL || command->measured == NULL)
        return;
    profile_end_window(&command->profile, 0, 0, false);
    command->profile.has_dropped_window = true;
    command->profile.dropped_window = command->window_count - 1;
    open_window(command);
}

/* One request and its response. Returns whether a complete response came. */
static bool fire(struct lines_command *command, const struct request *request, struct harness_response *response)
{
    const struct options_requests *options = &command->profile.options->requests;
    const struct harness_request wanted = {
        .method = request->method,
        .target = request->target,
        .headers = options->headers.items,
        .header_count = options->headers.count,
        .body = command->requests.body,
        .body_bytes = command->requests.body_bytes,
        .timeout_ns = options->timeout_ns,
        .again = begin_again,
        .data = command,
    };
    struct err err;
    char what[256];
    snprintf(what, sizeof what, "waiting for the answer to %s %s", request->method, request->target);
    *response = (struct harness_response){0};
    progress_begin(what);
    int status = harness_fire(command->profile.harness, &command->endpoint, &wanted, response, &err);
    progress_end();
    if (status == 0)
        return true;
    command->failure = PROFILE_FAILED;
    int wait_status;
    command->profile.interrupted = status == -EINTR;
    command->stopped = status == -EINTR || harness_has_ended(command->profile.harness, &wait_status);
    message(MESSAGE_ERROR, "%s %s: %s%s", request->method, request->target, err.text,
            status == -ETIMEDOUT ? "; --timeout gives it longer" : "");
    return false;
}

/* The program ended while it warmed up: a window without an answer says so to whoever judges the session. */
static void show_unanswered(struct lines_command *command, const struct request *request)
{
    command->measured = request;
    if (command->profile.collector != NULL && open_window(command))
        profile_end_window(&command->profile, 0, 0, false);
    command->measured = NULL;
}

static void warm_up(struct lines_command *command, const struct request *request)
{
    for (long i = 0; i < command->profile.options->requests.warmup && !command->stopped; i++) {
        struct harness_response response;
        fire(command, request, &response);
    }
    if (command->stopped && command->profile.view != NULL)
        show_unanswered(command, request);
}

static void judge_status(const struct lines_command *command, const struct request *request, int status)
{
    const char *expect = command->profile.options->requests.expect;
    if (options_status_is_expected(expect, status))
        return;
    message(MESSAGE_WARNING,
            "%s %s: answered %d (expected %s): the report is of that answer; --expect %d says that it is right",
            request->method, request->target, status, expect != NULL ? expect : "below 400", status);
}

/* Fire one request in a window of its own. Returns its HTTP status, 0 when there was no complete answer. */
static int measure(struct lines_command *command, const struct request *request)
{
    struct collector *collector = command->profile.collector;
    struct harness_response response;
    wait_quiet(command);
    command->measured = request;
    if (!open_window(command))
        return 0;
    bool complete = fire(command, request, &response);
    wait_quiet(command);
    command->measured = NULL;
    profile_end_window(&command->profile, response.status, response.elapsed_ns, response.finished);
    if (collector == NULL && complete)
        message(MESSAGE_NOTE, "%s %s -> %d in %s", request->method, request->target, response.status,
                units_duration(response.elapsed_ns).text);
    return complete ? response.status : 0;
}

static void fire_all(struct lines_command *command)
{
    long repeat = command->profile.options->requests.repeat;
    for (size_t i = 0; i < command->requests.count && !command->stopped; i++) {
        const struct request *request = &command->requests.items[i];
        int judged = 0;
        warm_up(command, request);
        for (long j = 0; j < repeat && !command->stopped; j++) {
            int status = measure(command, request);
            if (status != 0 && status != judged)
                judge_status(command, request, status);
            judged = status != 0 ? status : judged;
        }
    }
}

/* Told before the start, because the program will fail to listen there. */
static void warn_of_busy_port(const struct options_requests *options)
{
    struct port_owner owner;
    if (options->port == 0 || !port_owner_find(options->port, &owner))
        return;
    if (owner.pid != 0)
        message(MESSAGE_WARNING, "--port %ld: in use by process %d (%s); end it, or give the program another port",
                options->port, (int)owner.pid, owner.name);
    else
        message(MESSAGE_WARNING, "--port %ld: in use by somebody else's process; give the program another port",
                options->port);
}

static int serve_requests(struct lines_command *command)
{
    struct profile *profile = &command->profile;
    if (find_endpoint(command))
        fire_all(command);
    if (profile->view != NULL && profile->view->looks_at_heap && profile->collector != NULL &&
        command->window_count > 0)
        collector_look(profile->collector);
    progress_begin("waiting until the program ends");
    if (harness_stop(profile->harness, GRACE_NS, &profile->wait_status, &profile->ended_by_us) < 0) {
        message(MESSAGE_ERROR, "%s: could not be ended", profile->program.name);
        command->failure = PROFILE_FAILED;
    }
    progress_end();
    /* The signal went to the program first; whether it was quicker than we says nothing. */
    if (profile->interrupted)
        profile->ended_by_us = false;
    return profile_report(profile, command->failure);
}

int cmd_requests(const struct options *options, const struct profile_view *view)
{
    struct lines_command command = {0};
    struct err err;
    int status = requests_read(&options->requests, &command.requests, &err);
    if (status < 0)
        return profile_refuse(&err, status);
    status = profile_init(&command.profile, options, view);
    if (status == 0) {
        warn_of_busy_port(&options->requests);
        status = profile_start(&command.profile);
    }
    if (status == 0)
        status = serve_requests(&command);
    harness_endpoint_fini(&command.endpoint);
    profile_fini(&command.profile);
    requests_fini(&command.requests);
    return status;
}

int cmd_lines(const struct options *options)
{
    bool has_requests = options->requests.targets.count > 0 || options->requests.file != NULL;
    return has_requests ? cmd_requests(options, NULL) : cmd_whole_run(options, NULL);
}
