/* Debug information from debuginfod servers. The client library is loaded only when it is wanted: it brings a second
   libcurl and its TLS along, which would cost every start some milliseconds. */

#include "symbols/servers.h"

#include <dlfcn.h>
#include <elfutils/debuginfod.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

#define SILENCE_SECONDS 10

struct servers {
    void *library;
    debuginfod_client *client;
    int (*find)(debuginfod_client *client, const unsigned char *id, int id_bytes, char **path);
    void (*end)(debuginfod_client *client);
    time_t silence_limit; /* seconds */
    time_t last_heard;    /* of this question */
    long heard_bytes;
    bool was_silent;
    int failure;
};

static time_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec;
}

static time_t silence_limit(void)
{
    const char *text = getenv(DEBUGINFOD_TIMEOUT_ENV_VAR);
    const long seconds = text != NULL ? strtol(text, NULL, 10) : 0;
    return seconds > 0 ? seconds : SILENCE_SECONDS;
}

int servers_check(struct err *err)
{
    const char *urls = getenv(DEBUGINFOD_URLS_ENV_VAR);
    if (urls == NULL || urls[0] == '\0')
        return err_set(err, -ENOENT,
                       "DEBUGINFOD_URLS names no server; set it, such as to https://debuginfod.debian.net");
    void *library = dlopen(DEBUGINFOD_SONAME, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return err_set(err, -ENOENT, "%s cannot be loaded; install the package libdebuginfod1", DEBUGINFOD_SONAME);
    dlclose(library);
    return 0;
}

/* Whose question is under way: reports are made by one thread. */
static struct servers *asking;

/* Called again and again during a question; other than 0 ends it. Before the size is known, the first number only
   counts the calls. */
static int hear(debuginfod_client *client, long bytes, long all_bytes)
{
    (void)client;
    if (all_bytes > 0 && bytes != asking->heard_bytes) {
        asking->heard_bytes = bytes;
        asking->last_heard = now();
    }
    asking->was_silent = now() - asking->last_heard >= asking->silence_limit;
    return asking->was_silent;
}

static bool load(struct servers *servers)
{
    debuginfod_client *(*begin)(void);
    void (*set_progress)(debuginfod_client * client, debuginfod_progressfn_t function);
    servers->library = dlopen(DEBUGINFOD_SONAME, RTLD_NOW | RTLD_LOCAL);
    if (servers->library == NULL)
        return false;
    *(void **)&begin = dlsym(servers->library, "debuginfod_begin");
    *(void **)&set_progress = dlsym(servers->library, "debuginfod_set_progressfn");
    *(void **)&servers->find = dlsym(servers->library, "debuginfod_find_debuginfo");
    *(void **)&servers->end = dlsym(servers->library, "debuginfod_end");
    if (begin == NULL || set_progress == NULL || servers->find == NULL || servers->end == NULL)
        return false;
    servers->client = begin();
    if (servers->client == NULL)
        return false;
    set_progress(servers->client, hear);
    return true;
}

struct servers *servers_new(void)
{
    struct servers *servers = servers_check(NULL) == 0 ? calloc(1, sizeof *servers) : NULL;
    if (servers == NULL)
        return NULL;
    servers->silence_limit = silence_limit();
    if (!load(servers)) {
        servers_free(servers);
        return NULL;
    }
    return servers;
}

/* The library stays loaded: TLS libraries do not take kindly to being unloaded. */
void servers_free(struct servers *servers)
{
    if (servers != NULL && servers->client != NULL)
        servers->end(servers->client);
    free(servers);
}

int servers_fetch(struct servers *servers, const uint8_t *id, size_t id_bytes)
{
    char *path = NULL;
    if (servers->failure != 0 || id_bytes == 0 || id_bytes > INT_MAX)
        return servers->failure != 0 ? servers->failure : -EINVAL;
    asking = servers;
    servers->last_heard = now();
    servers->heard_bytes = 0;
    servers->was_silent = false;
    const int file = servers->find(servers->client, id, (int)id_bytes, &path);
    asking = NULL;
    free(path);
    if (file < 0 && (servers->was_silent || file != -ENOENT))
        servers->failure = servers->was_silent ? -ETIMEDOUT : file;
    return file;
}

int servers_failure(const struct servers *servers)
{
    return servers->failure;
}
