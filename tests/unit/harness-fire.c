/* harness: requests and what comes back. */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "harness-program.h"

struct fixture {
    struct program program;
    struct harness_endpoint endpoint;
    struct harness_response response;
    struct err err;
};

static int start_echo(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    *state = fixture;
    program_start(&fixture->program, "server-echo", NULL);
    program_find(&fixture->program, &fixture->endpoint);
    return 0;
}

static int end_echo(void **state)
{
    struct fixture *fixture = *state;
    harness_endpoint_fini(&fixture->endpoint);
    program_end(&fixture->program, NULL);
    free(fixture);
    return 0;
}

static int fire(struct fixture *fixture, const struct harness_request *request)
{
    fixture->err.text[0] = '\0';
    return harness_fire(fixture->program.harness, &fixture->endpoint, request, &fixture->response, &fixture->err);
}

static int get(struct fixture *fixture, const char *target, uint64_t timeout_ns)
{
    struct harness_request request = {.method = "GET", .target = target, .timeout_ns = timeout_ns};
    return fire(fixture, &request);
}

/* The request as the server saw it: the head that libcurl makes, then the rest. */
static void check_sent(struct fixture *fixture, const struct harness_request *request, const char *line,
                       const char *rest)
{
    char *seen_before = program_output(&fixture->program), *expected;
    size_t skipped = strlen(seen_before);
    assert_int_equal(fire(fixture, request), 0);
    assert_int_equal(fixture->response.status, 200);
    char *seen = program_output(&fixture->program);
    assert_true(asprintf(&expected, "%s HTTP/1.1\r\nHost: %s\r\nUser-Agent: syseng-mem\r\nAccept: */*\r\n%s", line,
                         fixture->endpoint.url + strlen("http://"), rest) > 0);
    if (strcmp(request->method, "HEAD") != 0)
        assert_int_equal(fixture->response.body_bytes, strlen(expected));
    assert_string_equal(seen + skipped, expected);
    free(expected);
    free(seen);
    free(seen_before);
}

static void the_server_gets_what_was_asked_for_and_nothing_else(void **state)
{
    struct harness_request request = {
        .method = "GET", .target = "/echo/../a//b?q=%20&x=[1]", .timeout_ns = PROGRAM_PATIENCE};
    check_sent(*state, &(struct harness_request){.method = "GET", .target = "/echo", .timeout_ns = PROGRAM_PATIENCE},
               "GET /echo", "\r\n");
    check_sent(*state, &request, "GET /echo/../a//b?q=%20&x=[1]", "\r\n");
    request.method = "DELETE";
    check_sent(*state, &request, "DELETE /echo/../a//b?q=%20&x=[1]", "\r\n");
    request.method = "HEAD";
    request.target = "/echo";
    check_sent(*state, &request, "HEAD /echo", "\r\n");
}

static void a_body_has_its_length_and_a_type(void **state)
{
    struct harness_request request = {
        .method = "POST", .target = "/echo", .timeout_ns = PROGRAM_PATIENCE, .body = "a=1&b", .body_bytes = 5};
    check_sent(*state, &request, "POST /echo",
               "Content-Length: 5\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\na=1&b");
    static const char *const headers[] = {"Content-Type: text/x-own", "X-Empty:", "Cookie: a=b"};
    request.headers = headers;
    request.header_count = 3;
    request.method = "PUT";
    check_sent(*state, &request, "PUT /echo",
               "Content-Type: text/x-own\r\nX-Empty:\r\nCookie: a=b\r\nContent-Length: 5\r\n\r\na=1&b");
    request = (struct harness_request){.method = "POST", .target = "/echo", .timeout_ns = PROGRAM_PATIENCE};
    check_sent(*state, &request, "POST /echo", "Content-Length: 0\r\n\r\n");
}

static void a_large_body_is_sent_without_asking_first(void **state)
{
    struct fixture *fixture = *state;
    char *body = malloc(60000);
    assert_non_null(body);
    memset(body, 'x', 60000);
    struct harness_request request = {
        .method = "POST", .target = "/echo", .timeout_ns = PROGRAM_PATIENCE, .body = body, .body_bytes = 60000};
    assert_int_equal(fire(fixture, &request), 0);
    char *seen = program_output(&fixture->program);
    assert_null(strstr(seen, "Expect"));
    assert_true(fixture->response.body_bytes > 60000);
    free(seen);
    free(body);
}

static void words_that_are_no_headers_are_refused(void **state)
{
    static const char *const bad[] = {"no colon", "A: b\r\nC: d"};
    for (size_t i = 0; i < 2; i++) {
        struct harness_request request = {
            .method = "GET", .target = "/echo", .timeout_ns = PROGRAM_PATIENCE, .headers = &bad[i], .header_count = 1};
        assert_int_equal(fire(*state, &request), -EINVAL);
    }
}

static void an_answer_is_complete_however_its_end_is_told(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(get(fixture, "/chunked", PROGRAM_PATIENCE), 0);
    assert_int_equal(fixture->response.body_bytes, 8);
    assert_int_equal(get(fixture, "/plain", PROGRAM_PATIENCE), 0);
    assert_int_equal(fixture->response.body_bytes, 10);
    assert_true(fixture->response.finished);
    assert_true(fixture->response.elapsed_ns > 0);
}

static void every_status_is_an_answer(void **state)
{
    struct fixture *fixture = *state;
    static const int statuses[] = {200, 204, 304, 400, 404, 500, 503};
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        char target[16];
        snprintf(target, sizeof target, "/%d", statuses[i]);
        assert_int_equal(get(fixture, target, PROGRAM_PATIENCE), 0);
        assert_int_equal(fixture->response.status, statuses[i]);
        assert_true(fixture->response.finished);
    }
    assert_int_equal(get(fixture, "/redirect", PROGRAM_PATIENCE), 0);
    assert_int_equal(fixture->response.status, 302);
}

static void an_answer_cut_short_is_not_finished(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(get(fixture, "/short", PROGRAM_PATIENCE), -ECONNRESET);
    assert_string_equal(fixture->err.text, "the server closed the connection before the end of its answer");
    assert_int_equal(fixture->response.status, 200);
    assert_int_equal(fixture->response.body_bytes, 3);
    assert_false(fixture->response.finished);
}

static void a_connection_closed_without_a_word_is_told(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(get(fixture, "/nothing", PROGRAM_PATIENCE), -EPROTO); /* it may be a server for anything, so far */
    assert_string_equal(fixture->err.text,
                        "the server closed the connection without an answer; it seems not to speak HTTP");
    assert_int_equal(get(fixture, "/200", PROGRAM_PATIENCE), 0);
    assert_int_equal(get(fixture, "/nothing", PROGRAM_PATIENCE), -ECONNRESET);
    assert_string_equal(fixture->err.text, "the server closed the connection without an answer");
    assert_int_equal(fixture->response.status, 0);
}

static void an_answer_that_is_not_http_is_quoted(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(get(fixture, "/foreign", PROGRAM_PATIENCE), -EPROTO);
    assert_string_equal(fixture->err.text,
                        "the server's answer is not HTTP: it begins with \"220 mail.example?ESMTP\"");
    assert_int_equal(fixture->response.status, 0);
    assert_int_equal(fixture->response.body_bytes, 0);
}

static void no_answer_in_time_is_told(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(get(fixture, "/silent", PROGRAM_SECOND / 20), -ETIMEDOUT);
    assert_string_equal(fixture->err.text, "no answer in time");
    assert_true(fixture->response.elapsed_ns >= PROGRAM_SECOND / 20);
    assert_int_equal(get(fixture, "/begun", PROGRAM_SECOND / 20), -ETIMEDOUT);
    assert_string_equal(fixture->err.text, "no end of the answer in time");
    assert_int_equal(fixture->response.status, 200);
    assert_false(fixture->response.finished);
    assert_int_equal(get(fixture, "/200", PROGRAM_PATIENCE), 0); /* the server is free again */
}

static void a_program_that_dies_of_the_request_is_no_foreign_server(void **state)
{
    struct fixture *fixture = *state;
    int status;
    assert_int_equal(get(fixture, "/abort", PROGRAM_PATIENCE), -ECONNRESET);
    harness_wait(fixture->program.harness, true, &status);
    assert_int_equal(status & 0x7f, SIGABRT);
    assert_int_equal(get(fixture, "/200", PROGRAM_PATIENCE), -ECONNREFUSED); /* and nobody waits for it to come back */
}

static void the_users_environment_does_not_divert_requests(void **state)
{
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    int code = get(*state, "/200", PROGRAM_PATIENCE);
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    assert_int_equal(code, 0);
}

static void a_signal_ends_the_request(void **state)
{
    struct fixture *fixture = *state;
    kill(getpid(), SIGTERM);
    assert_int_equal(get(fixture, "/silent", PROGRAM_PATIENCE), -EINTR);
    assert_string_equal(fixture->err.text, "interrupted by SIGTERM");
}

static void note_again(void *data)
{
    ++*(int *)data;
}

/* Make a key and a certificate; false when the machine has no openssl(1). */
static bool make_certificate(const char *directory)
{
    char command[512];
    snprintf(command, sizeof command,
             "cd %s && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem "
             "-out cert.pem -days 2 -subj /CN=localhost >/dev/null 2>&1",
             directory);
    return system(command) == 0;
}

static void a_server_for_https_is_found_out_by_the_first_request(void **state)
{
    char directory[] = "/tmp/harness.XXXXXX", command[512];
    assert_non_null(mkdtemp(directory));
    bool has_openssl = make_certificate(directory);
    if (has_openssl) {
        struct fixture fixture = {0};
        int again = 0;
        snprintf(command, sizeof command,
                 "cd %s && exec openssl s_server -accept 0 -www -cert cert.pem -key key.pem 2>&1", directory);
        program_start(&fixture.program, "/bin/sh", "-c", command, NULL);
        program_find(&fixture.program, &fixture.endpoint);
        struct harness_request request = {
            .method = "GET", .target = "/", .timeout_ns = PROGRAM_PATIENCE, .again = note_again, .data = &again};
        for (int i = 0; i < 2; i++) {
            if (fire(&fixture, &request) != 0)
                fail_msg("%s", fixture.err.text);
            assert_int_equal(fixture.response.status, 200);
            assert_int_equal(again, 1); /* at the second request, it is known */
        }
        harness_endpoint_fini(&fixture.endpoint);
        program_end(&fixture.program, NULL);
    }
    snprintf(command, sizeof command, "rm -r %s", directory);
    assert_int_equal(system(command), 0);
    if (!has_openssl)
        skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_server_gets_what_was_asked_for_and_nothing_else, start_echo, end_echo),
        cmocka_unit_test_setup_teardown(a_body_has_its_length_and_a_type, start_echo, end_echo),
        cmocka_unit_test_setup_teardown(a_large_body_is_sent_without_asking_first, start_echo, end_echo),
        cmocka_unit_test_setup_teardown(words_that_are_no_headers_are_refused, start_echo, end_echo),
        cmocka_unit_test_setup_teardown(an_answer_is_complete_however_its_end_is_told, start_echo, end_echo),
        cmocka_unit_test_setup_teardown(every_status_is_an_answer, start_echo, end_echo),
        cmocka_unit_test_setup_teardown(an_answer_cut_short_is_not_finished, start_echo, end_echo),
        cmocka_unit_test_setup_teardown(a_connection_closed_without_a_word_is_told, start_echo, end_echo),
        cmocka_unit_test_setup_teardown(an_answer_that_is_not_http_is_quoted, start_echo, end_echo),
        cmocka_unit_test_setup_teardown(no_answer_in_time_is_told, start_echo, end_echo),
        cmocka_unit_test_setup_teardown(a_program_that_dies_of_the_request_is_no_foreign_server, start_echo, end_echo),
        cmocka_unit_test_setup_teardown(the_users_environment_does_not_divert_requests, start_echo, end_echo),
        cmocka_unit_test_setup_teardown(a_signal_ends_the_request, start_echo, end_echo),
        cmocka_unit_test(a_server_for_https_is_found_out_by_the_first_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
