/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_race.c - several addresses of one server, of which some lead nowhere (RFC 8305)
 *
 * The user looks the name up. connect is the test's: some addresses are black holes, some are refused by the system in
 * its own words, and behind the others is whoever is there.
 */
#include <netdb.h>

#include "raw.h"
#include "teller.h"

static struct world world;
static struct teller client;
static int listening;
static char url[64];
static const char *const *addresses;
static struct story asked; /* whom we were to connect to, in order */

enum { HOLES = 16 };

static int holes[HOLES]; /* sockets on which nothing happens */
static size_t n_holes;

static int begin(void **state)
{
    (void)state;
    struct sockaddr_in a = loopback(0);
    socklen_t len = sizeof a;
    client = (struct teller){0};
    asked = (struct story){0};
    n_holes = 0;
    world_begin(&world);
    listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(listening, 16), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&a, &len), 0);
    snprintf(url, sizeof url, "ws://name.test:%d/", ntohs(a.sin_port));
    return 0;
}

static int end(void **state)
{
    (void)state;
    close(listening);
    world_end(&world);
    return 0;
}

/* ---- the network ----------------------------------------------------------------------------- */

static bool is_hole(int fd)
{
    for (size_t i = 0; i < n_holes; i++)
        if (holes[i] == fd) return true;
    return false;
}

static int no_events(int epfd, int op, int fd, struct epoll_event *event)
{
    return is_hole(fd) ? 0 : epoll_ctl(epfd, op, fd, event);
}

static int fails(int error)
{
    errno = error;
    return -1;
}

/* 192.0.2.x is a black hole; 198.51.100.x is refused at once with the error x, as fe80:: is with EADDRNOTAVAIL. */
static int route(int fd, const struct sockaddr *to, socklen_t len)
{
    char host[INET6_ADDRSTRLEN] = "";
    assert_int_equal(getnameinfo(to, len, host, sizeof host, NULL, 0, NI_NUMERICHOST), 0);
    tell(&asked, "%s;", host);
    if (to->sa_family == AF_INET6) return fails(EADDRNOTAVAIL);
    if (!strncmp(host, "198.51.100.", 11)) return fails(atoi(host + 11));
    if (strncmp(host, "192.0.2.", 8) != 0) return connect(fd, to, len);
    assert_true(n_holes < HOLES);
    holes[n_holes++] = fd;
    return fails(EINPROGRESS);
}

static int answers(weft_lookup *k, const char *host, void *user)
{
    (void)host, (void)user;
    return weft_lookup_answer(k, 0, addresses);
}

static void dial(const char *const *to, const weft_limits *limits)
{
    const weft_dial way = {.lookup = answers, .limits = limits};
    addresses = to;
    world.sys.connect = route;
    world.sys.epoll_ctl = no_events;
    assert_int_equal(weft_connect(&client.conn, world.loop, url,
                                  &(weft_client_config){.dial = &way}, &telling, &client),
                     0);
    settle(&world);
}

static void expect_end(const char *want)
{
    turn_until(&world, client.closes);
    settle(&world);
    expect_story(&client.story, want);
}

static bool is_closed(int fd)
{
    return fcntl(fd, F_GETFD) < 0 && errno == EBADF;
}

/* ---- time ------------------------------------------------------------------------------------ */

static void test_a_black_hole_costs_a_quarter_of_a_second(void **state)
{
    (void)state;
    static const char *const to[] = {"192.0.2.1", "127.0.0.1", NULL};
    dial(to, NULL);
    pass(&world, 249);
    expect_story(&asked, "192.0.2.1;");
    pass(&world, 1);
    expect_story(&asked, "127.0.0.1;");
    int fd = -1;
    turn_until(&world, (fd = accept(listening, NULL, NULL)) >= 0);
    struct raw *r = raw_on(fd);
    turn_until(&world, raw_heard(r, "\r\n\r\n"));
    assert_true(fd == holes[0] ||
                is_closed(holes[0])); /* not wanted any more; the number may be used again */
    weft_abort(client.conn);
    settle(&world);
    raw_free(r);
}

static void test_who_refuses_is_not_waited_for(void **state)
{
    (void)state;
    static const char *const to[] = {"127.0.0.9", "198.51.100.113", "127.0.0.1", NULL};
    dial(to, NULL);
    int fd = -1;
    turn_until(&world, (fd = accept(listening, NULL, NULL)) >= 0); /* the clock stands */
    expect_story(&asked, "127.0.0.9;198.51.100.113;127.0.0.1;");
    weft_abort(client.conn);
    settle(&world);
    close(fd);
}

static void test_nobody_answers(void **state)
{
    (void)state;
    static const char *const to[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3", NULL};
    dial(to, &(weft_limits){.connect_timeout = 2000});
    pass(&world, 250);
    pass(&world, 250);
    expect_story(&asked, "192.0.2.1;192.0.2.2;192.0.2.3;");
    pass(&world, 1499);
    assert_int_equal(client.closes, 0);
    pass(&world, 1);
    expect_end("close 1006 WEFT_ERR_TIMEOUT;");
    for (size_t i = 0; i < 3; i++) assert_true(is_closed(holes[i]));
}

static void test_there_is_no_time_for_the_second(void **state)
{
    (void)state;
    static const char *const to[] = {"192.0.2.1", "127.0.0.1", NULL};
    dial(to, &(weft_limits){.connect_timeout = 200});
    pass(&world, 200);
    expect_end("close 1006 WEFT_ERR_TIMEOUT;");
    expect_story(&asked, "192.0.2.1;");
}

static void test_giving_up_in_the_middle(void **state)
{
    (void)state;
    static const char *const to[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3", NULL};
    dial(to, NULL);
    pass(&world, 250);
    weft_abort(client.conn);
    settle(&world);
    assert_int_equal(client.closes, 1);
    for (size_t i = 0; i < 2; i++) assert_true(is_closed(holes[i]));
}

static void test_the_loop_goes_in_the_middle(void **state)
{
    (void)state;
    static const char *const to[] = {"192.0.2.1", "192.0.2.2", NULL};
    dial(to, NULL);
    pass(&world, 250);
    weft_loop_free(world.loop);
    world.loop = NULL;
    assert_int_equal(client.closes, 1);
}

/* ---- order, and errors ----------------------------------------------------------------------- */

static void test_families_take_turns(void **state)
{
    (void)state;
    static const char *const to[] = {"198.51.100.101", "198.51.100.101", "198.51.100.113",
                                     "fe80::1",        "fe80::2",        NULL};
    dial(to, NULL);
    expect_story(&asked, "198.51.100.101;fe80::1;198.51.100.101;fe80::2;198.51.100.113;");
    expect_end("close 1006 EHOSTUNREACH;");
}

/* Whichever comes first. */
static void test_the_most_telling_error(void **state)
{
    static const struct {
        const char *const to[4];
        const char *want;
    } cases[] = {
        {{"127.0.0.9", "fe80::1"}, "close 1006 ECONNREFUSED;"},
        {{"fe80::1", "127.0.0.9"}, "close 1006 ECONNREFUSED;"},
        {{"198.51.100.101", "127.0.0.9", "198.51.100.113"}, "close 1006 ECONNREFUSED;"},
        {{"198.51.100.101", "fe80::1"}, "close 1006 ENETUNREACH;"},
        {{"fe80::1", "198.51.100.101"}, "close 1006 ENETUNREACH;"},
        {{"198.51.100.13", "198.51.100.101"}, "close 1006 EACCES;"},
        {{"fe80::1"}, "close 1006 EADDRNOTAVAIL;"},
    };
    for (size_t i = 0; i < countof(cases); i++) {
        dial(cases[i].to, NULL);
        expect_end(cases[i].want);
        end(state);
        begin(state);
    }
}

/* Its two addresses are known. */
static void test_localhost_without_ipv6(void **state)
{
    (void)state;
    struct sockaddr_in a = loopback(0);
    socklen_t len = sizeof a;
    close(listening);
    listening = socket(AF_INET, SOCK_STREAM, 0); /* has its port, and does not listen */
    assert_int_equal(bind(listening, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&a, &len), 0);
    world.sys.connect = route;
    snprintf(url, sizeof url, "ws://localhost:%d/", ntohs(a.sin_port));
    assert_int_equal(weft_connect(NULL, world.loop, url, NULL, &telling, &client), 0);
    expect_end("close 1006 ECONNREFUSED;");
    assert_string_equal(client.cause, "Connection refused");
    expect_story(&asked, "127.0.0.1;::1;");
}

/* ---- without memory -------------------------------------------------------------------------- */

static void test_without_memory(void **state)
{
    static const char *const to[] = {"192.0.2.1", "127.0.0.9", "192.0.2.2", NULL};
    bool through = false;
    for (long n = 0; !through && n < 100; n++) {
        const weft_dial way = {.lookup = answers};
        addresses = to;
        world.sys.connect = route;
        world.sys.epoll_ctl = no_events;
        world_fail_at(&world, n);
        int error = weft_connect(&client.conn, world.loop, url, &(weft_client_config){.dial = &way},
                                 &telling, &client);
        settle(&world);
        pass(&world, 250);
        through = world.asked <= n;
        world_fail_at(&world, -1);
        if (!error && !client.closes) weft_abort(client.conn);
        settle(&world);
        assert_int_equal(client.closes, error ? 0 : 1);
        end(state);
        begin(state);
    }
    assert_true(through);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_a_black_hole_costs_a_quarter_of_a_second),
        unit(test_who_refuses_is_not_waited_for),
        unit(test_nobody_answers),
        unit(test_there_is_no_time_for_the_second),
        unit(test_giving_up_in_the_middle),
        unit(test_the_loop_goes_in_the_middle),
        unit(test_families_take_turns),
        unit(test_the_most_telling_error),
        unit(test_localhost_without_ipv6),
        unit(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
