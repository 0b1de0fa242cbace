/* What it answers is told by the path:
     /echo     the request as it came, byte for byte; it is printed, too
     /chunked  a body in chunks, with a trailer
     /plain    HTTP/1.0, a body that ends where the connection does
     /short    less body than announced
     /nothing  closes the connection without a word
     /foreign  a line that is not HTTP
     /redirect to /echo
     /silent   never answers
     /begun    a status line and headers, never the body
     /abort    abort(3)
     /STATUS   that status and no body */

#include <ctype.h>

#include "server.h"

static void answer_status(int fd, const char *path)
{
    int status = atoi(path + 1);
    server_send(fd, "HTTP/1.1 %d Status\r\n%s\r\n", status,
                status == 204 || status == 304 ? "" : "Content-Length: 0\r\n");
}

static void answer(int fd, const char *request, size_t length)
{
    const char *path = strchr(request, ' ') + 1;
    if (isdigit((unsigned char)path[1])) {
        answer_status(fd, path);
    } else if (strncmp(path, "/chunked", 8) == 0) {
        server_send(fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
        server_send(fd, "3\r\nyou\r\n0\r\nX-Trailer: 1\r\n\r\n");
    } else if (strncmp(path, "/plain", 6) == 0) {
        server_send(fd, "HTTP/1.0 200 OK\r\n\r\nto the end");
    } else if (strncmp(path, "/short", 6) == 0) {
        server_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    } else if (strncmp(path, "/foreign", 8) == 0) {
        server_send(fd, "220 mail.example\tESMTP\r\n");
    } else if (strncmp(path, "/redirect", 9) == 0) {
        server_send(fd, "HTTP/1.1 302 Found\r\nLocation: /echo\r\nContent-Length: 0\r\n\r\n");
    } else if (strncmp(path, "/echo", 5) == 0) {
        server_need(write(STDOUT_FILENO, request, length) == (ssize_t)length, "write");
        server_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", length);
        server_need(write(fd, request, length) == (ssize_t)length, "write");
    }
}

int main(void)
{
    static char request[SERVER_REQUEST_BYTES];
    int listener = server_listen();
    for (;;) {
        int fd = accept(listener, NULL, NULL);
        size_t length = server_read(fd, request);
        const char *path = length > 0 ? strchr(request, ' ') + 1 : "";
        if (strncmp(path, "/abort", 6) == 0)
            abort();
        if (strncmp(path, "/begun", 6) == 0)
            server_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        if (strncmp(path, "/silent", 7) == 0 || strncmp(path, "/begun", 6) == 0)
            while (server_read(fd, request) > 0)
                ;
        else if (length > 0)
            answer(fd, request, length);
        close(fd);
    }
}
