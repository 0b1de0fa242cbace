/* The system's listening TCP sockets by sock_diag(7). */

#include "harness/listeners-system.h"

#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#define ANSWER_BYTES 32768 /* as much as the kernel puts into one part of a dump */

static bool ask(int fd, int family)
{
    struct {
        struct nlmsghdr head;
        struct inet_diag_req_v2 body;
    } request = {
        .head = {.nlmsg_len = sizeof request,
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .body = {.sdiag_family = (uint8_t)family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = 1u << TCP_LISTEN},
    };
    return send(fd, &request, sizeof request, 0) == (ssize_t)sizeof request;
}

static bool convert(const struct inet_diag_msg *message, struct listener *out)
{
    *out = (struct listener){.inode = message->idiag_inode};
    if (message->idiag_family == AF_INET) {
        struct sockaddr_in *address = (struct sockaddr_in *)&out->address.storage;
        *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = message->id.idiag_sport};
        memcpy(&address->sin_addr, message->id.idiag_src, sizeof address->sin_addr);
        out->address_bytes = sizeof *address;
        return true;
    }
    struct sockaddr_in6 *address = (struct sockaddr_in6 *)&out->address.storage;
    *address = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = message->id.idiag_sport};
    memcpy(&address->sin6_addr, message->id.idiag_src, sizeof address->sin6_addr);
    out->address_bytes = sizeof *address;
    return message->idiag_family == AF_INET6;
}

/* Take one part of the answer. *done: it was the last. */
static int take_part(struct nlmsghdr *message, size_t length, bool *done, listeners_fn *call, void *data)
{
    int code = 0;
    for (; code == 0 && !*done && NLMSG_OK(message, length); message = NLMSG_NEXT(message, length)) {
        struct listener listener;
        if (message->nlmsg_type == NLMSG_DONE)
            *done = true;
        else if (message->nlmsg_type == NLMSG_ERROR)
            code = -EOPNOTSUPP;
        else if (message->nlmsg_len >= NLMSG_LENGTH(sizeof(struct inet_diag_msg)) &&
                 convert(NLMSG_DATA(message), &listener))
            code = call(&listener, data);
    }
    return code;
}

static int dump(int fd, int family, listeners_fn *call, void *data)
{
    union {
        struct nlmsghdr head;
        char bytes[ANSWER_BYTES];
    } answer;
    bool done = false;
    int code = ask(fd, family) ? 0 : -EOPNOTSUPP;
    while (code == 0 && !done) {
        ssize_t length = recv(fd, &answer, sizeof answer, 0);
        if (length < 0 && errno == EINTR)
            continue;
        code = length <= 0 ? -EOPNOTSUPP : take_part(&answer.head, (size_t)length, &done, call, data);
    }
    return code;
}

int listeners_by_netlink(listeners_fn *call, void *data)
{
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0)
        return -EOPNOTSUPP;
    int code = dump(fd, AF_INET, call, data);
    if (code == 0)
        code = dump(fd, AF_INET6, call, data);
    close(fd);
    return code;
}
