/* getaddrinfo() without freeaddrinfo(). */
#include "leaks.h"
#include <netdb.h>
#include <sys/socket.h>

APART static void lose(void)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM}, *list;
    if (getaddrinfo("127.0.0.1", "80", &hints, &list) != 0) /* LEAK ? 1 */
        exit(1);
    used(list);
}

int main(void)
{
    lose();
    scrub();
    return 0;
}
