/* Is what the library says to be its own resident memory all of it, and no more? own_bytes against smaps: after start,
   after threads, and in a child. */

#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session-view.h"

static char smaps[1 << 20];

static size_t read_file(const char *path, char *text, size_t bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t got = 0;
    ssize_t n;
    while (fd >= 0 && got < bytes - 1 && (n = read(fd, text + got, bytes - 1 - got)) > 0)
        got += (size_t)n;
    text[got] = '\0';
    close(fd);
    return got;
}

/* The end of the library's last segment. What follows in memory may be in the same mapping, but is not the library's.
 */
static int find_library_end(struct dl_phdr_info *info, size_t bytes, void *data)
{
    uintptr_t *end = data;
    if (strstr(info->dlpi_name, "libsyseng_mem_preload") == NULL)
        return 0;
    for (int i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD)
            *end = (info->dlpi_addr + info->dlpi_phdr[i].p_vaddr + info->dlpi_phdr[i].p_memsz + 4095) & ~4095ul;
    return 1;
}

/* Rss of the mappings that are the library's. The session that this program itself looks at is mapped read-only. */
static long smaps_ours(void)
{
    uintptr_t library_end = 0, previous_end = 0;
    dl_iterate_phdr(find_library_end, &library_end);
    read_file("/proc/self/smaps", smaps, sizeof smaps);
    bool is_ours = false, was_library = false;
    long ours = 0, limit = 0;
    for (char *line = strtok(smaps, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        unsigned long start, end;
        char mode[5];
        long kib;
        if (sscanf(line, "%lx-%lx %4s ", &start, &end, mode) == 3) {
            bool is_session = strstr(line, "memfd:syseng-mem") != NULL && mode[1] == 'w';
            bool is_library = strstr(line, "libsyseng_mem_preload") != NULL ||
                              (was_library && start == previous_end && start < library_end);
            is_ours = is_session || is_library;
            limit = (long)((is_library && end > library_end ? library_end : end) - start);
            was_library = is_library;
            previous_end = end;
        } else if (is_ours && sscanf(line, "Rss: %ld kB", &kib) == 1) {
            ours += kib << 10 < limit ? kib << 10 : limit;
        }
    }
    return ours;
}

static void report(const char *when)
{
    long ours = smaps_ours(), own = (long)view_sum().own_bytes;
    printf("%s: %s", when, ours == own ? "right" : "wrong");
    if (ours != own)
        printf(" (own_bytes %ld, smaps %ld)", own, ours);
    printf("\n");
    fflush(stdout);
}

static void *thread(void *data)
{
    free(malloc(100));
    return NULL;
}

int main(void)
{
    if (!view_open())
        return 2;
    free(malloc(10));
    report("start");
    for (int i = 0; i < 600; i++) {
        pthread_t id;
        if (pthread_create(&id, NULL, thread, NULL) == 0)
            pthread_join(id, NULL);
    }
    report("threads");
    pid_t pid = fork();
    if (pid == 0) {
        free(malloc(10));
        report("child");
        _exit(0);
    }
    waitpid(pid, NULL, 0);
    report("parent");
    return 0;
}
