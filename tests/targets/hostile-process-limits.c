/* Cases of hostile-process: less memory, fewer descriptors and rights, other name spaces. */

#include "hostile-process.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#endif

#define NOBODY 65534
#define MIB (1024L * 1024)

static int limit(int what, rlim_t soft, rlim_t hard)
{
    struct rlimit both = {soft, hard};
    int result = setrlimit((__rlimit_resource_t)what, &both);
    say_result("setrlimit", result);
    return result;
}

static void say_limit(int what)
{
    struct rlimit both = {0};
    say_result("getrlimit", getrlimit((__rlimit_resource_t)what, &both));
    say("limit %jd %jd\n", (intmax_t)both.rlim_cur, (intmax_t)both.rlim_max);
}

/* Go on in a child of fork, and in the program itself again. */
static void go_on(const char *self)
{
    pid_t pid = fork();
    if (pid == 0) {
        allocate();
        see("child");
        _exit(2);
    }
    say_child("child", pid);
    pid = fork();
    if (pid == 0) {
        execl(self, self, "see-short", (char *)NULL);
        say_result("exec", -1);
        _exit(4);
    }
    say_child("program", pid);
}

/* How many MiB are to be had, to some of them: page tables and the heap's own shape differ. */
static void say_room(void)
{
    int count = 0;
    while (count < 2000 && malloc(MIB) != NULL)
        count++;
    say("room for %d0 MiB\n", (count + 5) / 10);
    say_result("more", malloc(100 * MIB) != NULL ? 0 : -1);
}

static int address_space(const char *self, char **arguments)
{
    pid_t pid = fork();
    if (pid == 0) {
        limit(RLIMIT_AS, 150 * MIB, RLIM_INFINITY);
        say_limit(RLIMIT_AS);
        say_room();
        _exit(0);
    }
    say_child("little", pid);
    limit(RLIMIT_AS, 100 * MIB, 200 * MIB);
    say_limit(RLIMIT_AS);
    struct rlimit64 old;
    say_result("prlimit", prlimit64(0, RLIMIT_AS, NULL, &old));
    say("prlimit %jd %jd\n", (intmax_t)old.rlim_cur, (intmax_t)old.rlim_max);
    go_on(self);
    (void)arguments;
    return 0;
}

static int data_limit(const char *self, char **arguments)
{
    limit(RLIMIT_DATA, 60 * MIB, RLIM_INFINITY);
    say_limit(RLIMIT_DATA);
    go_on(self);
    say_room();
    (void)arguments;
    return 0;
}

static int descriptor_limit(const char *self, char **arguments)
{
    limit(RLIMIT_NOFILE, 3, 3);
    say_result("open", open("/", O_RDONLY));
    allocate();
    see("three descriptors");
    pid_t pid = fork();
    if (pid == 0) {
        allocate();
        see("child");
        _exit(2);
    }
    say_child("child", pid);
    close(0);
    allocate();
    see("two descriptors");
    (void)self, (void)arguments;
    return 0;
}

static void *in_thread(void *data)
{
    allocate();
    return data;
}

static int other_limits(const char *self, char **arguments)
{
    pthread_t thread;
    (void)arguments;
    limit(RLIMIT_CORE, 0, 0);
    limit(RLIMIT_STACK, 256 * 1024, 256 * 1024);
    limit(RLIMIT_MEMLOCK, 0, 0);
    limit(RLIMIT_SIGPENDING, 0, 0);
    say_result("thread", -pthread_create(&thread, NULL, in_thread, NULL));
    say_result("join", -pthread_join(thread, NULL));
    go_on(self);
    pid_t pid = fork();
    if (pid == 0)
        abort();
    say_child("abort", pid);
    return 0;
}

static int file_limit(const char *self, char **arguments)
{
    int file = open("limited", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    limit(RLIMIT_FSIZE, 0, 0);
    signal(SIGXFSZ, SIG_IGN);
    say_result("write", write(file, "x", 1));
    allocate();
    go_on(self);
    signal(SIGXFSZ, SIG_DFL);
    allocate();
    say_result("killed", write(file, "x", 1));
    (void)arguments;
    return 0;
}

static int time_limit(const char *self, char **arguments)
{
    limit(RLIMIT_CPU, 1, 2);
    for (;;)
        allocate();
    (void)self, (void)arguments;
    return 0;
}

static int strict(const char *self, char **arguments)
{
    allocate();
    for (int i = 0; i < 100; i++)
        free(malloc(1000));
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
        return NO_STATUS;
    static const char text[] = "still there\n";
    for (int i = 0; i < 100; i++)
        free(malloc(1000));
    ssize_t written = write(hostile_out, text, sizeof text - 1);
    syscall(SYS_exit, written == sizeof text - 1 ? 3 : 4);
    (void)self, (void)arguments;
    return 1;
}

/* Allow what is listed; for everything else, `action`. */
static int install(unsigned action, const int *allowed, size_t count)
{
    struct sock_filter filter[64] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
    unsigned short next = 1;
    for (size_t i = 0; i < count; i++) {
        filter[next++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)allowed[i], 0, 1);
        filter[next++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    filter[next++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
    struct sock_fprog program = {next, filter};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

static int under_filter(unsigned action)
{
    static const int allowed[] = {SYS_write,          SYS_brk,  SYS_exit_group, SYS_exit,  SYS_rt_sigreturn,
                                  SYS_clone,          SYS_mmap, SYS_munmap,     SYS_wait4, SYS_rt_sigprocmask,
                                  SYS_set_robust_list};
    allocate();
    if (install(action, allowed, sizeof allowed / sizeof *allowed) != 0)
        return NO_STATUS;
    for (int i = 0; i < 100; i++)
        free(malloc((size_t)i * 5000));
    pid_t pid = fork();
    if (pid == 0) {
        allocate();
        _exit(5);
    }
    say_child("child", pid);
    say_result("refused", getppid());
    return 6;
}

static int errno_filter(const char *self, char **arguments)
{
    (void)self, (void)arguments;
    return under_filter(SECCOMP_RET_ERRNO | ENOSYS);
}

static int kill_filter(const char *self, char **arguments)
{
    (void)self, (void)arguments;
    return under_filter(SECCOMP_RET_KILL_PROCESS);
}

/* The time-stamp counter may not be read any more, by this thread and its children. */
static int no_clock(const char *self, char **arguments)
{
    pthread_t thread;
    (void)self, (void)arguments;
    allocate();
    say_result("prctl", prctl(PR_SET_TSC, PR_TSC_SIGSEGV));
    allocate();
    say_result("thread", -pthread_create(&thread, NULL, in_thread, NULL));
    say_result("join", -pthread_join(thread, NULL));
    pid_t pid = fork();
    if (pid == 0) {
        allocate();
        _exit(2);
    }
    say_child("child", pid);
    return 0;
}

static int no_execution(const char *self, char **arguments)
{
    if (prctl(PR_SET_MDWE, 1, 0, 0, 0) != 0)
        return NO_STATUS;
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    say_result("mmap", page != MAP_FAILED ? 0 : -1);
    void *library = dlopen(arguments[0], RTLD_NOW);
    int (*function)(int) = library != NULL ? (int (*)(int))dlsym(library, "hostile_plus") : NULL;
    say("a library's function: %d\n", function != NULL ? function(40) : -1);
    go_on(self);
    return 0;
}

static int no_dump(const char *self, char **arguments)
{
    say_result("prctl", prctl(PR_SET_DUMPABLE, 0));
    allocate();
    go_on(self);
    say_result("dumpable", prctl(PR_GET_DUMPABLE));
    (void)arguments;
    return 0;
}

static int no_privileges(const char *self, char **arguments)
{
    say_result("prctl", prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    go_on(self);
    (void)arguments;
    return 0;
}

static int drop(const char *self, char **arguments)
{
    if (geteuid() != 0)
        return NO_STATUS;
    say_result("setgroups", setgroups(0, NULL));
    say_result("setresgid", setresgid(NOBODY, NOBODY, NOBODY));
    say_result(arguments[0], strcmp(arguments[0], "setuid") == 0 ? setuid(NOBODY) : setresuid(NOBODY, NOBODY, NOBODY));
    allocate();
    say_result("dumpable", prctl(PR_GET_DUMPABLE));
    say_result("back", setuid(0));
    go_on(self);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_NPROC, &none);
    say_result("fork", fork());
    see("in the end");
    return 0;
}

static int other_root(const char *self, char **arguments)
{
    if (mkdir("root", 0755) != 0 && errno != EEXIST)
        return 1;
    if (chroot("root") != 0)
        return NO_STATUS;
    say_result("chdir", chdir("/"));
    allocate();
    see("another root");
    go_on(self);
    say_result("system", system("exit 3"));
    (void)arguments;
    return 0;
}

static void in_namespaces(const char *self, const char *what, int flags)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (unshare(flags) != 0)
            _exit(NO_STATUS);
        allocate();
        pid = fork();
        if (pid == 0) {
            allocate();
            say("%s: pid %d\n", what, (flags & CLONE_NEWPID) != 0 ? (int)getpid() : 0);
            go_on(self);
            _exit(1);
        }
        say_child(what, pid);
        _exit(0);
    }
    say_child(what, pid);
}

static int namespaces(const char *self, char **arguments)
{
    in_namespaces(self, "user", CLONE_NEWUSER);
    in_namespaces(self, "processes", CLONE_NEWUSER | CLONE_NEWPID);
    in_namespaces(self, "mounts", CLONE_NEWUSER | CLONE_NEWNS);
    in_namespaces(self, "rest", CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS);
    in_namespaces(self, "files", CLONE_FILES | CLONE_FS | CLONE_SYSVSEM);
    (void)arguments;
    return 0;
}

static int persona(const char *self, char **arguments)
{
    say("personality %x\n", (unsigned)personality(0xffffffff));
    say_result("set", personality(ADDR_NO_RANDOMIZE | READ_IMPLIES_EXEC));
    allocate();
    go_on(self);
    say("personality %x\n", (unsigned)personality(0xffffffff));
    (void)arguments;
    return 0;
}

const struct hostile_case limit_cases[] = {
    {"address-space", address_space},
    {"data-limit", data_limit},
    {"descriptor-limit", descriptor_limit},
    {"other-limits", other_limits},
    {"file-limit", file_limit},
    {"time-limit", time_limit},
    {"seccomp-strict", strict},
    {"seccomp-errno", errno_filter},
    {"seccomp-kill", kill_filter},
    {"no-clock", no_clock},
    {"no-execution", no_execution},
    {"no-dump", no_dump},
    {"no-privileges", no_privileges},
    {"drop", drop},
    {"other-root", other_root},
    {"namespaces", namespaces},
    {"personality", persona},
    {NULL, NULL},
};
