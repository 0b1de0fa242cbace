/* Descriptors, ignored signals and the signal mask as they were when syseng-mem was started. */

#include "harness/inherited.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DESCRIPTORS_MOST 1024   /* a shell passes on a handful */
#define DESCRIPTOR_LAST 1048576 /* the kernel's own limit (fs.nr_open), for kernels without close_range */

static struct {
    sigset_t mask;
    sigset_t ignored;
    unsigned descriptors[DESCRIPTORS_MOST]; /* ascending */
    unsigned count;
    bool all; /* there were more, or they cannot be known: pass on what is not close-on-exec */
} inherited;

static int compare(const void *a, const void *b)
{
    unsigned x = *(const unsigned *)a, y = *(const unsigned *)b;
    return (x > y) - (x < y);
}

static void remember_descriptors(void)
{
    DIR *directory = opendir("/proc/self/fd");
    if (directory == NULL) {
        inherited.all = true;
        return;
    }
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL) {
        char *end;
        long fd = strtol(entry->d_name, &end, 10);
        if (end == entry->d_name || fd == dirfd(directory))
            continue;
        int flags = fcntl((int)fd, F_GETFD); /* a library's, opened before us, is close-on-exec: nothing inherited is */
        if (flags < 0 || (flags & FD_CLOEXEC) != 0)
            continue;
        if (inherited.count == DESCRIPTORS_MOST) {
            inherited.all = true;
            break;
        }
        inherited.descriptors[inherited.count++] = (unsigned)fd;
    }
    closedir(directory);
    qsort(inherited.descriptors, inherited.count, sizeof *inherited.descriptors, compare);
}

__attribute__((constructor)) static void remember(void)
{
    int old_errno = errno;
    sigprocmask(SIG_SETMASK, NULL, &inherited.mask);
    sigemptyset(&inherited.ignored);
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
            sigaddset(&inherited.ignored, number);
    }
    remember_descriptors();
    errno = old_errno;
}

static void close_at_exec(unsigned first, unsigned last)
{
    if (first > last || syscall(SYS_close_range, first, last, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > DESCRIPTOR_LAST)
        limit.rlim_cur = DESCRIPTOR_LAST;
    for (unsigned fd = first; fd <= last && fd < limit.rlim_cur; fd++)
        fcntl((int)fd, F_SETFD, FD_CLOEXEC);
}

static void restore_signals(void)
{
    for (int number = 1; number < NSIG; number++) {
        if (number == SIGKILL || number == SIGSTOP)
            continue;
        struct sigaction action = {.sa_handler = sigismember(&inherited.ignored, number) == 1 ? SIG_IGN : SIG_DFL};
        sigaction(number, &action, NULL);
    }
    sigprocmask(SIG_SETMASK, &inherited.mask, NULL);
}

void inherited_restore(void)
{
    restore_signals();
    if (inherited.all)
        return;
    unsigned next = 0;
    for (unsigned i = 0; i < inherited.count; i++) {
        if (inherited.descriptors[i] > next)
            close_at_exec(next, inherited.descriptors[i] - 1);
        next = inherited.descriptors[i] + 1;
    }
    close_at_exec(next, ~0U);
}
