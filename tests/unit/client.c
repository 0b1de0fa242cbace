#include "client/syseng_mem_client.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

/* What the served side saw, and what it answers. */
struct exchange {
    const char *answer;
    size_t answer_bytes;
    char request[4096];
    const char *wait_for; /* read until this has come */
    pthread_t thread;
};

static void read_request(int fd, struct exchange *exchange)
{
    size_t bytes = 0;
    const char *end = exchange->wait_for != NULL ? exchange->wait_for : "\r\n\r\n";
    while (strstr(exchange->request, end) == NULL) {
        ssize_t got = read(fd, exchange->request + bytes, sizeof exchange->request - 1 - bytes);
        if (got <= 0)
            return;
        bytes += (size_t)got;
        exchange->request[bytes] = '\0';
    }
}

static void write_all(int fd, const char *data, size_t bytes)
{
    while (bytes > 0) {
        ssize_t done = send(fd, data, bytes, MSG_NOSIGNAL);
        if (done <= 0)
            return;
        data += done;
        bytes -= (size_t)done;
    }
}

static void serve(int fd, void *data)
{
    struct exchange *exchange = data;
    exchange->thread = pthread_self();
    memset(exchange->request, 0, sizeof exchange->request);
    read_request(fd, exchange);
    if (exchange->answer != NULL)
        write_all(fd, exchange->answer, exchange->answer_bytes != 0 ? exchange->answer_bytes : strlen(exchange->answer));
    close(fd);
}

static void the_request_reaches_the_function_and_its_answer_comes_back(void **state)
{
    struct exchange exchange = {.answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n65536"};
    struct syseng_mem_client *client = syseng_mem_client_of(serve, &exchange);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(syseng_mem_client_get(client, "/memory?n=1"), 200);
        assert_memory_equal(exchange.request, "GET /memory?n=1 HTTP/1.1\r\n", 26);
        size_t bytes;
        assert_string_equal(syseng_mem_client_body(client, &bytes), "65536");
        assert_int_equal(bytes, 5);
        assert_string_equal(syseng_mem_client_error(client), "");
    }
    syseng_mem_client_free(client);
}

static void the_function_runs_in_the_thread_that_asks(void **state)
{
    struct exchange exchange = {.answer = "HTTP/1.1 204 No Content\r\n\r\n"};
    struct syseng_mem_client *client = syseng_mem_client_of(serve, &exchange);
    assert_int_equal(syseng_mem_client_get(client, "/"), 204);
    assert_true(pthread_equal(exchange.thread, pthread_self()));
    assert_string_equal(syseng_mem_client_body(client, NULL), "");
    syseng_mem_client_free(client);
}

static void method_headers_and_body_are_sent(void **state)
{
    struct exchange exchange = {
        .answer = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        .wait_for = "name=Ada",
    };
    struct syseng_mem_client *client = syseng_mem_client_of(serve, &exchange);
    const char *const headers[] = {"X-One: 1", "X-Two: 2", NULL};
    assert_int_equal(syseng_mem_client_send(client, "PUT", "/user", headers, "name=Ada", 8), 500);
    assert_memory_equal(exchange.request, "PUT /user HTTP/1.1\r\n", 20);
    assert_non_null(strstr(exchange.request, "\r\nX-One: 1\r\nX-Two: 2\r\n"));
    assert_non_null(strstr(exchange.request, "\r\nContent-Length: 8\r\n"));
    syseng_mem_client_free(client);
}

static void an_answer_larger_than_the_socket_buffer_arrives_whole(void **state)
{
    static char answer[(4 << 20) + 64];
    int head = snprintf(answer, sizeof answer, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n", 4 << 20);
    memset(answer + head, 'x', 4 << 20);
    struct exchange exchange = {.answer = answer, .answer_bytes = (size_t)head + (4 << 20)};
    struct syseng_mem_client *client = syseng_mem_client_of(serve, &exchange);
    assert_int_equal(syseng_mem_client_get(client, "/"), 200);
    size_t bytes;
    const char *body = syseng_mem_client_body(client, &bytes);
    assert_int_equal(bytes, 4 << 20);
    assert_int_equal(strlen(body), bytes);
    syseng_mem_client_free(client);
}

static void close_at_once(int fd, void *data)
{
    close(fd);
}

static void a_function_that_does_not_answer_is_an_error_in_words(void **state)
{
    struct syseng_mem_client *client = syseng_mem_client_of(close_at_once, NULL);
    assert_int_equal(syseng_mem_client_get(client, "/"), -EPROTO);
    assert_string_not_equal(syseng_mem_client_error(client), "");
    syseng_mem_client_free(client);
}

static void an_answer_that_is_not_http_is_an_error(void **state)
{
    struct exchange exchange = {.answer = "SSH-2.0-nonsense\r\n"};
    struct syseng_mem_client *client = syseng_mem_client_of(serve, &exchange);
    assert_int_equal(syseng_mem_client_get(client, "/"), -EPROTO);
    syseng_mem_client_free(client);
}

/* A unix socket in a directory of its own, served by a thread. */
struct listener {
    char directory[64];
    struct sockaddr_un address;
    int fd;
    struct exchange exchange;
};

static void *accept_one(void *data)
{
    struct listener *listener = data;
    serve(accept(listener->fd, NULL, NULL), &listener->exchange);
    return NULL;
}

static void a_unix_socket_is_an_address(void **state)
{
    struct listener listener = {
        .directory = "/tmp/client-test.XXXXXX",
        .address.sun_family = AF_UNIX,
        .exchange.answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    };
    assert_non_null(mkdtemp(listener.directory));
    snprintf(listener.address.sun_path, sizeof listener.address.sun_path, "%s/s", listener.directory);
    listener.fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(listener.fd, (struct sockaddr *)&listener.address, sizeof listener.address), 0);
    assert_int_equal(listen(listener.fd, 1), 0);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, accept_one, &listener), 0);

    char address[sizeof listener.address.sun_path + 8];
    snprintf(address, sizeof address, "unix:%s", listener.address.sun_path);
    struct syseng_mem_client *client = syseng_mem_client_new(address);
    assert_int_equal(syseng_mem_client_get(client, "/"), 200);
    assert_string_equal(syseng_mem_client_body(client, NULL), "hi");
    pthread_join(thread, NULL);

    close(listener.fd);
    unlink(listener.address.sun_path);
    rmdir(listener.directory);
    assert_int_equal(syseng_mem_client_get(client, "/"), -ECONNREFUSED);
    assert_string_equal(syseng_mem_client_body(client, NULL), "");
    syseng_mem_client_free(client);
}

static void what_is_no_request_is_refused(void **state)
{
    struct syseng_mem_client *client = syseng_mem_client_of(serve, NULL);
    assert_int_equal(syseng_mem_client_get(client, "memory"), -EINVAL);
    assert_int_equal(syseng_mem_client_get(NULL, "/"), -EINVAL);
    syseng_mem_client_free(client);
    syseng_mem_client_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_request_reaches_the_function_and_its_answer_comes_back),
        cmocka_unit_test(the_function_runs_in_the_thread_that_asks),
        cmocka_unit_test(method_headers_and_body_are_sent),
        cmocka_unit_test(an_answer_larger_than_the_socket_buffer_arrives_whole),
        cmocka_unit_test(a_function_that_does_not_answer_is_an_error_in_words),
        cmocka_unit_test(an_answer_that_is_not_http_is_an_error),
        cmocka_unit_test(a_unix_socket_is_an_address),
        cmocka_unit_test(what_is_no_request_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
