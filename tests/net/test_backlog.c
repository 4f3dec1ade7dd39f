/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_backlog.c - what is queued, who is refused, and when on_drain comes
 *
 * The peer is a raw socket whose other end is full for as long as the test says, or a client that reads late.
 */
#include "raw.h"
#include "stuck_calls.h"
#include "teller.h"

static struct world world;
static struct teller server;
static char filler[1 << 20];

static int begin_with(const weft_limits *limits)
{
    memset(&server, 0, sizeof server);
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

static struct raw *open_full(const weft_limits *limits)
{
    world_end(&world);
    begin_with(limits);
    struct raw *r = raw_open(&world, "/");
    expect_story(&server.story, "open;");
    use_full_sockets(&world.sys, true);
    return r;
}

static void send_some(size_t n, size_t len)
{
    while (n-- > 0) assert_int_equal(weft_send(server.conn, WEFT_BINARY, filler, len), 0);
}

static void read_all(struct raw *r)
{
    make_room();
    for (int i = 0; i < QUIET_TURNS; i++) {
        turn(&world, 1);
        raw_read(r);
        raw_forget(r);
    }
}

/* ---- backlogged ------------------------------------------------------------------------------- */

/* One below the soft limit, at it, and above. */
static void test_by_bytes(void **state)
{
    (void)state;
    struct raw *r = open_full(&(weft_limits){.send_queue_soft = 1000});
    send_some(1, 1000 - 4);
    assert_int_equal(weft_buffered(server.conn), 1000);
    assert_false(weft_backlogged(server.conn));
    send_some(1, 0);
    assert_true(weft_backlogged(server.conn));
    settle(&world);
    assert_true(weft_backlogged(server.conn));
    expect_story(&server.story, "");
    read_all(r);
    assert_false(weft_backlogged(server.conn));
    expect_story(&server.story, "drain;");
    raw_free(r);
}

/* Half of them; and nobody is refused yet. */
static void test_by_items(void **state)
{
    (void)state;
    struct raw *r = open_full(&(weft_limits){.send_queue_items = 8});
    send_some(4, 1);
    assert_false(weft_backlogged(server.conn));
    send_some(1, 1);
    assert_true(weft_backlogged(server.conn));
    read_all(r);
    expect_story(&server.story, "drain;");
    assert_false(weft_backlogged(server.conn));
    raw_free(r);
}

/* Limits that are as low as can be let one message wait, and drain. */
static void test_the_lowest_limits(void **state)
{
    (void)state;
    struct raw *r =
        open_full(&(weft_limits){.send_queue_items = 1, .send_queue_soft = 1, .send_queue_max = 1});
    send_some(1, 1);
    assert_true(weft_backlogged(server.conn));
    assert_int_equal(weft_send(server.conn, WEFT_TEXT, "x", 1), WEFT_ERR_BACKLOG);
    read_all(r);
    expect_story(&server.story, "drain;");
    send_some(1, 1);
    raw_free(r);
}

/* ---- behind a fragment ------------------------------------------------------------------------ */

static void test_a_fragmented_message_does_not_lock_itself(void **state)
{
    (void)state;
    struct raw *r = open_full(&(weft_limits){.send_queue_items = 8, .send_queue_soft = 64});
    assert_int_equal(weft_send_fragment(server.conn, WEFT_TEXT, "a", 1, false), 0);
    read_all(r);
    send_some(9, 1);
    assert_int_equal(weft_send(server.conn, WEFT_TEXT, "x", 1), WEFT_ERR_BACKLOG);
    assert_int_equal(weft_ping(server.conn, "p", 1), 0);
    assert_int_equal(weft_send_fragment(server.conn, WEFT_TEXT, "b", 1, false), 0);
    read_all(r);
    expect_story(&server.story, "drain;"); /* whoever sends fragments is not kept waiting */
    assert_int_equal(weft_send(server.conn, WEFT_TEXT, "x", 1), WEFT_ERR_BACKLOG);
    assert_int_equal(weft_send_fragment(server.conn, WEFT_TEXT, "c", 1, true), 0);
    read_all(r);
    expect_story(&server.story, "drain;");
    send_some(1, 1);
    raw_free(r);
}

/* ---- asked for -------------------------------------------------------------------------------- */

static void test_want_drain(void **state)
{
    (void)state;
    struct raw *r = open_full(NULL);
    send_some(10, 996);
    assert_int_equal(weft_want_drain(server.conn, 5000), 0);
    assert_int_equal(weft_want_drain(server.conn, 1), 0);
    settle(&world);
    expect_story(&server.story, "");
    read_all(r);
    expect_story(&server.story, "drain;");
    send_some(1, 1);
    read_all(r);
    expect_story(&server.story, ""); /* once */
    raw_free(r);
}

/* From the loop, even if the socket is full, the peer is paused, or nothing is queued. */
static void test_want_drain_that_is_so_already(void **state)
{
    (void)state;
    struct raw *r = open_full(NULL);
    send_some(1, 500);
    settle(&world);
    weft_pause(server.conn);
    assert_int_equal(weft_want_drain(server.conn, 1000), 0);
    expect_story(&server.story, "");
    pass(&world, 1);
    expect_story(&server.story, "drain;");
    read_all(r);
    assert_int_equal(weft_want_drain(server.conn, 1), 0);
    pass(&world, 1);
    expect_story(&server.story, "drain;");
    raw_free(r);
}

static void test_want_drain_taken_back(void **state)
{
    (void)state;
    struct raw *r = open_full(NULL);
    assert_int_equal(weft_want_drain(server.conn, 1), 0);
    assert_int_equal(weft_want_drain(server.conn, 0), 0);
    settle(&world);
    expect_story(&server.story, "");
    raw_free(r);
}

static void ask_again(weft_conn *c)
{
    assert_int_equal(weft_want_drain(c, SIZE_MAX), 0);
    static int asked;
    if (++asked == 5) weft_abort(c);
}

static void test_want_drain_again_from_on_drain(void **state)
{
    (void)state;
    struct raw *r = open_full(NULL);
    server.then_drain = ask_again;
    assert_int_equal(weft_want_drain(server.conn, SIZE_MAX), 0);
    pass(&world, 1);
    expect_story(&server.story, "drain;"); /* the next one is told later */
    for (int i = 0; !server.closes; i++) pass(&world, 1);
    raw_free(r);
}

static void test_want_drain_errors(void **state)
{
    (void)state;
    struct raw *r = open_full(NULL);
    world_fail_at(&world, 0);
    assert_int_equal(weft_want_drain(server.conn, 1), -ENOMEM);
    world_fail_at(&world, -1);
    settle(&world);
    expect_story(&server.story, "");
    weft_close(server.conn, 1000, NULL);
    assert_int_equal(weft_want_drain(server.conn, 1), WEFT_ERR_CLOSED);
    assert_int_equal(weft_want_drain(server.conn, 0), 0);
    raw_free(r);
}

static void test_want_drain_before_on_open(void **state)
{
    (void)state;
    weft_conn *c;
    assert_int_equal(weft_connect(&c, world.loop, world_url(&world, "/"), NULL, NULL, NULL), 0);
    assert_int_equal(weft_want_drain(c, 1), WEFT_ERR_STATE);
}

/* ---- README's echo ---------------------------------------------------------------------------- */

enum { MESSAGES = 2000 };

static void echo(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    if (weft_send(c, op, data, len) < 0) weft_abort(c);
    else if (weft_backlogged(c)) weft_pause(c);
}

static const weft_handler echoing = {.on_message = echo, .on_drain = weft_resume};

/* What the client has yet to send: it holds on to that, and to reading, until the server takes no more. */
static struct late {
    weft_conn *conn;
    size_t len;
    unsigned sent, answered;
} late;

static void send_on(weft_conn *c)
{
    while (late.sent < MESSAGES && !weft_backlogged(c)) {
        filler[0] = (char)late.sent;
        assert_int_equal(weft_send(c, WEFT_BINARY, filler, late.len), 0);
        late.sent++;
    }
}

static void late_opens(weft_conn *c)
{
    late.conn = c;
    weft_pause(c);
    send_on(c);
}

static void late_hears(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    (void)c;
    assert_int_equal(op, WEFT_BINARY);
    assert_int_equal(len, late.len);
    assert_int_equal(*(const char *)data, (char)late.answered);
    late.answered++;
}

static void late_closes(weft_conn *c, const weft_close_info *info)
{
    (void)c;
    assert_int_equal(info->error, 0);
    late.conn = NULL;
}

static const weft_handler reading_late = {
    .on_open = late_opens, .on_message = late_hears, .on_drain = send_on, .on_close = late_closes};

/* Nothing moves any more: all is sent, or everybody waits for the other to read. */
static void until_it_stands_still(void)
{
    turn_until(&world, late.conn);
    for (unsigned before = MESSAGES + 1; before != late.sent;) {
        before = late.sent;
        settle(&world);
    }
}

static void read_late(size_t len)
{
    late = (struct late){.len = len};
    assert_int_equal(
        weft_connect(NULL, world.loop, world_url(&world, "/echo"), NULL, &reading_late, NULL), 0);
    until_it_stands_still();
    assert_int_equal(late.answered, 0);
    weft_resume(late.conn);
    for (int i = 0; late.answered < MESSAGES; i++) {
        if (i == 200000) fail_msg("%u of %d came back", late.answered, MESSAGES);
        turn(&world, 5);
    }
    weft_close(late.conn, 1000, NULL);
    turn_until(&world, !late.conn);
}

static void test_who_reads_late_gets_everything(void **state)
{
    (void)state;
    static const size_t lengths[] = {16, 500, 4000, 70000};
    assert_int_equal(weft_server_route(world.server, "/echo", &echoing, NULL), 0);
    for (size_t i = 0; i < countof(lengths); i++) read_late(lengths[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_by_bytes, begin, end),
        cmocka_unit_test_setup_teardown(test_by_items, begin, end),
        cmocka_unit_test_setup_teardown(test_the_lowest_limits, begin, end),
        cmocka_unit_test_setup_teardown(test_a_fragmented_message_does_not_lock_itself, begin, end),
        cmocka_unit_test_setup_teardown(test_want_drain, begin, end),
        cmocka_unit_test_setup_teardown(test_want_drain_that_is_so_already, begin, end),
        cmocka_unit_test_setup_teardown(test_want_drain_taken_back, begin, end),
        cmocka_unit_test_setup_teardown(test_want_drain_again_from_on_drain, begin, end),
        cmocka_unit_test_setup_teardown(test_want_drain_errors, begin, end),
        cmocka_unit_test_setup_teardown(test_want_drain_before_on_open, begin, end),
        cmocka_unit_test_setup_teardown(test_who_reads_late_gets_everything, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
