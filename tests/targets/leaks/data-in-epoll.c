/* The only pointer to a connection's state is what the kernel gives back with the descriptor's events. */
#include "leaks.h"
#include <sys/epoll.h>

APART static void watch(int set, int descriptor)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = malloc(77)}; /* KEPT */
    if (epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event) < 0)
        exit(1);
}

int main(void)
{
    int ends[2], set = epoll_create1(0);
    if (set < 0 || pipe(ends) < 0)
        return 1;
    watch(set, ends[0]);
    scrub();
    return 0;
}
