/* meta.json of a snapshot: read, and written again. */

#include "fuzz.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot/meta.h"

static char folder[] = "/tmp/syseng-mem-fuzz-XXXXXX";
static char path[sizeof folder + sizeof SNAPSHOT_META];

static void clean_up(void)
{
    unlink(path);
    rmdir(folder);
}

/* A folder whose meta.json is a link to the input. */
static void link_file(const char *target)
{
    if (path[0] != '\0')
        return;
    if (mkdtemp(folder) == NULL)
        abort();
    snprintf(path, sizeof path, "%s/%s", folder, SNAPSHOT_META);
    if (symlink(target, path) != 0)
        abort();
    atexit(clean_up);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct snapshot *snapshot;
    struct err err;
    link_file(fuzz_file(data, size));
    if (snapshot_read(folder, &snapshot, &err) != 0)
        return 0;
    struct text text = TEXT_EMPTY;
    meta_add(&text, snapshot, NULL);
    for (size_t i = 0; i < snapshot->request_count; i++) {
        const struct snapshot_request *request = &snapshot->requests[i];
        meta_add(&text, snapshot, request);
        if (request->target != NULL)
            snapshot_add_request_name(&text, request->method, request->target, request->elapsed_ns);
    }
    snapshot_add_name(&text, snapshot->time_s);
    snapshot_is_name(snapshot->name);
    text_fini(&text);
    snapshot_free(snapshot);
    return 0;
}
