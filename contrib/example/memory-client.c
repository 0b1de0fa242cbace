/* Asks the example application for /memory from inside one program, so that the line reports of both sides, the one that
   asks and the one that answers, come out together:  syseng-mem run ./memory-client */

#include "app.h"

#include <stdio.h>
#include <syseng_mem.h>
#include <syseng_mem_client.h>

SYSENG_MEM_PROFILE
static int profiling(struct syseng_mem_client *client)
{
    return syseng_mem_client_get(client, "/memory");
}

int main(void)
{
    struct syseng_mem_client *client = syseng_mem_client_of(app_serve, NULL);
    int status = profiling(client);
    if (status == 200)
        fputs(syseng_mem_client_body(client, NULL), stdout);
    else
        fprintf(stderr, "memory-client: %s\n", client == NULL ? "out of memory" : syseng_mem_client_error(client));
    syseng_mem_client_free(client);
    return status == 200 ? 0 : 1;
}
