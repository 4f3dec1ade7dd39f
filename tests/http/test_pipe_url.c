/* SPDX-License-Identifier: MIT
 *
 * tests/http/test_pipe_url.c - where pipes lead, and what leads nowhere
 */
#include "http/pipe_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Parsed from memory of exactly its size. */
static int parse(struct url *u, const char *text, const char **why)
{
    static uint8_t *copy_of;
    free(copy_of);
    size_t n = strlen(text);
    copy_of = malloc(n + !n);
    memcpy(copy_of, text, n);
    return pipe_url_parse(u, (weft_bytes){copy_of, n}, why);
}

static void hosts_and_ports(void **state)
{
    (void)state;
    static const struct {
        const char *text, *host;
        unsigned port;
        bool secure, ipv6;
    } rows[] = {
        {"tcp://localhost:6379", "localhost", 6379, false, false},
        {"TCP://h:1", "h", 1, false, false},
        {"tls://a.example:65535", "a.example", 65535, true, false},
        {"tls://[2001:db8::1]:6380", "2001:db8::1", 6380, true, true},
        {"tcp://192.0.2.1:80", "192.0.2.1", 80, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct url u;
        const char *why = "unset";
        assert_int_equal(parse(&u, rows[i].text, &why), 0);
        assert_string_equal(why, "");
        assert_int_equal(u.scheme, rows[i].secure ? URL_TLS : URL_TCP);
        assert_int_equal(u.host.len, strlen(rows[i].host));
        assert_memory_equal(u.host.data, rows[i].host, u.host.len);
        assert_int_equal(u.port, rows[i].port);
        assert_int_equal(u.secure, rows[i].secure);
        assert_int_equal(u.ipv6, rows[i].ipv6);
        assert_int_equal(u.socket.len, 0);
    }
}

static void unix_sockets(void **state)
{
    (void)state;
    static const char *const rows[] = {"/run/x", "@name", "/with space:and colon", "@a/b"};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct url u;
        char text[64];
        snprintf(text, sizeof text, "unix:%s", rows[i]);
        assert_int_equal(parse(&u, text, NULL), 0);
        assert_int_equal(u.scheme, URL_UNIX);
        assert_int_equal(u.socket.len, strlen(rows[i]));
        assert_memory_equal(u.socket.data, rows[i], u.socket.len);
        assert_int_equal(u.host.len, 0);
        assert_false(u.secure);
    }
}

static void what_leads_nowhere(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "tcp",
        "tcp:",
        "tcp://",
        "tcp://h",
        "tcp://h:",
        "tcp://h:0",
        "tcp://h:x",
        "tcp://h:65536",
        "tcp://:1",
        "tcp://h:1/",
        "tcp://h:1?q",
        "tcp://u@h:1",
        "tcp://h h:1",
        "tcp://[::1:1",
        "tcp://[x]:1",
        "ws://h:1",
        "http://h:1",
        "unix:",
        "unix:x",
        "unix:@",
        "unix:/",
        "tcp://h:1#f",
        "tls:h:1",
        "tcp://h\n:1",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct url u;
        const char *why;
        if (parse(&u, rows[i], &why) != WEFT_ERR_URL) fail_msg("accepted: %s", rows[i]);
        assert_true(why[0]);
    }
}

static void the_longest_socket(void **state)
{
    (void)state;
    struct url u;
    char text[5 + URL_SOCKET_MAX + 2] = "unix:/";
    memset(text + 6, 'x', URL_SOCKET_MAX - 1);
    assert_int_equal(parse(&u, text, NULL), 0);
    text[5 + URL_SOCKET_MAX] = 'x';
    assert_int_equal(parse(&u, text, NULL), WEFT_ERR_URL);
    assert_int_equal(pipe_url_parse(&u, (weft_bytes){(const uint8_t *)"unix:/a\0b", 9}, NULL),
                     WEFT_ERR_URL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_and_ports),
        cmocka_unit_test(unix_sockets),
        cmocka_unit_test(what_leads_nowhere),
        cmocka_unit_test(the_longest_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
