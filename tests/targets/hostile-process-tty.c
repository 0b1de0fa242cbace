/* hostile-process-tty COMMAND [ARGUMENT ...]: runs it on a terminal of its own as a shell with job control does, and
   does what a user would: resizes, types, stops it, sends it to the background and back, interrupts it. Prints what
   comes of it. The command is to end in hostile-process's case `terminal`. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 60000
#define TEXT_BYTES 65536

static int outside, inside; /* the two ends of the terminal */
static pid_t job;

static void need(int good, const char *what)
{
    if (good)
        return;
    perror(what);
    if (job > 0)
        kill(-job, SIGKILL);
    exit(99);
}

/* Print what the job writes until that contains `word`. */
static void expect(const char *word)
{
    static char text[TEXT_BYTES];
    static size_t used, seen; /* `seen`: what was waited for already */
    while (strstr(text + seen, word) == NULL) {
        struct pollfd input = {.fd = outside, .events = POLLIN};
        need(poll(&input, 1, PATIENCE_MS) == 1, word);
        ssize_t length = read(outside, text + used, sizeof text - used - 1);
        need(length > 0, word);
        used += (size_t)length;
        text[used] = '\0';
    }
    seen = (size_t)(strstr(text + seen, word) - text) + strlen(word);
    printf("saw %s\n", word);
}

static void type(const char *keys)
{
    need(write(outside, keys, strlen(keys)) == (ssize_t)strlen(keys), "write");
}

static void resize(unsigned short rows, unsigned short columns)
{
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    need(ioctl(outside, TIOCSWINSZ, &size) == 0, "TIOCSWINSZ");
}

static void to_front(pid_t group)
{
    need(tcsetpgrp(inside, group) == 0, "tcsetpgrp");
}

static void await(const char *what)
{
    int status;
    need(waitpid(job, &status, WUNTRACED) == job, "waitpid");
    if (WIFSTOPPED(status))
        printf("%s: stopped by %s\n", what, sigabbrev_np(WSTOPSIG(status)));
    else if (WIFSIGNALED(status))
        printf("%s: killed by %s\n", what, sigabbrev_np(WTERMSIG(status)));
    else
        printf("%s: left\n", what); /* its status is the mode's own affair */
}

static void start(char **command)
{
    job = fork();
    need(job >= 0, "fork");
    if (job == 0) {
        setpgid(0, 0);
        tcsetpgrp(inside, getpid());
        signal(SIGTTOU, SIG_DFL);
        for (int fd = 0; fd < 3; fd++)
            dup2(inside, fd);
        close(inside);
        close(outside);
        execvp(command[0], command);
        _exit(127);
    }
    setpgid(job, job);
}

static void use_it(char **command)
{
    need(setsid() > 0, "setsid");
    need(openpty(&outside, &inside, NULL, NULL, NULL) == 0, "openpty");
    need(ioctl(inside, TIOCSCTTY, 0) == 0, "TIOCSCTTY");
    signal(SIGTTOU, SIG_IGN);
    resize(24, 80);
    start(command);
    expect("ready");
    resize(30, 100);
    expect("size 30 100");
    type("hello\n");
    expect("line hello");
    type("\x1a"); /* Ctrl-Z */
    await("stop");
    to_front(getpgrp());
    kill(-job, SIGCONT);
    expect("continued, in front 0");
    await("background");
    resize(40, 120); /* nobody is told */
    to_front(job);
    kill(-job, SIGCONT);
    type("again\n");
    expect("line again");
    expect("continued, in front 1");
    type("more\n");
    expect("line more");
    resize(50, 130);
    expect("size 50 130");
    type("\x03"); /* Ctrl-C */
    expect("interrupted");
    await("end");
    printf("in front is who was: %d\n", tcgetpgrp(inside) == job);
}

int main(int argc, char **argv)
{
    need(argc > 1, "usage");
    setvbuf(stdout, NULL, _IONBF, 0);
    pid_t pid = fork(); /* not to lead a group, as setsid wants it */
    need(pid >= 0, "fork");
    if (pid == 0) {
        use_it(argv + 1);
        return 0;
    }
    int status;
    need(waitpid(pid, &status, 0) == pid, "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}
