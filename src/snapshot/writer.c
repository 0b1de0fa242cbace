/* Writing a snapshot: into a folder with a temporary name, which is renamed when all is there. A lock on that folder
   tells the next one whether its writer is still alive. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "snapshot/meta.h"
#include "snapshot/snapshot.h"

#define TEMPORARY ".tmp-"
#define LATEST "latest"
/* Of one name: more snapshots than this in a second, or equal requests in a snapshot, are nobody's intent. */
#define NAMESAKES_MAX 100000

struct snapshot_writer {
    char *directory;
    char *temporary; /* path */
    char *name;      /* final */
    char *request;   /* path of the request's folder that was made last */
    int lock;        /* the temporary folder, open */
};

static int tell(struct err *err, const char *path)
{
    const char *cure = errno == ENOSPC || errno == EDQUOT
                           ? "; make room, or remove old snapshots with: syseng-mem snapshot --prune N"
                       : errno == EACCES || errno == EROFS || errno == EPERM ? "; name another folder with --directory"
                                                                             : "";
    return err_set(err, -errno, "%s: cannot be written: %s%s", path, strerror(errno), cure);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

/* A folder with all that is in it; links are removed, not followed. */
static int remove_tree(const char *path)
{
    return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* The folder, held for as long as the descriptor is open; -1 when somebody else holds it. */
static int lock_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static bool is_temporary(const char *name)
{
    return strncmp(name, TEMPORARY, sizeof TEMPORARY - 1) == 0;
}

/* What writers left that were killed. */
static void remove_stale(const char *directory)
{
    DIR *folder = opendir(directory);
    if (folder == NULL)
        return;
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[PATH_MAX];
        if (!is_temporary(entry->d_name) ||
            (size_t)snprintf(path, sizeof path, "%s/%s", directory, entry->d_name) >= sizeof path)
            continue;
        int fd = lock_folder(path);
        if (fd >= 0) {
            remove_tree(path);
            close(fd);
        } else if (errno == ENOTDIR || errno == ELOOP) {
            unlink(path); /* a link that was on its way to its name */
        }
    }
    closedir(folder);
}

/* The directory with all above it. */
static int make_directory(const char *directory, struct err *err)
{
    char path[PATH_MAX];
    if (strlen(directory) >= sizeof path)
        return err_set(err, -ENAMETOOLONG, "%s: %s", directory, strerror(ENAMETOOLONG));
    strcpy(path, directory);
    for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return tell(err, path);
        *slash = '/';
    }
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return tell(err, path);
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return 0;
    errno = ENOTDIR;
    return tell(err, path);
}

/* mkdtemp makes it for its owner alone; what is shared elsewhere is to be shared here. */
static void open_to_others(const char *path)
{
    mode_t mask = umask(0);
    umask(mask);
    chmod(path, 0777 & ~mask);
}

static int make_temporary(struct snapshot_writer *writer, struct err *err)
{
    if (asprintf(&writer->temporary, "%s/" TEMPORARY "XXXXXX", writer->directory) < 0) {
        writer->temporary = NULL;
        return err_set(err, -ENOMEM, "out of memory");
    }
    if (mkdtemp(writer->temporary) == NULL) {
        free(writer->temporary);
        writer->temporary = NULL;
        return tell(err, writer->directory);
    }
    open_to_others(writer->temporary);
    writer->lock = lock_folder(writer->temporary);
    return writer->lock >= 0 ? 0 : tell(err, writer->temporary);
}

int snapshot_begin(const char *directory, int64_t time_s, struct snapshot_writer **out, struct err *err)
{
    struct text name = TEXT_EMPTY;
    struct snapshot_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return err_set(err, -ENOMEM, "out of memory");
    writer->lock = -1;
    snapshot_add_name(&name, time_s);
    writer->name = name.failed ? NULL : strdup(text_get(&name));
    text_fini(&name);
    writer->directory = strdup(directory);
    int code = writer->name != NULL && writer->directory != NULL ? 0 : err_set(err, -ENOMEM, "out of memory");
    if (code == 0)
        code = make_directory(directory, err);
    if (code == 0) {
        remove_stale(directory);
        code = make_temporary(writer, err);
    }
    if (code != 0) {
        snapshot_end(writer);
        return code;
    }
    *out = writer;
    return 0;
}

const char *snapshot_add_request(struct snapshot_writer *writer, const char *name, struct err *err)
{
    for (unsigned number = 1; number < NAMESAKES_MAX; number++) {
        char behind[16] = "";
        if (number > 1)
            snprintf(behind, sizeof behind, ".%u", number);
        free(writer->request);
        if (asprintf(&writer->request, "%s/%s%s", writer->temporary, name, behind) < 0) {
            writer->request = NULL;
            err_set(err, -ENOMEM, "out of memory");
            return NULL;
        }
        if (mkdir(writer->request, 0777) == 0)
            return writer->request;
        if (errno != EEXIST)
            break;
    }
    tell(err, writer->request);
    return NULL;
}

const char *snapshot_temporary_path(const struct snapshot_writer *writer)
{
    return writer->temporary;
}

const char *snapshot_final_name(const struct snapshot_writer *writer)
{
    return writer->name;
}

static int write_text(const char *path, const struct text *text, struct err *err)
{
    if (text->failed)
        return err_set(err, -ENOMEM, "out of memory");
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return tell(err, path);
    fwrite(text_get(text), 1, text->length, file);
    bool is_good = !ferror(file);
    return fclose(file) == 0 && is_good ? 0 : tell(err, path);
}

/* meta.json of the snapshot, or with a request of that one. */
static int write_one(const struct snapshot_writer *writer, const struct snapshot *snapshot,
                     const struct snapshot_request *request, struct err *err)
{
    char path[PATH_MAX];
    struct text text = TEXT_EMPTY;
    snprintf(path, sizeof path, "%s/%s%s" SNAPSHOT_META, writer->temporary, request != NULL ? request->folder : "",
             request != NULL ? "/" : "");
    meta_add(&text, snapshot, request);
    int code = write_text(path, &text, err);
    text_fini(&text);
    return code;
}

int snapshot_write_meta(struct snapshot_writer *writer, const struct snapshot *snapshot, struct err *err)
{
    int code = write_one(writer, snapshot, NULL, err);
    for (size_t i = 0; i < snapshot->request_count && code == 0; i++)
        code = write_one(writer, snapshot, &snapshot->requests[i], err);
    return code;
}

/* In one step, for readers that follow it meanwhile. Where it cannot be made, a file system without links, it is not.
 */
static void point_latest(const struct snapshot_writer *writer, const char *name)
{
    char link[PATH_MAX], latest[PATH_MAX];
    const char *unique = strrchr(writer->temporary, '/') + 1;
    snprintf(link, sizeof link, "%s/%s.link", writer->directory, unique);
    snprintf(latest, sizeof latest, "%s/" LATEST, writer->directory);
    if (symlink(name, link) == 0 && rename(link, latest) != 0)
        unlink(link);
}

int snapshot_commit(struct snapshot_writer *writer, char **path, struct err *err)
{
    for (unsigned number = 1; number < NAMESAKES_MAX; number++) {
        char behind[16] = "", *final;
        if (number > 1)
            snprintf(behind, sizeof behind, ".%u", number);
        if (asprintf(&final, "%s/%s%s", writer->directory, writer->name, behind) < 0)
            return err_set(err, -ENOMEM, "out of memory");
        /* An empty folder would be replaced. */
        if (access(final, F_OK) != 0 && rename(writer->temporary, final) == 0) {
            point_latest(writer, strrchr(final, '/') + 1);
            free(writer->temporary);
            writer->temporary = NULL;
            *path = final;
            return 0;
        }
        bool is_taken = access(final, F_OK) == 0;
        int code = is_taken ? 0 : tell(err, final);
        free(final);
        if (!is_taken)
            return code;
    }
    return err_set(err, -EEXIST, "%s/%s: there are too many of that name", writer->directory, writer->name);
}

void snapshot_end(struct snapshot_writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->temporary != NULL)
        remove_tree(writer->temporary);
    if (writer->lock >= 0)
        close(writer->lock);
    free(writer->temporary);
    free(writer->request);
    free(writer->directory);
    free(writer->name);
    free(writer);
}

/* First out of the way in one step, so that nobody meets half of it. */
static int remove_snapshot(const char *directory, const char *name, struct err *err)
{
    char path[PATH_MAX], away[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", directory, name) >= sizeof path ||
        (size_t)snprintf(away, sizeof away, "%s/" TEMPORARY "%s", directory, name) >= sizeof away)
        return err_set(err, -ENAMETOOLONG, "%s: %s", directory, strerror(ENAMETOOLONG));
    if (rename(path, away) != 0 || remove_tree(away) != 0)
        return err_set(err, -errno, "%s: cannot be removed: %s", path, strerror(errno));
    return 0;
}

int snapshot_prune(const char *directory, size_t keep, size_t *removed, struct err *err)
{
    struct snapshot_names names;
    int code = snapshot_list(directory, &names, err);
    *removed = 0;
    while (code == 0 && names.count - *removed > keep) {
        code = remove_snapshot(directory, names.items[*removed], err);
        *removed += code == 0;
    }
    snapshot_names_free(&names);
    return code;
}
