/* A server with an annotated handler, in the shapes that servers have. What it is: its first argument.
     single    one connection after another
     fork      a child per request, which handles it
     cgi       a child per request, which becomes another program (its second argument)
     prefork   two children accept on the parent's socket
     daemon    detaches itself as daemon(7) says
     stdin     keeps reading its standard input; ends with it
     several   three listeners, the last in IPv6
     ipv6      IPv6 only
     unix      at the path of its second argument
     busy      single, and a thread that never rests
   What it does: the path.
     /hold     64 KiB that stay
     /500      holds, and answers with that status
     /never    holds, and never answers
     /die      holds, and dies by SIGSEGV
     /close    holds, and closes without an answer
     /after    answers, then holds 16 times 64 KiB more
   With GATEWAY_INTERFACE in its environment it is a CGI program: handles a page and prints it. */

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>

#include "server.h"
#include "syseng_mem.h"

#define HOLD_BYTES 65536
#define TIMES_AFTER 16
#define MOST 3

static void *volatile held;
static volatile unsigned long spins;

SYSENG_MEM_PROFILE
static void handle_page(void)
{
    void *block = malloc(HOLD_BYTES);
    memset(block, 1, HOLD_BYTES);
    held = block;
}

SYSENG_MEM_PROFILE
static void handle_later(void)
{
    for (int i = 0; i < TIMES_AFTER; i++)
        held = malloc(HOLD_BYTES);
}

static int asks(const char *request, const char *path)
{
    const char *target = strchr(request, ' ');
    return target != NULL && strncmp(target + 1, path, strlen(path)) == 0 && target[1 + strlen(path)] == ' ';
}

static void handle(int fd)
{
    static char request[SERVER_REQUEST_BYTES];
    if (server_read(fd, request) == 0)
        return;
    handle_page();
    if (asks(request, "/die"))
        raise(SIGSEGV);
    if (asks(request, "/never"))
        while (server_read(fd, request) > 0)
            ;
    if (asks(request, "/never") || asks(request, "/close"))
        return;
    server_send(fd, "HTTP/1.1 %d Said\r\nContent-Length: 5\r\n\r\nheld\n", asks(request, "/500") ? 500 : 200);
    if (asks(request, "/after"))
        handle_later();
}

static void run_cgi(int fd, char **argv)
{
    static char request[SERVER_REQUEST_BYTES];
    server_need(server_read(fd, request) > 0, "request");
    server_send(fd, "HTTP/1.1 200 OK\r\n");
    dup2(fd, STDOUT_FILENO);
    setenv("GATEWAY_INTERFACE", "CGI/1.1", 1);
    execl(argv[2], argv[2], (char *)NULL);
    _exit(70);
}

static void serve_one(int listener, char **argv)
{
    int fd = accept(listener, NULL, NULL);
    int forks = strcmp(argv[1], "fork") == 0, cgi = strcmp(argv[1], "cgi") == 0;
    if (fd < 0)
        return;
    if (!forks && !cgi) {
        handle(fd);
    } else if (fork() == 0) {
        close(listener);
        if (cgi)
            run_cgi(fd, argv);
        handle(fd);
        _exit(0);
    }
    close(fd);
    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
}

static void *spin(void *unused)
{
    for (;;)
        spins++;
    return unused;
}

static void detach(void)
{
    if (fork() != 0)
        _exit(0);
    setsid();
    if (fork() != 0)
        _exit(0);
}

static int listen_somewhere(const char *kind, const char *path)
{
    struct sockaddr_in6 loopback6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    if (strcmp(kind, "ipv6") == 0)
        return server_listen_at(&loopback6, sizeof loopback6, AF_INET6);
    if (strcmp(kind, "unix") != 0)
        return server_listen();
    snprintf(local.sun_path, sizeof local.sun_path, "%s", path);
    return server_listen_at(&local, sizeof local, AF_UNIX);
}

static void start_helpers(const char *kind)
{
    pthread_t thread;
    if (strcmp(kind, "busy") == 0)
        server_need(pthread_create(&thread, NULL, spin, NULL) == 0, "pthread_create");
    for (int i = 0; strcmp(kind, "prefork") == 0 && i < 2; i++)
        if (fork() == 0)
            return; /* as the parent: all of them serve */
}

int main(int argc, char **argv)
{
    struct pollfd sources[MOST + 1] = {{.fd = -1}, {.fd = -1}, {.fd = -1}, {.fd = -1}};
    if (getenv("GATEWAY_INTERFACE") != NULL) {
        handle_page();
        printf("Content-Length: 4\r\n\r\ncgi\n");
        return 0;
    }
    if (argc < 2)
        return 64;
    if (strcmp(argv[1], "daemon") == 0)
        detach();
    sources[0] = (struct pollfd){.fd = listen_somewhere(argv[1], argc > 2 ? argv[2] : ""), .events = POLLIN};
    for (int i = 1; strcmp(argv[1], "several") == 0 && i < MOST; i++)
        sources[i] = (struct pollfd){.fd = listen_somewhere(i == 2 ? "ipv6" : "", ""), .events = POLLIN};
    if (strcmp(argv[1], "stdin") == 0)
        sources[MOST] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
    start_helpers(argv[1]);
    for (;;) {
        char byte;
        poll(sources, MOST + 1, -1);
        if (sources[MOST].revents != 0 && read(STDIN_FILENO, &byte, 1) <= 0)
            return 0;
        for (int i = 0; i < MOST; i++)
            if (sources[i].revents != 0)
                serve_one(sources[i].fd, argv);
    }
}
