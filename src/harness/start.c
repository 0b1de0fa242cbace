/* Starting the program, with exactly what syseng-mem itself was started with: its descriptors, signal mask, ignored
   signals, session and terminal. Only the environment has two words more.

   On a terminal the program shares our process group, so that Ctrl-C and Ctrl-Z reach both. Without one it leads its
   own: some servers end their workers by a signal to their whole group (apache2), which would be ours, and that of the
   script which started us. */

#include "harness/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "harness/inherited.h"
#include "harness/program.h"
#include "harness/signals.h"
#include "harness/standard-input.h"
#include "wire/session.h"

#define PRELOAD_NAME "LD_PRELOAD"

/* Our environment with two words more, behind all others, where the guest takes them away again
   (preload/environment.c); strings that it does not own are shared. The loader takes the last LD_PRELOAD; the user's
   own stays where it is, for the program to see. */
struct environment {
    char **words;
    struct text preload, channel;
};

static void environment_fini(struct environment *environment)
{
    free(environment->words);
    text_fini(&environment->preload);
    text_fini(&environment->channel);
}

static bool is_named(const char *word, const char *name)
{
    size_t length = strlen(name);
    return strncmp(word, name, length) == 0 && word[length] == '=';
}

/* In front of what is preloaded already: our hooks have to be found first. */
static void add_preload(struct text *text, const char *preload)
{
    const char *others = getenv(PRELOAD_NAME);
    text_addf(text, PRELOAD_NAME "=%s", preload);
    if (others != NULL && others[0] != '\0')
        text_addf(text, ":%s", others);
}

static int environment_init(struct environment *environment, const struct harness_start *start)
{
    *environment = (struct environment){0};
    size_t count = 0;
    while (environ[count] != NULL)
        count++;
    environment->words = calloc(count + 3, sizeof *environment->words);
    if (environment->words == NULL)
        return -ENOMEM;
    if (start->preload != NULL)
        add_preload(&environment->preload, start->preload);
    if (start->channel != NULL)
        text_addf(&environment->channel, WIRE_ENV_CHANNEL "=%s", start->channel);
    if (environment->preload.failed || environment->channel.failed) {
        environment_fini(environment);
        return -ENOMEM;
    }
    char **next = environment->words;
    for (size_t i = 0; i < count; i++)
        if (!is_named(environ[i], WIRE_ENV_CHANNEL))
            *next++ = environ[i];
    if (start->preload != NULL)
        *next++ = environment->preload.bytes;
    if (start->channel != NULL)
        *next++ = environment->channel.bytes;
    return 0;
}

static bool has_terminal(void)
{
    int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* In the child: nothing here may take a lock, for our other threads do not exist in it. */
_Noreturn static void become(const struct harness_start *start, char *const *words, int stdin_fd, int report_fd,
                             int gate_fd)
{
    char byte;
    while (gate_fd >= 0 && read(gate_fd, &byte, sizeof byte) < 0 && errno == EINTR)
        ; /* until its other end is closed */
    if (stdin_fd >= 0)
        dup2(stdin_fd, STDIN_FILENO);
    if (!has_terminal())
        setpgid(0, 0);
    inherited_restore();
    if (stdin_fd >= 0)
        fcntl(STDIN_FILENO, F_SETFD, 0); /* also when we have no stdin ourselves */
    execve(start->path, start->argv, words);
    int code = errno;
    ssize_t written = write(report_fd, &code, sizeof code);
    (void)written;
    _exit(127);
}

/* Descriptors above the standard ones, which the program may be without. */
static int open_pipe(int ends[2], struct err *err)
{
    int got[2];
    if (pipe2(got, O_CLOEXEC) != 0) {
        int code = -errno;
        return err_set(err, code, "cannot open a pipe: %s", strerror(-code));
    }
    for (int i = 0; i < 2; i++) {
        ends[i] = fcntl(got[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        close(got[i]);
    }
    if (ends[0] >= 0 && ends[1] >= 0)
        return 0;
    close(ends[0]);
    close(ends[1]);
    return err_set(err, -EMFILE, "cannot open a pipe: %s", strerror(EMFILE));
}

static void close_pipe(const int ends[2])
{
    for (int i = 0; i < 2; i++)
        if (ends[i] >= 0)
            close(ends[i]);
}

/* Fork and wait until execve has succeeded or failed. */
static int spawn(const struct harness_start *start, char *const *words, int stdin_fd, pid_t *out, struct err *err)
{
    int ends[2], gate[2] = {-1, -1};
    int code = open_pipe(ends, err);
    if (code != 0)
        return code;
    if (start->before_exec != NULL && (code = open_pipe(gate, err)) != 0) {
        close_pipe(ends);
        return code;
    }
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* no handler of ours runs in the child */
    pid_t pid = fork();
    if (pid == 0) {
        if (gate[1] >= 0)
            close(gate[1]);
        become(start, words, stdin_fd, ends[1], gate[0]);
    }
    code = pid < 0 ? -errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (pid > 0 && start->before_exec != NULL)
        start->before_exec(pid, start->data);
    close_pipe(gate);
    close(ends[1]);
    int failure = 0;
    ssize_t length = 0;
    while (pid > 0 && (length = read(ends[0], &failure, sizeof failure)) < 0 && errno == EINTR)
        ;
    close(ends[0]);
    if (pid < 0)
        return err_set(err, code, "cannot start a process: %s", strerror(-code));
    if (length == (ssize_t)sizeof failure) {
        waitpid(pid, NULL, 0);
        return err_set(err, -failure, "%s: %s", start->path, strerror(failure));
    }
    *out = pid;
    return 0;
}

static int start_program(struct harness *harness, const struct harness_start *start, struct err *err)
{
    struct environment environment;
    int code = environment_init(&environment, start);
    if (code != 0)
        return err_set(err, code, "out of memory");
    int ends[2] = {-1, -1};
    if (start->keep_stdin_open && standard_input_is_at_end())
        code = open_pipe(ends, err);
    if (code == 0)
        code = spawn(start, environment.words, ends[0], &harness->pid, err);
    if (ends[0] >= 0)
        close(ends[0]);
    if (code != 0 && ends[1] >= 0)
        close(ends[1]);
    if (code == 0)
        harness->stdin_fd = ends[1];
    environment_fini(&environment);
    return code;
}

int harness_start(const struct harness_start *start, struct harness **out, struct err *err)
{
    if (start->preload != NULL && strpbrk(start->preload, ": \t\n") != NULL)
        return err_set(err, -EINVAL,
                       "%s: cannot be preloaded: the dynamic linker takes no path with a colon or a blank; "
                       "install it elsewhere",
                       start->preload);
    struct harness *harness = calloc(1, sizeof *harness);
    if (harness == NULL)
        return err_set(err, -ENOMEM, "out of memory");
    harness->stdin_fd = -1;
    int was_subreaper = 0;
    prctl(PR_GET_CHILD_SUBREAPER, &was_subreaper);
    harness->was_subreaper = was_subreaper != 0;
    int code = proc_children(getpid(), &harness->strangers);
    if (code != 0)
        err_set(err, code, "out of memory");
    else
        code = signals_open(err);
    if (code != 0)
        goto out;
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    code = start_program(harness, start, err);
    if (code == 0)
        *out = harness;
    else
        signals_close();
out:
    if (code != 0) {
        prctl(PR_SET_CHILD_SUBREAPER, was_subreaper);
        pids_fini(&harness->strangers);
        free(harness);
    }
    return code;
}

pid_t harness_pid(const struct harness *harness)
{
    return harness->pid;
}

void harness_free(struct harness *harness)
{
    if (harness == NULL)
        return;
    if (harness->stdin_fd >= 0)
        close(harness->stdin_fd);
    signals_close();
    prctl(PR_SET_CHILD_SUBREAPER, harness->was_subreaper);
    pids_fini(&harness->strangers);
    free(harness);
}
