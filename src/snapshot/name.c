/* The names of folders. */

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "snapshot/snapshot.h"

#define NAME_MAX_BYTES 255
#define HASH_DIGITS 16

static bool is_plain(char c)
{
    return isascii((unsigned char)c) && (isalnum((unsigned char)c) || strchr("._~-", c) != NULL);
}

static void add_escaped(struct text *out, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (bytes[i] == '/')
            text_add(out, ".");
        else if (bytes[i] != '\0' && is_plain(bytes[i]))
            text_add_bytes(out, &bytes[i], 1);
        else
            text_addf(out, "%%%02X", (unsigned char)bytes[i]);
    }
}

/* The route, without slashes at its ends and without the query. */
static void add_route(struct text *out, const char *target)
{
    size_t length = strcspn(target, "?#");
    while (length > 0 && target[length - 1] == '/')
        length--;
    while (length > 0 && *target == '/') {
        target++;
        length--;
    }
    if (length == 0)
        text_add(out, "root");
    else
        add_escaped(out, target, length);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* Different targets have different names even when both are too long. */
static void shorten(struct text *name, size_t most, const char *target)
{
    uint64_t hash = UINT64_C(0xCBF29CE484222325);
    if (name->length <= most)
        return;
    for (; *target != '\0'; target++)
        hash = (hash ^ (unsigned char)*target) * UINT64_C(0x100000001B3);
    name->length = most - HASH_DIGITS - 1;
    name->bytes[name->length] = '\0';
    text_addf(name, ".%016" PRIx64, hash);
}

void snapshot_add_request_name(struct text *out, const char *method, const char *target, uint64_t elapsed_ns)
{
    struct text name = TEXT_EMPTY, time = TEXT_EMPTY;
    text_addf(&time, ".%06" PRIu64 "ms", (elapsed_ns + 500000) / 1000000);
    if (method == NULL) {
        text_add(&name, "RUN.");
        add_escaped(&name, last_part(target), strlen(last_part(target)));
    } else {
        add_escaped(&name, method, strlen(method));
        text_add(&name, ".");
        add_route(&name, target);
    }
    shorten(&name, NAME_MAX_BYTES - time.length - sizeof ".999999", target);
    text_add(out, text_get(&name));
    text_add(out, text_get(&time));
    text_fini(&name);
    text_fini(&time);
}

void snapshot_add_name(struct text *out, int64_t time_s)
{
    const char *actions = getenv("GITHUB_ACTIONS");
    bool has_dashes = actions != NULL && strcmp(actions, "true") == 0;
    time_t time = (time_t)time_s;
    struct tm local = {0};
    char name[64];
    localtime_r(&time, &local);
    strftime(name, sizeof name, has_dashes ? "%Y-%m-%d_%H-%M-%S" : "%Y-%m-%d_%H:%M:%S", &local);
    text_add(out, name);
}

bool snapshot_is_name(const char *name)
{
    static const char shape[] = "0000-00-00_00:00:00";
    for (size_t i = 0; shape[i] != '\0'; i++) {
        bool fits = shape[i] == '0'   ? isdigit((unsigned char)name[i]) != 0
                    : shape[i] == ':' ? name[i] == ':' || name[i] == '-'
                                      : name[i] == shape[i];
        if (!fits)
            return false;
    }
    const char *rest = name + sizeof shape - 1;
    return *rest == '\0' || (*rest == '.' && rest[1] != '\0' && strspn(rest + 1, "0123456789") == strlen(rest + 1));
}
