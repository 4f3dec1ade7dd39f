/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_ends.c - every way in which a WebSocket ends, and what on_close says of it
 *
 * Exactly one on_close for each: code, reason, who began, whether it was clean, the error, the cause.
 */
#include "raw.h"
#include "stuck_calls.h"
#include "teller.h"

static struct world world;
static struct teller server, client;

static int begin(void **state)
{
    (void)state;
    memset(&server, 0, sizeof server);
    memset(&client, 0, sizeof client);
    tellers_begin(&world, &server, &(weft_limits){.max_message = 1000, .max_empty_fragments = 4});
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    assert_true(server.closes <= 1 && client.closes <= 1);
    return 0;
}

/* The server has told the end, once, and it was this. */
static void expect_end(struct teller *t, const char *want)
{
    turn_until(&world, t->closes);
    settle(&world);
    assert_int_equal(t->closes, 1);
    assert_null(weft_conn_find(world.loop, t->id));
    expect_story(&t->story, want);
}

static struct raw *open_raw(void)
{
    struct raw *r = raw_open(&world, "/");
    expect_story(&server.story, "open;");
    return r;
}

static void open_client(void)
{
    assert_int_equal(
        weft_connect(&client.conn, world.loop, world_url(&world, "/"), NULL, &telling, &client), 0);
    turn_until(&world, told(&client.story, "open;") && told(&server.story, "open;"));
    expect_story(&server.story, "open;");
    expect_story(&client.story, "open;");
}

/* ---- goodbyes -------------------------------------------------------------------------------- */

static void test_peer_closes(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    raw_close_frame(r, 4321, "my reason");
    turn_until(&world, raw_ended(r));
    assert_string_equal(raw_frames(r), "close 4321;eof;");
    expect_end(&server, "close 4321 my reason by-peer clean;");
    raw_free(r);
}

static void test_peer_closes_without_a_code(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    raw_frame(r, 0x88, NULL, 0);
    turn_until(&world, raw_ended(r));
    assert_string_equal(raw_frames(r), "close;eof;");
    expect_end(&server, "close 1005 by-peer clean;");
    raw_free(r);
}

/* What the peer says before our Close is out is why it ended; ours follows all the same. */
static void test_peer_closes_while_ours_waits(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    use_full_sockets(&world.sys, true);
    assert_int_equal(weft_close(server.conn, 1000, "all is said"), 0);
    settle(&world);
    raw_close_frame(r, 1009, "too big");
    settle(&world);
    make_room();
    expect_end(&server, "close 1009 too big sent 1000 by-peer clean;");
    raw_free(r);
}

static void test_we_close(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    assert_int_equal(weft_close(server.conn, 1001, "going"), 0);
    settle(&world);
    assert_string_equal(raw_frames(r), "close 1001 going;");
    assert_int_equal(server.closes, 0);
    raw_close_frame(r, 4444, "theirs");
    expect_end(&server, "close 4444 theirs sent 1001 clean;");
    assert_int_equal(weft_server_count_closed(world.server, 4444), 1);
    assert_int_equal(weft_server_count_closed(world.server, 1001), 0);
    assert_int_equal(weft_server_count_close_sent(world.server, 1001), 1);
    raw_free(r);
}

static void test_we_close_without_a_code(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    assert_int_equal(weft_close(server.conn, 0, NULL), 0);
    settle(&world);
    raw_frame(r, 0x88, NULL, 0);
    expect_end(&server, "close 1005 clean;");
    raw_free(r);
}

/* Both say Close in the same turn: each has sent its own before it read the other's. */
static void test_both_close_at_once(void **state)
{
    (void)state;
    open_client();
    assert_int_equal(weft_close(server.conn, 4001, "server"), 0);
    assert_int_equal(weft_close(client.conn, 4002, "client"), 0);
    turn_until(&world, server.closes && client.closes);
    expect_end(&server, "close 4002 client sent 4001 clean;");
    expect_end(&client, "close 4001 server sent 4002 clean;");
}

static void test_both_ends_hear_the_same(void **state)
{
    (void)state;
    open_client();
    assert_int_equal(weft_close(client.conn, 3000, "enough"), 0);
    turn_until(&world, server.closes && client.closes);
    expect_end(&server, "close 3000 enough by-peer clean;");
    expect_end(&client, "close 3000 clean;");
}

/* What is queued goes out before the Close. */
static void test_close_behind_what_is_queued(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    assert_int_equal(weft_send(server.conn, WEFT_TEXT, "last", 4), 0);
    weft_close(server.conn, 1000, NULL);
    settle(&world);
    assert_string_equal(raw_frames(r), "text last;close 1000;");
    raw_text(r, "under way");
    raw_close_frame(r, 1000, "");
    expect_end(&server, "text under way;close 1000 clean;");
    raw_free(r);
}

static void test_long_reason_is_cut(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    char reason[200];
    memset(reason, 'r', sizeof reason - 1);
    reason[sizeof reason - 1] = 0;
    assert_int_equal(weft_close(server.conn, 1000, reason), 0);
    settle(&world);
    assert_string_equal(raw_frames(r), "close 1000 [123];");
    raw_free(r);
}

static void test_reason_that_holds_nul(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    weft_bytes reason = {(const uint8_t *)"a\0b", 3}, bad = {(const uint8_t *)"\xff", 1};
    assert_int_equal(weft_close_bytes(server.conn, 1000, bad), WEFT_ERR_UTF8);
    assert_int_equal(weft_close_bytes(server.conn, 0, reason), WEFT_ERR_CODE);
    assert_int_equal(weft_close_bytes(server.conn, 1000, reason), 0);
    turn_until(&world, (raw_read(r), r->len == 7));
    assert_memory_equal(r->got,
                        "\x88\x05\x03\xe8"
                        "a\0b",
                        7);
    raw_free(r);
}

/* Whole code points: one more would make it 124 bytes. */
static void test_long_reason_is_cut_between_code_points(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    uint8_t text[1 + 3 * 50] = "x";
    for (size_t i = 1; i < sizeof text; i += 3) memcpy(text + i, "\xe2\x82\xac", 3);
    assert_int_equal(weft_close_bytes(server.conn, 1000, (weft_bytes){text + 2, 2}), WEFT_ERR_UTF8);
    assert_int_equal(weft_close_bytes(server.conn, 1000, (weft_bytes){text, sizeof text}), 0);
    turn_until(&world, (raw_read(r), r->len == 2 + 2 + 121));
    assert_memory_equal(r->got, "\x88\x7b\x03\xe8x", 5);
    raw_free(r);
}

/* It reads on, or it would never see the peer's Close. */
static void test_pause_while_closing(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    assert_int_equal(weft_close(server.conn, 1000, NULL), 0);
    weft_pause(server.conn);
    settle(&world);
    raw_text(r, "under way");
    raw_close_frame(r, 1000, "");
    expect_end(&server, "text under way;close 1000 clean;");
    raw_free(r);
}

static void test_close_of_a_paused_connection(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    weft_pause(server.conn);
    weft_close(server.conn, 1000, NULL);
    raw_close_frame(r, 1000, "");
    expect_end(&server, "close 1000 by-peer clean;"); /* theirs was there before ours was out */
    raw_free(r);
}

/* ---- without goodbye ------------------------------------------------------------------------- */

static void test_end_of_stream(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    raw_text(r, "x");
    raw_hang_up(r);
    expect_end(&server, "text x;close 1006 by-peer WEFT_ERR_LOST;");
    assert_string_equal(server.cause, "the connection ended without a Close frame");
    raw_free(r);
}

static void test_reset(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    raw_reset(r);
    expect_end(&server, "close 1006 by-peer ECONNRESET;");
    raw_free(r);
}

static void test_reset_of_a_paused_connection(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    weft_pause(server.conn);
    settle(&world);
    raw_reset(r);
    expect_end(&server, "close 1006 by-peer ECONNRESET;");
    raw_free(r);
}

static void test_end_of_stream_of_a_paused_connection(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    weft_pause(server.conn);
    raw_text(r, "x");
    raw_hang_up(r);
    settle(&world);
    expect_story(&server.story, "");
    weft_resume(server.conn);
    expect_end(&server, "text x;close 1006 by-peer WEFT_ERR_LOST;");
    raw_free(r);
}

static void test_end_of_a_paused_connection_with_nothing_unread(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    weft_pause(server.conn);
    settle(&world);
    raw_hang_up(r);
    expect_end(&server, "close 1006 by-peer WEFT_ERR_LOST;");
    raw_free(r);
}

static void pause_at_x(weft_conn *c, const char *text)
{
    if (*text == 'x') weft_pause(c);
}

/* In the middle of what was received: the rest comes first. */
static void test_end_behind_what_was_received(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    uint8_t both[64];
    size_t n = put_frame(both, 0x81, "x", 1);
    n += put_frame(both + n, 0x81, "y", 1);
    server.then_message = pause_at_x;
    raw_write(r, both, n);
    raw_hang_up(r);
    settle(&world);
    expect_story(&server.story, "text x;");
    weft_resume(server.conn);
    expect_end(&server, "text y;close 1006 by-peer WEFT_ERR_LOST;");
    raw_free(r);
}

static void test_end_of_stream_instead_of_the_answer(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    weft_close(server.conn, 1000, "bye");
    settle(&world);
    raw_read(r);
    raw_hang_up(r);
    expect_end(&server, "close 1006 sent 1000 WEFT_ERR_LOST;");
    raw_free(r);
}

static void test_abort(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    weft_abort(server.conn);
    expect_end(&server, "close 1006 WEFT_ERR_CLOSED;");
    assert_string_equal(server.cause, "dropped by the program");
    assert_true(raw_ended(r));
    assert_string_equal(raw_frames(r), "error 104;"); /* ECONNRESET */
    raw_free(r);
}

static void test_abort_while_closing(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    weft_close(server.conn, 1000, "bye");
    settle(&world);
    weft_abort(server.conn);
    expect_end(&server, "close 1006 sent 1000 WEFT_ERR_CLOSED;");
    raw_free(r);
}

static void test_server_is_freed(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    weft_server_free(world.server);
    world.server = NULL;
    assert_int_equal(server.closes, 1);
    assert_true(told(&server.story, "close 1006 WEFT_ERR_CLOSED;"));
    assert_string_equal(server.cause, "the server was freed");
    raw_free(r);
}

static void test_loop_is_freed(void **state)
{
    (void)state;
    open_client();
    weft_server_free(world.server);
    world.server = NULL;
    assert_int_equal(client.closes, 0);
    weft_loop_free(world.loop);
    world.loop = NULL;
    assert_int_equal(client.closes, 1);
    assert_true(told(&client.story, "close 1006 WEFT_ERR_CLOSED;"));
    assert_string_equal(client.cause, "the loop was freed");
}

/* It has said why it goes, and that is the story; what it did not wait for is the error. */
static void leave_early(void (*go)(struct raw *r), const char *want)
{
    struct raw *r = open_raw();
    use_full_sockets(&world.sys, true);
    assert_int_equal(weft_send(server.conn, WEFT_TEXT, "never read", 10), 0);
    settle(&world);
    raw_close_frame(r, 1000, "enough");
    settle(&world);
    go(r);
    expect_end(&server, want);
    assert_string_equal(server.cause,
                        "the peer said Close, and left before it had taken all that was queued");
    assert_int_equal(weft_server_count_closed(world.server, 1000), 1);
    assert_int_equal(weft_server_count_close_sent(world.server, 0), 1);
    raw_free(r);
}

static void test_closed_and_reset_with_much_queued(void **state)
{
    (void)state;
    leave_early(raw_reset, "close 1000 enough by-peer ECONNRESET;");
}

/* Neither Close is out: ours is not, and theirs did not come. */
static void test_reset_while_ours_waits(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    use_full_sockets(&world.sys, true);
    assert_int_equal(weft_close(server.conn, 1000, NULL), 0);
    settle(&world);
    raw_reset(r);
    expect_end(&server, "close 1006 by-peer ECONNRESET;");
    raw_free(r);
}

/* ---- timers and watches in the last on_close -------------------------------------------------- */

static struct {
    weft_timer *kept, *freed, *made;
    weft_watch *watch;
    unsigned closes;
} parting;

static void never(weft_timer *t, void *user)
{
    (void)t, (void)user;
    fail_msg("a timer of a loop that is gone");
}

static void never_ready(weft_watch *watch, unsigned events, void *user)
{
    (void)watch, (void)events, (void)user;
    fail_msg("a watch of a loop that is gone");
}

/* As a client does that would connect again. */
static void parting_closes(weft_conn *c, const weft_close_info *info)
{
    weft_loop *l = weft_conn_loop(c);
    assert_int_equal(info->code, 1006);
    parting.closes++;
    weft_timer_start(parting.kept, 0);
    weft_timer_stop(parting.freed);
    weft_timer_free(parting.freed);
    assert_int_equal(weft_timer_new(&parting.made, l, never, NULL), 0);
    weft_timer_at(parting.made, weft_loop_now(l));
    assert_int_equal(weft_watch_set(parting.watch, WEFT_WRITABLE), 0);
}

/* What is left goes with the loop: world_end counts. */
static void test_timers_in_the_last_on_close(void **state)
{
    (void)state;
    static const weft_handler h = {.on_close = parting_closes};
    weft_conn *c;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    memset(&parting, 0, sizeof parting);
    assert_int_equal(weft_connect(&c, world.loop, world_url(&world, "/"), NULL, &h, NULL), 0);
    turn_until(&world, told(&server.story, "open;"));
    assert_int_equal(weft_timer_new(&parting.kept, world.loop, never, NULL), 0);
    assert_int_equal(weft_timer_new(&parting.freed, world.loop, never, NULL), 0);
    assert_int_equal(weft_watch_new(&parting.watch, world.loop, ends[1], 0, never_ready, NULL), 0);
    weft_server_free(world.server);
    world.server = NULL;
    weft_loop_free(world.loop);
    world.loop = NULL;
    assert_int_equal(parting.closes, 1);
    close(ends[0]);
    close(ends[1]);
}

/* ---- violations ------------------------------------------------------------------------------ */

/* The peer is told why, can read it to the end, and is dropped. */
static void expect_violation(struct raw *r, uint16_t code, const char *error)
{
    char want[128];
    turn_until(&world, raw_ended(r));
    assert_false(r->error);
    snprintf(want, sizeof want, "close %d ", code);
    const char *frames = raw_frames(r);
    assert_memory_equal(frames, want, strlen(want));
    assert_string_equal(frames + strlen(frames) - 5, ";eof;");
    turn_until(&world, server.closes);
    snprintf(want, sizeof want, "close 1006 sent %d %s;", code, error);
    assert_true(told(&server.story, want));
    assert_false(told(&server.story, "clean"));
    assert_false(told(&server.story, "by-peer"));
    assert_int_equal(server.closes, 1);
    assert_int_equal(weft_server_count_closed(world.server, 1006), 1);
    assert_int_equal(weft_server_count_close_sent(world.server, code), 1);
    raw_free(r);
}

static void test_protocol(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    raw_write(r, "\x81\x01x", 3); /* not masked */
    raw_text(r, "never delivered");
    expect_violation(r, 1002, "WEFT_ERR_PROTOCOL");
    assert_true(strstr(server.cause, "mask") != NULL);
}

static void test_utf8(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    raw_frame(r, 0x81, "\xff", 1);
    expect_violation(r, 1007, "WEFT_ERR_UTF8");
}

static void test_policy(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    raw_frame(r, 0x01, NULL, 0);
    for (int i = 0; i < 6; i++) raw_frame(r, 0x00, NULL, 0);
    expect_violation(r, 1008, "WEFT_ERR_POLICY");
}

static void test_too_big(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    static char big[1001];
    raw_frame(r, 0x82, big, sizeof big);
    expect_violation(r, 1009, "WEFT_ERR_TOO_BIG");
}

static void test_out_of_memory(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    world_fail_at(&world, 0);
    raw_frame(r, 0x02, "part", 4);
    turn_until(&world, world.asked);
    expect_violation(r, 1011, "ENOMEM");
}

/* Whoever goes on sending after a violation is not read for ever, and our words are not lost by a reset. */
static void test_flood_after_a_violation(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    static char flood[60000];
    raw_frame(r, 0x83, "bad opcode", 10);
    raw_frame(r, 0x82, flood, sizeof flood);
    settle(&world);
    raw_read(r);
    assert_memory_equal(r->got, "\x88", 1);
    assert_int_equal(server.closes, 1);
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_CONNECTIONS), 1); /* lingers */
    pass(&world, 5000);
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_CONNECTIONS), 0);
    raw_free(r);
}

static void test_violation_after_our_close(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    weft_close(server.conn, 1000, "first");
    settle(&world);
    raw_write(r, "\x81\x01x", 3);
    turn_until(&world, server.closes);
    assert_true(told(&server.story, "close 1006 sent 1000 WEFT_ERR_PROTOCOL;"));
    turn_until(&world, raw_ended(r));
    assert_string_equal(raw_frames(r), "close 1000 first;eof;");
    raw_free(r);
}

static void test_bytes_after_the_peers_close(void **state)
{
    (void)state;
    struct raw *r = open_raw();
    raw_close_frame(r, 1000, "");
    raw_write(r, "\xff\xff\xff", 3);
    expect_end(&server, "close 1000 by-peer clean;");
    raw_free(r);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_peer_closes),
        unit(test_peer_closes_without_a_code),
        unit(test_peer_closes_while_ours_waits),
        unit(test_we_close),
        unit(test_we_close_without_a_code),
        unit(test_both_close_at_once),
        unit(test_both_ends_hear_the_same),
        unit(test_close_behind_what_is_queued),
        unit(test_long_reason_is_cut),
        unit(test_reason_that_holds_nul),
        unit(test_long_reason_is_cut_between_code_points),
        unit(test_pause_while_closing),
        unit(test_close_of_a_paused_connection),
        unit(test_end_of_stream),
        unit(test_reset),
        unit(test_reset_of_a_paused_connection),
        unit(test_end_of_stream_of_a_paused_connection),
        unit(test_end_of_a_paused_connection_with_nothing_unread),
        unit(test_end_behind_what_was_received),
        unit(test_end_of_stream_instead_of_the_answer),
        unit(test_closed_and_reset_with_much_queued),
        unit(test_reset_while_ours_waits),
        unit(test_abort),
        unit(test_abort_while_closing),
        unit(test_server_is_freed),
        unit(test_loop_is_freed),
        unit(test_timers_in_the_last_on_close),
        unit(test_protocol),
        unit(test_utf8),
        unit(test_policy),
        unit(test_too_big),
        unit(test_out_of_memory),
        unit(test_flood_after_a_violation),
        unit(test_violation_after_our_close),
        unit(test_bytes_after_the_peers_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
