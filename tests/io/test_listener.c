/* SPDX-License-Identifier: MIT
 *
 * Listeners: accepting, and what happens when descriptors run out. Time is the test's own.
 */
#include "io/listener.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { BACKOFF = 100, BATCH = 4 };

static uint64_t fake_now;

static uint64_t fake_clock(void *ctx)
{
    (void)ctx;
    return fake_now;
}

static const weft_env env = {.now_us = fake_clock};
static weft_loop *loop;
static struct sys sys;
static struct listener ln;
static struct sock_addr address;
static int accepted[64], n_accepted, accept_calls;
static int refusal;  /* what accept4 says instead, 0: the truth */
static int refusals; /* how many times, -1: always */
static bool close_in_callback;

static int fake_accept4(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    accept_calls++;
    if (!refusal || refusals == 0) return sys_real.accept4(fd, addr, len, flags);
    if (refusals > 0) refusals--;
    errno = refusal;
    return -1;
}

static void on_accept(struct listener *l, int fd, const struct sock_addr *peer)
{
    char text[SOCK_TEXT];
    sock_format(peer, text, sizeof text);
    assert_true(!strncmp(text, "127.0.0.1:", 10) || !strncmp(text, "unix:", 5));
    accepted[n_accepted++] = fd;
    if (close_in_callback) listener_close(l);
}

static void turn(void)
{
    assert_int_equal(weft_loop_turn(loop, 0), 0);
}

/* A client that has connected; the kernel does that without the listener. */
static int client(void)
{
    int fd = socket(address.sa.sa_family, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, &address.sa, address.len), 0);
    return fd;
}

static void listen_at(const char *text)
{
    assert_int_equal(sock_parse(&address, text), 0);
    listener_init(&ln, loop, BATCH, BACKOFF, on_accept);
    assert_int_equal(listener_open(&ln, &address, 0), 0);
    assert_int_equal(listener_address(&ln, &address), 0);
}

static bool was_closed(int fd)
{
    char c;
    return recv(fd, &c, 1, MSG_DONTWAIT) == 0 || errno == ECONNRESET;
}

static int option(int fd, int name)
{
    int value = 0;
    socklen_t len = sizeof value;
    assert_int_equal(getsockopt(fd, IPPROTO_TCP, name, &value, &len), 0);
    return value;
}

static void what_is_accepted_inherits_the_options(void **state)
{
    (void)state;
    listen_at("127.0.0.1:0");
    sock_limit(&sys_real, ln.io.fd, 30000, 60000);
    int c = client();
    turn();
    assert_int_equal(option(accepted[0], TCP_NODELAY), 1);
    assert_int_equal(option(accepted[0], TCP_USER_TIMEOUT), 60000);
    assert_int_equal(option(accepted[0], TCP_NOTSENT_LOWAT), 30000);
    close(c);
}

static void what_connects_is_accepted(void **state)
{
    (void)state;
    listen_at("127.0.0.1:0");
    int c = client();
    turn();
    assert_int_equal(n_accepted, 1);
    assert_int_equal(write(accepted[0], "x", 1), 1);
    char x;
    assert_int_equal(read(c, &x, 1), 1);
    close(c);
}

static void a_batch_per_turn(void **state)
{
    (void)state;
    int c[BATCH + 2];
    listen_at("127.0.0.1:0");
    for (int i = 0; i < BATCH + 2; i++) c[i] = client();
    turn();
    assert_int_equal(n_accepted, BATCH);
    turn();
    assert_int_equal(n_accepted, BATCH + 2);
    for (int i = 0; i < BATCH + 2; i++) close(c[i]);
}

static void may_be_closed_by_its_callback(void **state)
{
    (void)state;
    listen_at("127.0.0.1:0");
    close_in_callback = true;
    int a = client(), b = client();
    turn();
    assert_int_equal(n_accepted, 1);
    listener_close(&ln);
    turn();
    close(a);
    close(b);
}

static void without_descriptors_those_who_wait_are_told_at_once(void **state)
{
    (void)state;
    listen_at("127.0.0.1:0");
    int a = client(), b = client();
    refusal = EMFILE;
    refusals = 1; /* the spare descriptor helps */
    turn();
    assert_int_equal(n_accepted, 0);
    assert_true(was_closed(a));
    assert_true(was_closed(b));
    close(a);
    close(b);
}

static void it_rests_without_spinning_longer_each_time(void **state)
{
    (void)state;
    static const uint64_t rests[] = {100, 200, 400, 800, 1000, 1000};
    listen_at("127.0.0.1:0");
    int c = client();
    refusal = ENFILE;
    refusals = -1;
    turn();
    for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
        int before = accept_calls;
        fake_now += (rests[i] - 1) * 1000;
        for (int j = 0; j < 5; j++) turn();
        assert_int_equal(accept_calls, before); /* the descriptor is out of epoll */
        fake_now += 1000;
        turn(); /* the timer puts it back */
        turn();
        assert_true(accept_calls > before);
    }
    refusal = 0;
    fake_now += 1000 * 1000;
    turn();
    turn();
    assert_int_equal(n_accepted, 1);
    refusal = ENFILE;
    int d = client();
    turn();
    fake_now += 100 * 1000; /* a success made the rest short again */
    refusal = 0;
    turn();
    turn();
    assert_true(n_accepted == 2);
    close(c);
    close(d);
}

static void every_exhaustion_makes_it_rest(void **state)
{
    (void)state;
    static const int reasons[] = {EMFILE, ENFILE, ENOBUFS, ENOMEM, EINVAL};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        listen_at("127.0.0.1:0");
        int c = client();
        refusal = reasons[i];
        refusals = -1;
        turn();
        int before = accept_calls;
        turn();
        assert_int_equal(accept_calls, before);
        refusal = 0;
        listener_close(&ln); /* while it rests */
        close(c);
    }
}

static void trouble_of_one_connection_does_not_stop_the_others(void **state)
{
    (void)state;
    static const int reasons[] = {ECONNABORTED, EINTR, EPROTO, EPERM, ENETDOWN};
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        listen_at("127.0.0.1:0");
        int c = client(), before = n_accepted;
        refusal = reasons[i];
        refusals = 2;
        turn();
        assert_int_equal(n_accepted, before + 1);
        listener_close(&ln);
        close(c);
    }
}

static void a_unix_socket_comes_and_goes(void **state)
{
    (void)state;
    char dir[] = "/tmp/weft-listener-XXXXXX", text[80], path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/s", dir);
    snprintf(text, sizeof text, "unix:%s", path);
    listen_at(text);
    int c = client();
    turn();
    assert_int_equal(n_accepted, 1);
    listener_close(&ln);
    assert_int_equal(access(path, F_OK), -1);
    close(c);
    rmdir(dir);
}

static void a_used_port_is_an_error(void **state)
{
    (void)state;
    struct listener other;
    listen_at("127.0.0.1:0");
    listener_init(&other, loop, BATCH, BACKOFF, on_accept);
    assert_int_equal(listener_open(&other, &address, 0), -EADDRINUSE);
    listener_close(&other); /* harmless */
}

static int set_up(void **state)
{
    (void)state;
    sys = sys_real;
    sys.accept4 = fake_accept4;
    fake_now = 1000000;
    refusal = refusals = n_accepted = accept_calls = 0;
    close_in_callback = false;
    return loop_new_with_sys(&loop, &(weft_loop_config){.env = &env}, &sys);
}

static int tear_down(void **state)
{
    (void)state;
    listener_close(&ln);
    for (int i = 0; i < n_accepted; i++) close(accepted[i]);
    weft_loop_free(loop);
    return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_connects_is_accepted),
        TEST(what_is_accepted_inherits_the_options),
        TEST(a_batch_per_turn),
        TEST(may_be_closed_by_its_callback),
        TEST(without_descriptors_those_who_wait_are_told_at_once),
        TEST(it_rests_without_spinning_longer_each_time),
        TEST(every_exhaustion_makes_it_rest),
        TEST(trouble_of_one_connection_does_not_stop_the_others),
        TEST(a_unix_socket_comes_and_goes),
        TEST(a_used_port_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
