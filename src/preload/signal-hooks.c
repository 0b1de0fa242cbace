/* Signal dispositions and masks.

   SIGTRAP is ours while line stops are wanted: the program's own disposition for it is remembered, told when asked for,
   and followed for a SIGTRAP that is not ours. It is never really blocked: the kernel kills a process whose breakpoint
   hits while it is. What the program asked to block is remembered and told.

   The program's handlers for other signals are called through signal_frame_enter: a signal that lands in a displaced
   copy would otherwise show the handler a pc outside any module. The table of actions is written before the kernel's
   and read by handlers; a thread that changes a disposition while another's handler begins sees either the old or the
   new one, as without us. */

#include "preload/signals.h"

#include <errno.h>
#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>
#include <ucontext.h>

#include "preload/displace.h"
#include "preload/look.h"
#include "preload/real.h"
#include "preload/signal-frame.h"
#include "preload/stops.h"
#include "preload/syscalls.h"

/* glibc's own names, which nobody interposes. */
extern int __sigaction(int, const struct sigaction *, struct sigaction *);

static volatile bool active; /* line stops are wanted in this session */
static volatile bool watches_fatal;
static struct sigaction actions[_NSIG]; /* as the program set them; valid where `wrapped` */
static bool wrapped[_NSIG];             /* the kernel's handler is ours */
static bool interrupts[_NSIG];          /* siginterrupt(3) asked for it: signal(3) sets no SA_RESTART */
static GUEST_TLS bool trap_blocked;     /* the program believes SIGTRAP to be blocked in this thread; a new thread's
                                           and an exec'd program's belief begins with what they really got: not blocked */
static GUEST_TLS bool trap_was_blocked; /* the same before the outermost handler began */
static GUEST_TLS int handler_depth;
static GUEST_TLS uint64_t hook_left_sp; /* where a signal interrupted a hook of ours whose handler still runs, or 0 */

/* The first are those that a program brings on itself; for a last look at the process, all that end it by default are
   watched. */
static const int fatal_signals[] = {SIGSEGV, SIGBUS,  SIGFPE,  SIGILL,  SIGABRT, SIGTERM, SIGINT,    SIGHUP,  SIGPIPE,
                                    SIGALRM, SIGUSR1, SIGUSR2, SIGQUIT, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO};
#define FAULT_COUNT 5

/* How many of them are watched. The first process of a namespace is not ended by signals that it does not handle. */
static size_t fatal_count(void)
{
    return guest.wants_looks && guest.pid != 1 ? sizeof fatal_signals / sizeof *fatal_signals : FAULT_COUNT;
}

static bool is_fatal(int number)
{
    for (size_t i = 0; i < fatal_count(); i++)
        if (fatal_signals[i] == number)
            return true;
    return false;
}

/* Will the instruction that it is for be run again, and fail again? */
static bool comes_again(int number, const siginfo_t *info)
{
    return info->si_code > 0 && (number == SIGSEGV || number == SIGBUS || number == SIGFPE || number == SIGILL);
}

static bool is_handler(const struct sigaction *action)
{
    return action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN;
}

#define RED_ZONE_BYTES 128u /* of a leaf function, below the stack pointer: System V ABI, x86-64 */

/* No mask can be this: SIGKILL cannot be blocked. */
#define MASK_UNTOUCHED UINT64_MAX

void signals_block_all(uint64_t *old)
{
    *old = MASK_UNTOUCHED;
    if (guest_sandboxed)
        return;
    uint64_t all = ~UINT64_C(0) & ~(UINT64_C(1) << (SIGTRAP - 1));
    raw_syscall4(SYS_rt_sigprocmask, SIG_BLOCK, (long)&all, (long)old, sizeof all);
}

void signals_restore(const uint64_t *old)
{
    if (*old != MASK_UNTOUCHED)
        raw_syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)old, 0, sizeof *old);
}

/* The kernel has put the registers beside the stack that they belong to, or on the alternate one. */
static void look_at_interrupted(const ucontext_t *context)
{
    const greg_t *registers = context->uc_mcontext.gregs;
    look_ask((uint64_t)registers[REG_RSP] - RED_ZONE_BYTES, registers, sizeof context->uc_mcontext.gregs);
}

/* The last sample, then the program's end as it would have been: a fault happens again, in its own place, and a signal
   that was sent is sent again. SA_RESETHAND has put the default back: no system call is needed for a fault. */
static void on_fatal(int number, siginfo_t *info, void *context)
{
    int saved_errno = errno;
    greg_t *pc = &((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
    struct wire_record record = {.kind = WIRE_RECORD_END};
    stops_note(&record, true);
    look_at_interrupted(context);

    uint64_t original = displace_original((uint64_t)*pc);
    if (original != 0 && info->si_code > 0 && !guest_sandboxed && displace_restore(original))
        *pc = (greg_t)original;
    if (!comes_again(number, info))
        raw_syscall3(SYS_tgkill, raw_syscall3(SYS_getpid, 0, 0, 0), raw_syscall3(SYS_gettid, 0, 0, 0), number);
    errno = saved_errno;
}

#define BEFORE_BLOCKED 1u
#define BEFORE_DEPTH_SHIFT 1

/* A handler with this action is about to run: SIGTRAP seems to be blocked if the action says so. Returns what
   leave_handler wants back. */
static uint32_t enter_handler(const struct sigaction *action, int number)
{
    uint32_t before = (uint32_t)handler_depth << BEFORE_DEPTH_SHIFT | (trap_blocked ? BEFORE_BLOCKED : 0);
    if (handler_depth == 0)
        trap_was_blocked = trap_blocked;
    handler_depth++;
    if (sigismember(&action->sa_mask, SIGTRAP) == 1 || (number == SIGTRAP && !(action->sa_flags & SA_NODEFER)))
        trap_blocked = true;
    return before;
}

static void leave_handler(uint32_t before)
{
    trap_blocked = (before & BEFORE_BLOCKED) != 0;
    handler_depth = (int)(before >> BEFORE_DEPTH_SHIFT);
}

/* glibc's jmp_buf: the stack pointer is the seventh word, and guarded (sysdeps/x86_64/__longjmp.S). */
static uint64_t target_of_jump(const struct __jmp_buf_tag *environment)
{
    uint64_t sp = (uint64_t)environment->__jmpbuf[6];
    __asm__("rorq $17, %0\n\txorq %%fs:0x30, %0" : "+r"(sp) : : "cc");
    return sp;
}

static bool is_on_alternate_stack(uint64_t sp)
{
    stack_t stack;
    return raw_syscall3(SYS_sigaltstack, 0, (long)&stack, 0) == 0 && (stack.ss_flags & SS_ONSTACK) &&
           sp - (uint64_t)stack.ss_sp < stack.ss_size;
}

void signals_note_jump(const struct __jmp_buf_tag *environment)
{
    if (hook_left_sp != 0 && !guest_sandboxed) {
        uint64_t target = target_of_jump(environment);
        if (target > hook_left_sp && !is_on_alternate_stack(target)) {
            guest_depth = 0;
            hook_left_sp = 0;
        }
    }
    if (!environment->__mask_was_saved)
        return;
    if (handler_depth > 0)
        trap_blocked = trap_was_blocked;
    handler_depth = 0;
}

/* A SIGTRAP that is not ours, and that the program does not handle: the kernel would have ended it, unless the signal
   was sent and is ignored. */
static void end_by_trap(const siginfo_t *info, const struct sigaction *action)
{
    static const struct sigaction none = {.sa_handler = SIG_DFL};
    if (action->sa_handler == SIG_IGN && info->si_code <= 0)
        return;
    __sigaction(SIGTRAP, &none, NULL);
    raw_syscall3(SYS_tgkill, raw_syscall3(SYS_getpid, 0, 0, 0), raw_syscall3(SYS_gettid, 0, 0, 0), SIGTRAP);
}

/* Ours runs with every signal blocked. The program's handler for SIGTRAP gets the mask that it would have, but for
   SIGTRAP itself; what was before comes back with the return from the signal. */
static void give_trap_handlers_mask(const ucontext_t *context, const struct sigaction *action)
{
    uint64_t mask = *(const uint64_t *)&context->uc_sigmask | *(const uint64_t *)&action->sa_mask;
    mask &= ~(UINT64_C(1) << (SIGTRAP - 1));
    raw_syscall4(SYS_rt_sigprocmask, SIG_SETMASK, (long)&mask, 0, sizeof mask);
}

static __attribute__((noinline)) signal_frame_handler_fn *
begin_handler(int number, siginfo_t *info, ucontext_t *ucontext, struct signal_frame *frame)
{
    greg_t *registers = ucontext->uc_mcontext.gregs;
    struct sigaction action = actions[number];
    if (!is_handler(&action)) { /* changed by another thread this moment, or never set */
        if (number == SIGTRAP)
            end_by_trap(info, &action);
        return NULL;
    }
    if (action.sa_flags & (int)SA_RESETHAND)
        actions[number].sa_handler = SIG_DFL;

    uint64_t pc = (uint64_t)registers[REG_RIP], original = displace_original(pc);
    if (guest_depth > 0 && hook_left_sp == 0)
        hook_left_sp = (uint64_t)registers[REG_RSP];
    struct wire_record in = {.kind = WIRE_RECORD_SIGNAL_IN, .sp = (uint64_t)registers[REG_RSP]};
    if ((uint64_t)ucontext - (uint64_t)ucontext->uc_stack.ss_sp < ucontext->uc_stack.ss_size) {
        in.arg = (uint64_t)ucontext->uc_stack.ss_sp;
        in.arg2 = in.arg + ucontext->uc_stack.ss_size;
    }
    stops_note(&in, false);
    if (original != 0)
        registers[REG_RIP] = (greg_t)original;
    *frame = (struct signal_frame){.number = number,
                                   .info = info,
                                   .context = ucontext,
                                   .displaced = original != 0 ? pc : 0,
                                   .before = enter_handler(&action, number)};
    if (number == SIGTRAP)
        give_trap_handlers_mask(ucontext, &action);
    return action.sa_sigaction; /* sa_handler is the same, and takes less */
}

signal_frame_handler_fn *signal_frame_begin(int number, siginfo_t *info, void *context, struct signal_frame *frame)
{
    if (number == SIGTRAP && stops_trapped(info, context))
        return NULL;
    if (number == SIGSEGV && stops_escape(info, context))
        return NULL;
    signal_frame_handler_fn *handler = begin_handler(number, info, context, frame);
    if (handler == NULL || !displace_has_shadow_stack())
        return handler;
    handler(number, info, context); /* it cannot return to where nobody called it from: its frames are above ours */
    signal_frame_end(context, frame->displaced, frame->before);
    return NULL;
}

void signal_frame_end(void *context, uint64_t displaced, uint32_t before)
{
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    leave_handler(before);
    if (hook_left_sp == (uint64_t)registers[REG_RSP])
        hook_left_sp = 0;
    if (displaced != 0 && (uint64_t)registers[REG_RIP] == displace_original(displaced))
        registers[REG_RIP] = (greg_t)displaced;
    struct wire_record out = {.kind = WIRE_RECORD_SIGNAL_OUT};
    stops_note(&out, true);
}

/* Whatever mask the thread was born with: SIGTRAP gets through, and the program believes what it would have seen. */
static void admit_trap(void)
{
    uint64_t trap = UINT64_C(1) << (SIGTRAP - 1), old = 0;
    raw_syscall4(SYS_rt_sigprocmask, SIG_UNBLOCK, (long)&trap, (long)&old, sizeof trap);
    trap_blocked = (old & trap) != 0;
}

void signals_take_over(signals_trap_fn *on_trap)
{
    struct sigaction ours = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigfillset(&ours.sa_mask);
    sigdelset(&ours.sa_mask, SIGSEGV); /* stops_escape */
    if (__sigaction(SIGTRAP, &ours, &actions[SIGTRAP]) != 0)
        return;
    wrapped[SIGTRAP] = true;
    admit_trap(); /* it may be blocked through exec */
    active = true;
}

static void watch(int number)
{
    struct sigaction ours = {.sa_sigaction = on_fatal, .sa_flags = SA_SIGINFO | SA_ONSTACK | (int)SA_RESETHAND}, old;
    sigfillset(&ours.sa_mask);
    sigdelset(&ours.sa_mask, SIGTRAP);
    if (__sigaction(number, NULL, &old) != 0 || old.sa_handler != SIG_DFL)
        return;
    actions[number] = old;
    wrapped[number] = true;
    __sigaction(number, &ours, NULL);
}

void signals_watch_fatal(void)
{
    watches_fatal = true;
    for (size_t i = 0; i < fatal_count(); i++)
        watch(fatal_signals[i]);
}

void signals_leave_ending(void)
{
    static const struct sigaction none = {.sa_handler = SIG_DFL};
    struct sigaction kernel;
    for (size_t i = FAULT_COUNT; i < sizeof fatal_signals / sizeof *fatal_signals; i++) {
        int number = fatal_signals[i];
        if (__sigaction(number, NULL, &kernel) == 0 && kernel.sa_sigaction == on_fatal)
            __sigaction(number, &none, NULL);
    }
}

/* A child made by vfork has dispositions and a mask of its own, but its parent's memory: what it changes must not be
   remembered there. (After fork the pid is not known until the child has registered.) */
static bool is_vfork_child(void)
{
    return guest.pid != 0 && !guest_sandboxed && (long)guest.pid != raw_syscall3(SYS_getpid, 0, 0, 0);
}

/* What the program sees as its disposition. */
static int get_action(int number, struct sigaction *old)
{
    struct sigaction kernel;
    if (__sigaction(number, NULL, &kernel) != 0)
        return -1;
    bool known = wrapped[number] && (is_handler(&kernel) || !is_vfork_child());
    *old = known ? actions[number] : kernel;
    if (!is_handler(&kernel)) /* SA_RESETHAND has acted */
        old->sa_handler = kernel.sa_handler;
    return 0;
}

/* A vfork child may not do more than exec or exit; until then it keeps our SIGTRAP. */
static int set_vfork_childs_action(int number, const struct sigaction *action)
{
    struct sigaction own = *action;
    sigdelset(&own.sa_mask, SIGTRAP);
    return number == SIGTRAP ? 0 : __sigaction(number, &own, NULL);
}

static int set_action(int number, const struct sigaction *action)
{
    if (is_vfork_child())
        return set_vfork_childs_action(number, action);
    if (number == SIGTRAP) {
        actions[SIGTRAP] = *action;
        return 0;
    }
    if (!is_handler(action)) {
        int result = __sigaction(number, action, NULL);
        if (result == 0) {
            actions[number] = *action;
            wrapped[number] = false;
            if (watches_fatal && is_fatal(number))
                watch(number);
        }
        return result;
    }
    struct sigaction ours = *action, before = actions[number];
    if (!displace_has_shadow_stack()) {
        ours.sa_sigaction = signal_frame_enter;
        ours.sa_flags |= SA_SIGINFO;
    }
    sigdelset(&ours.sa_mask, SIGTRAP);
    actions[number] = *action;
    int result = __sigaction(number, &ours, NULL);
    if (result == 0)
        wrapped[number] = true;
    else
        actions[number] = before;
    return result;
}

GUEST_EXPORT int sigaction(int number, const struct sigaction *action, struct sigaction *old)
{
    if (!active || number <= 0 || number >= _NSIG || number == SIGKILL || number == SIGSTOP)
        return __sigaction(number, action, old);
    struct sigaction wanted, before;
    if (action != NULL)
        wanted = *action; /* `old` may be the same object */
    if (old != NULL && get_action(number, &before) != 0)
        return -1;
    if (action != NULL && set_action(number, &wanted) != 0)
        return -1;
    if (old != NULL)
        *old = before;
    return 0;
}

static sighandler_t set_handler(int number, sighandler_t handler, int flags, bool masks_itself)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags}, old;
    if (number <= 0 || number >= _NSIG || handler == SIG_ERR) {
        errno = EINVAL;
        return SIG_ERR;
    }
    if (masks_itself)
        sigaddset(&action.sa_mask, number);
    return sigaction(number, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

GUEST_EXPORT sighandler_t signal(int number, sighandler_t handler)
{
    bool restarts = number > 0 && number < _NSIG && !interrupts[number];
    return set_handler(number, handler, restarts ? SA_RESTART : 0, true);
}

GUEST_EXPORT sighandler_t bsd_signal(int number, sighandler_t handler);

GUEST_EXPORT sighandler_t bsd_signal(int number, sighandler_t handler)
{
    return signal(number, handler);
}

GUEST_EXPORT sighandler_t ssignal(int number, sighandler_t handler)
{
    return signal(number, handler);
}

GUEST_EXPORT sighandler_t __sysv_signal(int number, sighandler_t handler)
{
    return set_handler(number, handler, (int)SA_RESETHAND | SA_NODEFER, false);
}

GUEST_EXPORT sighandler_t sysv_signal(int number, sighandler_t handler)
{
    return __sysv_signal(number, handler);
}

GUEST_EXPORT int siginterrupt(int number, int interrupt)
{
    struct sigaction action;
    if (sigaction(number, NULL, &action) != 0)
        return -1;
    if (number > 0 && number < _NSIG)
        interrupts[number] = interrupt != 0;
    action.sa_flags = interrupt ? action.sa_flags & ~SA_RESTART : action.sa_flags | SA_RESTART;
    return sigaction(number, &action, NULL);
}

/* Masks: SIGTRAP is taken out of what the kernel gets. Returns what to pass on. */
static const sigset_t *without_trap(const sigset_t *set, sigset_t *copy)
{
    if (!active || set == NULL || sigismember(set, SIGTRAP) != 1)
        return set;
    *copy = *set;
    sigdelset(copy, SIGTRAP);
    return copy;
}

typedef int mask_fn(int, const sigset_t *, sigset_t *);

static int change_mask(mask_fn *next, int how, const sigset_t *set, sigset_t *old)
{
    sigset_t copy;
    bool was_blocked = trap_blocked, names_trap = active && set != NULL && sigismember(set, SIGTRAP) == 1;
    int result = next(how, how == SIG_UNBLOCK ? set : without_trap(set, &copy), old);
    if (!active || result != 0)
        return result;
    bool is_blocked = was_blocked;
    if (set != NULL && how == SIG_SETMASK)
        is_blocked = names_trap;
    else if (names_trap)
        is_blocked = how == SIG_BLOCK;
    if (is_blocked != was_blocked && !is_vfork_child())
        trap_blocked = is_blocked;
    if (old != NULL && was_blocked)
        sigaddset(old, SIGTRAP);
    return 0;
}

GUEST_EXPORT int sigprocmask(int how, const sigset_t *set, sigset_t *old)
{
    return change_mask(real.sigprocmask.call, how, set, old);
}

GUEST_EXPORT int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    return change_mask(real.pthread_sigmask.call, how, set, old);
}

GUEST_EXPORT int sigsuspend(const sigset_t *set)
{
    sigset_t copy;
    return real.sigsuspend.call(without_trap(set, &copy));
}

GUEST_EXPORT int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *set)
{
    sigset_t copy;
    return real.ppoll.call(fds, count, timeout, without_trap(set, &copy));
}

extern int __ppoll_chk(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *, size_t);

GUEST_EXPORT int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout, const sigset_t *set,
                             size_t bytes)
{
    sigset_t copy;
    return real.__ppoll_chk.call(fds, count, timeout, without_trap(set, &copy), bytes);
}

GUEST_EXPORT int pselect(int count, fd_set *readable, fd_set *writable, fd_set *exceptional,
                         const struct timespec *timeout, const sigset_t *set)
{
    sigset_t copy;
    return real.pselect.call(count, readable, writable, exceptional, timeout, without_trap(set, &copy));
}

GUEST_EXPORT int epoll_pwait(int fd, struct epoll_event *events, int count, int timeout, const sigset_t *set)
{
    sigset_t copy;
    return real.epoll_pwait.call(fd, events, count, timeout, without_trap(set, &copy));
}

GUEST_EXPORT int epoll_pwait2(int fd, struct epoll_event *events, int count, const struct timespec *timeout,
                              const sigset_t *set)
{
    sigset_t copy;
    if (real.epoll_pwait2.call == NULL) {
        errno = ENOSYS;
        return -1;
    }
    return real.epoll_pwait2.call(fd, events, count, timeout, without_trap(set, &copy));
}

GUEST_EXPORT int pthread_attr_setsigmask_np(pthread_attr_t *attributes, const sigset_t *set)
{
    sigset_t copy;
    if (real.pthread_attr_setsigmask_np.call == NULL)
        return ENOSYS;
    return real.pthread_attr_setsigmask_np.call(attributes, without_trap(set, &copy));
}

/* Threads that the C library starts for a notification have every signal blocked. Theirs is the first function of the
   program that runs in them; ours comes before it. */
struct notice {
    _Atomic(void (*)(union sigval)) function;
    union sigval value;
};
#define NOTICES_MOST 256

static void on_notice(union sigval value)
{
    const struct notice *notice = value.sival_ptr;
    if (!guest_sandboxed)
        admit_trap();
    notice->function(notice->value);
}

/* The place of such a function and its argument: the one that they have already, or a free one, or NULL. */
static struct notice *notice_of(const struct sigevent *event)
{
    static struct notice notices[NOTICES_MOST];
    static _Atomic uint32_t used;
    uint32_t count = atomic_load(&used);
    for (uint32_t i = 0; i < count && i < NOTICES_MOST; i++)
        if (atomic_load(&notices[i].function) == event->sigev_notify_function &&
            notices[i].value.sival_ptr == event->sigev_value.sival_ptr)
            return &notices[i];
    uint32_t number = count < NOTICES_MOST ? atomic_fetch_add(&used, 1) : NOTICES_MOST;
    if (number >= NOTICES_MOST)
        return NULL;
    notices[number].value = event->sigev_value;
    atomic_store(&notices[number].function, event->sigev_notify_function);
    return &notices[number];
}

static const struct sigevent *with_notice(const struct sigevent *event, struct sigevent *copy)
{
    if (!active || event == NULL || event->sigev_notify != SIGEV_THREAD)
        return event;
    struct notice *notice = notice_of(event);
    if (notice == NULL)
        return event;
    *copy = *event;
    copy->sigev_notify_function = on_notice;
    copy->sigev_value.sival_ptr = notice;
    return copy;
}

GUEST_EXPORT int timer_create(clockid_t clock, struct sigevent *event, timer_t *timer)
{
    struct sigevent copy;
    return real.timer_create.call(clock, with_notice(event, &copy), timer);
}

GUEST_EXPORT int mq_notify(mqd_t queue, const struct sigevent *event)
{
    struct sigevent copy;
    return real.mq_notify.call(queue, with_notice(event, &copy));
}
