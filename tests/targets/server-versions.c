/* A server of which the tests of the comparison make several versions, by editing it. Pages: /memory allocates and frees a
   buffer and keeps a copy of a header; / allocates nothing that differs. */

#include "server.h"

static char *volatile kept;

static char *make_buffer(size_t bytes)
{
    char *buffer = malloc(bytes);
    if (buffer != NULL)
        memset(buffer, 1, bytes);
    return buffer;
}

static void handle_memory(void)
{
    char *buffer = make_buffer(65536);
    free(buffer);
}

static void handle_root(void)
{
    char *name = strdup("root");
    free(name);
}

int main(void)
{
    static char request[SERVER_REQUEST_BYTES];
    int listener = server_listen();
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        if (fd < 0)
            return 1;
        if (server_read(fd, request) > 0) {
            if (strncmp(request, "GET /memory", 11) == 0)
                handle_memory();
            else
                handle_root();
            server_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n");
        }
        close(fd);
    }
}
