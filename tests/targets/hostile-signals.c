/* Signals that come at any instruction while memory is used, and programs that handle what is of interest to others
 * too. */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>

#include "hostile.h"

#define TICKS 400
#define OFTEN_NS 200000

static volatile sig_atomic_t ticks;
static volatile int wrong;
static int ticks_wanted = TICKS;

static void on_tick(int number)
{
    errno = number; /* a handler that spoils errno: the kernel's and our code have to live with it */
    ticks = ticks + 1;
}

static void on_careful_tick(int number)
{
    int old = errno;
    (void)number;
    ticks = ticks + 1;
    errno = old;
}

/* Allocates and frees until there were enough ticks; looks at each block's contents and each call's errno. */
HOSTILE_PLAIN static void allocate_meanwhile(int looks_at_errno)
{
    unsigned char *blocks[32] = {NULL};
    unsigned seed = 1;
    while (ticks < ticks_wanted) {
        seed = seed * 1103515245u + 12345u;
        unsigned index = seed >> 8 & 31, bytes = (seed >> 16) % 3000 + 1;
        errno = 77;
        if (blocks[index] != NULL && blocks[index][0] != (unsigned char)index)
            wrong = wrong + 1;
        blocks[index] = realloc(blocks[index], bytes);
        blocks[index][0] = (unsigned char)index;
        if (seed >> 30 == 0) {
            free(blocks[index]);
            blocks[index] = NULL;
        }
        if (looks_at_errno && errno != 77)
            wrong = wrong + 1;
    }
    for (int i = 0; i < 32; i++)
        free(blocks[i]);
}

static void with_itimer(int which, int number)
{
    struct itimerval often = {{0, OFTEN_NS / 1000}, {0, OFTEN_NS / 1000}}, never = {{0, 0}, {0, 0}};
    handle(number, on_careful_tick, SA_RESTART);
    need(setitimer(which, &often, NULL) == 0, "setitimer");
    allocate_meanwhile(1);
    setitimer(which, &never, NULL);
    say("wrong", wrong);
}

static void real_timer(void)
{
    with_itimer(ITIMER_REAL, SIGALRM);
}

static void profiling_timer(void)
{
    ticks_wanted = TICKS / 10; /* it comes with the kernel's own ticks only */
    with_itimer(ITIMER_PROF, SIGPROF);
}

static void spoiled_errno(void)
{
    struct itimerval often = {{0, OFTEN_NS / 1000}, {0, OFTEN_NS / 1000}}, never = {{0, 0}, {0, 0}};
    handle(SIGALRM, on_tick, SA_RESTART);
    setitimer(ITIMER_REAL, &often, NULL);
    allocate_meanwhile(0);
    setitimer(ITIMER_REAL, &never, NULL);
    say("wrong", wrong);
}

static timer_t start_timer(struct sigevent *event)
{
    timer_t timer;
    struct itimerspec often = {{0, OFTEN_NS}, {0, OFTEN_NS}};
    need(timer_create(CLOCK_MONOTONIC, event, &timer) == 0, "timer_create");
    need(timer_settime(timer, 0, &often, NULL) == 0, "timer_settime");
    return timer;
}

static void posix_timer(void)
{
    static char other[64 << 10];
    stack_t stack = {.ss_sp = other, .ss_size = sizeof other};
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3};
    sigaltstack(&stack, NULL);
    handle(SIGRTMIN + 3, on_careful_tick, SA_RESTART | SA_ONSTACK);
    timer_t timer = start_timer(&event);
    allocate_meanwhile(1);
    timer_delete(timer);
    say("wrong", wrong);
}

static void on_timer_thread(union sigval value)
{
    free(malloc((size_t)value.sival_int));
    __atomic_fetch_add(&ticks, 8, __ATOMIC_RELAXED); /* a thread is dear */
}

static void timer_threads(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_timer_thread};
    event.sigev_value.sival_int = 300;
    timer_t timer = start_timer(&event);
    allocate_meanwhile(1);
    timer_delete(timer);
    say("wrong", wrong);
}

static void *ticked_life(void *data)
{
    allocate_meanwhile(1);
    return data;
}

static void ticked_threads(void)
{
    pthread_t ids[4];
    struct itimerval often = {{0, OFTEN_NS / 1000}, {0, OFTEN_NS / 1000}}, never = {{0, 0}, {0, 0}};
    handle(SIGALRM, on_careful_tick, SA_RESTART);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 4; i++)
        need(pthread_create(&ids[i], NULL, ticked_life, NULL) == 0, "pthread_create");
    for (int i = 0; i < 4; i++)
        pthread_join(ids[i], NULL);
    setitimer(ITIMER_REAL, &never, NULL);
    say("wrong", wrong);
}

/* Jumping out of what a timer interrupts, which is no allocation. */
static sigjmp_buf out;

static void on_jumping_tick(int number)
{
    ticks = ticks + 1;
    siglongjmp(out, number);
}

HOSTILE_PLAIN static void spin(void)
{
    volatile unsigned spins = 0;
    for (;;)
        spins++;
}

static void jumping_ticks(void)
{
    struct itimerval soon = {{0, 0}, {0, OFTEN_NS / 1000}};
    handle(SIGALRM, on_jumping_tick, 0);
    while (ticks < TICKS) {
        if (sigsetjmp(out, 1) == 0) {
            setitimer(ITIMER_REAL, &soon, NULL);
            spin();
        }
        free(malloc(100));
    }
    say("jumps", ticks);
}

/* The program's own use of SIGTRAP: a debugger's trick, and a step through its own code. */
static volatile int steps, traps;

static void on_trap(int number, siginfo_t *info, void *context)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    (void)number;
    if (info->si_code == TRAP_TRACE)
        steps = steps + 1;
    else
        traps = traps + 1;
    if (steps >= 20)
        registers[REG_EFL] &= ~0x100L;
}

static void watch_traps(void)
{
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    need(sigaction(SIGTRAP, &action, NULL) == 0, "sigaction");
}

static void own_breakpoints(void)
{
    watch_traps();
    for (int i = 0; i < 50; i++) {
        __asm__ volatile("int3");
        free(malloc(50));
    }
    raise(SIGTRAP);
    say("traps", traps);
}

static void own_steps(void)
{
    watch_traps();
    __asm__ volatile("sub $128, %%rsp\n\tpushfq\n\torq $0x100, (%%rsp)\n\tpopfq\n\t.rept 100\n\tnop\n\t.endr\n\t"
                     "add $128, %%rsp" ::
                         : "cc", "memory");
    say("steps", steps);
    say("traps", traps);
}

/* A garbage collector's write barrier: pages become writable at the first write to each. */
static char *heap;
static volatile int faults;

static void on_write(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    char *page = (char *)((uintptr_t)info->si_addr & ~(uintptr_t)4095);
    if (page < heap || page >= heap + (64 << 12) || info->si_code != SEGV_ACCERR)
        _exit(98);
    faults = faults + 1;
    if (mprotect(page, 4096, PROT_READ | PROT_WRITE) != 0)
        _exit(98);
}

static void write_barrier(void)
{
    struct sigaction action = {.sa_sigaction = on_write, .sa_flags = SA_SIGINFO};
    need(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
    heap = mmap(NULL, 64 << 12, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(heap != MAP_FAILED, "mmap");
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 64; i++) {
            heap[i << 12] = 1;
            free(malloc(64));
        }
    say("faults", faults);
    char *from_kernel = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    errno = 0;
    say("read into a forbidden page", (long)(read(-1, from_kernel, 1) < 0) + errno);
}

/* Two faults one in the other, and a handler that is set only once. */
static void on_nested(int number)
{
    faults = faults + 1;
    if (number == SIGSEGV)
        raise(SIGBUS);
    free(malloc(99));
}

static void on_last(int number)
{
    say("last", number);
}

static void nested(void)
{
    handle(SIGSEGV, on_nested, 0);
    handle(SIGBUS, on_nested, 0);
    for (int i = 0; i < 20; i++)
        raise(SIGSEGV);
    say("faults", faults);
    handle(SIGSEGV, on_last, (int)SA_RESETHAND);
    *(volatile int *)(uintptr_t)32 = 1;
}

int main(int argc, char **argv)
{
    static const struct hostile_case cases[] = {
        {"real-timer", real_timer},
        {"profiling-timer", profiling_timer},
        {"spoiled-errno", spoiled_errno},
        {"posix-timer", posix_timer},
        {"timer-threads", timer_threads},
        {"ticked-threads", ticked_threads},
        {"jumping-ticks", jumping_ticks},
        {"own-breakpoints", own_breakpoints},
        {"own-steps", own_steps},
        {"write-barrier", write_barrier},
        {"nested", nested},
    };
    return HOSTILE_MAIN(cases, argc, argv);
}
