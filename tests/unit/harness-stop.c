/* harness: how programs end, by themselves or by us; and when they are quiet. */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "harness-program.h"

/* Start a server, wait until it listens, end it; nothing of it is left then. */
static int status_when_stopped(const char *kind, uint64_t grace_ns)
{
    struct program program = {0};
    struct harness_endpoint endpoint;
    int status;
    bool by_us;
    program_start(&program, "server-family", kind, NULL);
    program_find(&program, &endpoint);
    harness_endpoint_fini(&endpoint);
    assert_int_equal(harness_stop(program.harness, grace_ns, &status, &by_us), 0);
    assert_true(by_us);
    assert_true(program_is_childless());
    assert_int_equal(program_end(&program, &by_us), status);
    assert_false(by_us);
    return status;
}

static void servers_are_ended_with_all_their_processes(void **state)
{
    static const char *const kinds[] = {"prefork", "threads", "late", "wrapper"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int status = status_when_stopped(kinds[i], PROGRAM_PATIENCE);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    }
}

static void a_daemon_is_ended_and_its_first_process_status_kept(void **state)
{
    int status = status_when_stopped("daemon", PROGRAM_PATIENCE);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_daemon_outlives_its_first_process(void **state)
{
    struct program program = {0};
    struct harness_endpoint endpoint;
    int status;
    program_start(&program, "server-family", "daemon", NULL);
    program_find(&program, &endpoint);
    harness_wait(program.harness, false, &status);
    assert_true(harness_has_ended(program.harness, &status));
    assert_false(harness_is_gone(program.harness));
    assert_int_equal(program_get(&program, &endpoint, "/"), 200);
    harness_endpoint_fini(&endpoint);
    assert_int_equal(harness_stop(program.harness, PROGRAM_PATIENCE, &status, &(bool){false}), 0);
    assert_true(harness_is_gone(program.harness));
    program_end(&program, NULL);
}

static void a_server_may_end_in_its_own_way(void **state)
{
    int status = status_when_stopped("unasked", PROGRAM_PATIENCE);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
}

static void a_server_that_signals_its_group_does_not_hit_us(void **state)
{
    int status = status_when_stopped("group", PROGRAM_PATIENCE);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 4);
}

static void a_server_that_does_not_end_is_killed(void **state)
{
    int status = status_when_stopped("deaf", PROGRAM_SECOND / 20);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void a_stopped_program_is_ended_too(void **state)
{
    struct program program = {0};
    program_start(&program, "server-places", "none", NULL);
    kill(harness_pid(program.harness), SIGSTOP);
    int status = program_end(&program, NULL);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

static void a_program_that_ends_by_itself_keeps_its_status(void **state)
{
    struct program program = {0};
    int status;
    bool by_us;
    program_start(&program, "/bin/sh", "-c", "exit 7", NULL);
    assert_int_equal(harness_wait(program.harness, false, &status), 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    assert_true(harness_has_ended(program.harness, &status));
    assert_int_equal(program_end(&program, &by_us), status);
    assert_false(by_us);
}

static void the_whole_family_can_be_waited_for(void **state)
{
    struct program program = {0};
    int status;
    program_start(&program, "/bin/sh", "-c", "(cat /proc/self/stat; exec cat /proc/self/stat) & exit 6", NULL);
    assert_int_equal(harness_wait(program.harness, true, &status), 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 6);
    assert_true(program_is_childless());
    program_end(&program, NULL);
}

static void a_child_of_ours_from_before_is_left_alone(void **state)
{
    struct program program = {0};
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t before = fork();
    if (before == 0) {
        char byte;
        close(ends[1]);
        ssize_t length = read(ends[0], &byte, 1);
        _exit(length == 0 ? 0 : 1);
    }
    bool by_us;
    program_start(&program, "server-places", "none", NULL);
    assert_int_equal(harness_stop(program.harness, PROGRAM_PATIENCE, &status, &by_us), 0);
    close(ends[0]);
    close(ends[1]);
    assert_int_equal(waitpid(before, &status, 0), before);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    program_end(&program, NULL);
}

static void a_signal_for_us_is_passed_on(void **state)
{
    struct program program = {0};
    struct harness_endpoint endpoint;
    int status;
    program_start(&program, "server-family", "unasked", NULL);
    program_find(&program, &endpoint);
    harness_endpoint_fini(&endpoint);
    kill(getpid(), SIGTERM);
    harness_wait(program.harness, true, &status);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    assert_int_equal(harness_interrupted(program.harness), SIGTERM);
    program_end(&program, NULL);
}

static void a_signal_from_the_program_is_not(void **state)
{
    struct program program = {0};
    int status;
    program_start(&program, "/bin/sh", "-c", "kill -TERM $PPID; exit 5", NULL);
    harness_wait(program.harness, true, &status);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 5);
    assert_int_equal(harness_interrupted(program.harness), 0);
    program_end(&program, NULL);
}

static uint64_t settle(void *data)
{
    int *left = data;
    return *left > 0 ? (uint64_t)-- * left : 0;
}

static uint64_t never_settle(void *data)
{
    return ++*(uint64_t *)data;
}

static void a_program_is_quiet_when_it_sleeps_and_nothing_moves(void **state)
{
    struct program program = {0};
    int left = 20;
    uint64_t count = 0;
    program_start(&program, "server-places", "none", NULL);
    assert_true(harness_wait_quiet(program.harness, settle, &left, PROGRAM_SECOND / 200, PROGRAM_PATIENCE));
    assert_int_equal(left, 0);
    assert_false(harness_wait_quiet(program.harness, never_settle, &count, PROGRAM_SECOND / 200, PROGRAM_SECOND / 20));
    program_end(&program, NULL);
}

static void a_program_that_runs_is_not_quiet(void **state)
{
    struct program program = {0};
    program_start(&program, "/bin/sh", "-c", "while :; do :; done", NULL);
    assert_false(harness_wait_quiet(program.harness, NULL, NULL, PROGRAM_SECOND / 200, PROGRAM_SECOND / 20));
    program_end(&program, NULL);
}

static void a_program_that_has_ended_is_quiet(void **state)
{
    struct program program = {0};
    int status;
    program_start(&program, "/bin/sh", "-c", "exit 0", NULL);
    harness_wait(program.harness, true, &status);
    assert_true(harness_wait_quiet(program.harness, NULL, NULL, PROGRAM_SECOND / 200, PROGRAM_PATIENCE));
    program_end(&program, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_are_ended_with_all_their_processes),
        cmocka_unit_test(a_daemon_is_ended_and_its_first_process_status_kept),
        cmocka_unit_test(a_daemon_outlives_its_first_process),
        cmocka_unit_test(a_server_may_end_in_its_own_way),
        cmocka_unit_test(a_server_that_signals_its_group_does_not_hit_us),
        cmocka_unit_test(a_server_that_does_not_end_is_killed),
        cmocka_unit_test(a_stopped_program_is_ended_too),
        cmocka_unit_test(a_program_that_ends_by_itself_keeps_its_status),
        cmocka_unit_test(the_whole_family_can_be_waited_for),
        cmocka_unit_test(a_child_of_ours_from_before_is_left_alone),
        cmocka_unit_test(a_signal_for_us_is_passed_on),
        cmocka_unit_test(a_signal_from_the_program_is_not),
        cmocka_unit_test(a_program_is_quiet_when_it_sleeps_and_nothing_moves),
        cmocka_unit_test(a_program_that_runs_is_not_quiet),
        cmocka_unit_test(a_program_that_has_ended_is_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
