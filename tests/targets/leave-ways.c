/* Leaves the process in the way that its argument names, having lost one block of 123 bytes and kept others reachable
   in every way that there is. Prints "LINE" of the loss, so that a test knows it. */

#define _GNU_SOURCE
#include <errno.h>
#include <err.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *global;
static __thread void *thread_local;
static void **mapped;
static char *interior;
static uintptr_t tagged;
static void *handler_blocks[2];

/* Nothing of the pointer is left: the frame is overwritten. */
static __attribute__((noinline)) void clear_stack(void)
{
    volatile char space[4096];
    memset((char *)space, 0, sizeof space);
}

static __attribute__((noinline)) void lose(void)
{
    const int line = __LINE__ + 1;
    char *volatile block = malloc(123);
    block[0] = 1;
    block = NULL;
    printf("LINE %d\n", line);
    fflush(stdout);
    clear_stack();
}

static void fill(void)
{
    global = malloc(50);
    *(void **)global = malloc(60);
    thread_local = malloc(70);
    mapped = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mapped[512 + 5] = malloc(80);
    mprotect(mapped, 4096, PROT_NONE);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = malloc(55)}; /* only the kernel has it */
    int pipe_fds[2];
    if (pipe(pipe_fds) != 0 || epoll_ctl(epoll_create1(0), EPOLL_CTL_ADD, pipe_fds[0], &event) != 0)
        abort();
    interior = (char *)malloc(90) + 45;
    tagged = (uintptr_t)malloc(100) | 1;
}

static void at_exit_frees(void)
{
    free(handler_blocks[0]);
    handler_blocks[0] = NULL;
}

static void at_quick_exit_frees(void)
{
    free(handler_blocks[1]);
    handler_blocks[1] = NULL;
}

static void *wait_for_ever(void *data)
{
    void *volatile local = malloc(110);
    while (local != data)
        pause();
    return NULL;
}

static void start_thread(void *(*function)(void *), void *data)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, function, data) != 0)
        abort();
    pthread_detach(thread);
}

static void *lose_and_end(void *data)
{
    lose();
    return data;
}

static void *exit_here(void *data)
{
    void *volatile local = malloc(120);
    exit(local == NULL || data != NULL);
}

static void *end_last(void *data)
{
    pthread_t main_thread = (pthread_t)data;
    pthread_join(main_thread, NULL);
    return NULL;
}

static void leave(const char *way, char **argv)
{
    void *volatile local = malloc(130); /* this frame holds it to the end */
    if (strcmp(way, "exit") == 0)
        exit(local == NULL);
    if (strcmp(way, "_exit") == 0)
        _exit(local == NULL);
    if (strcmp(way, "_Exit") == 0)
        _Exit(local == NULL);
    if (strcmp(way, "quick_exit") == 0)
        quick_exit(local == NULL);
    if (strcmp(way, "errx") == 0)
        errx(0, "leaves by the C library");
    if (strcmp(way, "exit_group") == 0)
        syscall(SYS_exit_group, 0);
    if (strcmp(way, "exit-call") == 0)
        syscall(SYS_exit, 0);
    if (strcmp(way, "exec") == 0)
        execl("/bin/true", "true", NULL);
    if (strcmp(way, "exec-fails") == 0) {
        if (execl("/etc/passwd", "passwd", NULL) == 0 || errno != EACCES)
            abort();
        exit(local == NULL);
    }
    if (strcmp(way, "exec-of-text") == 0) {
        if (execv(argv[2], argv) == 0 || errno != ENOEXEC)
            abort();
        exit(local == NULL);
    }
    if (strcmp(way, "daemon") == 0 && daemon(1, 1) == 0)
        _exit(local == NULL);
    if (strcmp(way, "abort") == 0)
        abort();
    if (strcmp(way, "segv") == 0)
        *(volatile int *)mapped = 1;
    if (strcmp(way, "segv-on-alternate-stack") == 0) {
        stack_t stack = {.ss_size = 65536, .ss_sp = malloc(65536)};
        global = stack.ss_sp;
        sigaltstack(&stack, NULL);
        *(volatile int *)mapped = 1;
    }
    if (strcmp(way, "term") == 0)
        raise(SIGTERM);
    if (strcmp(way, "int") == 0)
        kill(getpid(), SIGINT);
    if (strcmp(way, "pipe") == 0)
        raise(SIGPIPE);
    if (strcmp(way, "kill") == 0)
        raise(SIGKILL);
    if (strcmp(way, "exit-in-thread") == 0) {
        start_thread(exit_here, NULL);
        for (;;)
            pause();
    }
    if (strcmp(way, "with-threads") == 0) {
        for (int i = 0; i < 4; i++)
            start_thread(wait_for_ever, NULL);
        exit(local == NULL);
    }
    if (strcmp(way, "main-ends-first") == 0) {
        start_thread(end_last, (void *)pthread_self());
        pthread_exit(NULL);
    }
    if (strcmp(way, "child") == 0) {
        pid_t child = fork();
        if (child == 0) {
            handler_blocks[0] = realloc(handler_blocks[0], 40);
            *(void **)global = malloc(61); /* held by its parent's block */
            lose();
            exit(0);
        }
        while (waitpid(child, NULL, 0) != child)
            continue;
    }
    if (strncmp(way, "traced", 6) == 0) {
        pid_t child = fork();
        if (child == 0) {
            /* Nobody else can trace it now. */
            if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
                abort();
            lose();
            if (strcmp(way, "traced-with-threads") == 0)
                start_thread(wait_for_ever, NULL);
            exit(0);
        }
        while (waitpid(child, NULL, 0) != child)
            continue;
    }
    free(local);
}

int main(int argc, char **argv)
{
    const char *way = argc > 1 ? argv[1] : "return";
    struct rlimit none = {0};
    setrlimit(RLIMIT_CORE, &none);
    fill();
    atexit(at_exit_frees);
    at_quick_exit(at_quick_exit_frees);
    handler_blocks[0] = malloc(31);
    handler_blocks[1] = malloc(32);
    if (strcmp(way, "thread-loses") == 0) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, lose_and_end, NULL) != 0)
            abort();
        pthread_join(thread, NULL);
    } else if (strcmp(way, "child") != 0 && strncmp(way, "traced", 6) != 0) {
        lose();
    }
    leave(way, argv);
    return 0;
}
