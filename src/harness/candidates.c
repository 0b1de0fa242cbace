/* From listening sockets to places to connect to. */

#include "harness/candidates.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"

#define LOCAL_URL "http://localhost" /* its host part becomes the Host header */

static void candidate_fini(struct candidate *candidate)
{
    free(candidate->url);
    free(candidate->unix_socket);
}

void candidates_clear(struct candidates *candidates)
{
    for (size_t i = 0; i < candidates->count; i++)
        candidate_fini(&candidates->items[i]);
    candidates->count = 0;
}

void candidates_fini(struct candidates *candidates)
{
    candidates_clear(candidates);
    free(candidates->items);
    *candidates = (struct candidates){0};
}

const char *candidate_name(const struct candidate *candidate)
{
    return candidate->unix_socket != NULL ? candidate->unix_socket : candidate->url + strlen("http://");
}

static int make_ipv4(const struct in_addr *address, struct candidate *out)
{
    uint32_t number = ntohl(address->s_addr);
    bool is_any = number == INADDR_ANY;
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, address, text, sizeof text);
    out->is_near = is_any || number >> 24 == IN_LOOPBACKNET;
    out->is_ipv4 = true;
    return asprintf(&out->url, "http://%s:%d", is_any ? "127.0.0.1" : text, out->port) < 0 ? -ENOMEM : 0;
}

static int make_ipv6(const struct in6_addr *address, struct candidate *out)
{
    if (IN6_IS_ADDR_V4MAPPED(address)) {
        struct in_addr mapped;
        memcpy(&mapped, &address->s6_addr[12], sizeof mapped);
        return make_ipv4(&mapped, out);
    }
    bool is_any = IN6_IS_ADDR_UNSPECIFIED(address);
    char text[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, address, text, sizeof text);
    out->is_near = is_any || IN6_IS_ADDR_LOOPBACK(address);
    return asprintf(&out->url, "http://[%s]:%d", is_any ? "::1" : text, out->port) < 0 ? -ENOMEM : 0;
}

/* A relative path counts from where the server is: through /proc when the absolute one would be too long. */
static int make_relative(pid_t pid, const char *path, struct candidate *out)
{
    char link[64], directory[sizeof((struct sockaddr_un *)NULL)->sun_path];
    snprintf(link, sizeof link, "/proc/%d/cwd", (int)pid);
    ssize_t length = readlink(link, directory, sizeof directory);
    bool fits = length > 0 && (size_t)length + 1 + strlen(path) < sizeof directory;
    if (asprintf(&out->unix_socket, "%.*s/%s", fits ? (int)length : (int)strlen(link), fits ? directory : link, path) <
        0) {
        out->unix_socket = NULL;
        return -ENOMEM;
    }
    return 0;
}

static int make_local(const struct listener *listener, struct candidate *out)
{
    const struct sockaddr_un *address = &listener->address.local;
    size_t bytes = listener->address_bytes - offsetof(struct sockaddr_un, sun_path);
    char path[sizeof address->sun_path + 1] = {0};
    memcpy(path, address->sun_path, bytes);
    if (path[0] == '\0')
        path[0] = '@';
    out->is_near = true;
    out->url = strdup(LOCAL_URL);
    if (path[0] != '/' && path[0] != '@')
        return make_relative(listener->pid, path, out);
    out->unix_socket = strdup(path);
    return out->unix_socket == NULL ? -ENOMEM : 0;
}

/* 0, -ENOMEM, or -EAFNOSUPPORT when nobody can connect there. */
static int make(const struct listener *listener, struct candidate *out)
{
    const union address *address = &listener->address;
    *out = (struct candidate){.port = listeners_port(listener)};
    int code = -EAFNOSUPPORT;
    if (address->any.sa_family == AF_INET)
        code = make_ipv4(&((const struct sockaddr_in *)&address->storage)->sin_addr, out);
    else if (address->any.sa_family == AF_INET6)
        code = make_ipv6(&((const struct sockaddr_in6 *)&address->storage)->sin6_addr, out);
    else if (address->any.sa_family == AF_UNIX && listener->address_bytes > offsetof(struct sockaddr_un, sun_path))
        code = make_local(listener, out);
    if (code == 0 && out->url == NULL)
        code = -ENOMEM;
    if (code != 0)
        candidate_fini(out);
    return code;
}

static int nearness(const struct candidate *candidate)
{
    return 2 * candidate->is_near + candidate->is_ipv4;
}

/* The candidate with the same port or path, or NULL. */
static struct candidate *find_same(const struct candidates *all, const struct candidate *wanted)
{
    for (size_t i = 0; i < all->count; i++) {
        struct candidate *other = &all->items[i];
        if (wanted->unix_socket == NULL
                ? other->port == wanted->port
                : other->unix_socket != NULL && strcmp(other->unix_socket, wanted->unix_socket) == 0)
            return other;
    }
    return NULL;
}

static int add(struct candidates *all, const struct candidate *candidate)
{
    struct candidate *items = array_grow(all->items, &all->capacity, all->count + 1, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    all->items = items;
    size_t at = all->count++;
    if (candidate->unix_socket == NULL) /* before the first unix socket */
        for (; at > 0 && items[at - 1].unix_socket != NULL; at--)
            items[at] = items[at - 1];
    items[at] = *candidate;
    return 0;
}

int candidates_make(const struct listeners *listeners, int port, struct candidates *out)
{
    candidates_clear(out);
    for (size_t i = 0; i < listeners->count; i++) {
        struct candidate candidate;
        int code = make(&listeners->items[i], &candidate);
        if (code == -EAFNOSUPPORT)
            continue;
        if (code != 0)
            return code;
        struct candidate *same = find_same(out, &candidate);
        if ((port != 0 && candidate.port != port) || (same != NULL && nearness(same) >= nearness(&candidate))) {
            candidate_fini(&candidate);
        } else if (same != NULL) {
            candidate_fini(same);
            *same = candidate;
        } else if ((code = add(out, &candidate)) != 0) {
            candidate_fini(&candidate);
            return code;
        }
    }
    return 0;
}
