/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_conn.c - an open connection: callbacks, sending, pausing, fairness, ids, links
 *
 * The server's side tells what it is told; the peer is a raw socket, which can put any number of frames
 * into one segment. How connections end is in test_ends.c.
 */
#include <pthread.h>

#include "raw.h"
#include "stuck_calls.h"
#include "teller.h"

static struct world world;
static struct teller server, client;

static int begin_with(const weft_limits *limits)
{
    memset(&server, 0, sizeof server);
    memset(&client, 0, sizeof client);
    tellers_begin(&world, &server, limits);
    return 0;
}

static int begin(void **state)
{
    (void)state;
    return begin_with(NULL);
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

/* Begin again with limits. */
static void again_with(const weft_limits *limits)
{
    world_end(&world);
    begin_with(limits);
}

static void connect_client(void)
{
    assert_int_equal(
        weft_connect(&client.conn, world.loop, world_url(&world, "/"), NULL, &telling, &client), 0);
    turn_until(&world, told(&client.story, "open;") && told(&server.story, "open;"));
}

/* ---- callbacks ------------------------------------------------------------------------------- */

static void echo(weft_conn *c, const char *text)
{
    assert_int_equal(weft_send(c, WEFT_TEXT, text, strlen(text)), 0);
}

static void test_order_of_callbacks(void **state)
{
    (void)state;
    server.then_message = echo;
    connect_client();
    assert_int_equal(weft_send(client.conn, WEFT_TEXT, "a", 1), 0);
    assert_int_equal(weft_send(client.conn, WEFT_TEXT, "b", 1), 0);
    turn_until(&world, told(&client.story, "text b;"));
    weft_ping(client.conn, "p", 1);
    turn_until(&world, told(&client.story, "pong"));
    weft_close(client.conn, 1000, "bye");
    turn_until(&world, client.closes && server.closes);
    expect_story(&server.story, "open;text a;text b;ping p;close 1000 bye by-peer clean;");
    assert_true(told(&client.story, "open;text a;text b;"));
    assert_true(told(&client.story, "pong answers p;close 1000 clean;"));
}

static void greet(weft_conn *c)
{
    assert_int_equal(weft_send(c, WEFT_TEXT, "welcome", 7), 0);
    assert_int_equal(weft_buffered(c) > 0, 1);
}

static void test_send_from_on_open(void **state)
{
    (void)state;
    server.then_open = greet;
    struct raw *r = raw_open(&world, "/");
    settle(&world);
    raw_read(r);
    raw_free(r);
    connect_client();
    turn_until(&world, told(&client.story, "welcome"));
    expect_story(&client.story, "open;text welcome;");
}

static void abort_it(weft_conn *c)
{
    weft_abort(c);
    assert_int_equal(weft_send(c, WEFT_TEXT, "x", 1), WEFT_ERR_CLOSED);
    assert_int_equal(weft_close(c, 1000, NULL), 0);
    weft_abort(c);
    weft_pause(c);
    weft_resume(c);
}

static void test_abort_from_on_open(void **state)
{
    (void)state;
    server.then_open = abort_it;
    struct raw *r = raw_connect(&world);
    raw_say(r, UPGRADE("/", ""));
    turn_until(&world, server.closes && raw_ended(r));
    expect_story(&server.story, "open;close 1006 WEFT_ERR_CLOSED;");
    raw_free(r);
}

static void close_it(weft_conn *c)
{
    assert_int_equal(weft_close(c, 4000, "no"), 0);
    assert_int_equal(weft_send(c, WEFT_TEXT, "x", 1), WEFT_ERR_CLOSED);
    assert_int_equal(weft_close(c, 4001, "twice"), 0);
    assert_false(weft_conn_is_open(c));
}

static void test_close_from_on_open(void **state)
{
    (void)state;
    server.then_open = close_it;
    struct raw *r = raw_open(&world, "/");
    settle(&world);
    raw_close_frame(r, 4000, "no");
    turn_until(&world, server.closes && raw_ended(r));
    expect_story(&server.story, "open;close 4000 no clean;");
    raw_free(r);
}

static void test_pause_from_on_open(void **state)
{
    (void)state;
    server.then_open = weft_pause;
    uint8_t bytes[512];
    size_t n = (size_t)snprintf((char *)bytes, sizeof bytes, UPGRADE("/", ""));
    n += put_frame(bytes + n, 0x81, "early", 5);
    struct raw *r = raw_connect(&world);
    raw_write(r, bytes, n);
    settle(&world);
    expect_story(&server.story, "open;");
    raw_text(r, "late");
    settle(&world);
    expect_story(&server.story, "");
    weft_resume(server.conn);
    turn_until(&world, told(&server.story, "late"));
    expect_story(&server.story, "text early;text late;");
    raw_free(r);
}

/* Three frames in one segment; the second does something. */
static struct raw *three_frames(void)
{
    uint8_t bytes[64];
    struct raw *r = raw_open(&world, "/");
    size_t n = put_frame(bytes, 0x81, "1", 1);
    n += put_frame(bytes + n, 0x81, "2", 1);
    n += put_frame(bytes + n, 0x81, "3", 1);
    raw_write(r, bytes, n);
    settle(&world);
    return r;
}

static void abort_at_2(weft_conn *c, const char *text)
{
    if (*text == '2') abort_it(c);
}

static void test_abort_in_the_middle_of_a_batch(void **state)
{
    (void)state;
    server.then_message = abort_at_2;
    struct raw *r = three_frames();
    expect_story(&server.story, "open;text 1;text 2;close 1006 WEFT_ERR_CLOSED;");
    raw_free(r);
}

static void close_at_2(weft_conn *c, const char *text)
{
    if (*text == '2') close_it(c);
}

/* What was under way is still delivered (conn.h, weft_close). */
static void test_close_in_the_middle_of_a_batch(void **state)
{
    (void)state;
    server.then_message = close_at_2;
    struct raw *r = three_frames();
    expect_story(&server.story, "open;text 1;text 2;text 3;");
    assert_string_equal(raw_frames(r), "close 4000 no;");
    raw_close_frame(r, 4000, "");
    turn_until(&world, server.closes);
    expect_story(&server.story, "close 4000 clean;");
    raw_free(r);
}

static void pause_at_2(weft_conn *c, const char *text)
{
    if (*text == '2') weft_pause(c);
}

static void test_pause_in_the_middle_of_a_batch(void **state)
{
    (void)state;
    server.then_message = pause_at_2;
    struct raw *r = three_frames();
    expect_story(&server.story, "open;text 1;text 2;");
    weft_resume(server.conn);
    settle(&world);
    expect_story(&server.story, "text 3;");
    raw_text(r, "4");
    turn_until(&world, told(&server.story, "4"));
    raw_free(r);
}

static void pause_and_resume(weft_conn *c, const char *text)
{
    (void)text;
    weft_pause(c);
    weft_resume(c);
    weft_pause(c);
    weft_resume(c);
}

static void test_pause_and_resume_in_the_middle_of_a_batch(void **state)
{
    (void)state;
    server.then_message = pause_and_resume;
    struct raw *r = three_frames();
    raw_text(r, "4");
    turn_until(&world, told(&server.story, "4"));
    expect_story(&server.story, "open;text 1;text 2;text 3;text 4;");
    raw_free(r);
}

static void send_when_closed(weft_conn *c)
{
    assert_null(weft_conn_find(world.loop, weft_conn_id(c)));
    abort_it(c);
    assert_int_equal(weft_ping(c, NULL, 0), WEFT_ERR_CLOSED);
    assert_int_equal(weft_send_fragment(c, WEFT_TEXT, "x", 1, true), WEFT_ERR_CLOSED);
    assert_false(weft_conn_is_open(c));
    (void)weft_buffered(c);
}

static void test_everything_from_on_close(void **state)
{
    (void)state;
    server.then_close = send_when_closed;
    struct raw *r = raw_open(&world, "/");
    raw_close_frame(r, 1000, "");
    turn_until(&world, server.closes);
    settle(&world);
    assert_int_equal(server.closes, 1);
    raw_free(r);
}

static weft_conn *other;

static void abort_the_other(weft_conn *c, const char *text)
{
    (void)c, (void)text;
    weft_abort(other);
}

/* Both have something to read in the same turn; whichever comes first drops the other. */
static void test_abort_another(void **state)
{
    (void)state;
    struct raw *a = raw_open(&world, "/");
    other = server.conn;
    struct raw *b = raw_open(&world, "/");
    server.then_message = abort_the_other;
    raw_text(b, "kill");
    raw_text(a, "me");
    turn_until(&world, server.closes);
    assert_true(told(&server.story, "text kill;close 1006 WEFT_ERR_CLOSED;") ||
                told(&server.story, "text me;close 1006 WEFT_ERR_CLOSED;text kill;") ||
                told(&server.story, "text me;text kill;close 1006 WEFT_ERR_CLOSED;"));
    settle(&world);
    assert_int_equal(server.closes, 1);
    raw_free(a);
    raw_free(b);
}

static void tell_the_other(weft_conn *c)
{
    if (c != other) assert_int_equal(weft_send(other, WEFT_TEXT, "gone", 4), 0);
}

static void drop_the_other(weft_conn *c)
{
    if (c != other) weft_abort(other);
}

/* The turn is nearly over when on_close is called; what it does is not forgotten. */
static void test_send_to_another_from_on_close(void **state)
{
    (void)state;
    struct raw *a = raw_open(&world, "/"), *b;
    other = server.conn;
    b = raw_open(&world, "/");
    server.then_close = tell_the_other;
    raw_hang_up(b);
    turn_until(&world, server.closes);
    turn(&world, -1); /* does not wait for something else to happen */
    assert_string_equal(raw_frames(a), "text gone;");
    server.then_close = NULL;
    raw_free(a);
    raw_free(b);
}

static void test_abort_another_from_on_close(void **state)
{
    (void)state;
    struct raw *a = raw_open(&world, "/"), *b;
    other = server.conn;
    b = raw_open(&world, "/");
    server.then_close = drop_the_other;
    raw_hang_up(b);
    turn_until(&world, server.closes == 2);
    expect_story(&server.story,
                 "open;open;close 1006 by-peer WEFT_ERR_LOST;close 1006 WEFT_ERR_CLOSED;");
    raw_free(a);
    raw_free(b);
}

static unsigned reconnects;

static void reconnect(weft_conn *c)
{
    if (reconnects++ > 0) return;
    assert_int_equal(
        weft_connect(NULL, weft_conn_loop(c), world_url(&world, "/"), NULL, &telling, &client), 0);
}

static void test_reconnect_from_on_close(void **state)
{
    (void)state;
    connect_client();
    reconnects = 0;
    client.then_close = reconnect;
    weft_abort(server.conn);
    turn_until(&world, client.closes == 1 && told(&client.story, "ECONNRESET;open;"));
    assert_non_null(client.conn);
}

/* ---- sending --------------------------------------------------------------------------------- */

static void test_what_may_be_sent(void **state)
{
    (void)state;
    connect_client();
    uint8_t long_ping[126] = {0};
    assert_int_equal(weft_send(client.conn, WEFT_PING, "x", 1), -EINVAL);
    assert_int_equal(weft_send(client.conn, (weft_opcode)3, "x", 1), -EINVAL);
    assert_int_equal(weft_ping(client.conn, long_ping, sizeof long_ping), -EINVAL);
    assert_int_equal(weft_close(client.conn, 1005, NULL), WEFT_ERR_CODE);
    assert_int_equal(weft_close(client.conn, 1000, "\xff"), WEFT_ERR_UTF8);
    assert_true(weft_conn_is_open(client.conn));
    assert_int_equal(weft_send(client.conn, WEFT_BINARY, NULL, 0), 0);
    turn_until(&world, told(&server.story, "bin ;"));
}

static void test_fragments(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    weft_conn *c = server.conn;
    assert_int_equal(weft_send_fragment(c, WEFT_TEXT, "a", 1, false), 0);
    assert_int_equal(weft_send_fragment(c, WEFT_BINARY, "b", 1, false), WEFT_ERR_STATE);
    assert_int_equal(weft_send(c, WEFT_TEXT, "whole", 5), 0);
    assert_int_equal(weft_ping(c, "p", 1), 0);
    settle(&world);
    assert_string_equal(raw_frames(r), "text- a;ping p;");
    assert_int_equal(weft_send_fragment(c, WEFT_TEXT, "b", 1, true), 0);
    settle(&world);
    assert_string_equal(raw_frames(r), "more b;text whole;");
    raw_frame(r, 0x01, "x", 1);
    raw_frame(r, 0x00, "y", 1);
    raw_frame(r, 0x80, "z", 1);
    turn_until(&world, told(&server.story, "text xyz;"));
    raw_free(r);
}

static void test_message_by_reference(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    weft_message *m;
    assert_int_equal(weft_message_new(&m, &world.env, WEFT_TEXT, "shared", 6), 0);
    assert_int_equal(weft_send_message(server.conn, m), 0);
    assert_int_equal(weft_send_message(server.conn, m), 0);
    weft_message_unref(m);
    settle(&world);
    assert_string_equal(raw_frames(r), "text shared;text shared;");
    raw_free(r);
}

/* ---- backlog --------------------------------------------------------------------------------- */

static char big[64 * 1024];

static void test_backlog_in_bytes(void **state)
{
    (void)state;
    again_with(&(weft_limits){.send_queue_max = 100 * 1024});
    struct raw *r = raw_open(&world, "/");
    use_full_sockets(&world.sys, true);
    assert_int_equal(weft_send(server.conn, WEFT_BINARY, big, sizeof big), 0);
    turn(&world, 0);
    assert_true(weft_buffered(server.conn) >= sizeof big);
    assert_int_equal(weft_send(server.conn, WEFT_BINARY, big, sizeof big), 0);
    size_t before = weft_buffered(server.conn);
    assert_true(before > 100 * 1024);
    assert_int_equal(weft_send(server.conn, WEFT_BINARY, big, sizeof big), WEFT_ERR_BACKLOG);
    assert_int_equal(weft_send_fragment(server.conn, WEFT_TEXT, "x", 1, true), WEFT_ERR_BACKLOG);
    assert_int_equal(weft_buffered(server.conn), before);
    make_room();
    turn_until(&world, (raw_read(r), weft_buffered(server.conn) == 0));
    assert_int_equal(weft_send(server.conn, WEFT_BINARY, big, sizeof big), 0);
    raw_free(r);
}

/* Who says Close and ends its direction may still read all that was queued before. */
static void test_half_closed_with_much_queued(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    use_full_sockets(&world.sys, true);
    assert_int_equal(weft_send(server.conn, WEFT_BINARY, big, sizeof big), 0);
    raw_close_frame(r, 1000, "");
    shutdown(r->fd, SHUT_WR);
    settle(&world);
    assert_int_equal(server.closes, 0);
    make_room();
    turn_until(&world, (raw_read(r), raw_ended(r)));
    assert_true(r->len > sizeof big);
    assert_memory_equal(r->got + r->len - 4, "\x88\x02\x03\xe8", 4);
    turn_until(&world, server.closes);
    raw_free(r);
}

static void test_backlog_in_messages(void **state)
{
    (void)state;
    again_with(&(weft_limits){.send_queue_items = 10});
    struct raw *r = raw_open(&world, "/");
    use_full_sockets(&world.sys, true);
    int sent = 0, error;
    do {
        error = weft_send(server.conn, WEFT_BINARY, "x", 1);
        turn(&world, 0);
    } while (!error && ++sent < 100);
    assert_int_equal(error, WEFT_ERR_BACKLOG);
    assert_in_range(sent, 10, 11);
    make_room();
    turn_until(&world, weft_buffered(server.conn) == 0);
    assert_int_equal(weft_send(server.conn, WEFT_BINARY, "x", 1), 0);
    raw_free(r);
}

/* ---- delivering ------------------------------------------------------------------------------ */

static weft_message *message_of(const char *text)
{
    weft_message *m;
    assert_int_equal(weft_message_new(&m, &world.env, WEFT_TEXT, text, strlen(text)), 0);
    return m;
}

static void test_delivered(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    weft_message *m = message_of("x");
    assert_int_equal(weft_deliver(server.conn, m), 0);
    settle(&world);
    assert_string_equal(raw_frames(r), "text x;");
    assert_true(weft_conn_is_open(server.conn));
    assert_int_equal(weft_close(server.conn, 1000, "bye"), 0);
    assert_int_equal(weft_deliver(server.conn, m), WEFT_ERR_CLOSED); /* and no other Close */
    settle(&world);
    assert_string_equal(raw_frames(r), "close 1000 bye;");
    weft_message_unref(m);
    raw_free(r);
}

/* As many as it takes, so that the next one does not fit. */
static void deliver_all_that_fits(weft_message *m)
{
    use_full_sockets(&world.sys, true);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(weft_deliver(server.conn, m), 0);
        turn(&world, 0);
    }
    assert_true(weft_conn_is_open(server.conn));
}

static void test_delivered_to_one_that_is_too_slow(void **state)
{
    (void)state;
    again_with(&(weft_limits){.send_queue_items = 1});
    struct raw *r = raw_open(&world, "/");
    weft_message *m = message_of("x");
    deliver_all_that_fits(m);
    assert_int_equal(weft_deliver(server.conn, m), WEFT_ERR_BACKLOG);
    assert_false(weft_conn_is_open(server.conn));
    assert_int_equal(weft_deliver(server.conn, m), WEFT_ERR_CLOSED); /* no second Close */
    weft_message_unref(m);
    make_room();
    settle(&world);
    assert_string_equal(strstr(raw_frames(r), "close"),
                        "close 1008 too slow: the send queue is full;");
    raw_free(r);
}

/* Nor does anybody stay for whom there is no memory. */
static void expect_dropped(weft_message *m, int error)
{
    world_fail_at(&world, 0);
    world.fail_on = true;
    assert_int_equal(weft_deliver(server.conn, m), error);
    world_fail_at(&world, -1);
    turn_until(&world, server.closes);
    expect_story(&server.story, "open;close 1006 ENOMEM;");
}

static void test_delivered_without_memory(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    weft_message *m = message_of("x");
    expect_dropped(m, -ENOMEM);
    weft_message_unref(m);
    raw_free(r);
}

static void test_delivered_without_memory_for_the_close(void **state)
{
    (void)state;
    again_with(&(weft_limits){.send_queue_items = 1});
    struct raw *r = raw_open(&world, "/");
    weft_message *m = message_of("x");
    deliver_all_that_fits(m);
    expect_dropped(m, WEFT_ERR_BACKLOG);
    weft_message_unref(m);
    raw_free(r);
}

static void test_delivered_before_it_is_open(void **state)
{
    (void)state;
    weft_message *m = message_of("x");
    assert_int_equal(
        weft_connect(&client.conn, world.loop, world_url(&world, "/"), NULL, &telling, &client), 0);
    assert_int_equal(weft_deliver(client.conn, m), WEFT_ERR_STATE);
    turn_until(&world, told(&client.story, "open;"));
    assert_int_equal(weft_deliver(client.conn, m), 0);
    turn_until(&world, told(&server.story, "text x;"));
    weft_message_unref(m);
}

static void refill(weft_conn *c)
{
    assert_true(weft_buffered(c) < 32 * 1024);
    assert_int_equal(weft_send(c, WEFT_TEXT, "drained", 7), 0);
}

static void test_on_drain(void **state)
{
    (void)state;
    again_with(&(weft_limits){.send_queue_soft = 64 * 1024});
    server.then_drain = refill;
    struct raw *r = raw_open(&world, "/");
    assert_int_equal(weft_send(server.conn, WEFT_BINARY, big, 1000), 0);
    settle(&world);
    assert_false(told(&server.story, "drain"));
    use_full_sockets(&world.sys, true);
    assert_int_equal(weft_send(server.conn, WEFT_BINARY, big, sizeof big), 0);
    settle(&world);
    assert_false(told(&server.story, "drain"));
    make_room();
    turn_until(&world, (raw_read(r), told(&server.story, "drain")));
    settle(&world);
    expect_story(&server.story, "open;drain;");
    assert_string_equal(raw_frames(r), "bin [1000];bin [65536];text drained;");
    raw_free(r);
}

static void abort_on_drain(weft_conn *c)
{
    weft_abort(c);
}

static void test_abort_from_on_drain(void **state)
{
    (void)state;
    again_with(&(weft_limits){.send_queue_soft = 1000});
    server.then_drain = abort_on_drain;
    struct raw *r = raw_open(&world, "/");
    assert_int_equal(weft_send(server.conn, WEFT_BINARY, big, 2000), 0);
    turn_until(&world, server.closes);
    expect_story(&server.story, "open;drain;close 1006 WEFT_ERR_CLOSED;");
    raw_free(r);
}

/* ---- pause, fairness ------------------------------------------------------------------------- */

/* Everything that came meanwhile is delivered, in order, and the peer was slowed down by the kernel. */
static void test_pause_holds_everything(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    weft_pause(server.conn);
    char text[32];
    for (int i = 0; i < 300; i++) {
        snprintf(text, sizeof text, "%03d", i);
        raw_text(r, text);
        if (i % 50 == 0) settle(&world);
    }
    expect_story(&server.story, "open;");
    weft_resume(server.conn);
    turn_until(&world, told(&server.story, "text 299;"));
    const char *at = server.story.text;
    for (int i = 0; i < 300; i++, at += strlen(text)) {
        snprintf(text, sizeof text, "text %03d;", i);
        assert_memory_equal(at, text, strlen(text));
    }
    raw_free(r);
}

/* A flood on one connection: the other's message comes after at most a budget's worth of it. */
static void test_frame_budget(void **state)
{
    (void)state;
    enum { FLOOD = 400 };
    again_with(&(weft_limits){.frame_budget = 20});
    struct raw *noisy = raw_open(&world, "/"), *quiet = raw_open(&world, "/");
    static uint8_t bytes[FLOOD * 16];
    size_t n = 0;
    for (int i = 0; i < FLOOD; i++) n += put_frame(bytes + n, 0x81, "n", 1);
    raw_write(noisy, bytes, n);
    turn(&world, 5);
    raw_text(quiet, "quiet");
    turn_until(&world, told(&server.story, "quiet"));
    size_t before = (size_t)(strstr(server.story.text, "text quiet") - server.story.text);
    assert_true(before < 4 * 20 * strlen("text n;"));
    turn_until(&world, server.story.len >= FLOOD * strlen("text n;"));
    settle(&world);
    assert_int_equal(server.story.len, FLOOD * strlen("text n;") + strlen("open;open;text quiet;"));
    raw_free(noisy);
    raw_free(quiet);
}

static int burst;

static void count_burst(weft_conn *c, const char *text)
{
    (void)c, (void)text;
    burst++;
}

static void test_frame_budget_is_for_each_turn(void **state)
{
    (void)state;
    again_with(&(weft_limits){.frame_budget = 20});
    struct raw *r = raw_open(&world, "/");
    uint8_t bytes[100 * 16];
    size_t n = 0;
    for (int i = 0; i < 100; i++) n += put_frame(bytes + n, 0x81, "n", 1);
    server.then_message = count_burst;
    raw_write(r, bytes, n);
    for (int total = 0; total < 100; total += burst) {
        burst = 0;
        turn(&world, 5);
        assert_in_range(burst, 0, 20);
    }
    raw_free(r);
}

/* ---- chunks ---------------------------------------------------------------------------------- */

static void hear_chunk(weft_conn *c, const weft_chunk *chunk)
{
    struct teller *t = weft_conn_user(c);
    tell(&t->story, "%s%s%.*s%s;", chunk->opcode == WEFT_TEXT ? "T" : "B", chunk->first ? "<" : "",
         (int)chunk->len, (const char *)chunk->data, chunk->final ? ">" : "");
    if (told(&t->story, "STOP")) weft_abort(c);
}

static void test_chunks(void **state)
{
    (void)state;
    static const weft_handler chunky = {
        .on_open = teller_opens, .on_chunk = hear_chunk, .on_close = teller_closes};
    assert_int_equal(weft_server_route(world.server, "/chunks", &chunky, &server), 0);
    struct raw *r = raw_open(&world, "/chunks");
    uint8_t frame[32];
    size_t n = put_frame(frame, 0x01, "abcdef", 6);
    raw_write(r, frame, n - 3);
    settle(&world);
    raw_write(r, frame + n - 3, 3);
    settle(&world);
    raw_frame(r, 0x80, "g", 1);
    settle(&world);
    expect_story(&server.story, "open;T<abc;Tdef;Tg>;");
    raw_text(r, "STOP");
    raw_text(r, "more");
    turn_until(&world, server.closes);
    expect_story(&server.story, "T<STOP>;close 1006 WEFT_ERR_CLOSED;");
    raw_free(r);
}

static size_t told_so_far;

static void hear_and_pause(weft_conn *c, const weft_chunk *chunk)
{
    told_so_far += chunk->len;
    if (chunk->final) tell(&server.story, "[%zu];", told_so_far);
    weft_pause(c);
}

/* A message as it travels compressed, by the way of not compressing it (RFC 7692, 7.2.3.3). */
static void say_deflated(struct raw *r, const char *data, uint16_t n)
{
    static uint8_t block[65536 + 8], frame[65536 + 32];
    const uint8_t head[] = {0, (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)~n, (uint8_t)(~n >> 8)};
    memcpy(block, head, sizeof head);
    memcpy(block + sizeof head, data, n);
    block[sizeof head + n] = 0;
    raw_write(r, frame, put_frame(frame, 0xc2, block, sizeof head + n + 1));
}

/* What has come of a compressed message is handed out, although the peer has left meanwhile. */
static void test_paused_in_a_compressed_message_and_left(void **state)
{
    (void)state;
    static const weft_deflate deflate = {.threshold = 1};
    static const weft_handler chunky = {.on_open = teller_opens,
                                        .on_chunk = hear_and_pause,
                                        .on_close = teller_closes,
                                        .deflate = &deflate};
    assert_int_equal(weft_server_route(world.server, "/chunks", &chunky, &server), 0);
    struct raw *r = raw_connect(&world);
    assert_int_equal(
        raw_ask(&world, r, UPGRADE("/chunks", "Sec-WebSocket-Extensions: permessage-deflate\r\n")),
        101);
    settle(&world);
    told_so_far = 0;
    say_deflated(r, big, 60000);
    raw_hang_up(r);
    settle(&world);
    assert_in_range(told_so_far, 1, 59999);
    for (int i = 0; i < 100 && !server.closes; i++) {
        if (server.conn) weft_resume(server.conn);
        settle(&world);
    }
    expect_story(&server.story, "open;[60000];close 1006 by-peer WEFT_ERR_LOST;");
    raw_free(r);
}

/* ---- names ----------------------------------------------------------------------------------- */

static void test_id_is_stale_after_close(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    weft_id id = server.id;
    assert_ptr_equal(weft_conn_find(world.loop, id), server.conn);
    raw_free(r);
    turn_until(&world, server.closes);
    assert_null(weft_conn_find(world.loop, id));
    assert_null(weft_conn_find(world.loop, 0));
    assert_null(weft_conn_find(world.loop, ~(weft_id)0));
    r = raw_open(&world, "/");
    assert_true(server.id != id);
    assert_null(weft_conn_find(world.loop, id));
    weft_message *m;
    assert_int_equal(weft_message_new(&m, &world.env, WEFT_TEXT, "old", 3), 0);
    assert_int_equal(weft_post(world.loop, id, m), 0);
    assert_int_equal(weft_post(world.loop, server.id, m), 0);
    weft_message_unref(m);
    settle(&world);
    assert_string_equal(raw_frames(r), "text old;");
    raw_free(r);
}

enum { POSTS = 100, THREADS = 3 };

static void *post_many(void *id)
{
    for (int i = 0; i < POSTS; i++) {
        weft_message *m;
        if (weft_message_new(&m, NULL, WEFT_TEXT, "p", 1) < 0) abort();
        if (weft_post(world.loop, *(weft_id *)id, m) < 0) abort();
        weft_message_unref(m);
    }
    return NULL;
}

/* The env must be the threads' too: malloc's. */
static void test_posts_from_threads(void **state)
{
    (void)state;
    world_end(&world);
    begin_with(NULL);
    world.env.realloc = NULL;
    weft_server_free(world.server);
    weft_loop_free(world.loop);
    weft_loop_config cfg = {.env = &world.env};
    assert_int_equal(weft_loop_new(&world.loop, &cfg), 0);
    world_serve(&world, NULL);
    assert_int_equal(weft_server_route(world.server, "/", &telling, &server), 0);
    world_listen(&world);
    world.live = 0;

    struct raw *r = raw_open(&world, "/");
    pthread_t threads[THREADS];
    weft_id id = server.id;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, post_many, &id), 0);
    turn_until(&world, (raw_read(r), r->len == THREADS * POSTS * 3));
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    raw_free(r);
}

static void test_posted_and_loop_freed(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    weft_message *m;
    assert_int_equal(weft_message_new(&m, &world.env, WEFT_TEXT, "x", 1), 0);
    assert_int_equal(weft_post(world.loop, server.id, m), 0);
    weft_message_unref(m);
    raw_free(r);
}

/* Nobody could tell the poster, and a gap would go unnoticed. */
static void test_posted_to_one_that_is_too_slow(void **state)
{
    (void)state;
    again_with(&(weft_limits){.send_queue_items = 1});
    struct raw *r = raw_open(&world, "/");
    weft_message *m;
    assert_int_equal(weft_message_new(&m, &world.env, WEFT_TEXT, "x", 1), 0);
    use_full_sockets(&world.sys, true);
    int posted = 0;
    for (; weft_conn_is_open(server.conn) && posted < 10; posted++) {
        assert_int_equal(weft_post(world.loop, server.id, m), 0);
        turn(&world, 0);
    }
    assert_in_range(posted, 2, 4);
    assert_int_equal(weft_post(world.loop, server.id, m), 0); /* too late, and no harm */
    weft_message_unref(m);
    make_room();
    settle(&world);
    const char *heard = raw_frames(r);
    assert_memory_equal(heard, "text x;", 7);
    assert_string_equal(strstr(heard, "close"), "close 1008 too slow: the send queue is full;");
    raw_free(r);
}

/* ---- links ----------------------------------------------------------------------------------- */

static void link_gone(weft_link *link)
{
    tell(&server.story, "%s gone;", (const char *)link->owner);
}

static const weft_link_type link_type = {.on_gone = link_gone};

static void test_links(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    weft_link a = {.owner = "a", .type = &link_type}, b = {.owner = "b", .type = &link_type},
              x = {.owner = "x", .type = &link_type};
    weft_conn *c = server.conn;
    weft_conn_link(c, &a);
    weft_conn_link(c, &x);
    weft_conn_link(c, &b);
    assert_false(weft_conn_is_of(c, NULL));
    assert_ptr_equal(weft_conn_find_link(c, a.owner), &a);
    assert_ptr_equal(weft_conn_links(c), &b);
    assert_ptr_equal(weft_conn_links(c)->next, &x);
    assert_ptr_equal(weft_conn_links(c)->next->next, &a);
    weft_conn_unlink(c, &x);
    assert_null(weft_conn_find_link(c, x.owner));
    weft_conn_unlink(c, &x);
    raw_free(r);
    turn_until(&world, server.closes);
    expect_story(&server.story, "open;close 1006 by-peer WEFT_ERR_LOST;b gone;a gone;");
}

static void test_questions(void **state)
{
    (void)state;
    connect_client();
    assert_int_equal(weft_conn_role(client.conn), WEFT_CLIENT);
    assert_int_equal(weft_conn_role(server.conn), WEFT_SERVER);
    assert_ptr_equal(weft_conn_loop(client.conn), world.loop);
    assert_string_equal(weft_peer_address(weft_conn_peer(client.conn)), world.address);
    assert_string_equal(weft_conn_subprotocol(client.conn), "");
    weft_conn_set_user(server.conn, &client);
    assert_ptr_equal(weft_conn_user(server.conn), &client);
    weft_conn_set_user(server.conn, &server);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_order_of_callbacks),
        unit(test_send_from_on_open),
        unit(test_abort_from_on_open),
        unit(test_close_from_on_open),
        unit(test_pause_from_on_open),
        unit(test_abort_in_the_middle_of_a_batch),
        unit(test_close_in_the_middle_of_a_batch),
        unit(test_pause_in_the_middle_of_a_batch),
        unit(test_pause_and_resume_in_the_middle_of_a_batch),
        unit(test_everything_from_on_close),
        unit(test_abort_another),
        unit(test_send_to_another_from_on_close),
        unit(test_abort_another_from_on_close),
        unit(test_reconnect_from_on_close),
        unit(test_what_may_be_sent),
        unit(test_fragments),
        unit(test_message_by_reference),
        unit(test_backlog_in_bytes),
        unit(test_half_closed_with_much_queued),
        unit(test_backlog_in_messages),
        unit(test_delivered),
        unit(test_delivered_to_one_that_is_too_slow),
        unit(test_delivered_without_memory),
        unit(test_delivered_without_memory_for_the_close),
        unit(test_delivered_before_it_is_open),
        unit(test_on_drain),
        unit(test_abort_from_on_drain),
        unit(test_pause_holds_everything),
        unit(test_frame_budget),
        unit(test_frame_budget_is_for_each_turn),
        unit(test_chunks),
        unit(test_paused_in_a_compressed_message_and_left),
        unit(test_id_is_stale_after_close),
        unit(test_posts_from_threads),
        unit(test_posted_and_loop_freed),
        unit(test_posted_to_one_that_is_too_slow),
        unit(test_links),
        unit(test_questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
