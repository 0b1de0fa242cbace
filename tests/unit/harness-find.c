/* harness: where does the program listen? */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "harness-program.h"
#include "harness/listeners-system.h"

/* Start it, find it, get an answer from it, end it. */
static void check_answers(const char *name, const char *kind, const char *word, const char *url,
                          const char *unix_socket)
{
    struct program program = {0};
    struct harness_endpoint endpoint;
    program_start(&program, name, kind, word, NULL);
    program_find(&program, &endpoint);
    if (strncmp(endpoint.url, url, strlen(url)) != 0)
        fail_msg("%s %s: %s", name, kind, endpoint.url);
    if (unix_socket == NULL)
        assert_null(endpoint.unix_socket);
    else
        assert_string_equal(endpoint.unix_socket, unix_socket);
    assert_int_equal(program_get(&program, &endpoint, "/"), 200);
    assert_int_equal(program_get(&program, &endpoint, "/again"), 200);
    harness_endpoint_fini(&endpoint);
    program_end(&program, NULL);
}

static void a_port_that_the_kernel_chose_is_found(void **state)
{
    check_answers("server-places", "ipv4", NULL, "http://127.0.0.1:", NULL);
}

static void a_listener_on_any_address_is_found(void **state)
{
    check_answers("server-places", "any", NULL, "http://127.0.0.1:", NULL);
}

static bool has_ipv6(void)
{
    return access("/proc/net/if_inet6", R_OK) == 0;
}

static void a_listener_on_ipv6_alone_is_found(void **state)
{
    if (!has_ipv6())
        skip();
    check_answers("server-places", "ipv6", NULL, "http://[::1]:", NULL);
    check_answers("server-places", "any6", NULL, "http://[::1]:", NULL);
}

static void unix_sockets_are_found(void **state)
{
    char directory[] = "/tmp/harness.XXXXXX", path[64], name[64];
    assert_non_null(mkdtemp(directory));
    snprintf(path, sizeof path, "%s/app.sock", directory);
    check_answers("server-places", "unix", path, "http://localhost", path);
    unlink(path);
    rmdir(directory);
    snprintf(name, sizeof name, "harness-find-%d", (int)getpid());
    char expected[80];
    snprintf(expected, sizeof expected, "@%s", name);
    check_answers("server-places", "abstract", name, "http://localhost", expected);
}

static void servers_of_many_processes_and_threads_are_found(void **state)
{
    static const char *const kinds[] = {"prefork", "threads", "daemon", "late", "wrapper"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        check_answers("server-family", kinds[i], NULL, "http://127.0.0.1:", NULL);
}

static int port_in_line(const struct program *program, int line)
{
    char *text = program_output(program), *at = text;
    for (int i = 1; i < line; i++)
        at = strchr(at, '\n') + 1;
    int port = 0;
    sscanf(at, "%*s %d", &port);
    free(text);
    return port;
}

static void check_winner(const char *first, const char *second, const char *third, int line)
{
    struct program program = {0};
    struct harness_endpoint endpoint;
    char url[64];
    program_start(&program, "server-several", first, second, third, NULL);
    program_find(&program, &endpoint);
    snprintf(url, sizeof url, "http://127.0.0.1:%d", port_in_line(&program, line));
    assert_string_equal(endpoint.url, url);
    assert_int_equal(program_get(&program, &endpoint, "/"), 200 + line);
    harness_endpoint_fini(&endpoint);
    program_end(&program, NULL);
}

static void of_several_listeners_the_first_that_speaks_http_is_taken(void **state)
{
    check_winner("silent", "http", NULL, 2);
    check_winner("http", "silent", NULL, 1);
    check_winner("shout", "http", "http", 2);
    check_winner("http", "http", "shout", 1);
}

static void a_named_port_is_taken_without_asking(void **state)
{
    struct program program = {0};
    struct harness_endpoint endpoint, named;
    program_start(&program, "server-several", "http", "http", NULL);
    program_find(&program, &endpoint); /* the ports are known now */
    harness_endpoint_fini(&endpoint);
    struct harness_find find = {.timeout_ns = PROGRAM_PATIENCE, .port = port_in_line(&program, 2)};
    assert_int_equal(harness_find_endpoint(program.harness, &find, &named, NULL), 0);
    assert_int_equal(program_get(&program, &named, "/"), 202);
    harness_endpoint_fini(&named);
    program_end(&program, NULL);
}

static void a_named_url_or_socket_is_taken_as_it_is(void **state)
{
    struct program program = {0};
    struct harness_endpoint endpoint, named;
    char url[64];
    program_start(&program, "server-several", "http", "http", NULL);
    program_find(&program, &endpoint);
    harness_endpoint_fini(&endpoint);
    snprintf(url, sizeof url, "http://localhost:%d/base", port_in_line(&program, 2));
    struct harness_find find = {.timeout_ns = PROGRAM_PATIENCE, .url = url};
    assert_int_equal(harness_find_endpoint(program.harness, &find, &named, NULL), 0);
    assert_string_equal(named.url, url);
    assert_int_equal(program_get(&program, &named, "/"), 202);
    harness_endpoint_fini(&named);
    program_end(&program, NULL);
}

static void a_program_that_ends_before_it_listens_is_told(void **state)
{
    struct program program = {0};
    struct harness_endpoint endpoint;
    struct harness_find find = {.timeout_ns = PROGRAM_PATIENCE};
    struct err err;
    bool by_us;
    program_start(&program, "/bin/sh", "-c", "exit 3", NULL);
    assert_int_equal(harness_find_endpoint(program.harness, &find, &endpoint, &err), -ECHILD);
    assert_string_equal(err.text, "the program ended with status 3 before it listened");
    int status = program_end(&program, &by_us);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 3 && !by_us);

    program_start(&program, "/bin/sh", "-c", "kill -KILL $$", NULL);
    assert_int_equal(harness_find_endpoint(program.harness, &find, &endpoint, &err), -ECHILD);
    assert_string_equal(err.text, "the program was killed by SIGKILL before it listened");
    program_end(&program, &by_us);
}

static void a_program_that_does_not_listen_is_told_in_time(void **state)
{
    struct program program = {0};
    struct harness_endpoint endpoint;
    struct harness_find find = {.timeout_ns = PROGRAM_SECOND / 20};
    struct err err;
    program_start(&program, "server-places", "none", NULL);
    assert_int_equal(harness_find_endpoint(program.harness, &find, &endpoint, &err), -ETIMEDOUT);
    assert_string_equal(err.text, "the program does not listen on any TCP port or unix socket");
    program_end(&program, NULL);

    program_start(&program, "server-places", "ipv4", NULL);
    program_find(&program, &endpoint);
    find.port = 1;
    assert_int_equal(harness_find_endpoint(program.harness, &find, &(struct harness_endpoint){0}, &err), -ETIMEDOUT);
    char expected[128];
    snprintf(expected, sizeof expected, "the program does not listen on port 1, but on %s", endpoint.url + 7);
    assert_string_equal(err.text, expected);
    harness_endpoint_fini(&endpoint);
    program_end(&program, NULL);
}

static void listeners_that_all_speak_something_else_are_told(void **state)
{
    struct program program = {0};
    struct harness_endpoint endpoint;
    struct harness_find find = {.timeout_ns = PROGRAM_PATIENCE};
    struct err err;
    program_start(&program, "server-several", "shout", "shout", NULL);
    assert_int_equal(harness_find_endpoint(program.harness, &find, &endpoint, &err), -EPROTO);
    assert_non_null(strstr(err.text, "but no answer is HTTP"));
    program_end(&program, NULL);
}

static void a_signal_ends_the_search_and_reaches_the_program(void **state)
{
    struct program program = {0};
    struct harness_endpoint endpoint;
    struct harness_find find = {.timeout_ns = PROGRAM_PATIENCE};
    struct err err;
    int status; /* not of SIGINT, which a shell ignores in what it runs in the background */
    program_start(&program, "server-places", "none", NULL);
    kill(getpid(), SIGTERM);
    assert_int_equal(harness_find_endpoint(program.harness, &find, &endpoint, &err), -EINTR);
    assert_string_equal(err.text, "interrupted by SIGTERM");
    assert_int_equal(harness_interrupted(program.harness), SIGTERM);
    harness_wait(program.harness, true, &status);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    program_end(&program, NULL);
}

static int count_port(struct listener *listener, void *data)
{
    int *wanted = data;
    if (listeners_port(listener) == wanted[0])
        wanted[1]++;
    return 0;
}

static void both_lists_of_listeners_know_a_port(void **state)
{
    struct program program = {0};
    struct harness_endpoint endpoint;
    program_start(&program, "server-places", "ipv4", NULL);
    program_find(&program, &endpoint);
    int wanted[2] = {atoi(strrchr(endpoint.url, ':') + 1), 0};
    assert_int_equal(listeners_by_tables(count_port, wanted), 0);
    assert_int_equal(wanted[1], 1);
    int code = listeners_by_netlink(count_port, wanted);
    assert_true(code == -EOPNOTSUPP || (code == 0 && wanted[1] == 2));
    harness_endpoint_fini(&endpoint);
    program_end(&program, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_that_the_kernel_chose_is_found),
        cmocka_unit_test(a_listener_on_any_address_is_found),
        cmocka_unit_test(a_listener_on_ipv6_alone_is_found),
        cmocka_unit_test(unix_sockets_are_found),
        cmocka_unit_test(servers_of_many_processes_and_threads_are_found),
        cmocka_unit_test(of_several_listeners_the_first_that_speaks_http_is_taken),
        cmocka_unit_test(a_named_port_is_taken_without_asking),
        cmocka_unit_test(a_named_url_or_socket_is_taken_as_it_is),
        cmocka_unit_test(a_program_that_ends_before_it_listens_is_told),
        cmocka_unit_test(a_program_that_does_not_listen_is_told_in_time),
        cmocka_unit_test(listeners_that_all_speak_something_else_are_told),
        cmocka_unit_test(a_signal_ends_the_search_and_reaches_the_program),
        cmocka_unit_test(both_lists_of_listeners_know_a_port),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
