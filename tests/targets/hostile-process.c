/* hostile-process CASE [ARGUMENT ...]: see hostile-process.h. Here are what all cases share, and those on descriptors
   and the environment. */

#include "hostile-process.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <wordexp.h>

#define FDS_MOST 4096
#define BLOCKS 16

int hostile_out = STDOUT_FILENO;
static char **main_words;

void say_result(const char *what, long result)
{
    int error = errno;
    if (result < 0)
        say("%s: %ld, %s\n", what, result, strerrorname_np(error));
    else
        say("%s: %ld\n", what, result);
    errno = error;
}

int say_child(const char *what, pid_t pid)
{
    int status;
    if (pid < 0 || waitpid(pid, &status, 0) != pid) {
        say_result(what, -1);
        return -1;
    }
    if (WIFSIGNALED(status))
        say("%s: killed by %s\n", what, sigabbrev_np(WTERMSIG(status)));
    else
        say("%s: status %d\n", what, WEXITSTATUS(status));
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void allocate(void)
{
    static __thread char *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        free(blocks[i]);
        blocks[i] = malloc(i * 100 + 1);
        blocks[i][i * 100] = 1;
    }
}

/* While there are line stops, one descriptor is kept open, far up: docs/limits.md, "One descriptor". */
static int is_exempt(int fd)
{
    char text[128] = "";
    int number;
    return (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0 && pread(fd, text, sizeof text - 1, 0) > 0 &&
           sscanf(text, "%d %d %d %d %d %d %d", &number, &number, &number, &number, &number, &number, &number) == 7;
}

static void see_descriptors(void)
{
    say(" descriptors");
    for (int fd = 0; fd < FDS_MOST; fd++)
        if (fcntl(fd, F_GETFD) >= 0 && !is_exempt(fd))
            say(" %d", fd);
    int fd = open("/", O_RDONLY | O_CLOEXEC);
    say("\n");
    say_result(" first free", fd);
    if (fd >= 0)
        close(fd);
}

/* Entries of a directory of /proc/self, -1 when there is none. */
static int count_entries(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    if (directory == NULL)
        return -1;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

static void see_words(const char *what, char **words)
{
    say(" %s", what);
    for (; words != NULL && *words != NULL; words++)
        say(" [%s]", *words);
    say("\n");
}

static void see_environment(void)
{
    char text[8192];
    const char *preload = getenv("LD_PRELOAD"), *channel = getenv("SYSENG_MEM_CHANNEL");
    see_words("environ", environ);
    say(" getenv %s %s\n", preload != NULL ? preload : "-", channel != NULL ? channel : "-");
    int fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, text, sizeof text) : -1;
    for (ssize_t i = 0; i < length; i++)
        if (text[i] == '\0')
            text[i] = '|';
    say(" kernel's %zd %.*s\n", length, length > 0 ? (int)length : 0, text);
    if (fd >= 0)
        close(fd);
}

/* Files that are mapped, and how; anonymous memory differs between two plain runs. */
static void see_maps(void)
{
    char line[1024], last[1024] = "";
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        const char *path = strpbrk(line, "/["), *permissions = strchr(line, ' ') + 1;
        char now[1024];
        if (path == NULL || strstr(path, "libsyseng_mem_preload") != NULL || strstr(path, "/memfd:syseng-mem") != NULL)
            continue;
        snprintf(now, sizeof now, "%.4s %s", permissions, path);
        if (strcmp(now, last) != 0)
            say(" %s", now);
        strcpy(last, now);
    }
    if (maps != NULL)
        fclose(maps);
}

void see(const char *when)
{
    int error = errno;
    say("%s: errno %d, %d threads, parent's child %d, leader %d %d\n", when, error, count_entries("/proc/self/task"),
        getppid() != 1, getpgrp() == getpid(), getsid(0) == getpid());
    see_descriptors();
    see_environment();
    errno = error;
}

static __attribute__((constructor)) void before_main(int count, char **words, char **environment)
{
    if (count > 1 && strcmp(words[1], "see") == 0) {
        see("constructor");
        see_words("its third argument", environment);
    }
}

static void *in_thread(void *data)
{
    see("thread");
    return data;
}

static void at_exit(void)
{
    see("exit");
}

/* How the program finds the auxiliary vector behind its environment, as some run-times do. */
static void see_vector(void)
{
    char **words = main_words;
    while (*words++ != NULL)
        ;
    unsigned long page = 0;
    for (const Elf64_auxv_t *entry = (const Elf64_auxv_t *)words; entry->a_type != AT_NULL; entry++)
        if (entry->a_type == AT_PAGESZ)
            page = entry->a_un.a_val;
    say("page %lu, by getauxval %lu\n", page, getauxval(AT_PAGESZ));
}

static int see_all(const char *self, char **arguments)
{
    pthread_t thread;
    (void)arguments;
    see("main");
    say("main's environment is environ: %d\n", main_words == environ);
    see_vector();
    see_maps();
    atexit(at_exit);
    if (pthread_create(&thread, NULL, in_thread, NULL) == 0)
        pthread_join(thread, NULL);
    pid_t pid = fork();
    if (pid == 0) {
        see("child");
        _exit(3);
    }
    say_child("child", pid);
    pid = vfork();
    if (pid == 0) {
        execl(self, self, "see-short", (char *)NULL);
        _exit(4);
    }
    say_child("program", pid);
    return 0;
}

static int see_short(const char *self, char **arguments)
{
    (void)self, (void)arguments;
    see("short");
    allocate();
    return 5;
}

/* What a shell that the C library starts has. */
static int shells(const char *self, char **arguments)
{
    (void)self, (void)arguments;
    char line[1024];
    wordexp_t words;
    say_result("system", system("env | sort; exit 3"));
    say_result("system's shell", system(NULL));
    say_result("no such command", system("exec 2>/dev/null; /nothing/here"));
    FILE *pipe = popen("env | sort", "re");
    while (pipe != NULL && fgets(line, sizeof line, pipe) != NULL)
        say("popen: %s", line);
    say_result("pclose", pipe != NULL ? pclose(pipe) : -1);
    say_result("popen, wrongly", popen("true", "x") != NULL ? 0 : -1);
    if (wordexp("a$(echo b; env | grep -c .)", &words, 0) == 0) {
        say("wordexp: %zu %s\n", words.we_wordc, words.we_wordv[0]);
        wordfree(&words);
    }
    see("after shells");
    return 0;
}

/* environ emptied, replaced, changed; what children get of it. */
static int environs(const char *self, char **arguments)
{
    char *own[] = {(char[]){"OWN=1"}, (char[]){"LD_PRELOAD=/nothing/here.so"}, NULL}, **before = environ;
    (void)arguments;
    setenv("ADDED", "1", 1);
    see("added");
    shells(self, NULL);
    say_result("setenv", setenv("LD_PRELOAD", "", 1));
    see("LD_PRELOAD set");
    system("env | sort");
    say_result("unsetenv", unsetenv("LD_PRELOAD"));
    environ = own;
    see("own");
    environ = own + 2;
    system("env | sort | grep -v -e ^PWD= -e ^OLDPWD= -e ^_=");
    say_result("clearenv", clearenv());
    see("cleared");
    system("echo in an empty environment");
    FILE *pipe = popen("exit 2", "re");
    say_result("pclose", pipe != NULL ? pclose(pipe) : -1);
    environ = before;
    pid_t pid = fork();
    if (pid == 0) {
        environ = NULL;
        execl(self, self, "see-short", (char *)NULL);
        _exit(4);
    }
    say_child("without any", pid);
    return 0;
}

/* As setproctitle does: the arguments and the environment behind them are overwritten with a title. */
static int title(const char *self, char **arguments)
{
    char *start = arguments[-2], *end = start, path[4096], line[4096] = "";
    (void)self;
    snprintf(path, sizeof path, "%s", self);
    for (char **word = arguments - 2; *word != NULL; word++)
        if (*word == end)
            end = *word + strlen(*word) + 1;
    for (char **word = environ; *word != NULL; word++)
        if (*word == end)
            end = *word + strlen(*word) + 1;
    say("room %zu\n", (size_t)(end - start));
    static char *none[] = {NULL};
    environ = none;
    memset(start, 'x', (size_t)(end - start) - 1);
    int fd = open("/proc/self/cmdline", O_RDONLY);
    ssize_t length = read(fd, line, sizeof line);
    say("title %zd %.10s\n", length, line);
    close(fd);
    see("titled");
    system("echo from a shell");
    execl(path, path, "see-short", (char *)NULL);
    return 1;
}

static void close_by(int way)
{
    if (way == 0)
        close_range(3, ~0U, 0);
    else if (way == 1)
        closefrom(3);
    else
        for (int fd = 3; fd < FDS_MOST; fd++)
            close(fd);
}

static int close_all(const char *self, char **arguments)
{
    (void)self, (void)arguments;
    for (int way = 0; way < 3; way++) {
        close_by(way);
        allocate();
        see("closed");
        pid_t pid = fork();
        if (pid == 0) {
            allocate();
            close_by(way);
            see("closed in a child");
            _exit(0);
        }
        say_child("child", pid);
    }
    return 0;
}

/* Every number is given to a file of the program's own, which has to stay that. Returns how many are not. */
static int count_wrong(int last, dev_t device, ino_t inode)
{
    int wrong = 0;
    for (int fd = 3; fd <= last; fd++) {
        struct stat status;
        wrong += fstat(fd, &status) != 0 || status.st_dev != device || status.st_ino != inode;
    }
    return wrong;
}

static int dup_over_all(const char *self, char **arguments)
{
    (void)self, (void)arguments;
    struct stat status;
    int last = 3, file = open("/proc/self/exe", O_RDONLY);
    fstat(file, &status);
    while (last < 1500 && dup2(file, last + 1) == last + 1)
        last++;
    say("wrong: %d of %d\n", count_wrong(last, status.st_dev, status.st_ino), last);
    allocate();
    say("after allocating: %d\n", count_wrong(last, status.st_dev, status.st_ino));
    pid_t pid = fork();
    if (pid == 0) {
        say("in a child: %d\n", count_wrong(last, status.st_dev, status.st_ino));
        allocate();
        say("after allocating: %d\n", count_wrong(last, status.st_dev, status.st_ino));
        _exit(0);
    }
    say_child("child", pid);
    return 0;
}

static void on_pipe(int number)
{
    (void)number;
}

static int broken_pipe(const char *self, char **arguments)
{
    (void)self, (void)arguments;
    int ends[2];
    say_result("pipe", pipe(ends));
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    say_result("ignored", write(ends[1], "x", 1));
    signal(SIGPIPE, on_pipe);
    say_result("handled", write(ends[1], "x", 1));
    signal(SIGPIPE, SIG_DFL);
    write(ends[1], "x", 1);
    return 0;
}

static int read_input(const char *self, char **arguments)
{
    (void)self, (void)arguments;
    char text[64];
    struct stat status;
    say_result("fstat", fstat(STDIN_FILENO, &status));
    ssize_t length = read(STDIN_FILENO, text, sizeof text);
    say_result("read", length);
    if (length > 0)
        say("%.*s", (int)length, text);
    see("input");
    return 0;
}

static volatile sig_atomic_t resized, continued, interrupted;

static void on_terminal(int number)
{
    resized = resized || number == SIGWINCH;
    continued = continued || number == SIGCONT;
    interrupted = interrupted || number == SIGINT;
}

static void say_line(void)
{
    char text[64];
    ssize_t length = read(STDIN_FILENO, text, sizeof text);
    if (length > 0)
        say("line %.*s", (int)length, text);
}

/* What tests/targets/hostile-process-tty.c talks to. Signals come while it waits, and never between two of its steps.
 */
static int terminal(const char *self, char **arguments)
{
    (void)self, (void)arguments;
    sigset_t mask, none;
    struct sigaction action = {.sa_handler = on_terminal};
    struct winsize size;
    sigemptyset(&none);
    sigemptyset(&mask);
    static const int numbers[] = {SIGWINCH, SIGCONT, SIGINT};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        sigaddset(&mask, numbers[i]);
        sigaction(numbers[i], &action, NULL);
    }
    sigprocmask(SIG_BLOCK, &mask, NULL);
    say("terminal %d %d %d, in front %d, session's %d\n", isatty(0), isatty(1), isatty(2), tcgetpgrp(0) == getpgrp(),
        tcgetsid(0) == getsid(0));
    say("ready\n");
    while (!interrupted) {
        struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
        allocate();
        int count = ppoll(&input, 1, NULL, &none);
        if (resized && ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
            say("size %d %d\n", size.ws_row, size.ws_col);
        resized = 0;
        if (continued)
            say("continued, in front %d\n", tcgetpgrp(0) == getpgrp());
        if (count > 0 || continued) {
            continued = 0;
            say_line(); /* in the background, this stops us */
        }
    }
    say("interrupted\n");
    return 0;
}

const struct hostile_case environment_cases[] = {
    {"see", see_all},
    {"see-short", see_short},
    {"shells", shells},
    {"environs", environs},
    {"title", title},
    {"close-all", close_all},
    {"dup-over", dup_over_all},
    {"broken-pipe", broken_pipe},
    {"input", read_input},
    {"terminal", terminal},
    {NULL, NULL},
};

int main(int argc, char **argv, char **words)
{
    static const struct hostile_case *const parts[] = {environment_cases, children_cases, limit_cases};
    main_words = words;
    for (size_t i = 0; argc > 1 && i < sizeof parts / sizeof *parts; i++)
        for (const struct hostile_case *one = parts[i]; one->name != NULL; one++)
            if (strcmp(one->name, argv[1]) == 0)
                return one->run(argv[0], argv + 2);
    fprintf(stderr, "no such case\n");
    return NO_STATUS;
}
