/* Readers of /proc. */

#include "harness/proc.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/array.h"

#define PATH_BYTES 80
#define STAT_BYTES 512

int pids_add(struct pids *pids, pid_t pid)
{
    pid_t *items = array_grow(pids->items, &pids->capacity, pids->count + 1, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    pids->items = items;
    items[pids->count++] = pid;
    return 0;
}

bool pids_has(const struct pids *pids, pid_t pid)
{
    for (size_t i = 0; i < pids->count; i++)
        if (pids->items[i] == pid)
            return true;
    return false;
}

void pids_fini(struct pids *pids)
{
    free(pids->items);
    *pids = (struct pids){0};
}

/* Read a stat file's line: "PID (NAME) STATE PPID ...", where NAME may hold anything. */
static bool read_stat(const char *path, char *state, pid_t *parent)
{
    char line[STAT_BYTES];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t length = read(fd, line, sizeof line - 1);
    close(fd);
    if (length <= 0)
        return false;
    line[length] = '\0';
    const char *after = strrchr(line, ')');
    int number;
    if (after == NULL || sscanf(after + 1, " %c %d", state, &number) != 2)
        return false;
    *parent = number;
    return true;
}

bool proc_stat(pid_t pid, char *state, pid_t *parent)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    return read_stat(path, state, parent);
}

/* The next entry of a directory whose name is a number, or NULL. */
static const char *next_number(DIR *directory)
{
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL)
        if (isdigit((unsigned char)entry->d_name[0]))
            return entry->d_name;
    return NULL;
}

static DIR *open_tasks(pid_t pid)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    return opendir(path);
}

static int add_numbers(FILE *file, struct pids *out)
{
    int number, code = 0;
    while (code == 0 && fscanf(file, "%d", &number) == 1)
        code = pids_add(out, number);
    return code;
}

/* From the lists that the kernel keeps for each thread (CONFIG_PROC_CHILDREN, which distributions set). *unknown: it
   keeps none. */
static int children_by_lists(pid_t pid, struct pids *out, bool *unknown)
{
    DIR *tasks = open_tasks(pid);
    if (tasks == NULL)
        return 0;
    int code = 0;
    const char *task;
    while (code == 0 && (task = next_number(tasks)) != NULL) {
        char path[PATH_BYTES];
        snprintf(path, sizeof path, "/proc/%d/task/%.12s/children", (int)pid, task);
        FILE *file = fopen(path, "re");
        if (file == NULL) {
            *unknown = *unknown || pid == getpid(); /* our own threads do not end meanwhile */
            continue;
        }
        code = add_numbers(file, out);
        fclose(file);
    }
    closedir(tasks);
    return code;
}

static int children_by_search(pid_t pid, struct pids *out)
{
    DIR *all = opendir("/proc");
    if (all == NULL)
        return 0;
    int code = 0;
    const char *name;
    while (code == 0 && (name = next_number(all)) != NULL) {
        char state;
        pid_t parent, child = (pid_t)strtol(name, NULL, 10);
        if (proc_stat(child, &state, &parent) && parent == pid)
            code = pids_add(out, child);
    }
    closedir(all);
    return code;
}

int proc_children(pid_t pid, struct pids *out)
{
    static bool has_no_lists;
    size_t before = out->count;
    int code = has_no_lists ? 0 : children_by_lists(pid, out, &has_no_lists);
    if (has_no_lists) {
        out->count = before;
        code = children_by_search(pid, out);
    }
    return code;
}

bool proc_is_busy(pid_t pid)
{
    DIR *tasks = open_tasks(pid);
    if (tasks == NULL)
        return false;
    bool busy = false;
    const char *task;
    while (!busy && (task = next_number(tasks)) != NULL) {
        char path[PATH_BYTES], state;
        pid_t parent;
        snprintf(path, sizeof path, "/proc/%d/task/%.12s/stat", (int)pid, task);
        busy = read_stat(path, &state, &parent) && (state == 'R' || state == 'D');
    }
    closedir(tasks);
    return busy;
}

static int add_inode(struct inodes *inodes, uint64_t inode)
{
    uint64_t *items = array_grow(inodes->items, &inodes->capacity, inodes->count + 1, sizeof *items);
    if (items == NULL)
        return -ENOMEM;
    inodes->items = items;
    items[inodes->count++] = inode;
    return 0;
}

int proc_sockets(pid_t pid, struct inodes *out)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *descriptors = opendir(path);
    if (descriptors == NULL)
        return errno == EACCES || errno == EPERM ? -EACCES : errno == ENOMEM ? -ENOMEM : 0;
    int code = 0;
    const char *name;
    while (code == 0 && (name = next_number(descriptors)) != NULL) {
        char link[PATH_BYTES];
        unsigned long long inode;
        ssize_t length = readlinkat(dirfd(descriptors), name, link, sizeof link - 1);
        if (length < 0)
            continue;
        link[length] = '\0';
        if (sscanf(link, "socket:[%llu]", &inode) == 1)
            code = add_inode(out, inode);
    }
    closedir(descriptors);
    return code;
}
