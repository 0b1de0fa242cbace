/* A small HTTP server for the tests of the command line: one connection after another, on a port that the kernel
   chooses, or as its options say. What it answers depends on the path. */

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "syseng_mem.h"

static char *kept[100];
static int kept_count;

/* Keeps 1000 bytes of each request to it. */
SYSENG_MEM_PROFILE
static void keep(void)
{
    char *block = malloc(1000);
    kept[kept_count++ % 100] = block;
}

static void answer(int connection, int status, const char *body)
{
    char text[4096];
    int length = snprintf(text, sizeof text, "HTTP/1.1 %d Said\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
                          status, strlen(body), body);
    if (write(connection, text, (size_t)length) < 0)
        perror("write");
}

/* Head and body of a request, as far as they fit. */
static void read_request(int connection, char *text, size_t bytes)
{
    size_t length = 0, wanted = bytes - 1;
    for (;;) {
        ssize_t got = read(connection, text + length, wanted - length);
        if (got <= 0)
            break;
        length += (size_t)got;
        text[length] = '\0';
        const char *head_end = strstr(text, "\r\n\r\n"), *announced = strcasestr(text, "\r\nContent-Length:");
        if (head_end == NULL)
            continue;
        size_t body = announced != NULL && announced < head_end ? strtoul(announced + 17, NULL, 10) : 0;
        if (length >= (size_t)(head_end + 4 - text) + body || length == wanted)
            break;
    }
    text[length] = '\0';
}

static void serve(int connection)
{
    char request[4096] = "", method[32] = "", target[256] = "";
    read_request(connection, request, sizeof request);
    if (sscanf(request, "%31s %255s", method, target) != 2)
        return;
    if (strcmp(target, "/echo") == 0)
        fprintf(stderr, "server got: %s\n", request);
    if (strcmp(target, "/keep") == 0)
        keep();
    if (strcmp(target, "/crash") == 0)
        raise(SIGSEGV);
    if (strcmp(target, "/exit") == 0)
        exit(4);
    if (strcmp(target, "/silent") == 0) {
        char byte;
        fprintf(stderr, "server is silent\n");
        while (read(connection, &byte, 1) > 0)
            ;
        return;
    }
    answer(connection, strcmp(target, "/missing") == 0 ? 404 : 200, "said\n");
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    for (int i = 1; i < argc; i++)
        fprintf(stderr, "server argument: %s\n", argv[i]);
    if (argc > 1 && strcmp(argv[1], "--mute") == 0)
        pause();
    if (argc > 2 && strcmp(argv[1], "--port") == 0)
        address.sin_port = htons((uint16_t)atoi(argv[2]));
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 8) != 0) {
        perror("server");
        return 1;
    }
    socklen_t length = sizeof address;
    getsockname(listener, (struct sockaddr *)&address, &length);
    if (argc > 1 && strcmp(argv[1], "--say-port") == 0) {
        printf("%d\n", ntohs(address.sin_port));
        fflush(stdout);
    }
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection < 0)
            continue;
        serve(connection);
        close(connection);
    }
}
