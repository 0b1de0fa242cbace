/* Line stops: the SIGTRAP handler, and records of what it and its neighbours see.

   A stop samples first, then lets the program go on. Everything here runs with all signals blocked, on the program's
   own stack, and calls no library function that locks or allocates. */

#include "preload/stops.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>

#include "preload/displace.h"
#include "preload/modules.h"
#include "preload/run-clock.h"
#include "preload/sample.h"
#include "preload/signal-frame.h"
#include "preload/signals.h"
#include "preload/status.h"
#include "preload/syscalls.h"

static uint64_t notification;        /* the loader's function for debuggers, 0 when it has no breakpoint */
static uint8_t notification_insn[4]; /* its first bytes */

#define TRAP_OF_INT3 3

/* What the handler of SIGTRAP has interrupted in this thread, while it runs. */
static GUEST_TLS struct {
    const ucontext_t *context; /* NULL: it does not run */
    int depth;                 /* guest_depth then */
    bool is_told;              /* its stop's record is with the collector */
} trap;

bool stops_are_armed(void)
{
    return guest.process != NULL && atomic_load_explicit(&guest.process->stops_armed, memory_order_relaxed) > 0;
}

/* How far our handlers reach down the stack from here. */
#define REACH_BYTES 1024

/* At a thread's first stop, so that the page of its stack that a later one would be the first to reach is there before
   the first sample, and does not show in somebody's line. */
static __attribute__((noinline)) void reach_down(void)
{
    char room[REACH_BYTES];
    room[0] = 0;
    __asm__ volatile("" : : "r"(room) : "memory");
}

static void emit(struct wire_record *record, bool sample)
{
    struct wire_thread *thread = guest_thread();
    if (thread == NULL)
        return;
    if (guest_self.ring == NULL)
        reach_down();
    struct wire_ring *ring = guest_ring(thread);
    if (ring == NULL) {
        atomic_fetch_add_explicit(&thread->lost, 1, memory_order_relaxed);
        return;
    }
    record->window = atomic_load_explicit(&guest.session->window, memory_order_relaxed);
    if (sample && guest.wants_times) {
        record->flags |= WIRE_RECORD_HAS_TIME;
        record->run_ticks = ring->run_ticks;
    }
    if (sample)
        sample_take(thread, record);
    guest_emit(thread, ring, record);
}

void stops_note(struct wire_record *record, bool sample)
{
    struct wire_thread *thread = stops_are_armed() ? guest_thread() : NULL;
    if (thread == NULL || atomic_load_explicit(&thread->ring_chunk, memory_order_relaxed) == 0)
        return; /* this thread has met no stop yet: nothing to tell */
    uint64_t mask;
    signals_block_all(&mask);
    guest_depth++;
    if (sample)
        run_clock_pause(run_clock_now(), false);
    emit(record, sample);
    if (sample)
        run_clock_resume(false);
    guest_depth--;
    signals_restore(&mask);
}

static void line_stop(const struct displace_site *stop, const greg_t *registers)
{
    struct wire_record record = {
        .kind = WIRE_RECORD_LINE, .plan = stop->plan->plan_id, .site = stop->index, .sp = (uint64_t)registers[REG_RSP]};
    if (displace_exits(stop, registers))
        record.flags |= WIRE_RECORD_EXITS;
    else if (!(stop->site->flags & (WIRE_SITE_ENTRY | WIRE_SITE_LINE)))
        return; /* a way out that is not taken this time */
    emit(&record, true);
}

/* The loader's function for debuggers is empty: `ret`, perhaps behind endbr64. */
static void notified(greg_t *registers)
{
    static const uint8_t endbr64[4] = {0xf3, 0x0f, 0x1e, 0xfa};
    if (_r_debug.r_state == RT_CONSISTENT && guest_thread() != NULL)
        modules_refresh(true);
    if (__builtin_memcmp(notification_insn, endbr64, sizeof endbr64) == 0) {
        registers[REG_RIP] = (greg_t)(notification + sizeof endbr64);
        return;
    }
    registers[REG_RIP] = *(greg_t *)registers[REG_RSP];
    registers[REG_RSP] += 8;
}

bool stops_trapped(const siginfo_t *info, ucontext_t *context)
{
    const uint64_t now = run_clock_now();
    greg_t *registers = context->uc_mcontext.gregs;
    uint64_t pc = (uint64_t)registers[REG_RIP] - 1;
    struct displace_site stop;
    bool is_ours = true;
    int saved_errno = errno;
    if (info->si_code <= 0) { /* sent by somebody, not by an int3 */
        is_ours = false;
    } else if (run_clock_is_trial(pc, now)) {
        ; /* nothing is to be done for it */
    } else if (pc == notification && notification != 0) {
        guest_depth++;
        notified(registers);
        guest_depth--;
    } else if (displace_find(pc, &stop)) {
        run_clock_pause(now, true);
        guest_depth++;
        line_stop(&stop, registers);
        trap.is_told = true;
        guest_depth--;
        displace_continue(&stop, registers);
        run_clock_resume(true);
    } else {
        is_ours = false;
    }
    errno = saved_errno;
    trap.context = NULL;
    return is_ours;
}

/* Without a frame of its own, so that stops_escape knows where it is however little room there is. */
static void on_trap(int number, siginfo_t *info, void *context)
{
    trap.context = context;
    trap.depth = guest_depth;
    trap.is_told = false;
    signal_frame_enter(number, info, context);
}

/* As if the handler had just been entered, or had returned at once. */
static void take_registers(greg_t *registers, const ucontext_t *from)
{
    for (int i = REG_R8; i <= REG_EFL; i++)
        registers[i] = from->uc_mcontext.gregs[i];
}

static void put_off(const siginfo_t *info, ucontext_t *context)
{
    sigaddset(&context->uc_sigmask, info->si_signo);
    raw_syscall4(SYS_rt_tgsigqueueinfo, raw_syscall3(SYS_getpid, 0, 0, 0), raw_syscall3(SYS_gettid, 0, 0, 0),
                 info->si_signo, (long)info);
}

/* The stop's sample, taken on the alternate stack that SIGSEGV is handled on, if there is room for it. */
static void tell_from_aside(const struct displace_site *stop, const ucontext_t *context)
{
    uint64_t room = (uint64_t)__builtin_frame_address(0) - (uint64_t)context->uc_stack.ss_sp;
    if (room >= context->uc_stack.ss_size || room < 2 * REACH_BYTES) {
        struct wire_thread *thread = guest_thread();
        if (thread != NULL)
            atomic_fetch_add_explicit(&thread->lost, 1, memory_order_relaxed);
        return;
    }
    uint64_t mask;
    signals_block_all(&mask);
    guest_depth++;
    line_stop(stop, context->uc_mcontext.gregs);
    guest_depth--;
    signals_restore(&mask);
}

bool stops_escape(siginfo_t *info, ucontext_t *context)
{
    const ucontext_t *trapped = trap.context;
    greg_t *registers = context->uc_mcontext.gregs;
    struct displace_site stop;
    if (info->si_code <= 0) {
        if (trapped != NULL)
            put_off(info, context);
        return trapped != NULL;
    }
    if (trapped == NULL && registers[REG_TRAPNO] != TRAP_OF_INT3)
        return false;
    uint64_t pc = (uint64_t)(trapped != NULL ? trapped : context)->uc_mcontext.gregs[REG_RIP] - 1;
    if (!displace_find(pc, &stop))
        return false;
    bool is_told = trapped != NULL && trap.is_told;
    if (trapped != NULL) {
        take_registers(registers, trapped);
        context->uc_sigmask = trapped->uc_sigmask;
        guest_depth = trap.depth;
        trap.context = NULL;
    }
    if (!is_told)
        tell_from_aside(&stop, context);
    run_clock_resume(true);
    /* What a call pushes may be what does not fit: then let it run in its own place, once and for all. */
    if ((uint64_t)registers[REG_RSP] % WIRE_PAGE_BYTES < sizeof(uint64_t) && displace_restore(pc))
        registers[REG_RIP] = (greg_t)pc;
    else
        displace_continue(&stop, registers);
    return true;
}

static void watch_loader(void)
{
    static const uint8_t int3 = 0xcc;
    uint64_t at = modules_notification();
    if (at == 0)
        return;
    for (size_t i = 0; i < sizeof notification_insn; i++)
        notification_insn[i] = ((const uint8_t *)at)[i];
    if (notification_insn[0] != 0xc3 && notification_insn[0] != 0xf3)
        return; /* not the empty function that we know how to continue from */
    notification = at;
    if (!displace_write_text(at, &int3, 1))
        notification = 0;
}

void stops_start(void)
{
    if (guest.session == NULL || guest.process == NULL || !(guest.session->flags & WIRE_WANT_LINE_STOPS))
        return;
    if (status_number("TracerPid:\t", 0) != 0) { /* a debugger takes every SIGTRAP for itself */
        atomic_fetch_or_explicit(&guest.process->flags, WIRE_PROCESS_TRACED, memory_order_relaxed);
        guest_depth++;
        modules_refresh(false); /* stacks need them */
        guest_depth--;
        return;
    }
    guest_depth++;
    signals_take_over(on_trap);
    modules_refresh(true);
    watch_loader();
    if (guest.wants_looks)
        signals_watch_fatal();
    if (stops_are_armed()) {
        if (guest.wants_times)
            run_clock_calibrate();
        sample_open();
        guest.process->rss_granularity_bytes = sample_granularity();
        signals_watch_fatal();
        struct wire_thread *thread = guest_thread();
        if (thread != NULL)
            guest_ring(thread); /* populated before the first sample, not in the middle of somebody's line */
    }
    guest_depth--;
}

void stops_end(void)
{
    struct wire_record record = {.kind = WIRE_RECORD_END};
    stops_note(&record, true);
    /* Without a breakpoint in the loader, nobody has told of what was loaded since the start. */
    if (guest.process != NULL && (atomic_load(&guest.process->flags) & WIRE_PROCESS_TRACED) != 0) {
        guest_depth++;
        modules_refresh(false);
        guest_depth--;
    }
}

/* A forked child has none of its parent's pages of files. The code that a handler returns through lies in libc, and is
   first run behind the first sample: make it resident before. */
static void touch_handlers_return(void)
{
    struct { /* the kernel's, see sigaction(2) */
        void *handler;
        unsigned long flags;
        const volatile char *restorer;
        uint64_t mask;
    } action = {0};
    if (raw_syscall4(SYS_rt_sigaction, SIGTRAP, 0, (long)&action, sizeof action.mask) == 0 && action.restorer != NULL)
        (void)*action.restorer;
}

void stops_after_fork(void)
{
    modules_after_fork();
    if (guest.session == NULL || guest.process == NULL)
        return;
    uint32_t count = displace_after_fork();
    if (count == 0)
        return;
    atomic_store_explicit(&guest.process->stops_armed, count, memory_order_relaxed);
    atomic_fetch_or_explicit(&guest.process->flags, WIRE_PROCESS_STOPS_ARMED, memory_order_relaxed);
    touch_handlers_return();
    sample_open();
}
