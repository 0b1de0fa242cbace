/* Releases a session. */

#include "collector/session.h"

#include <stdlib.h>

static void functions_free(struct session_function *functions, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(functions[i].name);
        free(functions[i].file);
        free(functions[i].lines);
    }
    free(functions);
}

void session_requests_free(struct session_request *requests, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(requests[i].method);
        free(requests[i].target);
        free(requests[i].firings_ns);
        functions_free(requests[i].functions, requests[i].function_count);
    }
    free(requests);
}

void session_free(struct session *session)
{
    if (session == NULL)
        return;
    for (char **arg = session->argv; arg != NULL && *arg != NULL; arg++)
        free(*arg);
    free(session->argv);
    session_requests_free(session->requests, session->request_count);
    for (size_t i = 0; i < session->process_count; i++) {
        free(session->processes[i].exe);
        free(session->processes[i].allocator);
        free(session->processes[i].threads);
        free(session->processes[i].points);
    }
    free(session->processes);
    functions_free(session->never_ran, session->never_ran_count);
    for (size_t i = 0; i < session->module_count; i++) {
        free(session->modules[i]);
        if (session->build_ids != NULL)
            free(session->build_ids[i]);
    }
    free(session->modules);
    free(session->build_ids);
    free(session->no_times_reason);
    free(session->times);
    free(session->frames);
    free(session->spreads);
    free(session->sites);
    free(session->mapped);
    free(session);
}
