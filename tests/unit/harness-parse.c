/* What the harness reads: requests as users write them, tables of sockets, addresses. */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "harness/candidates.h"
#include "harness/harness.h"
#include "harness/http.h"
#include "harness/listeners-system.h"

static void a_request_is_a_target_or_a_method_and_a_target(void **state)
{
    static const struct {
        const char *text, *method, *target;
    } good[] = {
        {"/", "GET", "/"},
        {"/a?b=c&d=%20", "GET", "/a?b=c&d=%20"},
        {"GET /", "GET", "/"},
        {"POST /user", "POST", "/user"},
        {"DELETE //x", "DELETE", "//x"},
        {"M-SEARCH /x", "M-SEARCH", "/x"},
        {"/gr\xc3\xbc\xc3\x9f", "GET", "/gr\xc3\xbc\xc3\x9f"},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char *method;
        const char *target;
        assert_true(harness_parse_request(good[i].text, &method, &target));
        assert_string_equal(method, good[i].method);
        assert_string_equal(target, good[i].target);
        free(method);
    }
}

static void other_words_are_no_requests(void **state)
{
    static const char *const bad[] = {"",       "x",       "get /",    "GET  /",  "GET /a b", " /",   "GET",
                                      "GET x",  "GET /\n", "/a b",     "/a\tb",   "POST/",    "-v",   "G@T /",
                                      "/a\x7f", "GET /a ", "file.txt", "1GET /x", "GET\t/",   "./app"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *method;
        const char *target;
        if (harness_parse_request(bad[i], &method, &target))
            fail_msg("taken for a request: %s", bad[i]);
    }
}

static void listeners_are_read_from_the_tables_of_tcp(void **state)
{
    struct listener listener;
    const char *line =
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 x";
    assert_true(listeners_parse(line, AF_INET, &listener));
    const struct sockaddr_in *ipv4 = (const struct sockaddr_in *)&listener.address.storage;
    assert_int_equal(listener.inode, 4711);
    assert_int_equal(listeners_port(&listener), 8080);
    assert_int_equal(ipv4->sin_addr.s_addr, htonl(INADDR_LOOPBACK));

    const char *line6 = "   1: 00000000000000000000000001000000:0050 00000000000000000000000000000000:0000 0A "
                        "00000000:00000000 00:00000000 00000000  1000        0 12 1 x";
    assert_true(listeners_parse(line6, AF_INET6, &listener));
    const struct sockaddr_in6 *ipv6 = (const struct sockaddr_in6 *)&listener.address.storage;
    assert_int_equal(listener.inode, 12);
    assert_int_equal(listeners_port(&listener), 80);
    assert_memory_equal(&ipv6->sin6_addr, &in6addr_loopback, sizeof in6addr_loopback);
}

static void lines_of_tables_that_are_no_listeners_are_left_out(void **state)
{
    struct listener listener;
    static const struct {
        const char *line;
        int family;
    } lines[] = {
        {"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode", AF_INET},
        {"   0: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 4711 1", AF_INET},
        {"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000", AF_INET},
        {"   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1", AF_INET6},
        {"", AF_INET},
        {"Num       RefCount Protocol Flags    Type St Inode Path", AF_UNIX},
        {"0000000000000000: 00000003 00000000 00000000 0001 03 999 /run/a", AF_UNIX},
        {"0000000000000000: 00000002 00000000 00010000 0005 01 999 /run/seqpacket", AF_UNIX},
        {"0000000000000000: 00000002 00000000 00010000 0001 01 999", AF_UNIX},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (listeners_parse(lines[i].line, lines[i].family, &listener))
            fail_msg("taken for a listener: %s", lines[i].line);
}

static void listeners_are_read_from_the_table_of_unix_sockets(void **state)
{
    struct listener listener;
    assert_true(listeners_parse("0000000000000000: 00000002 00000000 00010000 0001 01 999 /run/my app.sock\n", AF_UNIX,
                                &listener));
    assert_int_equal(listener.inode, 999);
    assert_string_equal(listener.address.local.sun_path, "/run/my app.sock");
    assert_true(
        listeners_parse("0000000000000000: 00000002 00000000 00010000 0001 01 999 @name\n", AF_UNIX, &listener));
    assert_int_equal(listener.address.local.sun_path[0], '\0');
    assert_memory_equal(listener.address.local.sun_path + 1, "name", 4);
    assert_int_equal(listener.address_bytes, offsetof(struct sockaddr_un, sun_path) + 5);
}

static struct listener tcp(int family, const char *address, uint16_t port)
{
    struct listener listener = {.pid = getpid()};
    struct sockaddr_in *ipv4 = (struct sockaddr_in *)&listener.address.storage;
    struct sockaddr_in6 *ipv6 = (struct sockaddr_in6 *)&listener.address.storage;
    if (family == AF_INET) {
        *ipv4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
        assert_int_equal(inet_pton(family, address, &ipv4->sin_addr), 1);
        listener.address_bytes = sizeof *ipv4;
    } else {
        *ipv6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
        assert_int_equal(inet_pton(family, address, &ipv6->sin6_addr), 1);
        listener.address_bytes = sizeof *ipv6;
    }
    return listener;
}

static struct listener local(const char *path)
{
    struct listener listener = {.pid = getpid()};
    listener.address.local.sun_family = AF_UNIX;
    strcpy(listener.address.local.sun_path, path);
    listener.address_bytes = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
    return listener;
}

static void any_address_is_reached_on_this_machine(void **state)
{
    struct listener items[] = {tcp(AF_INET, "0.0.0.0", 1), tcp(AF_INET6, "::", 2), tcp(AF_INET6, "::ffff:127.0.0.1", 3),
                               tcp(AF_INET6, "::ffff:0.0.0.0", 4), tcp(AF_INET, "192.0.2.1", 5)};
    struct listeners listeners = {.items = items, .count = 5};
    struct candidates candidates = {0};
    assert_int_equal(candidates_make(&listeners, 0, &candidates), 0);
    static const char *const urls[] = {"http://127.0.0.1:1", "http://[::1]:2", "http://127.0.0.1:3",
                                       "http://127.0.0.1:4", "http://192.0.2.1:5"};
    assert_int_equal(candidates.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(candidates.items[i].url, urls[i]);
    candidates_fini(&candidates);
}

static void listeners_of_one_port_are_one_server(void **state)
{
    struct listener items[] = {local("/run/app.sock"),      tcp(AF_INET6, "::", 80),     tcp(AF_INET, "192.0.2.1", 80),
                               tcp(AF_INET, "0.0.0.0", 80), tcp(AF_INET, "0.0.0.0", 80), tcp(AF_INET6, "::1", 81),
                               local("/run/app.sock")};
    struct listeners listeners = {.items = items, .count = sizeof items / sizeof *items};
    struct candidates candidates = {0};
    assert_int_equal(candidates_make(&listeners, 0, &candidates), 0);
    assert_int_equal(candidates.count, 3);
    assert_string_equal(candidates.items[0].url, "http://127.0.0.1:80");
    assert_string_equal(candidates.items[1].url, "http://[::1]:81");
    assert_string_equal(candidates.items[2].unix_socket, "/run/app.sock");
    assert_int_equal(candidates_make(&listeners, 81, &candidates), 0);
    assert_int_equal(candidates.count, 1);
    assert_string_equal(candidate_name(&candidates.items[0]), "[::1]:81");
    candidates_fini(&candidates);
}

static void a_relative_unix_socket_counts_from_the_servers_directory(void **state)
{
    struct listener items[] = {local("app.sock")};
    struct listeners listeners = {.items = items, .count = 1};
    struct candidates candidates = {0};
    char directory[4096], expected[8192];
    assert_non_null(getcwd(directory, sizeof directory));
    assert_int_equal(candidates_make(&listeners, 0, &candidates), 0);
    assert_int_equal(candidates.count, 1);
    snprintf(expected, sizeof expected, "%s/app.sock", directory);
    if (strlen(expected) >= sizeof items[0].address.local.sun_path)
        snprintf(expected, sizeof expected, "/proc/%d/cwd/app.sock", (int)getpid());
    assert_string_equal(candidates.items[0].unix_socket, expected);
    candidates_fini(&candidates);
}

static void an_url_names_a_port_and_a_scheme(void **state)
{
    int port;
    bool tls;
    struct err err;
    assert_int_equal(http_parse_url("http://127.0.0.1:8080/base", &port, &tls, &err), 0);
    assert_true(port == 8080 && !tls);
    assert_int_equal(http_parse_url("https://[::1]", &port, &tls, &err), 0);
    assert_true(port == 443 && tls);
    assert_true(http_parse_url("ftp://x", &port, &tls, &err) < 0);
    assert_true(http_parse_url("127.0.0.1:80", &port, &tls, &err) < 0);
    assert_true(http_parse_url("", &port, &tls, &err) < 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_a_target_or_a_method_and_a_target),
        cmocka_unit_test(other_words_are_no_requests),
        cmocka_unit_test(listeners_are_read_from_the_tables_of_tcp),
        cmocka_unit_test(lines_of_tables_that_are_no_listeners_are_left_out),
        cmocka_unit_test(listeners_are_read_from_the_table_of_unix_sockets),
        cmocka_unit_test(any_address_is_reached_on_this_machine),
        cmocka_unit_test(listeners_of_one_port_are_one_server),
        cmocka_unit_test(a_relative_unix_socket_counts_from_the_servers_directory),
        cmocka_unit_test(an_url_names_a_port_and_a_scheme),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
