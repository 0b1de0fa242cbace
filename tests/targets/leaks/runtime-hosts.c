/* Names of hosts, whose lists are freed. */
#include "leaks.h"
#include <netdb.h>
#include <sys/socket.h>

int main(void)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *list;
    if (getaddrinfo("localhost", "80", &hints, &list) == 0)
        freeaddrinfo(list);
    hints.ai_flags = AI_NUMERICHOST;
    if (getaddrinfo("::1", "80", &hints, &list) == 0)
        freeaddrinfo(list);
    gethostbyname("localhost");
    scrub();
    return 0;
}
