/* PTRACE_SEIZE and PTRACE_INTERRUPT, then asking for the registers until they can be had: waitpid is not called,
   because another thread of ours waits for the program's end. A thread that starts while we stop the others is found by
   looking again, until there is nobody new: whoever is stopped starts none.

   Being stopped interrupts system calls. The kernel restarts most of them; some end with EINTR, as after SIGSTOP and
   SIGCONT (signal(7)), for which a program need not be prepared. Those are made to begin again. */

#include "collector/halt.h"

#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/array.h"

#define PATIENCE_NS UINT64_C(2000000000)
#define NAP_NS 20000L
/* The kernel's own (include/linux/errno.h): begin again unless a handler runs. */
#define ERESTARTNOHAND 514

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The letter of a thread's state in /proc, 0 when it is gone, and whose child its process is. */
static char state_of(pid_t pid, pid_t tid, pid_t *parent)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)pid, (int)tid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return 0;
    size_t length = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[length] = '\0';
    const char *name_end = strrchr(text, ')');
    char state;
    return name_end != NULL && sscanf(name_end + 1, " %c %d", &state, parent) == 2 ? state : 0;
}

static bool is_over(pid_t pid, pid_t tid, pid_t *parent)
{
    char state = state_of(pid, tid, parent);
    return state == 0 || state == 'Z' || state == 'X';
}

/* A thread that ends while we trace it stays a zombie, hidden from its parent, until it is waited for; the first thread
   only when the others were. The end of a child of our own is for whoever waits for that. Returns whether nothing is
   left. */
static bool bury(pid_t pid, pid_t tid)
{
    pid_t parent = 0;
    if (!is_over(pid, tid, &parent))
        return false;
    return (tid == pid && parent == getpid()) || waitpid(tid, NULL, WNOHANG | __WALL) != 0;
}

static struct halt_thread *find_thread(const struct halt *halt, pid_t tid)
{
    for (size_t i = 0; i < halt->count; i++)
        if (halt->threads[i].tid == tid)
            return &halt->threads[i];
    return NULL;
}

static struct halt_thread *add_thread(struct halt *halt, pid_t tid)
{
    struct halt_thread *grown = array_grow(halt->threads, &halt->room, halt->count + 1, sizeof *grown);
    if (grown == NULL)
        return NULL;
    halt->threads = grown;
    struct halt_thread *thread = &halt->threads[halt->count++];
    *thread = (struct halt_thread){.tid = tid};
    return thread;
}

/* Take hold of one thread. Returns 0, also when it is dead. */
static int seize(struct halt *halt, pid_t tid)
{
    struct halt_thread *thread = add_thread(halt, tid);
    if (thread == NULL)
        return -ENOMEM;
    if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) != 0) {
        int code = errno;
        pid_t parent;
        thread->is_dead = is_over(halt->pid, tid, &parent);
        return thread->is_dead ? 0 : -code;
    }
    thread->halted = true;
    ptrace(PTRACE_INTERRUPT, tid, NULL, NULL);
    return 0;
}

/* Take hold of all threads that we do not know yet. Returns how many there were, or a negative errno. */
static int seize_new(struct halt *halt)
{
    char path[64];
    int count = 0, code = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)halt->pid);
    DIR *tasks = opendir(path);
    if (tasks == NULL)
        return -ESRCH;
    for (struct dirent *entry; code == 0 && (entry = readdir(tasks)) != NULL;) {
        pid_t tid = (pid_t)atoi(entry->d_name);
        if (tid <= 0 || find_thread(halt, tid) != NULL)
            continue;
        code = seize(halt, tid);
        count++;
    }
    closedir(tasks);
    return code != 0 ? code : count;
}

/* Can this system call end with EINTR although no signal came? Only those that may begin again from the start. */
static bool is_cut_short(uint64_t number)
{
    static const uint16_t numbers[] = {SYS_epoll_wait, SYS_epoll_pwait,  441 /* epoll_pwait2 */,
                                       SYS_semop,      SYS_semtimedop,   SYS_msgrcv,
                                       SYS_msgsnd,     SYS_io_getevents, SYS_rt_sigtimedwait,
                                       SYS_read,       SYS_write,        SYS_readv,
                                       SYS_writev,     SYS_accept,       SYS_accept4,
                                       SYS_recvfrom,   SYS_recvmsg,      SYS_recvmmsg,
                                       SYS_sendto,     SYS_sendmsg,      426 /* io_uring_enter */};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

static void begin_again(struct halt_thread *thread)
{
    struct user_regs_struct changed = thread->registers;
    struct iovec vector = {.iov_base = &changed, .iov_len = sizeof changed};
    if (thread->signal != 0 || !thread->in_call || (int64_t)changed.rax != -EINTR || !is_cut_short(changed.orig_rax))
        return;
    changed.rax = (uint64_t)-ERESTARTNOHAND;
    ptrace(PTRACE_SETREGSET, thread->tid, (void *)NT_PRSTATUS, &vector);
}

/* A signal may have been about to be delivered: the thread has stopped for that instead. */
static int signal_of(pid_t tid)
{
    siginfo_t info;
    if (ptrace(PTRACE_GETSIGINFO, tid, NULL, &info) != 0) /* EINVAL: stopped as by SIGSTOP */
        return 0;
    return info.si_code >> 8 == PTRACE_EVENT_STOP ? 0 : info.si_signo;
}

/* Take the registers if the thread has stopped. */
static bool take_registers(struct halt_thread *thread)
{
    struct iovec vector = {.iov_base = &thread->registers, .iov_len = sizeof thread->registers};
    if (ptrace(PTRACE_GETREGSET, thread->tid, (void *)NT_PRSTATUS, &vector) != 0)
        return false;
    thread->signal = signal_of(thread->tid);
    thread->in_call = (int64_t)thread->registers.orig_rax >= 0;
    thread->has_registers = true;
    vector = (struct iovec){.iov_base = thread->vectors, .iov_len = sizeof thread->vectors};
    if (!thread->in_call) /* across a call no function keeps anything in these */
        ptrace(PTRACE_GETREGSET, thread->tid, (void *)NT_PRFPREG, &vector);
    begin_again(thread);
    return true;
}

static int wait_for(struct halt *halt, struct halt_thread *thread)
{
    for (uint64_t end = now_ns() + PATIENCE_NS; !take_registers(thread);) {
        pid_t parent;
        if (is_over(halt->pid, thread->tid, &parent)) {
            thread->is_dead = true;
            return 0;
        }
        if (now_ns() > end)
            return -ETIMEDOUT;
        nanosleep(&(struct timespec){.tv_nsec = NAP_NS}, NULL);
    }
    return 0;
}

int halt_stop(struct halt *halt, pid_t pid)
{
    *halt = (struct halt){.pid = pid};
    size_t stopped = 0;
    for (;;) {
        int found = seize_new(halt), code = 0;
        if (found <= 0)
            return found;
        while (code == 0 && stopped < halt->count) {
            struct halt_thread *thread = &halt->threads[stopped++];
            code = thread->halted ? wait_for(halt, thread) : 0;
        }
        if (code != 0)
            return code;
    }
}

bool halt_release(struct halt *halt)
{
    bool all = true;
    for (size_t i = 0; i < halt->count; i++) {
        struct halt_thread *thread = &halt->threads[i];
        if (thread->halted && !thread->has_registers)
            take_registers(thread); /* it was too slow; what it stops for now is lost otherwise */
        if (thread->halted && ptrace(PTRACE_DETACH, thread->tid, NULL, (void *)(intptr_t)thread->signal) != 0) {
            thread->halted = !bury(halt->pid, thread->tid);
            all &= !thread->halted;
        } else {
            thread->halted = false;
        }
    }
    return all;
}

void halt_fini(struct halt *halt)
{
    free(halt->threads);
    *halt = (struct halt){0};
}
