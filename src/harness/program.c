/* What every wait of the harness does meanwhile: signals are passed on, ended processes waited for. */

#include "harness/program.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "harness/family.h"
#include "harness/signals.h"

/* The terminal sends its signals to the whole foreground group. */
static bool has_got_it_too(const struct harness *harness, const struct signal_event *event)
{
    return event->code == SI_KERNEL && getpgid(harness->pid) == getpgrp();
}

/* To the program, or when that has ended and left daemons behind, to those in charge of them. */
static void pass_on(const struct harness *harness, int number)
{
    if (!harness->ended) {
        kill(harness->pid, number);
        return;
    }
    struct pids roots = {0};
    family_roots(harness, &roots);
    for (size_t i = 0; i < roots.count; i++)
        kill(roots.items[i], number);
    pids_fini(&roots);
}

static void take_signal(struct harness *harness, const struct signal_event *event)
{
    if (event->number == SIGCHLD)
        return;
    /* A server that ends its workers by kill(0, SIGTERM) hits us too; that is not for us. */
    if (event->from > 0 && family_has(harness, event->from))
        return;
    harness->interrupted = event->number;
    harness->interruptions++;
    if (harness->ended || !has_got_it_too(harness, event))
        pass_on(harness, event->number);
}

void program_attend(struct harness *harness)
{
    struct signal_event event;
    while (signals_take(&event))
        take_signal(harness, &event);
    family_reap(harness);
}

void program_nap(struct harness *harness, uint64_t ns)
{
    struct pollfd wakers = {.fd = signals_fd(), .events = POLLIN};
    struct timespec timeout = {.tv_sec = (time_t)(ns / 1000000000), .tv_nsec = (long)(ns % 1000000000)};
    ppoll(&wakers, 1, &timeout, NULL);
    program_attend(harness);
}

int program_was_interrupted(const struct harness *harness, struct err *err)
{
    return err_set(err, -EINTR, "interrupted by SIG%s", sigabbrev_np(harness->interrupted));
}
