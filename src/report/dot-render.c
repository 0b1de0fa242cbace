/* Graphviz, in a process of its own. */

#include "report/formats.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"

#define PATIENCE_NS UINT64_C(30000000000)
#define LOOK_EVERY_NS 5000000
#define NOT_EXECUTED 127 /* what a child ends with that could not become dot; POSIX, posix_spawn */

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Start dot between two files; its complaints go into `words`. Returns 0 or a negative errno. */
static int start(const char *type, int dot, int picture, FILE *words, pid_t *pid)
{
    char option[32];
    snprintf(option, sizeof option, "-T%s", type);
    char program[] = "dot", *argv[] = {program, option, NULL};
    posix_spawn_file_actions_t actions;
    int code = posix_spawn_file_actions_init(&actions);
    if (code != 0)
        return -code;
    posix_spawn_file_actions_adddup2(&actions, dot, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, picture, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, fileno(words), STDERR_FILENO);
    code = posix_spawnp(pid, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    return -code;
}

/* Wait for it, but not for ever. */
static int wait_for(pid_t pid, int *wait_status)
{
    const uint64_t end_ns = now_ns() + PATIENCE_NS;
    for (;;) {
        const pid_t ended = waitpid(pid, wait_status, WNOHANG);
        if (ended == pid)
            return WIFEXITED(*wait_status) && WEXITSTATUS(*wait_status) == NOT_EXECUTED ? -ENOENT : 0;
        if (ended < 0 && errno != EINTR)
            return -errno;
        if (now_ns() > end_ns) {
            kill(pid, SIGKILL);
            waitpid(pid, wait_status, 0);
            return -ETIMEDOUT;
        }
        nanosleep(&(struct timespec){.tv_nsec = LOOK_EVERY_NS}, NULL);
    }
}

static int tell_failure(FILE *words, int wait_status, const char *picture_path, struct err *err)
{
    char line[256] = "";
    rewind(words);
    if (fgets(line, sizeof line, words) == NULL)
        line[0] = '\0';
    line[strcspn(line, "\n")] = '\0';
    struct text text = TEXT_EMPTY;
    text_add_printable(&text, line);
    const int code =
        WIFSIGNALED(wait_status)
            ? err_set(err, -EIO, "%s not made: dot was killed by signal %d", picture_path, WTERMSIG(wait_status))
            : err_set(err, -EIO, "%s not made: dot ended with status %d%s%s", picture_path, WEXITSTATUS(wait_status),
                      text.length > 0 ? ": " : "", text_get(&text));
    text_fini(&text);
    return code;
}

static int draw(const char *type, int dot, int picture, const char *dot_path, const char *picture_path, FILE *words,
                struct err *err)
{
    pid_t pid;
    int wait_status = 0, code = start(type, dot, picture, words, &pid);
    if (code == 0)
        code = wait_for(pid, &wait_status);
    if (code == -ENOENT)
        return err_set(err, code, "dot not found, %s not made; %s is there; apt install graphviz", picture_path,
                       dot_path);
    if (code == -ETIMEDOUT)
        return err_set(err, code, "%s not made: dot took longer than half a minute; %s is there", picture_path,
                       dot_path);
    if (code != 0)
        return err_set(err, code, "%s not made: dot: %s", picture_path, strerror(-code));
    return WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0
               ? 0
               : tell_failure(words, wait_status, picture_path, err);
}

int report_dot_render(const char *dot_path, const char *picture_path, const char *type, struct err *err)
{
    FILE *words = NULL;
    int picture = -1, code = 0;
    const int dot = open(dot_path, O_RDONLY | O_CLOEXEC);
    if (dot < 0)
        code = err_set(err, -errno, "%s: %s", dot_path, strerror(errno));
    if (code == 0 && (words = tmpfile()) == NULL)
        code = err_set(err, -errno, "%s not made: no temporary file: %s", picture_path, strerror(errno));
    if (code == 0 && (picture = open(picture_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) < 0)
        code = err_set(err, -errno, "%s: %s", picture_path, strerror(errno));
    if (code == 0) {
        code = draw(type, dot, picture, dot_path, picture_path, words, err);
        if (code != 0)
            unlink(picture_path);
    }
    if (picture >= 0)
        close(picture);
    if (words != NULL)
        fclose(words);
    if (dot >= 0)
        close(dot);
    return code;
}
