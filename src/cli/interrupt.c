/* Handlers, not ignored signals: a handler is reset by exec, so the program starts with the dispositions that we were
   started with. */

#include "cli/interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>

static volatile sig_atomic_t caught;
static volatile sig_atomic_t passed_to;

static void pass_on(int signal, siginfo_t *info, void *context)
{
    int saved = errno;
    if (caught == 0)
        caught = signal;
    /* The kernel's terminal driver has sent it to the whole foreground process group already. */
    if (info->si_code != SI_KERNEL && passed_to > 0)
        kill((pid_t)passed_to, signal);
    errno = saved;
}

static void ignore(int signal)
{
}

void interrupt_catch(pid_t pid)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    static bool installed;
    passed_to = (sig_atomic_t)pid;
    if (installed)
        return;
    installed = true;
    struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO}, old;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    struct sigaction quiet = {.sa_handler = ignore, .sa_flags = SA_RESTART};
    sigemptyset(&quiet.sa_mask);
    if (sigaction(SIGPIPE, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
        sigaction(SIGPIPE, &quiet, NULL);
}

int interrupt_signal(void)
{
    return caught;
}
