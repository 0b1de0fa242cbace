/* harness: what a started program gets. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "harness-program.h"
#include "harness/standard-input.h"

#define TEXT_BYTES 65536
#define PATH_BYTES 4096

static const char *self;

/* Run as `harness-start PATH`: a syseng-mem with descriptors, mask and handlers of its own. */
static int be_the_starter(const char *path)
{
    char *words[] = {(char[]){"surroundings"}, (char[]){"a b"}, (char[]){""}, NULL};
    struct harness_start start = {
        .path = path, .argv = words, .preload = getenv("TEST_PRELOAD"), .channel = "/proc/1/fd/2"};
    struct harness *harness;
    struct err err;
    int status;
    if (dup2(STDOUT_FILENO, 20) < 0) /* not close-on-exec */
        return 70;
    sigset_t mask;
    sigfillset(&mask);
    sigprocmask(SIG_BLOCK, &mask, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (harness_start(&start, &harness, &err) != 0) {
        puts(err.text);
        return 71;
    }
    harness_wait(harness, true, &status);
    harness_free(harness);
    return WEXITSTATUS(status);
}

/* What `command` prints when a shell runs it after `prefix`. The caller frees it. */
static char *printed(const char *prefix, const char *command)
{
    char *whole, *text = calloc(1, TEXT_BYTES);
    assert_non_null(text);
    assert_true(asprintf(&whole, "%s exec %s", prefix, command) > 0);
    FILE *pipe = popen(whole, "re");
    assert_non_null(pipe);
    size_t length = fread(text, 1, TEXT_BYTES - 1, pipe);
    text[length] = '\0';
    if (pclose(pipe) != 0)
        fail_msg("%s: %s", whole, text);
    free(whole);
    return text;
}

/* Run by a shell after `prefix`, the program sees the same with us between as without. Returns what it sees. */
static char *check_same(const char *prefix)
{
    const char *build = getenv("top_builddir");
    char *with, *without;
    build = build != NULL ? build : ".";
    assert_true(
        asprintf(&without, "env SYSENG_MEM_CHANNEL=/proc/1/fd/2 %s/tests/targets/surroundings 'a b' ''", build) > 0);
    assert_true(asprintf(&with, "%s %s/tests/targets/surroundings", self, build) > 0);
    char *expected = printed(prefix, without), *seen = printed(prefix, with);
    assert_string_equal(seen, expected);
    free(expected);
    free(with);
    free(without);
    return seen;
}

static void a_program_sees_what_it_would_see_without_us(void **state)
{
    static const char *const prefixes[] = {
        "",           "exec </dev/null;",     "exec 7</dev/null 9<&7;", "exec 0<&-;",
        "exec 2>&-;", "exec 0<&- 2>&- 5>&1;", "trap '' USR1 HUP PIPE;",
    };
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        free(check_same(prefixes[i]));
}

static void the_preload_library_comes_before_those_of_the_user(void **state)
{
    char command[PATH_BYTES];
    const char *build = getenv("top_builddir");
    snprintf(command, sizeof command, "env TEST_PRELOAD=/nowhere/ours.so %s %s/tests/targets/surroundings", self,
             build != NULL ? build : ".");
    char *seen = printed("exec 2>/dev/null; LD_PRELOAD=/nowhere/theirs.so; export LD_PRELOAD;", command);
    assert_non_null(strstr(seen, "preload /nowhere/ours.so:/nowhere/theirs.so\n"));
    free(seen);
    seen = printed("exec 2>/dev/null; LD_PRELOAD=; export LD_PRELOAD;", command);
    assert_non_null(strstr(seen, "preload /nowhere/ours.so\n"));
    free(seen);
}

static int start_code(const char *path, const char *preload, struct err *err)
{
    char *words[] = {(char[]){"x"}, NULL};
    struct harness_start start = {.path = path, .argv = words, .preload = preload};
    struct harness *harness;
    int code = harness_start(&start, &harness, err);
    assert_true(program_is_childless());
    return code;
}

static void what_cannot_be_executed_is_told(void **state)
{
    char file[] = "/tmp/harness.XXXXXX", expected[128];
    struct err err;
    int fd = mkstemp(file);
    assert_true(fd >= 0 && write(fd, "no program\n", 11) == 11 && close(fd) == 0);
    assert_int_equal(start_code("/nowhere/app", NULL, &err), -ENOENT);
    assert_string_equal(err.text, "/nowhere/app: No such file or directory");
    assert_int_equal(start_code(file, NULL, &err), -EACCES);
    assert_int_equal(chmod(file, 0700), 0);
    assert_int_equal(start_code(file, NULL, &err), -ENOEXEC);
    snprintf(expected, sizeof expected, "%s: Exec format error", file);
    assert_string_equal(err.text, expected);
    unlink(file);
    assert_int_equal(start_code("/bin/true", "/with blank/x.so", &err), -EINVAL);
}

static void without_descriptors_nothing_is_started(void **state)
{
    struct rlimit before, few;
    struct err err;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    for (few.rlim_cur = 3; few.rlim_cur < 8; few.rlim_cur++) {
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        int code = start_code("/nowhere/app", NULL, &err);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
        assert_true(code == -EMFILE || code == -ENOENT);
        assert_true(err.text[0] != '\0');
    }
}

/* Our standard input becomes `fd` while `is` is asked. */
static bool is_at_end(int fd)
{
    int ours = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
    assert_true(fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    bool answer = standard_input_is_at_end();
    assert_true(dup2(ours, STDIN_FILENO) == STDIN_FILENO);
    close(ours);
    return answer;
}

static void an_exhausted_standard_input_is_recognised(void **state)
{
    int ends[2];
    char byte;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), file = open(self, O_RDONLY | O_CLOEXEC);
    assert_true(is_at_end(null));
    assert_false(is_at_end(file));
    assert_true(lseek(file, 0, SEEK_END) > 0);
    assert_true(is_at_end(file));
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_false(is_at_end(ends[0]));
    assert_int_equal(write(ends[1], "x", 1), 1);
    close(ends[1]);
    assert_false(is_at_end(ends[0]));
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_true(is_at_end(ends[0]));
    close(ends[0]);
    close(null);
    close(file);
}

static void a_server_that_waits_for_a_key_is_kept_alive(void **state)
{
    int ours = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), null = open("/dev/null", O_RDWR | O_CLOEXEC), status;
    assert_true(ours >= 0 && dup2(null, STDIN_FILENO) == STDIN_FILENO);
    struct program program = {.keep_stdin_open = true}, other = {0};
    struct harness_endpoint endpoint;
    bool by_us;
    program_start(&program, "server-stdin", NULL);
    program_find(&program, &endpoint);
    assert_int_equal(program_get(&program, &endpoint, "/"), 200);
    harness_endpoint_fini(&endpoint);
    program_end(&program, &by_us);
    assert_true(by_us);

    program_start(&other, "server-stdin", NULL);
    harness_wait(other.harness, true, &status);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 5);
    program_end(&other, &by_us);
    assert_false(by_us);
    assert_true(dup2(ours, STDIN_FILENO) == STDIN_FILENO);
    close(ours);
    close(null);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return be_the_starter(argv[1]);
    self = argv[0];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_sees_what_it_would_see_without_us),
        cmocka_unit_test(the_preload_library_comes_before_those_of_the_user),
        cmocka_unit_test(what_cannot_be_executed_is_told),
        cmocka_unit_test(without_descriptors_nothing_is_started),
        cmocka_unit_test(an_exhausted_standard_input_is_recognised),
        cmocka_unit_test(a_server_that_waits_for_a_key_is_kept_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
