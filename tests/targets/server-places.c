/* Listens in one place, and answers there: ipv4, any, ipv6, any6, unix PATH, abstract NAME; or `none`: sleeps. */

#include "server.h"

static int listen_unix(const char *path, int abstract)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    server_need(strlen(path) + 1 < sizeof address.sun_path, "path");
    strcpy(address.sun_path + abstract, path);
    return server_listen_at(&address, offsetof(struct sockaddr_un, sun_path) + (size_t)abstract + strlen(path),
                            AF_UNIX);
}

static int listen_in(char **argv)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    struct sockaddr_in6 any6 = {.sin6_family = AF_INET6},
                        loopback6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_loopback};
    const char *place = argv[1];
    if (strcmp(place, "ipv4") == 0)
        return server_listen();
    if (strcmp(place, "any") == 0)
        return server_listen_at(&any, sizeof any, AF_INET);
    if (strcmp(place, "ipv6") == 0)
        return server_listen_at(&loopback6, sizeof loopback6, AF_INET6);
    if (strcmp(place, "any6") == 0)
        return server_listen_at(&any6, sizeof any6, AF_INET6);
    server_need(argv[2] != NULL, "usage");
    return listen_unix(argv[2], strcmp(place, "abstract") == 0);
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 64;
    if (strcmp(argv[1], "none") == 0)
        for (;;)
            pause();
    int listener = listen_in(argv);
    for (;;)
        server_answer(listener, argv[1]);
}
