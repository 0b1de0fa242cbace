/* The example server: listens on the loopback interface, on the port given or on one that the kernel chooses, says which,
   and serves until SIGTERM or SIGINT. */

#include "app.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static volatile sig_atomic_t ended;

static void end(int signal)
{
    ended = 1;
}

/* Serve in this one thread. The signals that end the program are let through only while it waits, so that none is missed
   between the look at `ended` and the wait. */
static void serve(struct MHD_Daemon *daemon, const sigset_t *while_waiting)
{
    struct pollfd events = {
        .fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
        .events = POLLIN,
    };
    while (!ended) {
        MHD_UNSIGNED_LONG_LONG wait_ms;
        struct timespec wait, *limit = NULL;
        if (MHD_get_timeout(daemon, &wait_ms) == MHD_YES) {
            wait = (struct timespec){(time_t)(wait_ms / 1000), (long)(wait_ms % 1000) * 1000000};
            limit = &wait;
        }
        ppoll(&events, 1, limit, while_waiting);
        MHD_run(daemon);
    }
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0)),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    sigset_t ending, before;
    sigemptyset(&ending);
    sigaddset(&ending, SIGTERM);
    sigaddset(&ending, SIGINT);
    sigprocmask(SIG_BLOCK, &ending, &before);
    struct sigaction action = {.sa_handler = end};
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGINT, &action, NULL);

    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, app_answer, NULL, MHD_OPTION_SOCK_ADDR,
                                                 &address, MHD_OPTION_END);
    if (daemon == NULL) {
        perror("app: cannot listen");
        return 1;
    }
    printf("listening on http://127.0.0.1:%u\n", MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
    fflush(stdout);
    serve(daemon, &before);
    MHD_stop_daemon(daemon);
    return 0;
}
