/* /proc/PID/fdinfo/FD of an epoll descriptor has a line "tfd: 5 events: 19 data: 55d0c0de1000 ..." for each descriptor
   that it watches; /proc/PID/timers has a line "signal: 10/000055d0c0de1000" for each timer. See proc(5). */

#include "collector/kernel-held.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef bool parse_fn(const char *line, unsigned long long *value);

static bool parse_watched(const char *line, unsigned long long *value)
{
    return sscanf(line, "tfd: %*d events: %*x data: %llx", value) == 1;
}

static bool parse_timer(const char *line, unsigned long long *value)
{
    return sscanf(line, "signal: %*d/%llx", value) == 1;
}

static void visit_lines(const char *path, parse_fn *parse, address_space_visit_fn *visit, void *data)
{
    char *line = NULL;
    size_t room = 0;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return;
    while (getline(&line, &room, file) > 0) {
        unsigned long long value;
        if (!parse(line, &value))
            continue;
        uint64_t word = value;
        visit(&word, 1, data);
    }
    free(line);
    fclose(file);
}

static bool is_epoll(const char *path)
{
    static const char name[] = "anon_inode:[eventpoll]";
    char target[sizeof name + 1];
    ssize_t length = readlink(path, target, sizeof target);
    return length == (ssize_t)sizeof name - 1 && memcmp(target, name, sizeof name - 1) == 0;
}

void kernel_held_visit(pid_t pid, address_space_visit_fn *visit, void *data)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *descriptors = opendir(path);
    for (struct dirent *entry; descriptors != NULL && (entry = readdir(descriptors)) != NULL;) {
        int fd = atoi(entry->d_name);
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)pid, fd);
        if (!is_epoll(path))
            continue;
        snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", (int)pid, fd);
        visit_lines(path, parse_watched, visit, data);
    }
    if (descriptors != NULL)
        closedir(descriptors);
    snprintf(path, sizeof path, "/proc/%d/timers", (int)pid);
    visit_lines(path, parse_timer, visit, data);
}
