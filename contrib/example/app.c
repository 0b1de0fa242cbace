/* The example application: four pages, of which /memory is worth a look with syseng-mem, and /leak loses memory. */

#include "app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <syseng_mem.h>

#define LENGTH 65536

/* The numbers first, first + 1, ..., last - 1, none of which is kept anywhere. */
struct range {
    long first, last;
};

static long range_length(struct range range)
{
    return range.last - range.first;
}

static void range_copy(struct range range, long *to)
{
    for (long i = 0; i < range_length(range); i++)
        to[i] = range.first + i;
}

static enum MHD_Result answer_text(struct MHD_Connection *connection, unsigned status, const char *text)
{
    char *body = strdup(text);
    struct MHD_Response *response =
        body == NULL ? NULL : MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        free(body);
        return MHD_NO;
    }
    MHD_add_response_header(response, "Content-Type", "text/plain");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result index_page(struct MHD_Connection *connection)
{
    return answer_text(connection, MHD_HTTP_OK, "/user  /memory  /leak\n");
}

/* Two ways to hold the same 65,536 numbers: as a range, and one by one. */
SYSENG_MEM_PROFILE
static enum MHD_Result memory_page(struct MHD_Connection *connection)
{
    struct range lazy = {0, LENGTH};
    long *eager = malloc(LENGTH * sizeof *eager);
    if (eager == NULL)
        return MHD_NO;
    range_copy(lazy, eager);

    char text[32];
    snprintf(text, sizeof text, "%ld\n", range_length(lazy));
    free(eager);
    return answer_text(connection, MHD_HTTP_OK, text);
}

static enum MHD_Result user_page(struct MHD_Connection *connection)
{
    const char *name = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "name");
    char *greeting;
    if (asprintf(&greeting, "Hello, %s!\n", name != NULL ? name : "you") < 0)
        return MHD_NO;
    enum MHD_Result result = answer_text(connection, MHD_HTTP_OK, greeting);
    free(greeting);
    return result;
}

/* Loses 16 bytes each time, on purpose. */
static enum MHD_Result leak_page(struct MHD_Connection *connection)
{
    char *header = strdup("Host: localhost");
    return header == NULL ? MHD_NO : answer_text(connection, MHD_HTTP_OK, header);
}

static enum MHD_Result missing_page(struct MHD_Connection *connection)
{
    return answer_text(connection, MHD_HTTP_NOT_FOUND, "There is no such page.\n");
}

static const struct route {
    const char *path;
    enum MHD_Result (*page)(struct MHD_Connection *connection);
} routes[] = {
    {"/", index_page},
    {"/user", user_page},
    {"/memory", memory_page},
    {"/leak", leak_page},
};

enum MHD_Result app_answer(void *data, struct MHD_Connection *connection, const char *url, const char *method,
                           const char *version, const char *upload, size_t *upload_bytes, void **state)
{
    *upload_bytes = 0; /* a body that comes along is of no interest */
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strcmp(url, routes[i].path) == 0)
            return routes[i].page(connection);
    }
    return missing_page(connection);
}

void app_serve(int fd, void *data)
{
    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL, app_answer, NULL, MHD_OPTION_END);
    if (daemon == NULL) {
        close(fd);
        return;
    }
    struct sockaddr peer = {.sa_family = AF_UNIX};
    if (MHD_add_connection(daemon, fd, &peer, sizeof peer) == MHD_YES) {
        while (MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections > 0)
            MHD_run_wait(daemon, -1);
    }
    MHD_stop_daemon(daemon);
}
