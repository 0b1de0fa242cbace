/* Which snapshots there are, and which one is meant. */

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/array.h"
#include "snapshot/git.h"
#include "snapshot/snapshot.h"

/* As far as the seconds, where both have digits in the same places; then by the number behind. */
#define TIME_BYTES 19

static unsigned long number_behind(const char *name)
{
    return name[TIME_BYTES] == '.' ? strtoul(name + TIME_BYTES + 1, NULL, 10) : 1;
}

static int compare_names(const void *left, const void *right)
{
    const char *a = *(char *const *)left, *b = *(char *const *)right;
    for (size_t i = 0; i < TIME_BYTES; i++)
        if (a[i] != b[i] && i != 13 && i != 16) /* colons or dashes */
            return a[i] < b[i] ? -1 : 1;
    unsigned long one = number_behind(a), other = number_behind(b);
    return one != other ? (one > other) - (one < other) : strcmp(a, b);
}

static int add_name(struct snapshot_names *names, const char *name)
{
    char **items = array_grow(names->items, &names->room, names->count + 1, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    names->items = items;
    items[names->count] = strdup(name);
    return items[names->count] != NULL ? (names->count++, 0) : -ENOMEM;
}

int snapshot_list(const char *directory, struct snapshot_names *out, struct err *err)
{
    *out = (struct snapshot_names){0};
    DIR *folder = opendir(directory);
    if (folder == NULL && errno == ENOENT)
        return 0;
    if (folder == NULL)
        return err_set(err, -errno, "%s: cannot be read: %s", directory, strerror(errno));
    int code = 0;
    for (const struct dirent *entry; code == 0 && (entry = readdir(folder)) != NULL;)
        if (snapshot_is_name(entry->d_name))
            code = add_name(out, entry->d_name);
    closedir(folder);
    if (code != 0) {
        snapshot_names_free(out);
        return err_set(err, code, "%s: out of memory", directory);
    }
    if (out->count > 1)
        qsort(out->items, out->count, sizeof *out->items, compare_names);
    return 0;
}

void snapshot_names_free(struct snapshot_names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct snapshot_names){0};
}

static int take(const char *directory, const char *name, char **path, struct err *err)
{
    return asprintf(path, "%s/%s", directory, name) >= 0 ? 0 : err_set(err, -ENOMEM, "out of memory");
}

/* "latest" or "latest~N" */
static bool is_latest(const char *word, unsigned long *back)
{
    static const char latest[] = "latest";
    *back = 0;
    if (strncmp(word, latest, sizeof latest - 1) != 0)
        return false;
    word += sizeof latest - 1;
    if (*word == '\0')
        return true;
    if (*word != '~' || word[1] == '\0' || strspn(word + 1, "0123456789") != strlen(word + 1))
        return false;
    *back = strtoul(word + 1, NULL, 10);
    return true;
}

static int find_latest(const char *directory, const struct snapshot_names *names, unsigned long back, char **path,
                       struct err *err)
{
    if (back < names->count)
        return take(directory, names->items[names->count - 1 - back], path, err);
    if (names->count == 0)
        return err_set(err, -ENOENT, "%s: there is no snapshot in it; make one with: syseng-mem snapshot PROGRAM /",
                       directory);
    if (names->count == 1)
        return err_set(err, -ENOENT,
                       "%s: there is only one snapshot in it; make another with: syseng-mem snapshot PROGRAM /",
                       directory);
    return err_set(err, -ENOENT, "%s: there are only %zu snapshots in it", directory, names->count);
}

/* Colons and dashes are the same in times. */
static bool begins_with(const char *name, const char *prefix)
{
    size_t i = 0;
    for (; prefix[i] != '\0'; i++)
        if (name[i] != prefix[i] && !((i == 13 || i == 16) && strchr(":-", name[i]) && strchr(":-", prefix[i])))
            return false;
    return i > 0;
}

/* -ENOENT without a sentence when none begins so. */
static int find_prefix(const char *directory, const struct snapshot_names *names, const char *word, char **path,
                       struct err *err)
{
    const char *found = NULL;
    for (size_t i = 0; i < names->count; i++) {
        if (!begins_with(names->items[i], word))
            continue;
        if (found != NULL)
            return err_set(err, -EINVAL, "%s: several snapshots begin so, %s and %s among them; say more of it", word,
                           found, names->items[i]);
        found = names->items[i];
    }
    return found != NULL ? take(directory, found, path, err) : -ENOENT;
}

/* The newest snapshot of a revision. */
static int find_revision(const char *directory, const struct snapshot_names *names, const char *word, char **path,
                         struct err *err)
{
    char *commit = git_commit_of(word);
    if (commit == NULL)
        return err_set(err, -ENOENT,
                       "%s: no such snapshot in %s, and no revision that git knows; name a folder, the beginning of a "
                       "timestamp, latest, latest~1 or a revision",
                       word, directory);
    int code = err_set(err, -ENOENT, "%s: %s has no snapshot of commit %.12s; make one with: syseng-mem snapshot", word,
                       directory, commit);
    for (size_t i = names->count; i-- > 0 && code == -ENOENT;) {
        struct snapshot *snapshot;
        char *folder;
        if (take(directory, names->items[i], &folder, err) != 0) {
            code = -ENOMEM;
            break;
        }
        if (snapshot_read(folder, &snapshot, NULL) == 0) {
            if (snapshot->commit != NULL && strcmp(snapshot->commit, commit) == 0)
                code = take(directory, names->items[i], path, err);
            snapshot_free(snapshot);
        }
        free(folder);
    }
    free(commit);
    return code;
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* A snapshot, without a request behind it. */
static int resolve_snapshot(const char *directory, const char *word, char **path, struct err *err)
{
    struct snapshot_names names;
    unsigned long back;
    int code = snapshot_list(directory, &names, err);
    if (code != 0)
        return code;
    if (is_latest(word, &back)) {
        code = find_latest(directory, &names, back, path, err);
    } else {
        code = find_prefix(directory, &names, word, path, err);
        if (code == -ENOENT)
            code = find_revision(directory, &names, word, path, err);
    }
    snapshot_names_free(&names);
    return code;
}

/* The request's folder in a snapshot: by its name, or the beginning of it. */
static int find_request(const char *folder, const char *word, char **path, struct err *err)
{
    struct snapshot *snapshot;
    const char *found = NULL;
    int code = snapshot_read(folder, &snapshot, err);
    if (code != 0)
        return code;
    for (size_t i = 0; i < snapshot->request_count && code == 0; i++) {
        const char *name = snapshot->requests[i].folder;
        if (strncmp(name, word, strlen(word)) != 0)
            continue;
        if (strcmp(name, word) == 0) {
            found = name;
            break;
        }
        if (found != NULL)
            code = err_set(err, -EINVAL, "%s: several requests begin so, %s and %s among them; say more of it", word,
                           found, name);
        found = name;
    }
    if (code == 0)
        code = found != NULL ? take(folder, found, path, err)
                             : err_set(err, -ENOENT, "%s: there is no such request in %s", word, folder);
    snapshot_free(snapshot);
    return code;
}

/* "latest/GET.root": the slash may also be part of a revision's name, and *is_snapshot tells that it is not. */
static int resolve_request(const char *directory, const char *word, bool *is_snapshot, char **path, struct err *err)
{
    const char *slash = strrchr(word, '/');
    char *head = strndup(word, (size_t)(slash - word)), *folder = NULL;
    int code = head != NULL ? resolve_snapshot(directory, head, &folder, err) : err_set(err, -ENOMEM, "out of memory");
    *is_snapshot = code == 0;
    if (code == 0)
        code = find_request(folder, slash + 1, path, err);
    free(folder);
    free(head);
    return code;
}

int snapshot_resolve(const char *directory, const char *word, char **path, struct err *err)
{
    const char *slash = strrchr(word, '/');
    struct err of_request = {""};
    bool is_snapshot = false;
    if (is_folder(word)) {
        *path = strdup(word);
        return *path != NULL ? 0 : err_set(err, -ENOMEM, "out of memory");
    }
    int code = resolve_snapshot(directory, word, path, err);
    if (code != -ENOENT || slash == NULL || slash[1] == '\0')
        return code;
    int of = resolve_request(directory, word, &is_snapshot, path, &of_request);
    return is_snapshot && of != 0 ? err_set(err, of, "%s", of_request.text) : is_snapshot ? 0 : code;
}
