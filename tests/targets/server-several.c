/* Several listeners, one per argument, in that order; all answer at once, from one thread:
     silent   takes connections and never says a word
     shout    greets with a line of its own, as mail servers do
     http     answers HTTP with the ordinal of the listener as status: 201 for the first
   Prints the port of each. */

#include <poll.h>

#include "server.h"

#define MOST 8

int main(int argc, char **argv)
{
    static char request[SERVER_REQUEST_BYTES];
    struct pollfd listeners[MOST];
    server_need(argc - 1 <= MOST, "usage");
    for (int i = 1; i < argc; i++) {
        listeners[i - 1] = (struct pollfd){.fd = server_listen(), .events = POLLIN};
        printf("%s %d\n", argv[i], server_port(listeners[i - 1].fd));
    }
    fflush(stdout);
    for (;;) {
        poll(listeners, (nfds_t)(argc - 1), -1);
        for (int i = 1; i < argc; i++) {
            if ((listeners[i - 1].revents & POLLIN) == 0)
                continue;
            int fd = accept(listeners[i - 1].fd, NULL, NULL);
            if (strcmp(argv[i], "silent") == 0)
                continue; /* keeps the connection */
            if (strcmp(argv[i], "shout") == 0)
                server_send(fd, "220 mail.example ESMTP\r\n");
            else if (server_read(fd, request) > 0)
                server_send(fd, "HTTP/1.1 %d Here\r\nContent-Length: 0\r\n\r\n", 200 + i);
            close(fd);
        }
    }
}
