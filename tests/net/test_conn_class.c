/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_conn_class.c - limits of a handler stand before those of its server, or of weft_connect
 */
#include "raw.h"
#include "stuck_calls.h"
#include "teller.h"

static struct world world;
static struct teller server, own, client;

/* A server with limits; at /own it has others. */
static void begin(const weft_limits *limits, const weft_limits *owns)
{
    weft_handler handler = telling;
    handler.limits = owns;
    memset(&server, 0, sizeof server);
    memset(&own, 0, sizeof own);
    memset(&client, 0, sizeof client);
    tellers_begin(&world, &server, limits);
    assert_int_equal(weft_server_route(world.server, "/own", &handler, &own), 0);
}

static void test_a_message(void **state)
{
    (void)state;
    begin(&(weft_limits){.max_message = 10}, &(weft_limits){.max_message = 20});
    struct raw *one = raw_open(&world, "/"), *two = raw_open(&world, "/own");
    raw_text(one, "eleven char");
    raw_text(two, "eleven char");
    turn_until(&world, told(&own.story, "eleven"));
    raw_text(two, "twenty-one characters");
    turn_until(&world, server.closes && own.closes);
    expect_story(&server.story, "open;close 1006 sent 1009 WEFT_ERR_TOO_BIG;");
    expect_story(&own.story, "open;text eleven char;close 1006 sent 1009 WEFT_ERR_TOO_BIG;");
    raw_free(one);
    raw_free(two);
    world_end(&world);
}

/* 0 leaves the server's. */
static void test_what_is_not_said(void **state)
{
    (void)state;
    begin(&(weft_limits){.max_message = 10}, &(weft_limits){.send_queue_items = 5});
    struct raw *r = raw_open(&world, "/own");
    raw_text(r, "eleven char");
    turn_until(&world, own.closes);
    assert_true(told(&own.story, "sent 1009"));
    raw_free(r);
    world_end(&world);
}

static void test_the_queue(void **state)
{
    (void)state;
    begin(&(weft_limits){.send_queue_items = 4}, &(weft_limits){.send_queue_items = 1});
    struct raw *one = raw_open(&world, "/"), *two = raw_open(&world, "/own");
    for (int i = 0; i < 5; i++) assert_int_equal(weft_send(server.conn, WEFT_TEXT, "x", 1), 0);
    assert_int_equal(weft_send(server.conn, WEFT_TEXT, "x", 1), WEFT_ERR_BACKLOG);
    for (int i = 0; i < 2; i++) assert_int_equal(weft_send(own.conn, WEFT_TEXT, "x", 1), 0);
    assert_int_equal(weft_send(own.conn, WEFT_TEXT, "x", 1), WEFT_ERR_BACKLOG);
    raw_free(one);
    raw_free(two);
    world_end(&world);
}

/* Keep-alive: the server's is off, the handler's is not; and the other way round. */
static void keep_alive(const weft_limits *limits, const weft_limits *owns, const char *told_one,
                       const char *told_own)
{
    begin(limits, owns);
    struct raw *one = raw_open(&world, "/"), *two = raw_open(&world, "/own");
    for (int i = 0; i < 20; i++) pass(&world, 100);
    expect_story(&server.story, told_one);
    expect_story(&own.story, told_own);
    raw_free(one);
    raw_free(two);
    world_end(&world);
}

static void test_keep_alive(void **state)
{
    (void)state;
    static const weft_limits soon = {.ping_interval = 500, .pong_timeout = 500};
    static const weft_limits never = {.ping_interval = WEFT_NEVER};
    static const char dropped[] = "open;close 1006 WEFT_ERR_TIMEOUT;";
    keep_alive(&never, &soon, "open;", dropped);
    keep_alive(&soon, &never, dropped, "open;");
}

/* The kernel counts a peer that does not read: it may not give up before write_stall, which is the handler's. */
static int patience;

static int note_patience(int fd, int level, int name, const void *value, socklen_t len)
{
    if (level == IPPROTO_TCP && name == TCP_USER_TIMEOUT) patience = *(const int *)value;
    return setsockopt(fd, level, name, value, len);
}

static void test_the_kernels_patience(void **state)
{
    (void)state;
    static const struct {
        uint64_t write_stall;
        int patience;
    } all[] = {{0, -1}, {20000, -1}, {60000, 60000}, {WEFT_NEVER, 0}};
    for (size_t i = 0; i < countof(all); i++) {
        begin(NULL, &(weft_limits){.write_stall = all[i].write_stall});
        world.sys.setsockopt = note_patience;
        patience = -1;
        struct raw *r = raw_open(&world, "/own");
        assert_int_equal(patience, all[i].patience);
        raw_free(r);
        world_end(&world);
    }
}

static void test_of_a_client(void **state)
{
    (void)state;
    begin(NULL, NULL);
    weft_handler handler = telling;
    handler.limits = &(weft_limits){.max_message = 20};
    const weft_dial dial = {.limits = &(weft_limits){.max_message = 10}};
    const weft_client_config cfg = {.dial = &dial};
    assert_int_equal(
        weft_connect(NULL, world.loop, world_url(&world, "/"), &cfg, &handler, &client), 0);
    turn_until(&world, client.conn && server.conn);
    assert_int_equal(weft_send(server.conn, WEFT_TEXT, "eleven char", 11), 0);
    turn_until(&world, told(&client.story, "text eleven char;"));
    assert_int_equal(weft_send(server.conn, WEFT_TEXT, "twenty-one characters", 21), 0);
    turn_until(&world, client.closes);
    assert_true(told(&client.story, "sent 1009"));
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_message),
        cmocka_unit_test(test_what_is_not_said),
        cmocka_unit_test(test_the_queue),
        cmocka_unit_test(test_keep_alive),
        cmocka_unit_test(test_the_kernels_patience),
        cmocka_unit_test(test_of_a_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
