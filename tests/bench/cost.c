/* Runs a command and prints what it and everything it waited for has cost: CPU seconds, wall seconds, largest resident
   set of one process in KiB. The command's output is dropped.

   cost [-b SCRIPT] COMMAND [ARG ...]: the shell runs SCRIPT beside the command, which shall end by it; what SCRIPT
   costs is not counted. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static pid_t start(char *const *command)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    int fd = open("/dev/null", O_RDWR);
    dup2(fd, 0);
    dup2(fd, 1);
    dup2(fd, 2);
    execvp(command[0], command);
    _exit(127);
}

int main(int argc, char **argv)
{
    struct timespec before, after;
    struct rusage usage;
    int status;
    char shell[] = "sh", option[] = "-c", *script[] = {shell, option, NULL, NULL};
    if (argc > 2 && strcmp(argv[1], "-b") == 0) {
        script[2] = argv[2];
        argv += 2;
        argc -= 2;
    }
    if (argc < 2)
        return 2;
    clock_gettime(CLOCK_MONOTONIC, &before);
    pid_t pid = start(argv + 1);
    pid_t beside = pid > 0 && script[2] != NULL ? start(script) : 0;
    if (pid < 0 || beside < 0 || wait4(pid, &status, 0, &usage) < 0)
        return 1;
    clock_gettime(CLOCK_MONOTONIC, &after);
    if (beside > 0)
        waitpid(beside, NULL, 0);
    printf("%.4f %.4f %ld\n", seconds(usage.ru_utime) + seconds(usage.ru_stime),
           (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9, usage.ru_maxrss);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
