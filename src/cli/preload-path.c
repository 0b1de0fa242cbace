/* Looks for libraries by path; nothing is loaded here. */

#include <config.h>

#include "cli/preload-path.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LIBRARY "libsyseng_mem_preload.so"
#define JEMALLOC "libjemalloc.so.2"

/* `path` made absolute, because the program may change its directory before it starts another; NULL when there is none.
 */
static char *readable(const char *path)
{
    return access(path, R_OK) == 0 ? realpath(path, NULL) : NULL;
}

/* In the build tree, or in an installation that was moved as a whole. */
static char *beside_us(void)
{
    static const char *const places[] = {"../preload/.libs", "../lib/" PACKAGE};
    char self[PATH_MAX], path[PATH_MAX + 64];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    char *found = NULL;
    if (length <= 0)
        return NULL;
    self[length] = '\0';
    *strrchr(self, '/') = '\0';
    for (size_t i = 0; i < sizeof places / sizeof *places && found == NULL; i++) {
        snprintf(path, sizeof path, "%s/%s/" LIBRARY, self, places[i]);
        found = readable(path);
    }
    return found;
}

int preload_path_find(char **out, struct err *err)
{
    const char *given = getenv("SYSENG_MEM_PRELOAD");
    if (given != NULL && *given != '\0') {
        *out = readable(given);
        return *out != NULL ? 0 : err_set(err, -ENOENT, "SYSENG_MEM_PRELOAD: %s: %s", given, strerror(errno));
    }
    *out = beside_us();
    if (*out != NULL)
        return 0;
    *out = readable(PKGLIBDIR "/" LIBRARY);
    if (*out != NULL)
        return 0;
    return err_set(err, -ENOENT, "%s/%s: not found; install syseng-mem again, or say where it is in SYSENG_MEM_PRELOAD",
                   PKGLIBDIR, LIBRARY);
}

int preload_path_find_jemalloc(char **out, struct err *err)
{
    static const char *const directories[] = {
        "/usr/local/lib", "/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64", "/lib64", "/usr/lib",
    };
    char path[PATH_MAX];
    for (size_t i = 0; i < sizeof directories / sizeof *directories; i++) {
        snprintf(path, sizeof path, "%s/%s", directories[i], JEMALLOC);
        *out = readable(path);
        if (*out != NULL)
            return 0;
    }
    return err_set(err, -ENOENT, "--allocator=jemalloc: %s is not installed; apt-get install libjemalloc2", JEMALLOC);
}
