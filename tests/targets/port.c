/* port free: prints a TCP port of 127.0.0.1 that nobody uses; for servers that cannot be given 0. Somebody else may take it
   before the server does: try again then.
   port wait PORT|PATH: waits until somebody accepts connections there, at most 30 s. */

#include <time.h>

#include "server.h"

#define LOOKS 3000
#define LOOK_NS 10000000

static int find_free(void)
{
    printf("%d\n", server_port(server_listen()));
    return 0;
}

static int reach(const char *place)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_un local = {.sun_family = AF_UNIX};
    int is_path = strchr(place, '/') != NULL;
    ipv4.sin_port = htons((uint16_t)atoi(place));
    snprintf(local.sun_path, sizeof local.sun_path, "%s", place);
    int fd = socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM, 0);
    server_need(fd >= 0, "socket");
    int status = is_path ? connect(fd, (struct sockaddr *)&local, sizeof local)
                         : connect(fd, (struct sockaddr *)&ipv4, sizeof ipv4);
    close(fd);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "free") == 0)
        return find_free();
    if (argc != 3 || strcmp(argv[1], "wait") != 0)
        return 64;
    for (int i = 0; i < LOOKS; i++) {
        if (reach(argv[2]) == 0)
            return 0;
        nanosleep(&(struct timespec){.tv_nsec = LOOK_NS}, NULL);
    }
    return 1;
}
