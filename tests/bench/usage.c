/* A preload library that tells what a process has cost by itself, whatever profiler runs beside it: at the end of the
   program whose file $USAGE_OF names, it writes to the file $USAGE the CPU seconds of its threads and the most that it
   had resident in KiB. Other programs it leaves alone. */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static pid_t process;

static long most_resident(void)
{
    char text[4096];
    int fd = open("/proc/self/status", O_RDONLY);
    ssize_t bytes = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[bytes > 0 ? bytes : 0] = '\0';
    const char *line = strstr(text, "VmHWM:");
    return line != NULL ? strtol(line + strlen("VmHWM:"), NULL, 10) : 0;
}

static __attribute__((constructor)) void note_process(void)
{
    char path[PATH_MAX];
    const char *wanted = getenv("USAGE_OF");
    ssize_t bytes = readlink("/proc/self/exe", path, sizeof path - 1);
    if (wanted == NULL || bytes <= 0)
        return;
    path[bytes] = '\0';
    if (strcmp(path, wanted) == 0)
        process = getpid();
}

static __attribute__((destructor)) void tell_usage(void)
{
    struct rusage usage;
    char text[100];
    const char *path = getenv("USAGE");
    if (process == 0 || process != getpid() || path == NULL)
        return;
    getrusage(RUSAGE_SELF, &usage);
    int length = snprintf(text, sizeof text, "%.4f %ld\n",
                          (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                              (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
                          most_resident());
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, (size_t)length) != length)
        _exit(125);
    close(fd);
}
