/* Without libdebuginfod's header. */

#include "symbols/servers.h"

#include <errno.h>

int servers_check(struct err *err)
{
    return err_set(err, -ENOTSUP, "this syseng-mem was built without libdebuginfod; build it with libdebuginfod-dev");
}

struct servers *servers_new(void)
{
    return NULL;
}

void servers_free(struct servers *servers)
{
    (void)servers;
}

int servers_fetch(struct servers *servers, const uint8_t *id, size_t id_bytes)
{
    (void)servers, (void)id, (void)id_bytes;
    return -ENOTSUP;
}

int servers_failure(const struct servers *servers)
{
    (void)servers;
    return 0;
}
