/* preload/emit: a ring that is full holds its producer up, and nothing is lost while somebody reads. */

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "preload/guest.h"
#include "preload/reader.h"
#include "preload/syscalls.h"

/* What emit.c needs of guest.c. */
struct guest guest;
volatile bool guest_sandboxed, guest_clockless;
static _Atomic uint32_t wakes;

uint64_t guest_asked_ticks(void)
{
    return 0;
}

void guest_wake_collector(void)
{
    atomic_fetch_add(&wakes, 1);
}

static struct wire_header header;
static struct wire_process process;
static struct wire_thread thread;
static struct wire_ring ring;

static int set_up(void **state)
{
    memset(&header, 0, sizeof header);
    memset(&process, 0, sizeof process);
    memset(&thread, 0, sizeof thread);
    memset(&ring, 0, sizeof ring);
    header.collector_pid = (uint32_t)getpid();
    guest = (struct guest){.session = &header, .process = &process};
    guest_sandboxed = false;
    wakes = 0;
    return 0;
}

static void emit_number(uint64_t number)
{
    guest_emit_masked(&thread, &ring, &(struct wire_record){.kind = WIRE_RECORD_LINE, .sp = number});
}

static void records_come_in_order_and_whole(void **state)
{
    for (uint64_t i = 0; i < WIRE_RING_RECORDS; i++)
        emit_number(i);
    assert_int_equal(ring.head, WIRE_RING_RECORDS);
    for (uint64_t i = 0; i < WIRE_RING_RECORDS; i++)
        assert_int_equal(ring.records[i].sp, i);
    assert_int_equal(thread.lost, 0);
    assert_int_equal(wakes, 2); /* at every half ring */
}

static uint64_t wrong_records;

static void *read_records(void *data)
{
    uint64_t count = *(uint64_t *)data, tail = 0;
    while (tail < count) {
        uint64_t head = atomic_load_explicit(&ring.head, memory_order_acquire);
        for (; tail < head; tail++)
            wrong_records += ring.records[tail % WIRE_RING_RECORDS].sp != tail;
        atomic_store_explicit(&ring.tail, tail, memory_order_release);
    }
    return NULL;
}

static void pass_records(uint64_t count)
{
    pthread_t reader;
    wrong_records = 0;
    assert_int_equal(pthread_create(&reader, NULL, read_records, &count), 0);
    for (uint64_t i = 0; i < count; i++)
        emit_number(i);
    pthread_join(reader, NULL);
    assert_int_equal(wrong_records, 0);
    assert_int_equal(thread.lost, 0);
    assert_int_equal(ring.head, count);
}

static void a_full_ring_waits_for_its_reader(void **state)
{
    pass_records(20 * WIRE_RING_RECORDS);
}

static void in_a_sandbox_it_waits_without_system_calls(void **state)
{
    guest_sandboxed = true;
    pass_records(5 * WIRE_RING_RECORDS);
}

static void signals_are_blocked_meanwhile_and_the_mask_is_restored(void **state)
{
    sigset_t before, after;
    sigprocmask(SIG_BLOCK, NULL, &before);
    sigaddset(&before, SIGUSR1);
    sigprocmask(SIG_SETMASK, &before, NULL);
    emit_number(1);
    sigprocmask(SIG_BLOCK, NULL, &after);
    for (int i = 1; i < 65; i++)
        assert_int_equal(sigismember(&before, i), sigismember(&after, i));
}

/* These end the recording for good, so each runs in a child of its own. */
static int in_child(void (*run)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        for (uint64_t i = 0; i < WIRE_RING_RECORDS; i++)
            emit_number(i);
        run();
        emit_number(0);
        emit_number(0);
        atomic_store(&ring.tail, ring.head); /* room again, too late */
        emit_number(0);
        if (header.collector_pid != (uint32_t)getppid())
            kill((pid_t)header.collector_pid, SIGKILL);
        _exit(thread.lost == 3 && ring.head == WIRE_RING_RECORDS ? (int)(process.flags >> 9) : 99);
    }
    waitpid(pid, &status, 0);
    return status;
}

static void close_session(void)
{
    atomic_store(&header.closed, 1);
}

static void lose_collector(void)
{
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    waitpid(pid, NULL, 0);
    header.collector_pid = (uint32_t)pid;
}

static void do_nothing(void)
{
}

/* A child that ended, or is stopped, and for which nobody waits. */
static void have_child(int how)
{
    pid_t pid = fork();
    if (pid == 0) {
        raise(how);
        _exit(0);
    }
    siginfo_t info;
    waitid(P_PID, (id_t)pid, &info, WEXITED | WSTOPPED | WNOWAIT);
    header.collector_pid = (uint32_t)pid;
}

static void kill_collector(void)
{
    have_child(SIGKILL);
}

static void stop_collector(void)
{
    have_child(SIGSTOP);
}

/* It sleeps, and goes on sleeping. */
static void idle(void)
{
    atomic_store(&header.collector_waits, 1);
}

static void sandbox(void)
{
    guest_sandboxed = true;
}

static void a_closed_session_ends_the_recording(void **state)
{
    assert_int_equal(in_child(close_session), 0);
}

static void a_dead_collector_ends_the_recording(void **state)
{
    assert_int_equal(in_child(lose_collector), 0);
}

static void a_collector_that_does_not_move_is_given_up_and_that_is_told(void **state)
{
    assert_int_equal(WEXITSTATUS(in_child(do_nothing)), WIRE_PROCESS_GAVE_UP >> 9);
}

static void a_dead_collector_that_nobody_buries_is_dead(void **state)
{
    assert_int_equal(in_child(kill_collector), 0);
}

static void a_stopped_collector_is_given_up_and_that_is_told(void **state)
{
    assert_int_equal(WEXITSTATUS(in_child(stop_collector)), WIRE_PROCESS_GAVE_UP >> 9);
}

static void on_tick(int number)
{
    (void)number;
}

static void tick(void)
{
    struct itimerval often = {{0, 200}, {0, 200}};
    signal(SIGALRM, on_tick);
    setitimer(ITIMER_REAL, &often, NULL);
}

/* A sleep that a signal ends is not the whole of a round. */
static void signals_make_nobody_impatient(void **state)
{
    uint64_t start = raw_monotonic_ns();
    assert_int_equal(WEXITSTATUS(in_child(tick)), WIRE_PROCESS_GAVE_UP >> 9);
    assert_true(raw_monotonic_ns() - start >= (uint64_t)EMIT_ROUNDS_LIMIT * READER_ROUND_NS);
}

static void what_an_idle_collector_does_not_read_is_lost(void **state)
{
    assert_int_equal(in_child(idle), 0);
}

static void so_it_is_in_a_sandbox(void **state)
{
    assert_int_equal(WEXITSTATUS(in_child(sandbox)), WIRE_PROCESS_GAVE_UP >> 9);
}

/* A ring that is full again: without waiting, by a thread that never did. */
static void whom_another_process_gave_up_is_not_waited_for(void **state)
{
    pid_t pid = fork();
    int status;
    if (pid == 0) {
        header.abandoned = 1;
        for (uint64_t i = 0; i <= WIRE_RING_RECORDS; i++)
            emit_number(i);
        _exit(thread.lost == 1 && process.wait_count == 1 && process.flags == WIRE_PROCESS_GAVE_UP ? 0 : 99);
    }
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(records_come_in_order_and_whole, set_up),
        cmocka_unit_test_setup(a_full_ring_waits_for_its_reader, set_up),
        cmocka_unit_test_setup(in_a_sandbox_it_waits_without_system_calls, set_up),
        cmocka_unit_test_setup(signals_are_blocked_meanwhile_and_the_mask_is_restored, set_up),
        cmocka_unit_test_setup(a_closed_session_ends_the_recording, set_up),
        cmocka_unit_test_setup(a_dead_collector_ends_the_recording, set_up),
        cmocka_unit_test_setup(a_collector_that_does_not_move_is_given_up_and_that_is_told, set_up),
        cmocka_unit_test_setup(a_dead_collector_that_nobody_buries_is_dead, set_up),
        cmocka_unit_test_setup(a_stopped_collector_is_given_up_and_that_is_told, set_up),
        cmocka_unit_test_setup(signals_make_nobody_impatient, set_up),
        cmocka_unit_test_setup(what_an_idle_collector_does_not_read_is_lost, set_up),
        cmocka_unit_test_setup(so_it_is_in_a_sandbox, set_up),
        cmocka_unit_test_setup(whom_another_process_gave_up_is_not_waited_for, set_up),
    };
    return cmocka_run_group_tests_name("guest-emit", tests, NULL, NULL);
}
