/* A storm of signals while a program runs: as many as STORM in the environment says. The handler looks at what it
   interrupted as a crash reporter would: the pc must lie in a known module, and a walk of the stack must reach main. */

#ifndef STORM_H
#define STORM_H

#include <dlfcn.h>
#include <execinfo.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <ucontext.h>

int main(int argc, char **argv);

static struct {
    volatile long signals, limit, lost, no_main;
    void *first_lost;
} storm;

/* One shot, 200 us after the last handler has returned: however slow the program is made, it gets on. */
static void storm_arm(void)
{
    struct itimerval soon;
    memset(&soon, 0, sizeof soon);
    soon.it_value.tv_usec = 200;
    setitimer(ITIMER_REAL, &soon, NULL);
}

static void storm_handler(int number, siginfo_t *info, void *context)
{
    static void *frames[256];
    Dl_info module;
    void *pc = (void *)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    storm.signals++;
    (void)number;
    (void)info;
    if (!dladdr(pc, &module)) {
        storm.lost++;
        storm.first_lost = pc;
    }
    int count = backtrace(frames, 256), seen = count == 256;
    for (int i = 0; i < count && !seen; i++)
        seen = (char *)frames[i] > (char *)main && (char *)frames[i] < (char *)main + 4096;
    if (!seen)
        storm.no_main++;
    if (storm.signals < storm.limit)
        storm_arm();
}

static void storm_end(void)
{
    signal(SIGALRM, SIG_IGN);
    if (getenv("STORM_SAYS") != NULL)
        fprintf(stderr, "signals %ld, pc outside of modules %ld (%p), main not found %ld\n", storm.signals, storm.lost,
                storm.first_lost, storm.no_main);
    if (storm.lost != 0)
        fprintf(stderr, "pc outside of modules\n");
    if (storm.no_main != 0)
        fprintf(stderr, "main not found\n");
}

static void storm_begin(void)
{
    if (getenv("STORM") == NULL)
        return;
    void *warm[4];
    backtrace(warm, 4); /* loads the unwinder */
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = storm_handler;
    action.sa_flags = SA_SIGINFO | SA_RESTART;
    sigaction(SIGALRM, &action, NULL);
    storm.limit = atol(getenv("STORM"));
    storm_arm();
}

#endif
