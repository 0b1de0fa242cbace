/* What the small servers of the harness's tests share. They listen where the kernel likes and answer HTTP/1.1 by hand,
   one connection at a time, as servers written in an afternoon do. */

#ifndef TESTS_TARGETS_SERVER_H
#define TESTS_TARGETS_SERVER_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SERVER_REQUEST_BYTES 65536

static inline void server_need(int good, const char *what)
{
    if (!good) {
        perror(what);
        exit(70);
    }
}

static inline int server_listen_at(const void *address, size_t bytes, int family)
{
    int fd = socket(family, SOCK_STREAM, 0);
    server_need(fd >= 0, "socket");
    if (family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){1}, sizeof(int));
    server_need(bind(fd, address, (socklen_t)bytes) == 0, "bind");
    server_need(listen(fd, 16) == 0, "listen");
    return fd;
}

static inline int server_listen(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    return server_listen_at(&address, sizeof address, AF_INET);
}

static inline int server_port(int fd)
{
    struct sockaddr_in6 address; /* the port is at the same place in both */
    socklen_t bytes = sizeof address;
    server_need(getsockname(fd, (struct sockaddr *)&address, &bytes) == 0, "getsockname");
    return ntohs(address.sin6_port);
}

static inline void server_send(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));

static inline void server_send(int fd, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vdprintf(fd, format, args);
    va_end(args);
}

/* Read a request whole. Returns its length, 0 when the client went away. */
static inline size_t server_read(int fd, char request[SERVER_REQUEST_BYTES])
{
    size_t length = 0, wanted = 0;
    while (wanted == 0 || length < wanted) {
        ssize_t got = read(fd, request + length, SERVER_REQUEST_BYTES - 1 - length);
        if (got <= 0)
            return 0;
        length += (size_t)got;
        request[length] = '\0';
        const char *end = strstr(request, "\r\n\r\n");
        if (end == NULL)
            continue;
        const char *body = strcasestr(request, "\r\nContent-Length:");
        wanted = (size_t)(end + 4 - request);
        if (body != NULL && body < end)
            wanted += strtoul(body + strlen("\r\nContent-Length:"), NULL, 10);
    }
    return length;
}

/* Answer one connection with a short text. */
static inline void server_answer(int listener, const char *text)
{
    static char request[SERVER_REQUEST_BYTES];
    int fd = accept(listener, NULL, NULL);
    if (fd < 0)
        return;
    if (server_read(fd, request) > 0)
        server_send(fd, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nX-Pid: %d\r\n\r\n%s", strlen(text), (int)getpid(),
                    text);
    close(fd);
}

#endif
