/* Asking for a look, in shared memory and by futex: no memory, no lock, no descriptor.

   One thread asks at a time. Another one that leaves meanwhile waits for that look to end, or it would take the process
   away in the middle of it; what it sees is as good as its own would be. */

#include "preload/look.h"

#include <errno.h>
#include <link.h>
#include <linux/futex.h>
#include <sys/prctl.h>
#include <time.h>

#include "preload/events.h"
#include "preload/reader.h"
#include "preload/signals.h"
#include "preload/syscalls.h"

#define WAIT_ROUNDS 600 /* of 100 ms */

/* This library from its ELF header to the end of its variables, as the linker defines it. */
extern const ElfW(Ehdr) __ehdr_start GUEST_HIDDEN;
extern const char _end[] GUEST_HIDDEN;

void look_describe(void)
{
    struct wire_process *process = guest.process;
    process->own_image_start = (uint64_t)&__ehdr_start;
    process->own_image_end = (uint64_t)_end;
    process->own_tls_offset = (const char *)&guest_self - (const char *)__builtin_thread_pointer();
    process->own_tls_bytes = sizeof guest_self;
    process->own_state_bytes = events_state_bytes;
    if (guest.wants_looks && !guest_sandboxed) /* where the kernel lets parents only: Yama's ptrace_scope 1 */
        raw_syscall4(SYS_prctl, PR_SET_PTRACER, (long)guest.session->collector_pid, 0, 0);
}

bool look_is_possible(void)
{
    return guest.wants_looks && !guest_sandboxed && raw_syscall3(SYS_getpid, 0, 0, 0) == (long)guest.pid &&
           guest_thread() != NULL;
}

/* Wait until look number `asked` was answered. */
static void wait_for_answer(uint32_t asked)
{
    struct reader_patience patience = {0};
    uint32_t answered;
    while ((answered = atomic_load_explicit(&guest.process->look_answered, memory_order_acquire)) != asked &&
           patience.rounds < WAIT_ROUNDS && reader_is_worth_waiting(&patience)) {
        guest_wake_collector();
        struct timespec timeout = {.tv_nsec = READER_ROUND_NS};
        raw_syscall4(SYS_futex, (long)&guest.process->look_answered, FUTEX_WAIT, answered, (long)&timeout);
    }
}

void look_ask(uint64_t sp, const void *registers, size_t bytes)
{
    if (!look_is_possible())
        return;
    uint64_t mask;
    struct wire_process *process = guest.process;
    uint32_t nobody = 0;
    guest_depth++;
    signals_block_all(&mask);
    if (atomic_compare_exchange_strong(&guest.looking, &nobody, 1)) {
        process->look_tid = (uint32_t)raw_syscall3(SYS_gettid, 0, 0, 0);
        process->look_sp = sp;
        process->look_registers = (uint64_t)registers;
        process->look_registers_bytes = bytes;
        uint32_t asked = atomic_fetch_add_explicit(&process->look_asked, 1, memory_order_release) + 1;
        wait_for_answer(asked);
        atomic_store(&guest.looking, 0);
    } else {
        wait_for_answer(atomic_load(&process->look_asked));
    }
    signals_restore(&mask);
    guest_depth--;
}

void look_was_in_vain(void)
{
    if (look_is_possible())
        atomic_store(&guest.process->look_void, atomic_load(&guest.process->look_asked));
}

void look_add_area(const void *start, size_t bytes)
{
    struct wire_process *process = guest.process;
    uint32_t number = process != NULL ? atomic_fetch_add(&process->area_count, 1) : WIRE_AREA_COUNT;
    if (number >= WIRE_AREA_COUNT)
        return;
    struct wire_area *area = &process->areas[number];
    atomic_store(&area->from, (uint64_t)start);
    atomic_store(&area->to, (uint64_t)start + bytes);
}

/* Of an area with a hole, what lies behind the hole is given up. */
void look_drop_area(const void *start, size_t bytes)
{
    uint64_t low = (uint64_t)start, high = low + bytes;
    struct wire_process *process = guest.process;
    uint32_t count = process != NULL ? atomic_load(&process->area_count) : 0;
    for (uint32_t i = 0; i < count && i < WIRE_AREA_COUNT; i++) {
        struct wire_area *area = &process->areas[i];
        uint64_t from = atomic_load(&area->from), to = atomic_load(&area->to);
        if (high <= from || low >= to)
            continue;
        if (low > from)
            atomic_store(&area->to, low);
        else
            atomic_store(&area->from, high < to ? high : to);
    }
}
