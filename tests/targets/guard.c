/* guard SECONDS FILE COMMAND [ARG ...]: runs the command with a time limit, in a process group of its own, and sees to it
   that nothing is left behind. Ends with the command's status, 128 + N for a signal, 124 when the time was up. FILE then
   holds a line for each process that was still there when the command had ended; they are killed. SIGTERM is passed on to
   the command. */

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TIME_IS_UP 124

static void need(int good, const char *what)
{
    if (!good) {
        perror(what);
        exit(99);
    }
}

/* Wait for the command, for adopted processes that end meanwhile too. Returns whether it ended in time. */
static int await(pid_t command, long seconds, const sigset_t *awaited, int *out)
{
    struct timespec now, end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    end.tv_sec += seconds;
    for (;;) {
        int status;
        pid_t pid;
        while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
            if (pid == command) {
                *out = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
                return 1;
            }
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec > end.tv_sec)
            return 0;
        if (sigtimedwait(awaited, NULL, &(struct timespec){.tv_sec = 1}) == SIGTERM)
            kill(command, SIGTERM);
    }
}

/* Write down each child of ours that still runs. Returns how many. */
static int list_children(FILE *file)
{
    DIR *proc = opendir("/proc");
    int count = 0;
    need(proc != NULL, "/proc");
    for (struct dirent *entry; (entry = readdir(proc)) != NULL;) {
        char path[300], line[512] = "", state;
        int parent, pid = atoi(entry->d_name);
        snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
        FILE *stat = pid > 0 ? fopen(path, "re") : NULL;
        if (stat == NULL)
            continue;
        const char *name_end = fgets(line, sizeof line, stat) != NULL ? strrchr(line, ')') : NULL;
        fclose(stat);
        if (name_end == NULL || sscanf(name_end + 1, " %c %d", &state, &parent) != 2 || parent != getpid())
            continue;
        if (state != 'Z') {
            fprintf(file, "%.*s)\n", (int)(name_end - line), line);
            count++;
        }
        kill(pid, SIGKILL);
    }
    closedir(proc);
    return count;
}

int main(int argc, char **argv)
{
    int status = TIME_IS_UP;
    sigset_t awaited, before;
    need(argc > 3, "usage");
    FILE *file = fopen(argv[2], "we");
    need(file != NULL, argv[2]);
    need(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0, "prctl");
    sigemptyset(&awaited);
    sigaddset(&awaited, SIGCHLD);
    sigaddset(&awaited, SIGTERM);
    sigprocmask(SIG_BLOCK, &awaited, &before);
    pid_t command = fork();
    need(command >= 0, "fork");
    if (command == 0) {
        setpgid(0, 0);
        sigprocmask(SIG_SETMASK, &before, NULL);
        execvp(argv[3], argv + 3);
        _exit(127);
    }
    if (!await(command, atol(argv[1]), &awaited, &status))
        kill(-command, SIGKILL);
    list_children(file);
    /* Those of the killed become our children in turn. */
    for (;;) {
        pid_t pid = waitpid(-1, NULL, 0);
        if (pid < 0 && errno == ECHILD)
            break;
        list_children(file);
    }
    need(fclose(file) == 0, argv[2]);
    return status;
}
