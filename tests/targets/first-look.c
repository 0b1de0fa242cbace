/* What a program can see of its surroundings when it starts, one thing per line: to be the same with and without
   syseng-mem. With a number as argument it ends by that signal. */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "syseng_mem.h"

/* So that there are line stops. */
SYSENG_MEM_PROFILE
static void *touch(void)
{
    char *volatile block = malloc(10);
    block[0] = 1;
    return block;
}

/* While there are line stops, one descriptor is kept open, as high as the limit allows: on /proc/self/statm. */
static int is_ours(int fd)
{
    char link[64], path[64] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return readlink(link, path, sizeof path - 1) > 0 && strstr(path, "/statm") != NULL;
}

static void print_limits(void)
{
    for (int number = 0; number < RLIM_NLIMITS; number++) {
        struct rlimit limit = {0};
        getrlimit((__rlimit_resource_t)number, &limit);
        printf("limit %d: %lld %lld\n", number, (long long)limit.rlim_cur, (long long)limit.rlim_max);
    }
}

static void print_signals(void)
{
    sigset_t mask;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action = {.sa_flags = 0};
        int status = sigaction(number, NULL, &action);
        printf("signal %d: %d %s%s flags %x\n", number, status, action.sa_handler == SIG_IGN ? "ignored" : "",
               sigismember(&mask, number) == 1 ? " blocked" : "", (unsigned)action.sa_flags);
    }
    stack_t stack;
    sigaltstack(NULL, &stack);
    printf("signal stack: %d\n", stack.ss_flags);
}

/* The lines of /proc/self/status that we have no part in. */
static void print_status(void)
{
    static const char *const names[] = {"Name:",   "State:",  "TracerPid:", "Uid:",    "Gid:",       "Groups:",
                                        "Threads:", "ShdPnd:", "SigBlk:", "CapEff:", "NoNewPrivs:",
                                        "Seccomp:", "VmLck:"};
    char line[1024];
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            if (strncmp(line, names[i], strlen(names[i])) == 0)
                fputs(line, stdout);
    if (file != NULL)
        fclose(file);
}

static void *in_thread(void *at)
{
    *(int *)at = errno;
    return at;
}

int main(int argc, char **argv)
{
    int first_errno = errno, thread_errno = -1;
    int fd = open("/dev/null", O_RDONLY);
    struct itimerval timer;
    free(touch());
    mode_t mask = umask(0);
    pthread_t thread;
    printf("errno %d\nfirst descriptor %d\numask %o\n", first_errno, fd, (unsigned)mask);
    for (int other = 0; other < 4096; other++)
        if (fcntl(other, F_GETFD) >= 0 && !is_ours(other))
            printf("descriptor %d: %d %x\n", other, fcntl(other, F_GETFD), (unsigned)fcntl(other, F_GETFL));
    print_limits();
    print_signals();
    print_status();
    getitimer(ITIMER_REAL, &timer);
    printf("timer %ld, dumpable %d, death signal %d, name %s\n", (long)timer.it_value.tv_sec, prctl(PR_GET_DUMPABLE),
           prctl(PR_GET_PDEATHSIG, &fd), argv[0]);
    if (pthread_create(&thread, NULL, in_thread, &thread_errno) == 0)
        pthread_join(thread, NULL);
    printf("a thread's errno %d\n", thread_errno);
    fflush(stdout);
    if (argc > 1) {
        signal(atoi(argv[1]), SIG_DFL);
        raise(atoi(argv[1]));
    }
    return 0;
}
