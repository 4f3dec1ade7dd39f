/* SPDX-License-Identifier: MIT
 *
 * Addresses read and written, and listening sockets.
 */
#include "io/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void good_addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
        bool loopback;
    } rows[] = {
        {"127.0.0.1:8080", "127.0.0.1:8080", true},
        {"127.9.9.9:1", "127.9.9.9:1", true},
        {"10.0.0.1:65535", "10.0.0.1:65535", false},
        {"0.0.0.0:0", "0.0.0.0:0", false},
        {"localhost:80", "127.0.0.1:80", true},
        {"LocalHost:80", "127.0.0.1:80", true},
        {"[::1]:0", "[::1]:0", true},
        {"[2001:DB8::1]:443", "[2001:db8::1]:443", false},
        {"[::ffff:127.0.0.1]:9", "127.0.0.1:9", true},
        {"[::ffff:10.0.0.1]:9", "10.0.0.1:9", false},
        {"*:8080", "[::]:8080", false},
        {"unix:/run/x", "unix:/run/x", true},
        {"unix:relative:with:colons", "unix:relative:with:colons", true},
        {"unix:@in no file system", "unix:@in no file system", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sock_addr a;
        char text[SOCK_TEXT];
        assert_int_equal(sock_parse(&a, rows[i].text), 0);
        assert_int_equal(sock_format(&a, text, sizeof text), strlen(rows[i].written));
        assert_string_equal(text, rows[i].written);
        assert_int_equal(sock_is_loopback(&a), rows[i].loopback);
    }
}

static void bad_addresses(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        ":",
        ":80",
        "8080",
        "127.0.0.1",
        "127.0.0.1:",
        "1.2.3:80",
        "1.2.3.4.5:80",
        "x:80",
        "a.example:80",
        "::1:80",
        "[::1]",
        "[::1]80",
        "[]:80",
        "[:80",
        "]:80",
        "[127.0.0.1]:80",
        "127.0.0.1:65536",
        "1.2.3.4:-1",
        "1.2.3.4:+1",
        "1.2.3.4: 1",
        "1.2.3.4:1 ",
        "1.2.3.4:999999999999",
        "**:80",
        "unix:",
        "unix:@",
        "[fe80::1%1]:80",
        "[[::1]]:80",
        "127.0.0.1:0x50",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sock_addr a;
        if (sock_parse(&a, rows[i]) != WEFT_ERR_ADDRESS) fail_msg("accepted: %s", rows[i]);
    }
}

static void a_path_must_fit(void **state)
{
    (void)state;
    struct sock_addr a;
    char path[200], text[SOCK_TEXT];
    size_t most = sizeof a.un.sun_path - 1;
    memset(path, 'p', sizeof path);
    path[most] = 0;
    assert_int_equal(sock_unix(&a, path), 0);
    assert_int_equal(sock_format(&a, text, sizeof text), most + 5);
    path[most] = 'p';
    path[most + 1] = 0;
    assert_int_equal(sock_unix(&a, path), WEFT_ERR_ADDRESS);
}

static void text_is_cut_and_terminated(void **state)
{
    (void)state;
    struct sock_addr a;
    char text[8] = "zzzzzzz";
    assert_int_equal(sock_parse(&a, "127.0.0.1:80"), 0);
    assert_int_equal(sock_format(&a, text, sizeof text), 7);
    assert_string_equal(text, "127.0.0");
    assert_int_equal(sock_format(&a, text, 1), 0);
    assert_string_equal(text, "");
    assert_int_equal(sock_format(&a, NULL, 0), 0);
}

static void hosts_without_a_resolver(void **state)
{
    (void)state;
    struct sock_addr a;
    char text[SOCK_TEXT];
    assert_int_equal(sock_numeric(&a, "::1", 80), 0);
    sock_set_port(&a, 81);
    sock_format(&a, text, sizeof text);
    assert_string_equal(text, "[::1]:81");
    assert_int_equal(sock_numeric(&a, "1.2.3.4", 80), 0);
    sock_set_port(&a, 82);
    sock_format(&a, text, sizeof text);
    assert_string_equal(text, "1.2.3.4:82");
    assert_int_equal(sock_numeric(&a, "example.org", 80), WEFT_ERR_RESOLVE);
    assert_int_equal(sock_numeric(&a, "0x7f000001", 80), WEFT_ERR_RESOLVE);
}

static void the_kernel_chooses_a_port_and_each_end_knows_the_other(void **state)
{
    (void)state;
    struct sock_addr a, b;
    assert_int_equal(sock_parse(&a, "*:0"), 0);
    int listening = sock_listen(&sys_real, &a, 0);
    assert_true(listening >= 0);
    assert_int_equal(sock_local(&sys_real, listening, &a), 0);
    uint16_t port = ntohs(a.in6.sin6_port);
    assert_int_not_equal(port, 0);
    assert_int_equal(sock_numeric(&b, "127.0.0.1", port), 0); /* "*" is IPv4 too */
    int c = sock_connect(&sys_real, &b, NULL);
    assert_true(c >= 0);
    assert_int_equal(sock_peer(&sys_real, c, &a), 0);
    assert_true(sock_is_loopback(&a));
    close(c);
    close(listening);
    assert_true(sock_peer(&sys_real, -1, &a) < 0);
}

static int no_v6(int domain, int type, int protocol)
{
    if (domain != AF_INET6) return sys_real.socket(domain, type, protocol);
    errno = EAFNOSUPPORT;
    return -1;
}

static void every_address_is_ipv4_where_there_is_no_ipv6(void **state)
{
    (void)state;
    struct sys sys = sys_real;
    struct sock_addr a;
    sys.socket = no_v6;
    assert_int_equal(sock_parse(&a, "*:0"), 0);
    int fd = sock_listen(&sys, &a, 0);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(sock_parse(&a, "[::1]:0"), 0);
    assert_int_equal(sock_listen(&sys, &a, 0), -EAFNOSUPPORT);
}

/* ---- unix: ----------------------------------------------------------------------------------- */

static void a_leftover_socket_is_replaced_and_nothing_else(void **state)
{
    (void)state;
    char dir[] = "/tmp/weft-sock-XXXXXX", path[64], text[SOCK_TEXT];
    struct sock_addr a;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/s", dir);
    assert_int_equal(sock_unix(&a, path), 0);

    int first = sock_listen(&sys_real, &a, 0);
    assert_true(first >= 0);
    assert_int_equal(sock_listen(&sys_real, &a, 0), -EADDRINUSE); /* somebody answers */
    int c = sock_connect(&sys_real, &a, NULL);
    assert_true(c >= 0);
    struct sock_addr peer;
    assert_int_equal(sock_local(&sys_real, c, &peer), 0);
    sock_format(&peer, text, sizeof text);
    assert_string_equal(text, "unix:");
    close(c);
    close(first);

    int second = sock_listen(&sys_real, &a, 0); /* nobody answers */
    assert_true(second >= 0);
    close(second);
    unlink(path);

    FILE *f = fopen(path, "w"); /* somebody's file is not ours to remove */
    fclose(f);
    assert_int_equal(sock_listen(&sys_real, &a, 0), -EADDRINUSE);
    assert_int_equal(access(path, F_OK), 0);
    unlink(path);
    rmdir(dir);
}

static void a_name_that_is_in_no_file_system(void **state)
{
    (void)state;
    struct sock_addr a, peer;
    char text[64], heard[SOCK_TEXT];
    snprintf(text, sizeof text, "unix:@weft-test-sock-%d", (int)getpid());
    assert_int_equal(sock_parse(&a, text), 0);
    int listening = sock_listen(&sys_real, &a, 0);
    assert_true(listening >= 0);
    assert_int_equal(sock_listen(&sys_real, &a, 0), -EADDRINUSE);
    int c = sock_connect(&sys_real, &a, NULL);
    assert_true(c >= 0);
    assert_int_equal(sock_peer(&sys_real, c, &peer), 0);
    sock_format(&peer, heard, sizeof heard);
    assert_string_equal(heard, text);
    assert_int_not_equal(access(text + strlen("unix:"), F_OK), 0);
    close(c);
    close(listening);
}

/* ---- from where ------------------------------------------------------------------------------ */

static void a_source_is_where_a_connection_comes_from(void **state)
{
    (void)state;
    struct sock_addr a, source, local;
    char text[SOCK_TEXT];
    assert_int_equal(sock_parse(&a, "127.0.0.1:0"), 0);
    int listening = sock_listen(&sys_real, &a, 0);
    assert_int_equal(sock_local(&sys_real, listening, &a), 0);
    assert_int_equal(sock_numeric(&source, "127.0.0.9", 0), 0);
    int c = sock_connect(&sys_real, &a, &source);
    assert_true(c >= 0);
    assert_int_equal(sock_local(&sys_real, c, &local), 0);
    sock_format(&local, text, sizeof text);
    assert_memory_equal(text, "127.0.0.9:", 10);
    struct linger reset = {.l_onoff = 1};
    assert_int_equal(setsockopt(c, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
    close(c);
    c = sock_connect(&sys_real, &a, &local); /* and from which port */
    assert_true(c >= 0);
    assert_int_equal(sock_local(&sys_real, c, &source), 0);
    assert_int_equal(source.in.sin_port, local.in.sin_port);
    close(c);
    assert_int_equal(sock_numeric(&source, "::1", 0), 0);
    assert_int_equal(sock_connect(&sys_real, &a, &source), -EAFNOSUPPORT);
    assert_int_equal(sock_numeric(&source, "192.0.2.1", 0), 0); /* not this machine's */
    assert_int_equal(sock_connect(&sys_real, &a, &source), -EADDRNOTAVAIL);
    close(listening);
}

/* ---- sockets of other people ----------------------------------------------------------------- */

static void a_stream_socket_is_made_as_ours_are(void **state)
{
    (void)state;
    int pair[2], value = 0;
    socklen_t len = sizeof value;
    int tcp = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    assert_int_equal(sock_adopt(&sys_real, pair[0]), 0);
    assert_int_equal(sock_adopt(&sys_real, tcp), 0);
    assert_true(fcntl(pair[0], F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(pair[0], F_GETFD) & FD_CLOEXEC);
    assert_int_equal(getsockopt(tcp, IPPROTO_TCP, TCP_NODELAY, &value, &len), 0);
    assert_int_equal(value, 1);
    close(pair[0]), close(pair[1]), close(tcp);
}

static void anything_else_is_not(void **state)
{
    (void)state;
    int datagrams = socket(AF_INET, SOCK_DGRAM, 0), file = open("/dev/null", O_RDONLY);
    assert_int_equal(sock_adopt(&sys_real, datagrams), -EINVAL);
    assert_int_equal(sock_adopt(&sys_real, file), -ENOTSOCK);
    assert_int_equal(sock_adopt(&sys_real, -1), -EBADF);
    close(datagrams), close(file);
}

/* ---- what the kernel can refuse -------------------------------------------------------------- */

static int refused3(int a, int b, int c)
{
    (void)a, (void)b, (void)c;
    errno = EMFILE;
    return -1;
}

static int refused_bind(int fd, const struct sockaddr *addr, socklen_t len)
{
    (void)fd, (void)addr, (void)len;
    errno = EACCES;
    return -1;
}

static int refused_listen(int fd, int backlog)
{
    (void)fd, (void)backlog;
    errno = EADDRINUSE;
    return -1;
}

static int refused_setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
    (void)fd, (void)level, (void)name, (void)value, (void)len;
    errno = ENOMEM;
    return -1;
}

static void refusals_come_back_and_leak_nothing(void **state)
{
    (void)state;
    struct sock_addr a;
    struct sys sys = sys_real;
    int before = dup(0);
    assert_int_equal(sock_parse(&a, "127.0.0.1:0"), 0);
    sys.socket = refused3;
    assert_int_equal(sock_listen(&sys, &a, 0), -EMFILE);
    assert_int_equal(sock_connect(&sys, &a, NULL), -EMFILE);
    sys = sys_real;
    sys.bind = refused_bind;
    assert_int_equal(sock_listen(&sys, &a, 0), -EACCES);
    sys = sys_real;
    sys.listen = refused_listen;
    assert_int_equal(sock_listen(&sys, &a, 0), -EADDRINUSE);
    sys = sys_real;
    sys.setsockopt = refused_setsockopt;
    assert_int_equal(sock_listen(&sys, &a, 0), -ENOMEM);
    sys = sys_real;
    sys.connect = refused_bind;
    assert_int_equal(sock_connect(&sys, &a, NULL), -EACCES);
    sys = sys_real;
    sys.bind = refused_bind;
    assert_int_equal(sock_connect(&sys, &a, &a), -EACCES);
    sys.fcntl = refused3;
    int adopted = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(sock_adopt(&sys, adopted), -EMFILE);
    close(adopted);
    close(before);
    int after = dup(0);
    assert_int_equal(before, after);
    close(after);
}

static int user_timeout(int fd)
{
    int ms = -1;
    socklen_t len = sizeof ms;
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &ms, &len), 0);
    return ms;
}

static int unsent_max(int fd)
{
    int bytes = -1;
    socklen_t len = sizeof bytes;
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, &len), 0);
    return bytes;
}

static void test_limits_of_tcp(void **state)
{
    (void)state;
    struct sock_addr a;
    assert_int_equal(sock_parse(&a, "127.0.0.1:0"), 0);
    int fd = sock_listen(&sys_real, &a, 0);
    sock_limit(&sys_real, fd, 1, 20000);
    assert_int_equal(unsent_max(fd), 1);
    assert_int_equal(user_timeout(fd), 20000);
    sock_limit(&sys_real, fd, 131072, 20001);
    assert_int_equal(unsent_max(fd), 131072);
    assert_int_equal(user_timeout(fd), 20001);
    sock_limit(&sys_real, fd, WEFT_NEVER, WEFT_NEVER);
    assert_int_equal(unsent_max(fd), INT_MAX);
    assert_int_equal(user_timeout(fd), 0); /* the system's */
    close(fd);
}

/* The kernel's patience with a peer that is there and does not read is the same as with one that has gone. */
static void test_probes_leave_a_slow_reader_his_time(void **state)
{
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    sock_probe(&sys_real, fd, WEFT_NEVER, 2000, 20000);
    assert_int_equal(user_timeout(fd), 0);
    sock_probe(&sys_real, fd, WEFT_NEVER, 2000, 60000);
    assert_int_equal(user_timeout(fd), 60000);
    sock_probe(&sys_real, fd, 1000, 1500, 500);
    assert_int_equal(user_timeout(fd), 3000);
    sock_probe(&sys_real, fd, 1000, 2000, 60000);
    assert_int_equal(user_timeout(fd), 60000);
    sock_probe(&sys_real, fd, 1000, 2000, WEFT_NEVER);
    assert_int_equal(user_timeout(fd), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_addresses),
        cmocka_unit_test(bad_addresses),
        cmocka_unit_test(a_path_must_fit),
        cmocka_unit_test(text_is_cut_and_terminated),
        cmocka_unit_test(hosts_without_a_resolver),
        cmocka_unit_test(the_kernel_chooses_a_port_and_each_end_knows_the_other),
        cmocka_unit_test(every_address_is_ipv4_where_there_is_no_ipv6),
        cmocka_unit_test(a_leftover_socket_is_replaced_and_nothing_else),
        cmocka_unit_test(a_name_that_is_in_no_file_system),
        cmocka_unit_test(a_source_is_where_a_connection_comes_from),
        cmocka_unit_test(a_stream_socket_is_made_as_ours_are),
        cmocka_unit_test(anything_else_is_not),
        cmocka_unit_test(refusals_come_back_and_leak_nothing),
        cmocka_unit_test(test_limits_of_tcp),
        cmocka_unit_test(test_probes_leave_a_slow_reader_his_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
