/* Which sockets of the family listen: inodes by /proc/PID/fd, addresses by /proc/net. */

#include "harness/listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "harness/family.h"

#define TCP_LISTENING 0x0a      /* TCP_LISTEN in the kernel's numbering */
#define UNIX_ACCEPTING 0x10000u /* __SO_ACCEPTCON */
#define REPORTED_MOST 256

/* A socket of the family: which process holds it. */
struct owner {
    uint64_t inode;
    pid_t pid;
};

struct owners {
    struct owner *items;
    size_t count, capacity;
    struct pids closed; /* processes into which we may not look */
};

void listeners_fini(struct listeners *listeners)
{
    free(listeners->items);
    *listeners = (struct listeners){0};
}

static int add(struct listeners *listeners, const struct listener *listener)
{
    struct listener *items = array_grow(listeners->items, &listeners->capacity, listeners->count + 1, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    listeners->items = items;
    items[listeners->count++] = *listener;
    return 0;
}

static int compare_owners(const void *a, const void *b)
{
    const struct owner *x = a, *y = b;
    return (x->inode > y->inode) - (x->inode < y->inode);
}

static int compare_listeners(const void *a, const void *b)
{
    const struct listener *x = a, *y = b;
    return (x->inode > y->inode) - (x->inode < y->inode);
}

static int add_owner(struct owners *owners, pid_t pid, const struct inodes *inodes)
{
    struct owner *items = array_grow(owners->items, &owners->capacity, owners->count + inodes->count, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    owners->items = items;
    for (size_t i = 0; i < inodes->count; i++)
        items[owners->count++] = (struct owner){.inode = inodes->items[i], .pid = pid};
    return 0;
}

/* Find out which sockets the family holds. */
static int find_owners(const struct harness *harness, struct owners *out)
{
    struct pids family = {0};
    struct inodes inodes = {0};
    int code = family_list(harness, &family);
    for (size_t i = 0; code == 0 && i < family.count; i++) {
        inodes.count = 0;
        code = proc_sockets(family.items[i], &inodes);
        if (code == -EACCES)
            code = pids_add(&out->closed, family.items[i]);
        else if (code == 0 && inodes.count > 0)
            code = add_owner(out, family.items[i], &inodes);
    }
    if (code == 0 && out->count > 0)
        qsort(out->items, out->count, sizeof *out->items, compare_owners);
    free(inodes.items);
    pids_fini(&family);
    return code;
}

int listeners_port(const struct listener *listener)
{
    const union address *address = &listener->address;
    if (address->any.sa_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)&address->storage)->sin_port);
    if (address->any.sa_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address->storage)->sin6_port);
    return 0;
}

/* "  0: 0100007F:1F90 00000000:0000 0A ... uid timeout inode": an address is printed as numbers of the machine. */
static bool parse_tcp(const char *line, int family, struct listener *out)
{
    char digits[33];
    unsigned port, state;
    uint64_t inode;
    if (sscanf(line, " %*d: %32[0-9A-F]:%x %*[0-9A-F]:%*x %x %*s %*s %*s %*s %*s %" SCNu64, digits, &port, &state,
               &inode) != 4 ||
        state != TCP_LISTENING || port > UINT16_MAX || strlen(digits) != (family == AF_INET ? 8 : 32))
        return false;
    uint32_t words[4] = {0};
    for (size_t i = 0; digits[8 * i] != '\0'; i++)
        sscanf(digits + 8 * i, "%8" SCNx32, &words[i]);
    *out = (struct listener){.inode = inode};
    if (family == AF_INET) {
        struct sockaddr_in *address = (struct sockaddr_in *)&out->address.storage;
        *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
        address->sin_addr.s_addr = words[0];
        out->address_bytes = sizeof *address;
    } else {
        struct sockaddr_in6 *address = (struct sockaddr_in6 *)&out->address.storage;
        *address = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
        memcpy(&address->sin6_addr, words, sizeof words);
        out->address_bytes = sizeof *address;
    }
    return true;
}

/* "0000000000000000: 00000002 00000000 00010000 0001 01 12345 /path" or "@name". */
static bool parse_unix(const char *line, struct listener *out)
{
    unsigned flags, type;
    uint64_t inode;
    int length = 0;
    if (sscanf(line, " %*x: %*x %*x %x %x %*x %" SCNu64 " %n", &flags, &type, &inode, &length) != 3 || length == 0 ||
        (flags & UNIX_ACCEPTING) == 0 || type != SOCK_STREAM)
        return false;
    const char *path = line + length;
    size_t bytes = strcspn(path, "\n");
    *out = (struct listener){.inode = inode};
    struct sockaddr_un *address = &out->address.local;
    if (bytes == 0 || bytes > sizeof address->sun_path)
        return false;
    address->sun_family = AF_UNIX;
    memcpy(address->sun_path, path, bytes);
    if (path[0] == '@')
        address->sun_path[0] = '\0';
    out->address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + bytes);
    return true;
}

bool listeners_parse(const char *line, int family, struct listener *out)
{
    return family == AF_UNIX ? parse_unix(line, out) : parse_tcp(line, family, out);
}

/* Add those of a table that belong to the family. */
static int add_from_table(const char *path, int family, const struct owners *owners, struct listeners *out)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) /* a kernel without IPv6 */
        return 0;
    char *line = NULL;
    size_t line_bytes = 0;
    int code = 0;
    while (code == 0 && getline(&line, &line_bytes, file) >= 0) {
        struct listener listener;
        if (!listeners_parse(line, family, &listener))
            continue;
        struct owner wanted = {.inode = listener.inode};
        const struct owner *owner = bsearch(&wanted, owners->items, owners->count, sizeof wanted, compare_owners);
        if (owner == NULL)
            continue;
        listener.pid = owner->pid;
        code = add(out, &listener);
    }
    free(line);
    fclose(file);
    return code;
}

static bool is_listed(const struct listeners *listeners, const struct listener *listener)
{
    for (size_t i = 0; i < listeners->count; i++)
        if (listeners->items[i].address_bytes == listener->address_bytes &&
            memcmp(&listeners->items[i].address, &listener->address, listener->address_bytes) == 0)
            return true;
    return false;
}

/* What the program itself told: for processes whose descriptors we may not see. */
static int add_reported(const struct harness_find *find, const struct owners *owners, struct listeners *out)
{
    if (find->listeners == NULL || owners->closed.count == 0)
        return 0;
    struct harness_listener *reported = calloc(REPORTED_MOST, sizeof *reported);
    if (reported == NULL)
        return -ENOMEM;
    size_t count = find->listeners(reported, REPORTED_MOST, find->data);
    int code = 0;
    for (size_t i = 0; code == 0 && i < count && i < REPORTED_MOST; i++) {
        struct listener listener = {.pid = reported[i].pid};
        if (!pids_has(&owners->closed, listener.pid) || reported[i].address_bytes > sizeof reported[i].address)
            continue;
        memcpy(&listener.address, reported[i].address, reported[i].address_bytes);
        listener.address_bytes = (socklen_t)reported[i].address_bytes;
        if (!is_listed(out, &listener))
            code = add(out, &listener);
    }
    free(reported);
    return code;
}

int listeners_list(const struct harness *harness, const struct harness_find *find, struct listeners *out)
{
    struct owners owners = {0};
    out->count = 0;
    int code = find_owners(harness, &owners);
    if (code == 0 && owners.count > 0)
        code = add_from_table("/proc/net/tcp", AF_INET, &owners, out);
    if (code == 0 && owners.count > 0)
        code = add_from_table("/proc/net/tcp6", AF_INET6, &owners, out);
    if (code == 0 && owners.count > 0)
        code = add_from_table("/proc/net/unix", AF_UNIX, &owners, out);
    if (code == 0 && out->count > 0)
        qsort(out->items, out->count, sizeof *out->items, compare_listeners);
    if (code == 0)
        code = add_reported(find, &owners, out);
    free(owners.items);
    pids_fini(&owners.closed);
    return code;
}
