/* From a word to files. */

#include "cli/stored-profiles.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int add(struct stored_profiles *profiles, const char *request)
{
    char **folder = &profiles->folders[profiles->count], **file = &profiles->files[profiles->count];
    if (request == NULL)
        *folder = strdup(profiles->path);
    else if (asprintf(folder, "%s/%s", profiles->path, request) < 0)
        *folder = NULL;
    profiles->count++;
    if (*folder == NULL || asprintf(file, "%s/" SNAPSHOT_PROFILE, *folder) < 0) {
        *file = NULL;
        return -ENOMEM;
    }
    return 0;
}

static int find(struct stored_profiles *profiles, struct err *err)
{
    char *profile;
    if (asprintf(&profile, "%s/" SNAPSHOT_PROFILE, profiles->path) < 0)
        return -ENOMEM;
    const bool is_request = access(profile, F_OK) == 0;
    free(profile);
    int status = snapshot_read(profiles->path, &profiles->snapshot, err);
    if (status < 0 && !is_request)
        return status;
    const size_t count = is_request ? 1 : profiles->snapshot->request_count;
    profiles->folders = calloc(count + 1, sizeof *profiles->folders);
    profiles->files = calloc(count + 1, sizeof *profiles->files);
    status = profiles->folders != NULL && profiles->files != NULL ? 0 : -ENOMEM;
    for (size_t i = 0; i < count && status == 0; i++)
        status = add(profiles, is_request ? NULL : profiles->snapshot->requests[i].folder);
    return status;
}

/* "profiling/latest" is shown as what it stands for: tomorrow it is another. */
static int follow_link(char **path)
{
    char *real = realpath(*path, NULL);
    const char *name = real != NULL ? strrchr(real, '/') : NULL, *slash = strrchr(*path, '/');
    char *followed = NULL;
    if (name != NULL && name[1] != '\0' && slash != NULL && slash[1] != '\0' && strcmp(slash, name) != 0 &&
        asprintf(&followed, "%.*s%s", (int)(slash - *path), *path, name) < 0) {
        free(real);
        return -ENOMEM;
    }
    free(real);
    /* A link to elsewhere has no such neighbour. */
    if (followed != NULL && access(followed, F_OK) == 0) {
        free(*path);
        *path = followed;
    } else {
        free(followed);
    }
    return 0;
}

int stored_profiles_find(const char *directory, const char *word, struct stored_profiles *out, struct err *err)
{
    *out = (struct stored_profiles){0};
    int status = snapshot_resolve(directory, word, &out->path, err);
    if (status == 0)
        status = follow_link(&out->path);
    if (status == 0)
        status = find(out, err);
    if (status < 0)
        stored_profiles_fini(out);
    return status == -ENOMEM ? err_set(err, status, "out of memory") : status;
}

void stored_profiles_fini(struct stored_profiles *profiles)
{
    for (size_t i = 0; i < profiles->count; i++) {
        free(profiles->folders[i]);
        free(profiles->files[i]);
    }
    free(profiles->folders);
    free(profiles->files);
    free(profiles->path);
    snapshot_free(profiles->snapshot);
    *profiles = (struct stored_profiles){0};
}
