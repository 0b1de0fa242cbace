/* The hook of listen: where the program can be reached is told to syseng-mem, which need not guess ports. */

#include <sys/socket.h>

#include "preload/count.h"
#include "preload/syscalls.h"

/* Whether a socket with this address is in the list already: servers call listen again to change the backlog. */
static bool is_listed(const struct wire_listen *listen)
{
    for (uint32_t i = 0; i < WIRE_LISTEN_COUNT; i++) {
        const struct wire_listen *other = &guest.process->listens[i];
        if (!atomic_load(&other->ready) || other->fd != listen->fd || other->address_bytes != listen->address_bytes)
            continue;
        uint32_t same = 0;
        while (same < listen->address_bytes && other->address[same] == listen->address[same])
            same++;
        if (same == listen->address_bytes)
            return true;
    }
    return false;
}

static void tell_listen(int fd)
{
    struct wire_listen listen = {.fd = (uint32_t)fd};
    uint32_t bytes = WIRE_ADDRESS_BYTES;
    if (raw_syscall3(SYS_getsockname, fd, (long)listen.address, (long)&bytes) != 0)
        return;
    listen.address_bytes = bytes < WIRE_ADDRESS_BYTES ? bytes : WIRE_ADDRESS_BYTES;
    if (is_listed(&listen))
        return;
    uint32_t index = atomic_load(&guest.process->listen_count);
    do {
        if (index >= WIRE_LISTEN_COUNT)
            return;
    } while (!atomic_compare_exchange_weak(&guest.process->listen_count, &index, index + 1));
    struct wire_listen *place = &guest.process->listens[index];
    place->fd = listen.fd;
    place->address_bytes = listen.address_bytes;
    for (uint32_t i = 0; i < listen.address_bytes; i++)
        place->address[i] = listen.address[i];
    atomic_store_explicit(&place->ready, 1, memory_order_release);
    guest_wake_collector();
}

GUEST_EXPORT int listen(int fd, int backlog)
{
    struct wire_thread *thread = count_begin();
    int result = real.listen.call(fd, backlog);
    if (thread != NULL && result == 0 && !guest_sandboxed)
        tell_listen(fd);
    return result;
}
