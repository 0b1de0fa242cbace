/* libmicrohttpd's ways to serve, with an annotated handler: internal, pool (four threads), connection (a thread for each),
   epoll. A certificate's file and its key's as further arguments: TLS. Ends on SIGTERM. */

#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "syseng_mem.h"

#define PAGE_BYTES 100000
#define FILE_BYTES 16384

SYSENG_MEM_PROFILE
static enum MHD_Result handle_page(struct MHD_Connection *connection)
{
    char *page = malloc(PAGE_BYTES);
    memset(page, 'x', PAGE_BYTES);
    struct MHD_Response *response = MHD_create_response_from_buffer(PAGE_BYTES, page, MHD_RESPMEM_MUST_FREE);
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection, const char *url, const char *method,
                                  const char *version, const char *body, size_t *body_bytes, void **state)
{
    (void)data, (void)url, (void)method, (void)version, (void)body, (void)body_bytes, (void)state;
    return handle_page(connection);
}

static char *read_file(const char *path)
{
    char *text = calloc(1, FILE_BYTES);
    FILE *file = fopen(path, "r");
    if (file == NULL || fread(text, 1, FILE_BYTES - 1, file) == 0)
        exit(70);
    fclose(file);
    return text;
}

int main(int argc, char **argv)
{
    const char *kind = argc > 1 ? argv[1] : "internal";
    unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD, pool = 0;
    int number;
    sigset_t term;
    if (strcmp(kind, "pool") == 0)
        pool = 4;
    else if (strcmp(kind, "connection") == 0)
        flags |= MHD_USE_THREAD_PER_CONNECTION;
    else if (strcmp(kind, "epoll") == 0)
        flags |= MHD_USE_EPOLL;
    struct MHD_OptionItem options[] = {{MHD_OPTION_END, 0, NULL}, {MHD_OPTION_END, 0, NULL}, {MHD_OPTION_END, 0, NULL}};
    if (argc > 3) {
        flags |= MHD_USE_TLS;
        options[0] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, read_file(argv[2])};
        options[1] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, read_file(argv[3])};
    }
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    sigprocmask(SIG_BLOCK, &term, NULL);
    struct MHD_Daemon *daemon =
        pool > 0 ? MHD_start_daemon(flags, 0, NULL, NULL, on_request, NULL, MHD_OPTION_ARRAY, options,
                                    MHD_OPTION_THREAD_POOL_SIZE, pool, MHD_OPTION_END)
                 : MHD_start_daemon(flags, 0, NULL, NULL, on_request, NULL, MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (daemon == NULL)
        return 70;
    sigwait(&term, &number);
    MHD_stop_daemon(daemon);
    return 0;
}
