/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_rates.c - who connects too often, named by a proxy or not; who has been there for max_age, and when
 *
 * (At, below and above each: test_limits.c.)
 */
#include "raw.h"
#include "teller.h"

enum { CROWD = 40 };

static struct world world;
static struct teller server;

static const char *const proxies[] = {"localhost", NULL};

static void begin(const weft_limits *limits, const char *const *trusted)
{
    memset(&server, 0, sizeof server);
    world_begin(&world);
    world_serve(&world, &(weft_server_config){.limits = limits, .trust_proxy = trusted});
    assert_int_equal(weft_server_route(world.server, "/", &telling, &server), 0);
    world_listen(&world);
}

/* A handshake behind these bytes of a proxy, with these fields: its status; 0: it was dropped. */
static int connects(const char *before, const char *fields)
{
    char request[512];
    struct raw *r = raw_connect(&world);
    snprintf(request, sizeof request, "%s" UPGRADE("/", "%s"), before, fields);
    raw_say(r, request);
    settle(&world);
    raw_read(r);
    int status = raw_status(r);
    raw_free(r);
    settle(&world);
    return status;
}

static void test_named_in_a_field(void **state)
{
    (void)state;
    begin(&(weft_limits){.connect_rate = 1}, proxies);
    for (int i = 0; i < 10; i++)
        assert_int_equal(connects("", "X-Forwarded-For: 192.0.2.1\r\n"), 101);
    assert_int_equal(connects("", "X-Forwarded-For: 192.0.2.1\r\n"), 429);
    assert_int_equal(connects("", "X-Forwarded-For: 192.0.2.2\r\n"), 101);
    assert_int_equal(connects("", ""), 101);
    pass(&world, 1000);
    assert_int_equal(connects("", "X-Forwarded-For: 192.0.2.1\r\n"), 101);
    assert_int_equal(connects("", "X-Forwarded-For: 192.0.2.1\r\n"), 429);
    world_end(&world);
}

static void test_named_by_a_header(void **state)
{
    (void)state;
    static const char one[] = "PROXY TCP4 192.0.2.1 192.0.2.9 1 2\r\n";
    static const char other[] = "PROXY TCP6 2001:db8::1 2001:db8::2 1 2\r\n";
    begin(&(weft_limits){.connect_rate = 1}, proxies);
    for (int i = 0; i < 10; i++) assert_int_equal(connects(one, ""), 101);
    assert_int_equal(connects(one, ""), 0);
    assert_int_equal(connects(other, ""), 101);
    world_end(&world);
}

/* Whoever says so himself is not believed, and loopback is not counted. */
static void test_not_believed(void **state)
{
    (void)state;
    begin(&(weft_limits){.connect_rate = 1}, NULL);
    for (int i = 0; i < 12; i++)
        assert_int_equal(connects("", "X-Forwarded-For: 192.0.2.1\r\n"), 101);
    world_end(&world);
}

/* ---- max_age --------------------------------------------------------------------------------- */

static size_t closed(void)
{
    return (size_t)weft_server_count_close_sent(world.server, WEFT_CLOSE_SERVICE_RESTART);
}

/* Those that come together go over a tenth of the time, none of them before that, all of them by then. */
static void test_a_crowd(void **state)
{
    (void)state;
    struct raw *r[CROWD];
    begin(&(weft_limits){.max_age = 100000, .ping_interval = WEFT_NEVER}, NULL);
    for (int i = 0; i < CROWD; i++) r[i] = raw_open(&world, "/");
    for (int s = 0; s < 89; s++) pass(&world, 1000);
    for (int i = 0; i < CROWD; i++) assert_string_equal(raw_frames(r[i]), "");
    size_t gone = 0, most = 0;
    for (int s = 0; s < 12; s++) {
        size_t now = 0;
        pass(&world, 1000);
        for (int i = 0; i < CROWD; i++) now += strcmp(raw_frames(r[i]), "close 1012;") == 0;
        gone += now;
        if (now > most) most = now;
    }
    assert_int_equal(gone, CROWD);
    assert_in_range(most, 1, CROWD / 3);
    for (int i = 0; i < CROWD; i++) raw_free(r[i]);
    settle(&world);
    assert_int_equal(closed(), CROWD);
    world_end(&world);
}

/* By when it came, not by when it is looked at; an idle connection of HTTP is let be. */
static void test_who_came_later(void **state)
{
    (void)state;
    begin(&(weft_limits){.max_age = 10000, .ping_interval = WEFT_NEVER, .http_keepalive = 60000},
          NULL);
    struct raw *a = raw_open(&world, "/"), *idle = raw_connect(&world);
    assert_int_equal(raw_ask(&world, idle, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 426);
    pass(&world, 5000);
    struct raw *b = raw_open(&world, "/");
    pass(&world, 5000);
    assert_string_equal(raw_frames(a), "close 1012;");
    assert_string_equal(raw_frames(b), "");
    pass(&world, 5000);
    assert_string_equal(raw_frames(b), "close 1012;");
    raw_free(a);
    raw_free(b);
    raw_free(idle);
    world_end(&world);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    weft_server *s;
    world_begin(&world);
    const weft_limits limits = {.max_age = 10000, .connect_rate = 1};
    for (long n = 0; n < 4; n++) {
        world_fail_at(&world, n);
        int error = weft_server_new(&s, world.loop, &(weft_server_config){.limits = &limits});
        world_fail_at(&world, -1);
        assert_true(error == -ENOMEM || error == 0);
        weft_server_free(s);
    }
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named_in_a_field), cmocka_unit_test(test_named_by_a_header),
        cmocka_unit_test(test_not_believed),     cmocka_unit_test(test_a_crowd),
        cmocka_unit_test(test_who_came_later),   cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
