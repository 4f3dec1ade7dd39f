/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_keepalive.c - the deadlines of an open WebSocket, to the millisecond
 *
 * Each one millisecond below, at, and above its limit. The clock moves only when the test says so.
 */
#include "raw.h"
#include "stuck_calls.h"
#include "teller.h"

/* The ping interval differs by up to 10 % between connections. */
enum { PING = 1000, PING_LATEST = 1100, PONG = 300, MESSAGE = 5000, STALL = 700, CLOSE = 400 };

static struct world world;
static struct teller server;
static struct raw *raw;

static void begin_with(weft_limits limits)
{
    memset(&server, 0, sizeof server);
    tellers_begin(&world, &server, &limits);
    use_full_sockets(&world.sys, false);
    raw = raw_open(&world, "/");
    expect_story(&server.story, "open;");
}

static int begin(void **state)
{
    (void)state;
    begin_with((weft_limits){.ping_interval = PING, .pong_timeout = PONG});
    return 0;
}

static int end(void **state)
{
    (void)state;
    raw_free(raw);
    world_end(&world);
    return 0;
}

static void again_with(weft_limits limits)
{
    end(NULL);
    begin_with(limits);
}

/* Let silence last until the ping is there; its time. */
static uint64_t await_ping(void)
{
    uint64_t begun = world.now_us;
    for (int ms = 0; ms <= PING_LATEST; ms++) {
        world.now_us += 1000;
        turn(&world, 0);
        turn(&world, 0);
        raw_read(raw);
        if (raw->len) break;
    }
    assert_string_equal(raw_frames(raw), "ping;");
    return (world.now_us - begun) / 1000;
}

/* ---- ping and pong --------------------------------------------------------------------------- */

static void test_ping_after_silence(void **state)
{
    (void)state;
    assert_in_range(await_ping(), PING * 9 / 10, PING * 11 / 10);
}

static void test_no_ping_while_bytes_come(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++) {
        pass(&world, PING / 2);
        raw_text(raw, "x");
        settle(&world);
    }
    assert_string_equal(raw_frames(raw), "");
    (void)await_ping();
}

static void test_intervals_differ(void **state)
{
    (void)state;
    struct raw *more[8];
    for (size_t i = 0; i < countof(more); i++) more[i] = raw_open(&world, "/");
    int pinged = 0;
    pass(&world, PING);
    for (size_t i = 0; i < countof(more); i++) pinged += raw_heard(more[i], "\x89");
    assert_in_range(pinged, 1, countof(more) - 1);
    for (size_t i = 0; i < countof(more); i++) raw_free(more[i]);
}

static void test_dropped_without_pong(void **state)
{
    (void)state;
    (void)await_ping();
    pass(&world, PONG - 1);
    expect_story(&server.story, "");
    pass(&world, 1);
    expect_story(&server.story, "close 1006 WEFT_ERR_TIMEOUT;");
    assert_true(strstr(server.cause, "pong") != NULL);
    assert_true(raw_ended(raw));
}

static void test_pong_in_the_last_millisecond(void **state)
{
    (void)state;
    (void)await_ping();
    pass(&world, PONG - 1);
    raw_frame(raw, 0x8a, NULL, 0);
    settle(&world);
    expect_story(&server.story, "pong answers ;");
    pass(&world, PONG);
    expect_story(&server.story, "");
    raw_forget(raw);
    (void)await_ping();
}

/* Half a frame shows that somebody is there. */
static void test_any_byte_counts(void **state)
{
    (void)state;
    (void)await_ping();
    pass(&world, PONG - 1);
    raw_write(raw, "\x81", 1);
    settle(&world);
    pass(&world, PONG);
    assert_int_equal(server.closes, 0);
    (void)await_ping();
    pass(&world, PONG);
    assert_int_equal(server.closes, 1);
}

static void test_never_pings(void **state)
{
    (void)state;
    again_with((weft_limits){.ping_interval = WEFT_NEVER});
    pass(&world, 1000 * 3600 * 24);
    assert_string_equal(raw_frames(raw), "");
    assert_int_equal(server.closes, 0);
}

static void test_no_pong_timeout(void **state)
{
    (void)state;
    again_with((weft_limits){.ping_interval = PING, .pong_timeout = WEFT_NEVER});
    (void)await_ping();
    pass(&world, 1000 * 3600);
    assert_int_equal(server.closes, 0);
}

/* It is we who do not read. */
static void test_paused_is_not_dropped(void **state)
{
    (void)state;
    weft_pause(server.conn);
    pass(&world, 100 * PING);
    assert_int_equal(server.closes, 0);
    weft_resume(server.conn);
    settle(&world);
    assert_int_equal(server.closes, 0);
    raw_text(raw, "x");
    settle(&world);
    expect_story(&server.story, "text x;");
}

/* So that the kernel notices when nobody is there to acknowledge it; an answer is not owed. */
static void test_paused_is_pinged(void **state)
{
    (void)state;
    weft_pause(server.conn);
    settle(&world);
    raw_forget(raw);
    (void)await_ping();
    raw_forget(raw);
    (void)await_ping();
    pass(&world, 10 * PONG);
    assert_int_equal(server.closes, 0);
    weft_resume(server.conn);
    settle(&world);
    assert_int_equal(server.closes, 0);
}

static void test_paused_after_the_ping_is_not_dropped(void **state)
{
    (void)state;
    (void)await_ping();
    weft_pause(server.conn);
    raw_frame(raw, 0x8a, NULL, 0);
    pass(&world, 2 * PONG);
    assert_int_equal(server.closes, 0);
    weft_resume(server.conn);
    settle(&world);
    assert_int_equal(server.closes, 0);
}

/* Keep-alive goes on when a pause that was longer than every deadline is over. */
static void test_resumed_is_pinged_again(void **state)
{
    (void)state;
    weft_pause(server.conn);
    pass(&world, 100 * PING);
    weft_resume(server.conn);
    settle(&world);
    raw_read(raw); /* those of the pause */
    raw_forget(raw);
    (void)await_ping();
    pass(&world, PONG);
    expect_story(&server.story, "close 1006 WEFT_ERR_TIMEOUT;");
}

static void test_round_trip(void **state)
{
    (void)state;
    assert_int_equal(weft_ping(server.conn, "me", 2), 0);
    settle(&world);
    assert_string_equal(raw_frames(raw), "ping me;");
    world.now_us += 250;
    raw_frame(raw, 0x8a, "me", 2);
    raw_frame(raw, 0x8a, "you", 3);
    settle(&world);
    expect_story(&server.story, "pong answers me;pong unasked you;");
}

/* ---- message_timeout ------------------------------------------------------------------------- */

static weft_limits message_limits(void)
{
    return (weft_limits){.message_timeout = MESSAGE, .ping_interval = WEFT_NEVER};
}

static void test_trickling_message(void **state)
{
    (void)state;
    again_with(message_limits());
    raw_frame(raw, 0x01, "x", 1);
    settle(&world);
    for (int i = 1; i < MESSAGE / 100; i++) {
        pass(&world, 100);
        raw_frame(raw, 0x00, "x", 1);
    }
    pass(&world, 99);
    expect_story(&server.story, "");
    pass(&world, 1);
    turn_until(&world, raw_ended(raw));
    assert_memory_equal(raw_frames(raw), "close 1008", 10);
    turn_until(&world, server.closes);
    assert_true(told(&server.story, "WEFT_ERR_POLICY;"));
}

static void test_message_in_time(void **state)
{
    (void)state;
    again_with(message_limits());
    for (int i = 0; i < 3; i++) {
        raw_frame(raw, 0x01, "x", 1);
        settle(&world);
        pass(&world, MESSAGE - 1);
        raw_frame(raw, 0x80, "y", 1);
        settle(&world);
        expect_story(&server.story, "text xy;");
    }
    pass(&world, 3 * MESSAGE);
    expect_story(&server.story, "");
}

/* The next message, begun in the same segment in which the first ended, has its own time. */
static void test_message_behind_a_message(void **state)
{
    (void)state;
    again_with(message_limits());
    uint8_t bytes[64];
    raw_frame(raw, 0x01, "x", 1);
    settle(&world);
    pass(&world, MESSAGE - 1);
    size_t n = put_frame(bytes, 0x80, "y", 1);
    n += put_frame(bytes + n, 0x01, "z", 1);
    raw_write(raw, bytes, n);
    settle(&world);
    pass(&world, MESSAGE - 1);
    expect_story(&server.story, "text xy;");
    pass(&world, 1);
    turn_until(&world, server.closes);
    assert_true(told(&server.story, "sent 1008"));
}

static void test_time_paused_is_not_the_messages(void **state)
{
    (void)state;
    again_with(message_limits());
    raw_frame(raw, 0x01, "x", 1);
    settle(&world);
    weft_pause(server.conn);
    pass(&world, 3 * MESSAGE);
    weft_resume(server.conn);
    settle(&world);
    pass(&world, 1);
    assert_int_equal(server.closes, 0);
    assert_string_equal(raw_frames(raw), "");
    raw_frame(raw, 0x80, "y", 1);
    settle(&world);
    expect_story(&server.story, "text xy;");
}

/* ---- write_stall ----------------------------------------------------------------------------- */

static weft_limits stall_limits(void)
{
    return (weft_limits){.write_stall = STALL, .ping_interval = WEFT_NEVER};
}

static char big[8 * 1024 * 1024];

static void expect_stalled(void)
{
    expect_story(&server.story, "close 1006 WEFT_ERR_TIMEOUT;");
    assert_true(strstr(server.cause, "bytes we send") != NULL);
}

static void test_stall(void **state)
{
    (void)state;
    again_with(stall_limits());
    assert_int_equal(weft_send(server.conn, WEFT_BINARY, big, sizeof big), 0);
    settle(&world);
    assert_true(weft_buffered(server.conn) > 0);
    pass(&world, STALL - 1);
    expect_story(&server.story, "");
    pass(&world, 1);
    expect_stalled();
}

/* Not one byte of the only message is taken. */
static void test_stall_from_the_first_byte(void **state)
{
    (void)state;
    again_with(stall_limits());
    socket_is_full = true;
    assert_int_equal(weft_send(server.conn, WEFT_TEXT, "x", 1), 0);
    settle(&world);
    pass(&world, STALL - 1);
    expect_story(&server.story, "");
    pass(&world, 1);
    expect_stalled();
}

static void test_slow_reader_is_not_stalled(void **state)
{
    (void)state;
    again_with(stall_limits());
    assert_int_equal(weft_send(server.conn, WEFT_BINARY, big, sizeof big), 0);
    settle(&world);
    for (size_t before; (before = weft_buffered(server.conn)) > 0;) {
        pass(&world, STALL - 1);
        assert_int_equal(server.closes, 0);
        raw_read(raw);
        raw_forget(raw);
        turn_until(&world, weft_buffered(server.conn) < before);
    }
    pass(&world, 10 * STALL);
    assert_int_equal(server.closes, 0);
}

static void test_nothing_queued_nothing_stalls(void **state)
{
    (void)state;
    again_with(stall_limits());
    assert_int_equal(weft_send(server.conn, WEFT_TEXT, "x", 1), 0);
    pass(&world, 10 * STALL);
    expect_story(&server.story, "");
}

/* ---- close_timeout --------------------------------------------------------------------------- */

static void test_close_without_an_answer(void **state)
{
    (void)state;
    again_with((weft_limits){.close_timeout = CLOSE});
    weft_close(server.conn, 1000, "bye");
    pass(&world, CLOSE - 1);
    expect_story(&server.story, "");
    pass(&world, 1);
    expect_story(&server.story, "close 1006 sent 1000 WEFT_ERR_TIMEOUT;");
    assert_true(raw_ended(raw));
}

static void test_close_answered_in_the_last_millisecond(void **state)
{
    (void)state;
    again_with((weft_limits){.close_timeout = CLOSE});
    weft_close(server.conn, 1000, "bye");
    pass(&world, CLOSE - 1);
    raw_close_frame(raw, 1000, "");
    settle(&world);
    expect_story(&server.story, "close 1000 clean;");
}

/* Data that goes on coming does not move it. */
static void test_close_timeout_while_data_comes(void **state)
{
    (void)state;
    again_with((weft_limits){.close_timeout = CLOSE});
    weft_close(server.conn, 1000, NULL);
    pass(&world, CLOSE - 1);
    raw_text(raw, "x");
    settle(&world);
    expect_story(&server.story, "text x;");
    pass(&world, 1);
    expect_story(&server.story, "close 1006 sent 1000 WEFT_ERR_TIMEOUT;");
}

/* ---- afterwards ------------------------------------------------------------------------------ */

/* After a violation the wire waits for the peer to hang up, but not for ever. */
static void test_linger_ends(void **state)
{
    (void)state;
    again_with((weft_limits){.close_timeout = CLOSE});
    raw_write(raw, "\xff\xff", 2);
    turn_until(&world, server.closes);
    settle(&world);
    pass(&world, CLOSE - 1);
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_CONNECTIONS), 1);
    pass(&world, 1);
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_CONNECTIONS), 0);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_ping_after_silence),
        unit(test_no_ping_while_bytes_come),
        unit(test_intervals_differ),
        unit(test_dropped_without_pong),
        unit(test_pong_in_the_last_millisecond),
        unit(test_any_byte_counts),
        unit(test_never_pings),
        unit(test_no_pong_timeout),
        unit(test_paused_is_not_dropped),
        unit(test_paused_is_pinged),
        unit(test_paused_after_the_ping_is_not_dropped),
        unit(test_resumed_is_pinged_again),
        unit(test_round_trip),
        unit(test_trickling_message),
        unit(test_message_in_time),
        unit(test_message_behind_a_message),
        unit(test_time_paused_is_not_the_messages),
        unit(test_stall),
        unit(test_stall_from_the_first_byte),
        unit(test_slow_reader_is_not_stalled),
        unit(test_nothing_queued_nothing_stalls),
        unit(test_close_without_an_answer),
        unit(test_close_answered_in_the_last_millisecond),
        unit(test_close_timeout_while_data_comes),
        unit(test_linger_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
