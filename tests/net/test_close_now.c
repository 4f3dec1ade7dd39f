/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_close_now.c - a Close that does not wait for what is queued, on a connection
 *
 * tests/ws/test_output.c cuts the queue everywhere; here it is the kernel, or TLS, that has taken some of it.
 */
#include "raw.h"
#include "stuck_calls.h"
#include "teller.h"

enum { MANY = 200, LENGTH = 50000 };

static struct world world;
static struct teller server, other;
static char filler[LENGTH];

static int begin(void **state)
{
    (void)state;
    memset(filler, 'x', sizeof filler); /* strings are looked for behind it */
    memset(&server, 0, sizeof server);
    memset(&other, 0, sizeof other);
    tellers_begin(&world, &server, &(weft_limits){.send_queue_max = 64 << 20});
    assert_int_equal(weft_server_route(world.server, "/other", &telling, &other), 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

static void send_many(void)
{
    for (int i = 0; i < MANY; i++)
        assert_int_equal(weft_send(server.conn, WEFT_BINARY, filler, LENGTH), 0);
}

/* Whole frames, fewer than were sent, then the Close, and nothing else. */
static void expect_few_and_close(struct raw *r, const char *close)
{
    char text[MANY * 16 + 64];
    turn_until(&world, (raw_read(r), raw_heard(r, "now")));
    snprintf(text, sizeof text, "%s", raw_frames(r));
    char *at = text;
    int n = 0;
    for (; strncmp(at, "bin [50000];", 12) == 0; at += 12) n++;
    assert_in_range(n, 1, MANY - 1);
    assert_string_equal(at, close);
}

static void test_the_kernel_has_some_of_it(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    send_many();
    settle(&world);
    size_t before = weft_buffered(server.conn);
    assert_true(before > LENGTH && before < MANY * LENGTH);
    assert_int_equal(weft_close_now(server.conn, 1001, "now"), 0);
    assert_false(weft_conn_is_open(server.conn));
    expect_few_and_close(r, "close 1001 now;");
    raw_close_frame(r, 1001, "");
    turn_until(&world, server.closes);
    expect_story(&server.story, "open;close 1001 clean;");
    raw_free(r);
}

/* Nothing has gone, and nothing goes but the Close. */
static void test_nothing_has_gone(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    use_full_sockets(&world.sys, true);
    assert_int_equal(weft_send_fragment(server.conn, WEFT_TEXT, "part", 4, false), 0);
    send_many();
    settle(&world);
    assert_int_equal(weft_close_now(server.conn, 1001, "now"), 0);
    make_room();
    turn_until(&world, (raw_read(r), raw_heard(r, "now")));
    assert_string_equal(raw_frames(r), "close 1001 now;");
    assert_int_equal(weft_buffered(server.conn), 0);
    raw_free(r);
}

static void test_behind_a_close_that_waits(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    send_many();
    assert_int_equal(weft_close(server.conn, 1000, "now"), 0);
    settle(&world);
    assert_int_equal(weft_close_now(server.conn, 1011, "other"), 0);
    expect_few_and_close(r, "close 1000 now;");
    raw_free(r);
}

/* Who reads nothing at all has close_timeout. */
static void test_the_deadline(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    send_many();
    settle(&world);
    assert_int_equal(weft_close_now(server.conn, 1001, "now"), 0);
    pass(&world, 4999);
    assert_int_equal(server.closes, 0);
    pass(&world, 1);
    assert_int_equal(server.closes, 1);
    raw_free(r);
}

/* Its bytes are with the kernel, and nobody has heard yet that they are gone, when the other is told of room. */
static void close_the_other(weft_conn *c)
{
    (void)c;
    assert_int_equal(weft_close_now(other.conn, 1001, "now"), 0);
}

static void test_from_a_callback_while_it_is_under_way(void **state)
{
    (void)state;
    struct raw *first = raw_open(&world, "/"), *second = raw_open(&world, "/other");
    server.then_drain = close_the_other;
    send_many();
    assert_int_equal(weft_want_drain(server.conn, SIZE_MAX), 0);
    for (int i = 0; i < 3; i++) assert_int_equal(weft_send(other.conn, WEFT_TEXT, "gone", 4), 0);
    turn_until(&world, (raw_read(second), raw_heard(second, "now")));
    assert_string_equal(raw_frames(second), "text gone;text gone;text gone;close 1001 now;");
    raw_free(first);
    raw_free(second);
}

static void test_errors(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    use_full_sockets(&world.sys, true);
    assert_int_equal(weft_send(server.conn, WEFT_TEXT, "kept", 4), 0);
    assert_int_equal(weft_close_now(server.conn, 1005, NULL), WEFT_ERR_CODE);
    assert_int_equal(weft_close_now(server.conn, 1000, "\xff"), WEFT_ERR_UTF8);
    assert_true(weft_conn_is_open(server.conn));
    make_room();
    turn_until(&world, raw_heard(r, "kept"));
    weft_abort(server.conn);
    assert_int_equal(weft_close_now(server.conn, 1000, NULL), 0);
    raw_free(r);
}

static void test_before_on_open(void **state)
{
    (void)state;
    static struct teller client;
    weft_conn *c;
    assert_int_equal(weft_connect(&c, world.loop, world_url(&world, "/"), NULL, &telling, &client),
                     0);
    assert_int_equal(weft_close_now(c, 1000, NULL), 0);
    turn_until(&world, client.closes);
    expect_story(&client.story, "close 1006 WEFT_ERR_CLOSED;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_kernel_has_some_of_it, begin, end),
        cmocka_unit_test_setup_teardown(test_nothing_has_gone, begin, end),
        cmocka_unit_test_setup_teardown(test_behind_a_close_that_waits, begin, end),
        cmocka_unit_test_setup_teardown(test_the_deadline, begin, end),
        cmocka_unit_test_setup_teardown(test_from_a_callback_while_it_is_under_way, begin, end),
        cmocka_unit_test_setup_teardown(test_errors, begin, end),
        cmocka_unit_test_setup_teardown(test_before_on_open, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
