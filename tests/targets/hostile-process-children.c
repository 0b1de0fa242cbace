/* Cases of hostile-process: processes, how they are made, become others, and end. */

#include "hostile-process.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4
#define CHILDREN 10
#define BOMB 200
#define STACK_BYTES 65536

static void *fork_often(void *data)
{
    atomic_int *sum = data;
    for (int i = 0; i < CHILDREN; i++) {
        allocate();
        pid_t pid = fork();
        if (pid == 0) {
            for (int j = 0; j < 100; j++)
                free(malloc((size_t)j * 50));
            _exit(i);
        }
        int status;
        if (waitpid(pid, &status, 0) == pid && WIFEXITED(status))
            *sum += WEXITSTATUS(status);
    }
    return NULL;
}

static int fork_threads(const char *self, char **arguments)
{
    (void)self, (void)arguments;
    pthread_t threads[THREADS];
    atomic_int sum = 0;
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, fork_often, &sum);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    say("sum %d\n", (int)sum);
    return 0;
}

/* Each process makes two more until there are BOMB; how many there were is counted in shared memory. */
static int bomb(const char *self, char **arguments)
{
    (void)self, (void)arguments;
    atomic_int *count = mmap(NULL, sizeof *count, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t first = getpid();
    for (int i = 0; i < 2;) {
        if (atomic_fetch_add(count, 1) >= BOMB)
            break;
        pid_t pid = fork();
        if (pid == 0)
            i = 0;
        else
            i++;
        allocate();
    }
    while (wait(NULL) > 0)
        ;
    if (getpid() != first)
        _exit(0);
    say("processes %d\n", *count > BOMB);
    see("after");
    return 0;
}

static int vforks(const char *self, char **arguments)
{
    (void)arguments;
    for (int i = 0; i < 5; i++) {
        pid_t pid = vfork();
        if (pid == 0)
            _exit(i);
        say_child("left", pid);
        pid = vfork();
        if (pid == 0) {
            execl(i % 2 != 0 ? self : "/nothing/here", self, "see-short", (char *)NULL);
            _exit(100 + errno);
        }
        say_child("executed", pid);
        allocate();
    }
    see("after");
    return 0;
}

static int spawns(const char *self, char **arguments)
{
    (void)arguments;
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t pid;
    char *words[] = {(char *)self, (char[]){"see-short"}, NULL}, *environment[] = {(char[]){"ONLY=1"}, NULL};
    char *true_words[] = {(char[]){"true"}, NULL};
    int code;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 7, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, 7, 5);
    posix_spawn_file_actions_addclose(&actions, 0);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF);
    code = posix_spawn(&pid, self, &actions, &attributes, words, environment);
    say_child("spawned", pid);
    say("spawn %d\n", code);
    code = posix_spawn(&pid, self, NULL, NULL, words, environ);
    say_child("spawned", pid);
    say("spawn %d\n", code);
    code = posix_spawnp(&pid, "true", NULL, NULL, true_words, NULL);
    say_child("spawned", pid);
    say("spawn %d\n", code);
    say("missing %d\n", posix_spawn(&pid, "/nothing/here", NULL, NULL, words, environ));
    say("missing %d\n", posix_spawnp(&pid, "nothing-of-that-name", NULL, NULL, words, environ));
    posix_spawn_file_actions_addclose(&actions, 100000);
    say("bad %d\n", posix_spawn(&pid, "/", &actions, NULL, words, environ));
    say_result("nobody is left", wait(NULL));
    see("after");
    return 0;
}

static char stack[STACK_BYTES] __attribute__((aligned(16)));
static const char *clone_self;

static int in_clone(void *data)
{
    for (int i = 0; i < 100; i++)
        free(malloc(100));
    say("cloned %s\n", (const char *)data);
    return 6;
}

static int exec_in_clone(void *data)
{
    (void)data;
    execl(clone_self, clone_self, "see-short", (char *)NULL);
    return 7;
}

static int clones(const char *self, char **arguments)
{
    (void)arguments;
    char *top = stack + sizeof stack;
    clone_self = self;
    say_child("vfork", clone(in_clone, top, CLONE_VM | CLONE_VFORK | SIGCHLD, "vfork"));
    say_child("vfork, exec", clone(exec_in_clone, top, CLONE_VM | CLONE_VFORK | SIGCHLD, NULL));
    say_child("memory", clone(in_clone, top, CLONE_VM | SIGCHLD, "memory"));
    say_child("files", clone(in_clone, top, CLONE_FILES | CLONE_FS | SIGCHLD, "files"));
    allocate();
    see("after");
    return 0;
}

static int raw_clones(const char *self, char **arguments)
{
    (void)arguments;
    pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (pid == 0) {
        allocate();
        see("raw clone");
        syscall(SYS_exit_group, 8);
    }
    say_child("raw clone", pid);
    pid = (pid_t)syscall(SYS_fork);
    if (pid == 0) {
        char *words[] = {(char *)self, (char[]){"see-short"}, NULL}, *none[] = {NULL};
        allocate();
        syscall(SYS_execve, self, words, none);
        _exit(9);
    }
    say_child("raw fork and exec", pid);
    pid = fork();
    if (pid == 0) {
        char *words[] = {(char *)self, (char[]){"see-short"}, NULL};
        execveat(AT_FDCWD, self, words, environ, 0);
        _exit(9);
    }
    say_child("execveat", pid);
    see("after");
    return 0;
}

/* exec-self N: becomes itself again N times, in other ways each time; the process stays the same one. */
static int exec_self(const char *self, char **arguments)
{
    int left = arguments[0] != NULL ? atoi(arguments[0]) : 12;
    char number[16], pid[16];
    snprintf(number, sizeof number, "%d", left - 1);
    snprintf(pid, sizeof pid, "%d", (int)getpid());
    allocate();
    say("%d: the same process %d, descriptor %d\n", left, arguments[0] == NULL || strcmp(arguments[1], pid) == 0,
        open("/", O_RDONLY | O_CLOEXEC));
    char *words[] = {(char *)self, (char[]){"exec-self"}, number, pid, NULL}, *none[] = {NULL};
    if (left == 0) {
        see("in the end");
        return 3;
    }
    switch (left % 4) {
    case 0:
        execv(self, words);
        break;
    case 1:
        execve(self, words, environ);
        break;
    case 2:
        execve(self, words, none);
        break;
    default:
        execve(self, words, NULL);
    }
    return 4;
}

static void say_exec(const char *what, const char *path, char **words, char **environment)
{
    say_result(what, execve(path, words, environment));
}

/* Failures leave the program as it was, with the kernel's errno. */
static int exec_errors(const char *self, char **arguments)
{
    char *words[] = {(char *)self, NULL}, long_name[PATH_MAX + 10];
    (void)arguments;
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    close(open("no-program", O_WRONLY | O_CREAT, 0755));
    close(open("not-executable", O_WRONLY | O_CREAT, 0644));
    if (symlink("loop", "loop") != 0 && errno != EEXIST)
        return 1;
    say_exec("missing", "/nothing/here", words, environ);
    say_exec("not executable", "./not-executable", words, environ);
    say_exec("no program", "./no-program", words, environ);
    say_exec("a directory", "/", words, environ);
    say_exec("below a file", "./not-executable/x", words, environ);
    say_exec("a loop", "./loop", words, environ);
    say_exec("too long a name", long_name, words, environ);
    say_exec("no name", "", words, environ);
    say_exec("no address", (const char *)1, words, environ);
    say_exec("no environment's address", self, words, (char **)8);
    say_exec("no word's address", self, words, (char *[]){(char *)8, NULL});
    say_result("no descriptor", fexecve(-1, words, environ));
    say_result("no descriptor, at", execveat(-1, "x", words, environ, 0));
    say_result("in PATH", execvp("nothing-of-that-name", words));
    size_t many = 4 << 20;
    char *huge = malloc(many);
    memset(huge, 'x', many - 1);
    huge[many - 1] = '\0';
    say_exec("too large", self, (char *[]){(char *)self, huge, NULL}, environ);
    free(huge);
    unlink("no-program"), unlink("not-executable"), unlink("loop");
    see("after");
    return 0;
}

/* other PROGRAM [ARGUMENT ...]: that sees itself. */
static int other(const char *self, char **arguments)
{
    char *words[8] = {NULL};
    (void)self;
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 6 && arguments[i] != NULL; i++) {
            words[i] = arguments[i];
            words[i + 1] = (char[]){"see-short"};
        }
        execv(arguments[0], words);
        _exit(4);
    }
    say_child("executed", pid);
    return 0;
}

static int exec_empty(const char *self, char **arguments)
{
    char *none[] = {NULL}, *words[] = {(char *)self, (char[]){"see-short"}, NULL};
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            if (i == 0)
                execve(self, words, none);
            else if (i == 1)
                execve(self, words, NULL);
            else
                execve(self, none, none); /* has no case's name */
            _exit(4);
        }
        say_child("executed", pid);
    }
    (void)arguments;
    return 0;
}

/* Have orphans become our children, whose end can be waited for. */
static int adopt(void)
{
    return prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* A daemon that closes everything but a way to tell. */
static int daemonize(const char *self, char **arguments)
{
    (void)self, (void)arguments;
    int ends[2];
    char text[65536];
    if (pipe(ends) != 0 || adopt() != 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        allocate();
        if (daemon(0, 0) != 0)
            _exit(1);
        hostile_out = dup2(ends[1], 3);
        closefrom(4);
        close(0), close(1), close(2);
        allocate();
        see("daemon");
        pid = fork();
        if (pid == 0) {
            allocate();
            _exit(2);
        }
        say_child("its child", pid);
        exit(0);
    }
    close(ends[1]);
    say_child("its parent", pid);
    for (ssize_t length; (length = read(ends[0], text, sizeof text)) > 0;)
        say("%.*s", (int)length, text);
    say_result("adopted", wait(NULL) > 0);
    return 0;
}

static int children_ignored(const char *self, char **arguments)
{
    (void)self, (void)arguments;
    signal(SIGCHLD, SIG_IGN);
    for (int i = 0; i < 3; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            allocate();
            _exit(1);
        }
        say_result("waited for", waitpid(pid, NULL, 0));
    }
    say_result("system", system("exit 3"));
    say_result("any", wait(NULL));
    return 0;
}

static void say_info(const char *what, int result, const siginfo_t *info, pid_t pid)
{
    say_result(what, result);
    say(" ours %d, code %d, status %d\n", info->si_pid == pid, info->si_code, info->si_status);
}

/* Nobody but the program's own children can be waited for. */
static int waits(const char *self, char **arguments)
{
    (void)self, (void)arguments;
    siginfo_t info = {0};
    struct rusage usage;
    int status;
    say_result("nobody yet", waitid(P_ALL, 0, &info, WEXITED | WNOHANG));
    say_result("nor clones", waitpid(-1, NULL, __WALL | WNOHANG));
    int ends[2];
    if (pipe(ends) != 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        char byte;
        allocate();
        raise(SIGSTOP);
        _exit(read(ends[0], &byte, 1) == 1 ? 3 : 4);
    }
    say_info("stopped", waitid(P_PID, (id_t)pid, &info, WSTOPPED), &info, pid);
    kill(pid, SIGCONT);
    say_info("continued", waitid(P_PID, (id_t)pid, &info, WCONTINUED), &info, pid);
    say_result("write", write(ends[1], "x", 1));
    say_info("left behind", waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), &info, pid);
    say_result("of the group", waitpid(0, &status, 0) == pid);
    say("status %x\n", (unsigned)status);
    pid = fork();
    if (pid == 0)
        abort();
    say_result("wait4", wait4(-1, &status, 0, &usage) == pid);
    say("signal %d\n", WTERMSIG(status));
    say_result("nobody any more", wait(&status));
    return 0;
}

static int groups(const char *self, char **arguments)
{
    (void)self, (void)arguments;
    say("leads a group %d, a session %d\n", getpgrp() == getpid(), getsid(0) == getpid());
    say_result("setsid", setsid());
    say_result("setpgid", setpgid(0, 0));
    say_result("to nobody's", setpgid(0, getpid() + 100000));
    pid_t pid = fork();
    if (pid == 0) {
        allocate();
        say("setsid %d\n", setsid() == getpid());
        see("in a session");
        kill(0, SIGTERM);
        _exit(1);
    }
    say_child("a session's leader", pid);
    pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        allocate();
        pause();
        _exit(1);
    }
    setpgid(pid, pid);
    say_result("kill a group", kill(-pid, SIGUSR1));
    say_child("a group's leader", pid);
    return 0;
}

static volatile sig_atomic_t parent_died;

static void on_parent_death(int number)
{
    (void)number;
    parent_died = 1;
}

/* The parent's end is told, once the parent is one that ends. */
static int parent_death(const char *self, char **arguments)
{
    (void)self, (void)arguments;
    int number = -1, ends[2];
    say_result("prctl", prctl(PR_GET_PDEATHSIG, &number));
    say("signal %d\n", number);
    say_result("of our own", prctl(PR_SET_PDEATHSIG, SIGTERM));
    pid_t parent = getppid();
    if (pipe(ends) != 0 || adopt() != 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t blocked, none;
        sigemptyset(&none);
        sigemptyset(&blocked);
        sigaddset(&blocked, SIGUSR1);
        sigprocmask(SIG_BLOCK, &blocked, NULL);
        if (fork() != 0) {
            char byte;
            close(ends[1]);
            _exit(read(ends[0], &byte, 1) == 1 ? 0 : 1);
        }
        close(ends[0]);
        signal(SIGUSR1, on_parent_death);
        prctl(PR_SET_PDEATHSIG, SIGUSR1);
        allocate();
        if (write(ends[1], "x", 1) != 1)
            _exit(1);
        while (!parent_died)
            sigsuspend(&none);
        _exit(0);
    }
    close(ends[1]);
    say_child("the parent", pid);
    char byte;
    say_result("the orphan was told", read(ends[0], &byte, 1)); /* or it would never end, nor the pipe */
    say_result("adopted", wait(NULL) > 0);
    say("the same parent %d\n", parent == getppid());
    return 0;
}

const struct hostile_case children_cases[] = {
    {"fork-threads", fork_threads},
    {"bomb", bomb},
    {"vfork", vforks},
    {"spawn", spawns},
    {"clone", clones},
    {"raw-clone", raw_clones},
    {"exec-self", exec_self},
    {"exec-errors", exec_errors},
    {"exec-empty", exec_empty},
    {"other", other},
    {"daemon", daemonize},
    {"children-ignored", children_ignored},
    {"wait", waits},
    {"groups", groups},
    {"parent-death", parent_death},
    {NULL, NULL},
};
