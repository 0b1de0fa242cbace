/* What a program sees of its signals while lines of its handlers and of what they interrupt are stopped at. Each case prints
   what it saw; the same is expected without us. The first argument names the case. */

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "syseng_mem.h"

static volatile int seen, handled;
static sigjmp_buf env;
static char other_stack[1 << 16];

/* Annotated: what is called from handlers, and what they interrupt. */
SYSENG_MEM_PROFILE
static int work(int n)
{
    int all = 0;
    for (int i = 0; i < n; i++)
        all += i;
    return all;
}

SYSENG_MEM_PROFILE
static void on_info(int number, siginfo_t *info, void *context)
{
    Dl_info module;
    void *pc = (void *)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    seen += dladdr(pc, &module) && info->si_signo == number;
    handled++;
    work(2);
}

SYSENG_MEM_PROFILE
static void on_plain(int number)
{
    handled += number == SIGUSR1;
    work(2);
}

SYSENG_MEM_PROFILE
static void on_stack(int number)
{
    char here;
    seen += &here >= other_stack && &here < other_stack + sizeof other_stack;
    handled += number == SIGUSR1;
    work(2);
}

SYSENG_MEM_PROFILE
static void raising(int count)
{
    for (int i = 0; i < count; i++)
        raise(SIGUSR1);
}

static const char *name_of(const struct sigaction *action)
{
    return action->sa_handler == SIG_DFL   ? "default"
           : action->sa_handler == SIG_IGN ? "ignored"
           : action->sa_sigaction == on_info ? "on_info"
           : action->sa_handler == on_plain  ? "on_plain"
           : action->sa_handler == on_stack  ? "on_stack"
                                             : "somebody else";
}

static void show_action(int number)
{
    struct sigaction action;
    sigaction(number, NULL, &action);
    printf("%d: %s flags %x mask", number, name_of(&action), (unsigned)action.sa_flags & ~0x04000000u);
    for (int i = 1; i < NSIG; i++)
        if (sigismember(&action.sa_mask, i) == 1)
            printf(" %d", i);
    puts("");
}

static void set(int number, void *handler, int flags)
{
    struct sigaction action = {.sa_handler = (void (*)(int))handler, .sa_flags = flags};
    sigaddset(&action.sa_mask, SIGTRAP);
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaction(number, &action, NULL);
}

static void show_mask(const char *when)
{
    sigset_t mask;
    sigprocmask(SIG_BLOCK, NULL, &mask);
    printf("%s: blocked", when);
    for (int i = 1; i < NSIG; i++)
        if (sigismember(&mask, i) == 1)
            printf(" %d", i);
    puts("");
}

static void kinds(void)
{
    stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof other_stack};
    sigaltstack(&stack, NULL);
    set(SIGUSR1, on_info, SA_SIGINFO);
    show_action(SIGUSR1);
    raising(3);
    printf("info %d %d\n", handled, seen);
    set(SIGUSR1, on_plain, 0);
    show_action(SIGUSR1);
    raising(3);
    set(SIGUSR1, on_plain, SA_NODEFER | SA_RESTART);
    show_action(SIGUSR1);
    raising(3);
    printf("plain %d\n", handled);
    set(SIGUSR1, on_stack, SA_ONSTACK);
    show_action(SIGUSR1);
    raising(3);
    printf("stack %d %d\n", handled, seen);
    set(SIGUSR1, on_plain, (int)SA_RESETHAND);
    show_action(SIGUSR1);
    raising(1);
    show_action(SIGUSR1);
    printf("once %d\n", handled);
    int was_default = signal(SIGUSR1, SIG_IGN) == SIG_DFL;
    int was_ignored = signal(SIGUSR1, on_plain) == SIG_IGN;
    printf("signal: %d %d\n", was_default, was_ignored);
    raising(2);
    show_action(SIGUSR1);
    show_action(SIGSEGV);
    show_action(SIGTRAP);
    printf("old %d\n", handled);
}

static void on_inside(int number)
{
    (void)number;
    show_mask("inside");
    work(2);
}

SYSENG_MEM_PROFILE
static void jump_out(int number)
{
    work(number > 0);
    siglongjmp(env, 1);
}

static void jumping(void)
{
    stack_t stack = {.ss_sp = other_stack, .ss_size = sizeof other_stack};
    sigaltstack(&stack, NULL);
    for (int i = 0; i < 6; i++) {
        set(SIGUSR1, jump_out, i % 2 ? SA_ONSTACK : 0);
        if (sigsetjmp(env, 1) == 0)
            raising(1);
        handled += work(2);
        show_mask("after");
    }
    printf("jumps %d\n", handled);
}

static void masks(void)
{
    sigset_t trap, old, all;
    sigemptyset(&trap);
    sigaddset(&trap, SIGTRAP);
    sigprocmask(SIG_BLOCK, &trap, &old);
    work(1);
    show_mask("block");
    sigprocmask(SIG_UNBLOCK, &trap, &old);
    printf("was %d\n", sigismember(&old, SIGTRAP));
    show_mask("unblock");
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    work(1);
    pthread_sigmask(SIG_SETMASK, &trap, &old);
    printf("was %d %d\n", sigismember(&old, SIGTRAP), sigismember(&old, SIGUSR1));
    show_mask("set");
    set(SIGUSR1, on_inside, 0);
    raising(1);
    sigemptyset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    raising(1);
    show_mask("none");
}

/* A handler that runs while a call has all signals but one blocked. */
static void waits(void)
{
    sigset_t wait, block;
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    sigfillset(&wait);
    sigdelset(&wait, SIGUSR1);
    set(SIGUSR1, on_plain, 0);
    sigprocmask(SIG_BLOCK, &block, NULL);
    struct timespec long_time = {.tv_sec = 20};
    struct epoll_event event;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    raise(SIGUSR1);
    printf("sigsuspend %d %s\n", sigsuspend(&wait), strerror(errno));
    raise(SIGUSR1);
    printf("ppoll %d %s\n", ppoll(NULL, 0, &long_time, &wait), strerror(errno));
    raise(SIGUSR1);
    printf("pselect %d %s\n", pselect(0, NULL, NULL, NULL, &long_time, &wait), strerror(errno));
    raise(SIGUSR1);
    printf("epoll_pwait %d %s\n", epoll_pwait(epoll, &event, 1, 20000, &wait), strerror(errno));
    raise(SIGUSR1);
    printf("epoll_pwait2 %d %s\n", epoll_pwait2(epoll, &event, 1, &long_time, &wait), strerror(errno));
    printf("handled %d\n", handled);
}

static void *thread_work(void *unused)
{
    work(3);
    puts("thread");
    return unused;
}

/* Threads and programs that begin with everything blocked are stopped at all the same. */
static void threads(void)
{
    sigset_t all, trap;
    pthread_t thread;
    pthread_attr_t attributes;
    sigfillset(&all);
    sigemptyset(&trap);
    sigaddset(&trap, SIGTRAP);
    pthread_attr_init(&attributes);
    pthread_attr_setsigmask_np(&attributes, &all);
    pthread_create(&thread, &attributes, thread_work, NULL);
    pthread_join(thread, NULL);
    pthread_sigmask(SIG_SETMASK, &trap, NULL);
    pthread_create(&thread, NULL, thread_work, NULL);
    pthread_join(thread, NULL);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    if (fork() == 0) {
        work(2);
        execl("/proc/self/exe", "stops-signals", "exec'd", (char *)NULL);
    }
    wait(NULL);
}

static void execd(void)
{
    work(2);
    puts("exec'd");
}

static void on_trap(int number, siginfo_t *info, void *context)
{
    Dl_info module;
    void *pc = (void *)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    printf("trap %d code %d in a module %d\n", number, info->si_code, dladdr(pc, &module) != 0);
    work(2);
}

static void traps(void)
{
    set(SIGTRAP, on_trap, SA_SIGINFO);
    raise(SIGTRAP);
    __asm__ volatile("int3");
    work(2);
    show_mask("after");
    signal(SIGTRAP, SIG_IGN);
    raise(SIGTRAP);
    work(2);
    show_action(SIGTRAP);
    set(SIGTRAP, on_plain, (int)SA_RESETHAND);
    raise(SIGTRAP);
    show_action(SIGTRAP);
    work(2);
}

static void trapped(void)
{
    work(2);
    fflush(stdout);
    raise(SIGTRAP);
    puts("survived");
}

static void breakpoint(void)
{
    work(2);
    fflush(stdout);
    __asm__ volatile("int3");
    puts("survived");
}

static void *page;
static char *faulting_pc;

static void on_fault(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    printf("fault %d at page %d, pc as expected %d\n", number, info->si_addr == page,
           (char *)registers[REG_RIP] == faulting_pc);
    if (++handled % 2)
        mprotect(page, 4096, PROT_READ | PROT_WRITE);
    else
        registers[REG_RIP] += 3;
}

SYSENG_MEM_PROFILE
static int fault(volatile uint64_t *at)
{
    uint64_t got = 5;
    __asm__ volatile("lea 1f(%%rip), %%rax\n\tmov %%rax, faulting_pc_here(%%rip)\n1:\tmov (%1), %0"
                     : "+r"(got)
                     : "r"(at)
                     : "rax", "memory");
    return (int)got;
}
__asm__(".data\nfaulting_pc_here: .quad 0\n.text");
extern char *faulting_pc_here __attribute__((visibility("hidden")));

static void on_fault_first(int number, siginfo_t *info, void *context)
{
    faulting_pc = faulting_pc_here;
    on_fault(number, info, context);
}

static void faults(void)
{
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    set(SIGSEGV, on_fault_first, SA_SIGINFO);
    printf("%d\n", fault(page)); /* made readable, done again */
    mprotect(page, 4096, PROT_NONE);
    printf("%d\n", fault(page)); /* skipped */
    signal(SIGSEGV, SIG_DFL);
    fflush(stdout);
    if (fork() == 0)
        _exit(fault(page));
    int status;
    wait(&status);
    printf("status %x\n", status & 0x7f);
}

static void killed(void)
{
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    fault(page);
}

/* A vfork child's dispositions and mask are its own, though it lives in our memory. */
static void vforks(void)
{
    sigset_t all;
    sigfillset(&all);
    set(SIGUSR1, on_plain, 0);
    set(SIGTRAP, on_trap, SA_SIGINFO);
    if (vfork() == 0) {
        work(1);
        signal(SIGUSR1, SIG_DFL);
        signal(SIGTRAP, SIG_DFL);
        signal(SIGUSR2, SIG_IGN);
        sigprocmask(SIG_SETMASK, &all, NULL);
        work(1);
        execl("/bin/true", "true", (char *)NULL);
        _exit(1);
    }
    wait(NULL);
    show_mask("parent");
    raising(1);
    raise(SIGTRAP);
    show_action(SIGUSR1);
    show_action(SIGUSR2);
    printf("handled %d\n", handled);
}

static void aborted(void)
{
    work(2);
    fflush(stdout);
    raise(SIGABRT);
    puts("survived");
}

static const struct {
    const char *name;
    void (*run)(void);
} cases[] = {{"kinds", kinds},       {"jumping", jumping}, {"masks", masks},     {"waits", waits},
             {"threads", threads},   {"exec'd", execd},    {"traps", traps},     {"trapped", trapped},
             {"breakpoint", breakpoint}, {"faults", faults}, {"killed", killed}, {"aborted", aborted}, {"vforks", vforks}};

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (size_t i = 0; argc > 1 && i < sizeof cases / sizeof *cases; i++)
        if (strcmp(cases[i].name, argv[1]) == 0) {
            cases[i].run();
            return 0;
        }
    return 2;
}
