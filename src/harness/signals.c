/* Signals that reach syseng-mem, as events. */

#include "harness/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCHLD};
#define WATCHED_COUNT (sizeof watched / sizeof *watched)

static int ends[2] = {-1, -1};
static struct sigaction before[WATCHED_COUNT];

static void note(int number, siginfo_t *info, void *context)
{
    (void)context;
    int old_errno = errno;
    struct signal_event event = {number, info->si_code, number == SIGCHLD ? 0 : info->si_pid};
    /* Shorter than PIPE_BUF: whole or not at all. A full pipe wakes its reader anyway. */
    ssize_t written = write(ends[1], &event, sizeof event);
    (void)written;
    errno = old_errno;
}

int signals_open(struct err *err)
{
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        int code = -errno;
        return err_set(err, code, "cannot open a pipe: %s", strerror(-code));
    }
    for (size_t i = 0; i < WATCHED_COUNT; i++) {
        struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO | SA_RESTART | SA_NOCLDSTOP};
        sigaction(watched[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN || watched[i] == SIGCHLD)
            sigaction(watched[i], &action, NULL);
    }
    return 0;
}

void signals_close(void)
{
    for (size_t i = 0; i < WATCHED_COUNT; i++)
        sigaction(watched[i], &before[i], NULL);
    for (int i = 0; i < 2; i++) {
        close(ends[i]);
        ends[i] = -1;
    }
}

int signals_fd(void)
{
    return ends[0];
}

bool signals_take(struct signal_event *out)
{
    return read(ends[0], out, sizeof *out) == sizeof *out;
}
