/* The kernel tells in /proc/PID/status what a process is called in each PID namespace that it can be seen from, ours
 * first. */

#include "collector/pid-namespace.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "collector/address-space.h"

static uint64_t space_of(const char *process)
{
    char path[64];
    struct stat status;
    snprintf(path, sizeof path, "/proc/%.20s/ns/pid", process);
    return stat(path, &status) == 0 ? status.st_ino : 0;
}

uint64_t pid_namespace_own(void)
{
    return space_of("self");
}

/* The last number of the line that begins with `key`, proc_pid_status(5); 0 when it has fewer than `least`. */
static pid_t last_number(const char *folder, const char *name, const char *key, int least)
{
    char path[64], line[1024];
    pid_t number = 0;
    snprintf(path, sizeof path, "%s/%.20s/status", folder, name);
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, key, strlen(key)) == 0) {
            for (const char *tab = line; (tab = strchr(tab, '\t')) != NULL; tab++)
                number = least-- > 1 ? 0 : (pid_t)atoi(tab + 1);
            break;
        }
    if (file != NULL)
        fclose(file);
    return number;
}

/* Whom we look for, besides the number. */
struct wanted {
    uint64_t space; /* 0: a thread of a process that is known */
    int fd;
};

static bool is_wanted(const char *name, const struct wanted *wanted)
{
    if (wanted->space == 0)
        return true;
    uint64_t space = space_of(name);
    return (space == 0 || space == wanted->space) && address_space_may_have((pid_t)atoi(name), wanted->fd);
}

static pid_t find(const char *folder, pid_t own, const struct wanted *wanted)
{
    pid_t found = 0;
    DIR *directory = opendir(folder);
    for (struct dirent *entry; found == 0 && directory != NULL && (entry = readdir(directory)) != NULL;)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' &&
            last_number(folder, entry->d_name, "NSpid:", 2) == own && is_wanted(entry->d_name, wanted))
            found = (pid_t)atoi(entry->d_name);
    if (directory != NULL)
        closedir(directory);
    return found;
}

pid_t pid_namespace_find(uint64_t space, pid_t pid, int fd)
{
    return find("/proc", pid, &(struct wanted){.space = space, .fd = fd});
}

pid_t pid_namespace_find_thread(pid_t pid, pid_t tid)
{
    char folder[64];
    snprintf(folder, sizeof folder, "/proc/%d/task", (int)pid);
    return find(folder, tid, &(struct wanted){0});
}

pid_t pid_namespace_parent(pid_t pid)
{
    char name[24];
    snprintf(name, sizeof name, "%d", (int)pid);
    return last_number("/proc", name, "PPid:", 1);
}
