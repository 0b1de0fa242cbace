/* Reads /proc/net/tcp and tcp6 for the socket, and the descriptors of all processes for its owner. */

#include "cli/port-owner.h"

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define STATE_LISTEN 0x0A /* include/net/tcp_states.h */

/* The inode of the socket that listens on `port`, 0 when there is none in this file. */
static uint64_t find_listener(const char *path, long port)
{
    FILE *file = fopen(path, "re");
    char line[512];
    uint64_t found = 0;
    if (file == NULL)
        return 0;
    while (found == 0 && fgets(line, sizeof line, file) != NULL) {
        unsigned local_port, state;
        uint64_t inode;
        if (sscanf(line, "%*d: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*x:%*x %*x:%*x %*x %*u %*u %" SCNu64, &local_port,
                   &state, &inode) == 3 &&
            state == STATE_LISTEN && local_port == (unsigned)port)
            found = inode;
    }
    fclose(file);
    return found;
}

static bool has_socket(const char *pid, uint64_t inode)
{
    char path[PATH_MAX], wanted[64], target[64];
    snprintf(path, sizeof path, "/proc/%s/fd", pid);
    snprintf(wanted, sizeof wanted, "socket:[%" PRIu64 "]", inode);
    DIR *directory = opendir(path);
    if (directory == NULL)
        return false;
    bool found = false;
    for (struct dirent *entry; !found && (entry = readdir(directory)) != NULL;) {
        ssize_t length = readlinkat(dirfd(directory), entry->d_name, target, sizeof target - 1);
        if (length <= 0)
            continue;
        target[length] = '\0';
        found = strcmp(target, wanted) == 0;
    }
    closedir(directory);
    return found;
}

static void read_name(const char *pid, struct port_owner *out)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "/proc/%s/comm", pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    if (fgets(out->name, sizeof out->name, file) != NULL)
        out->name[strcspn(out->name, "\n")] = '\0';
    fclose(file);
}

bool port_owner_find(long port, struct port_owner *out)
{
    *out = (struct port_owner){0};
    uint64_t inode = find_listener("/proc/net/tcp", port);
    if (inode == 0)
        inode = find_listener("/proc/net/tcp6", port);
    if (inode == 0)
        return false;
    DIR *directory = opendir("/proc");
    if (directory == NULL)
        return true;
    for (struct dirent *entry; out->pid == 0 && (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] < '1' || entry->d_name[0] > '9' || !has_socket(entry->d_name, inode))
            continue;
        out->pid = (pid_t)strtol(entry->d_name, NULL, 10);
        read_name(entry->d_name, out);
    }
    closedir(directory);
    return true;
}
