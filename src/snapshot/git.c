/* Git is run, as everybody's scripts do: its formats for other programs do not change. */

#include "snapshot/git.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "snapshot/snapshot.h"

#define ANSWER_MAX_BYTES 65536

extern char **environ;

static pid_t start(char *const arguments[], int out)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    if (posix_spawn_file_actions_init(&actions) != 0)
        return -1;
    int code = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (code == 0)
        code = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    if (code == 0)
        code = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    if (code == 0)
        code = posix_spawnp(&pid, arguments[0], &actions, NULL, arguments, environ);
    posix_spawn_file_actions_destroy(&actions);
    return code == 0 ? pid : -1;
}

static void read_all(int fd, struct text *out)
{
    char buffer[4096];
    ssize_t got;
    while ((got = read(fd, buffer, sizeof buffer)) > 0 || (got < 0 && errno == EINTR))
        if (got > 0 && out->length < ANSWER_MAX_BYTES)
            text_add_bytes(out, buffer, (size_t)got);
}

static bool wait_for(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return false;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* What a git command prints, without the last newline; NULL when it fails. The caller frees it. */
static char *ask(char *const arguments[])
{
    int ends[2];
    struct text answer = TEXT_EMPTY;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return NULL;
    pid_t pid = start(arguments, ends[1]);
    close(ends[1]);
    if (pid > 0)
        read_all(ends[0], &answer);
    close(ends[0]);
    bool is_good = pid > 0 && wait_for(pid) && !answer.failed;
    char *copy = is_good ? strdup(text_get(&answer)) : NULL;
    text_fini(&answer);
    if (copy != NULL && *copy != '\0' && copy[strlen(copy) - 1] == '\n')
        copy[strlen(copy) - 1] = '\0';
    return copy;
}

#define ASK(...) ask((char *const[]){(char[]){"git"}, __VA_ARGS__, NULL})
#define WORD(text) ((char[]){text})

char *git_commit_of(const char *revision)
{
    struct text wanted = TEXT_EMPTY;
    text_addf(&wanted, "%s^{commit}", revision);
    char *name = *revision != '-' && !wanted.failed ? strdup(text_get(&wanted)) : NULL;
    char *commit = name != NULL ? ASK(WORD("rev-parse"), WORD("--verify"), WORD("--quiet"), name) : NULL;
    free(name);
    text_fini(&wanted);
    return commit;
}

static char *from_environment(const char *one, const char *other)
{
    const char *value = getenv(one);
    if (value == NULL || *value == '\0')
        value = getenv(other);
    return value != NULL && *value != '\0' ? strdup(value) : NULL;
}

void snapshot_find_version(struct snapshot_version *out)
{
    *out = (struct snapshot_version){.commit = git_commit_of("HEAD")};
    if (out->commit == NULL) {
        out->commit = from_environment("GITHUB_SHA", "CI_COMMIT_SHA");
        out->branch = from_environment("GITHUB_REF_NAME", "CI_COMMIT_REF_NAME");
        out->subject = from_environment("CI_COMMIT_TITLE", "CI_COMMIT_TITLE");
        return;
    }
    out->subject = ASK(WORD("log"), WORD("-1"), WORD("--format=%s"));
    out->branch = ASK(WORD("symbolic-ref"), WORD("--short"), WORD("--quiet"), WORD("HEAD"));
    if (out->branch == NULL) /* a checkout in CI has no branch */
        out->branch = from_environment("GITHUB_REF_NAME", "CI_COMMIT_REF_NAME");
    char *changes = ASK(WORD("--no-optional-locks"), WORD("status"), WORD("--porcelain"), WORD("--untracked-files=no"));
    out->is_dirty = changes != NULL && *changes != '\0';
    free(changes);
}

void snapshot_version_fini(struct snapshot_version *version)
{
    free(version->commit);
    free(version->branch);
    free(version->subject);
    *version = (struct snapshot_version){0};
}
