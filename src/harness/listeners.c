/* Which sockets of the family listen: inodes by /proc/PID/fd, addresses by the system's lists. */

#include "harness/listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"
#include "harness/family.h"
#include "harness/listeners-system.h"

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

struct choice {
    const struct owners *owners;
    struct listeners *out;
};

/* Keep those that belong to the family. */
static int choose(struct listener *listener, void *data)
{
    struct choice *choice = data;
    struct owner wanted = {.inode = listener->inode};
    const struct owner *owner =
        bsearch(&wanted, choice->owners->items, choice->owners->count, sizeof wanted, compare_owners);
    if (owner == NULL)
        return 0;
    listener->pid = owner->pid;
    return add(choice->out, listener);
}

static int list_system(const struct owners *owners, struct listeners *out)
{
    struct choice choice = {.owners = owners, .out = out};
    int code = listeners_by_netlink(choose, &choice);
    if (code == -EOPNOTSUPP) {
        out->count = 0;
        code = listeners_by_tables(choose, &choice);
    }
    return code == 0 ? listeners_by_unix_table(choose, &choice) : code;
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
        code = list_system(&owners, out);
    if (code == 0 && out->count > 0)
        qsort(out->items, out->count, sizeof *out->items, compare_listeners);
    if (code == 0)
        code = add_reported(find, &owners, out);
    free(owners.items);
    pids_fini(&owners.closed);
    return code;
}
