/* SPDX-License-Identifier: MIT
 *
 * tests/net/carriers_websocket.h - scenarios of WebSockets, on any carrier
 */
#ifndef NET_CARRIERS_WEBSOCKET_H
#define NET_CARRIERS_WEBSOCKET_H

#include "carriers_world.h"

/* ---- messages -------------------------------------------------------------------------------- */

static void send_and_echo(void)
{
    open_all("/echo");
    say("hi");
    told_all("text hi;");
    heard_all("text hi;");
    for each (a) one_says(a, "one"), one_says(a, "two");
    run();
    told_all("text one;text two;");
    heard_all("text one;text two;");
    for each (a) assert_int_equal(weft_send(a->teller.conn, WEFT_BINARY, "news", 4), 0);
    run();
    heard_all("bin news;");
}

static void longer_than_the_windows(void)
{
    open_all("/talk");
    for each (a) far_frame(a->far, 0x82, long_text(), 60000);
    say("behind it");
    told_all("bin [60000];text behind it;");
    for each (a) {
        assert_int_equal(weft_send(a->teller.conn, WEFT_BINARY, long_text(), 200000), 0);
        echo(a->teller.conn, "behind it");
    }
    run();
    told_all("drain;");
    heard_all("bin [200000];text behind it;");
}

static void expect_repeated(const char *heard, const char *what, size_t n)
{
    size_t len = strlen(what);
    assert_int_equal(strlen(heard), n * len);
    for (; n; n--, heard += len) assert_memory_equal(heard, what, len);
}

/* More than a turn has time for. */
static void many_messages(void)
{
    open_all("/echo");
    for each (a)
        for (int i = 0; i < 900; i++) one_says(a, "x");
    run();
    for each (a) expect_repeated(a->teller.story.text, "text x;", 900);
    for each (a) expect_repeated(far_heard(a->far), "text x;", 900);
}

static void behind_the_handshake(void)
{
    for each (a) one_upgrades(a, "/echo"), one_says(a, "early"), one_says(a, "bird");
    run();
    told_all("open;text early;text bird;");
    heard_all("101;text early;text bird;");
}

/* Until no more is taken, neither by us nor by who carries it. How many were. */
static size_t fill(struct actor *a)
{
    size_t n = 0;
    weft_conn *c = a->teller.conn;
    do {
        expect_story(&a->teller.story, n ? "drain;" : "");
        while (weft_send(c, WEFT_BINARY, long_text(), 65000) == 0) n++;
        assert_int_equal(weft_send(c, WEFT_TEXT, "", 0), WEFT_ERR_BACKLOG);
        run();
    } while (told(&a->teller.story, "drain;"));
    return n;
}

static void backlog_and_drain(void)
{
    size_t n[CAST_MAX];
    open_all("/talk");
    read_no_more();
    for each (a) n[a - cast] = fill(a);
    say("still listening");
    told_all("text still listening;");
    heard_all("");
    read_again();
    told_all("drain;");
    for each (a) expect_repeated(far_heard(a->far), "bin [65000];", n[a - cast]);
    for each (a) echo(a->teller.conn, "free again");
    run();
    heard_all("text free again;");
}

/* ---- pausing --------------------------------------------------------------------------------- */

static void pause_it(weft_conn *c, const char *text)
{
    (void)text;
    weft_pause(c);
}

static void resume(void)
{
    for each (a) weft_resume(a->teller.conn);
    run();
}

static void pause_and_resume(void)
{
    open_all("/talk");
    for each (a) a->teller.then_message = pause_it;
    for each (a) one_says(a, "a"), one_says(a, "b");
    run();
    say("c");
    told_all("text a;");
    for each (a) echo(a->teller.conn, "to you");
    run();
    heard_all("text to you;");
    resume();
    told_all("text b;");
    resume();
    told_all("text c;");
    resume();
}

/* More waits than the windows have room for. */
static void pause_before_much(void)
{
    open_all("/talk");
    for each (a) weft_pause(a->teller.conn);
    for (int i = 0; i < 5; i++)
        for each (a) far_frame(a->far, 0x82, long_text(), 20000);
    say("last");
    told_all("");
    resume();
    told_all("bin [20000];bin [20000];bin [20000];bin [20000];bin [20000];text last;");
}

static void pause_from_on_open(void)
{
    for each (a) a->teller.then_open = weft_pause;
    for each (a) one_upgrades(a, "/talk"), one_says(a, "early");
    run();
    told_all("open;");
    heard_all("101;");
    resume();
    told_all("text early;");
}

static bool all_have_heard(const char *what)
{
    for each (a)
        if (!told(&a->teller.story, what)) return false;
    return true;
}

/* Each chunk pauses it, so the rest of the bytes is left, and brought again, many times. */
static void paused_by_each_chunk(void)
{
    open_all("/chunks");
    for each (a) {
        far_frame(a->far, 0x02, long_text(), 60000);
        far_frame(a->far, 0x80, long_text() + 60000, 60000);
    }
    run();
    for (int i = 0; i < 1000 && !all_have_heard("[120000];"); i++) resume();
    told_all("[120000];");
    resume();
}

/* n bytes as a compressed message, by the way of not compressing them (RFC 7692, 7.2.3.3). */
static void far_deflated(struct far *f, const char *text, uint16_t n)
{
    static uint8_t block[65536 + 8];
    const uint8_t head[] = {0, (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)~n, (uint8_t)(~n >> 8)};
    memcpy(block, head, sizeof head);
    memcpy(block + sizeof head, text, n);
    block[sizeof head + n] = 0;
    far_frame(f, 0xc2, block, sizeof head + n + 1);
}

/* What was inflated waits with the rest. */
static void paused_while_inflating(void)
{
    for each (a)
        one_asks(a, "GET", "/chunks", "Sec-WebSocket-Extensions: permessage-deflate\r\n" UPGRADING);
    run();
    told_all("open;");
    heard_all("101;");
    for each (a) far_deflated(a->far, long_text(), 60000);
    run();
    for (int i = 0; i < 1000 && !all_have_heard("[60000];"); i++) resume();
    told_all("[60000];");
    resume();
    say_close(1000, "");
    told_all("close 1000 by-peer clean;");
}

static void close_of_the_paused(void)
{
    open_all("/talk");
    for each (a) weft_pause(a->teller.conn);
    say("late");
    for each (a) assert_int_equal(weft_close(a->teller.conn, 1000, "bye"), 0);
    run();
    told_all("text late;");
    say_close(1000, "");
    told_all("close 1000 clean;");
    heard_all("close 1000 bye;end;");
}

/* ---- goodbyes -------------------------------------------------------------------------------- */

static void close_all(void)
{
    for each (a) assert_int_equal(weft_close(a->teller.conn, 1000, "bye"), 0);
}

static void close_by_us(void)
{
    open_all("/talk");
    close_all();
    run();
    heard_all("close 1000 bye;");
    told_all("");
    say("before yours");
    say_close(4000, "theirs");
    told_all("text before yours;close 4000 theirs sent 1000 clean;");
    heard_all("end;");
}

static void close_by_the_peer(void)
{
    open_all("/talk");
    say_close(4321, "my reason");
    told_all("close 4321 my reason by-peer clean;");
    heard_all("close 4321;end;");
}

/* Who closes while the peer's Close is under way, but not out yet, has been closed. */
static void close_by_both(void)
{
    open_all("/talk");
    for each (a) far_close_frame(a->far, 4321, "mine");
    for each (a) (void)far_move(a->far);
    close_all();
    run();
    told_all("close 4321 mine sent 1000 by-peer clean;");
    heard_all("close 1000 bye;end;");
}

/* Behind much that is not taken yet. */
static void close_behind_a_backlog(void)
{
    size_t n[CAST_MAX];
    open_all("/talk");
    read_no_more();
    for each (a) n[a - cast] = fill(a);
    close_all();
    run();
    told_all("");
    read_again();
    say_close(1000, "");
    told_all("close 1000 clean;");
    for each (a) {
        const char *heard = far_heard(a->far);
        size_t frames = n[a - cast] * strlen("bin [65000];");
        assert_string_equal(heard + frames, "close 1000 bye;end;");
    }
}

static void close_without_an_answer(void)
{
    open_all("/talk");
    close_all();
    run();
    time_passes(4999);
    told_all("");
    time_passes(1);
    told_all("close 1006 sent 1000 WEFT_ERR_TIMEOUT;");
    heard_all("close 1000 bye;end;");
}

static void violation(void)
{
    open_all("/talk");
    for each (a) far_frame(a->far, 0x83, "?", 1), one_says(a, "of no use");
    run();
    for each (a) {
        assert_true(told(&a->teller.story, "close 1006 sent 1002 "));
        const char *heard = far_heard(a->far);
        assert_memory_equal(heard, "close 1002 ", 11);
        assert_string_equal(heard + strlen(heard) - 5, ";end;");
    }
}

/* ---- other ends ------------------------------------------------------------------------------ */

static void abort_by_us(void)
{
    open_all("/talk");
    for each (a) weft_abort(a->teller.conn);
    run();
    told_all("close 1006 WEFT_ERR_CLOSED;");
    heard_all("reset;");
}

static void abort_it(weft_conn *c, const char *text)
{
    (void)text;
    weft_abort(c);
}

static void close_it(weft_conn *c, const char *text)
{
    (void)text;
    assert_int_equal(weft_close(c, 1000, "enough"), 0);
}

/* What lies behind it is nobody's. */
static void abort_in_a_batch(void)
{
    open_all("/talk");
    for each (a) a->teller.then_message = abort_it;
    for each (a) one_says(a, "a"), one_says(a, "b"), far_frame(a->far, 0x82, long_text(), 60000);
    run();
    told_all("text a;close 1006 WEFT_ERR_CLOSED;");
    heard_all("reset;");
}

static void close_in_a_batch(void)
{
    open_all("/talk");
    for each (a) a->teller.then_message = close_it;
    for each (a) one_says(a, "a"), far_close_frame(a->far, 1000, "");
    run();
    told_all("text a;close 1000 by-peer clean;");
    heard_all("close 1000 enough;end;");
}

static void reset_by_the_peer(void)
{
    open_all("/talk");
    reset();
    told_all("close 1006 by-peer ECONNRESET;");
}

static void reset_of_the_paused(void)
{
    open_all("/talk");
    for each (a) weft_pause(a->teller.conn);
    reset();
    told_all("close 1006 by-peer ECONNRESET;");
}

static void end_without_a_close(void)
{
    open_all("/talk");
    for each (a) one_says(a, "last");
    end_saying();
    told_all("text last;close 1006 by-peer WEFT_ERR_LOST;");
    heard_all("end;");
}

static void end_of_the_paused(void)
{
    open_all("/talk");
    for each (a) weft_pause(a->teller.conn);
    for each (a) one_says(a, "last");
    end_saying();
    told_all("");
    resume();
    told_all("text last;close 1006 by-peer WEFT_ERR_LOST;");
    heard_all("end;");
}

/* Who has said Close and ended may still read what was queued before. */
static void end_behind_a_close(void)
{
    size_t n[CAST_MAX];
    open_all("/talk");
    read_no_more();
    for each (a) n[a - cast] = fill(a);
    for each (a) far_close_frame(a->far, 1000, "");
    end_saying();
    told_all("");
    read_again();
    told_all("close 1000 by-peer clean;");
    for each (a) {
        const char *heard = far_heard(a->far);
        assert_string_equal(heard + n[a - cast] * strlen("bin [65000];"), "close 1000;end;");
    }
}

static void loss(void)
{
    open_all("/talk");
    lose();
    told_all("close 1006 by-peer ECONNRESET;");
}

static void loss_in_a_message(void)
{
    open_all("/talk");
    for each (a) {
        far_frame(a->far, 0x01, "half of ", 8);
        far_frame(a->far, 0x00, long_text(), 60000);
        buf_append(&a->far->said, "\x80\xfe\x10", 3);
    }
    run();
    told_all("");
    lose();
    told_all("close 1006 by-peer ECONNRESET;");
}

static void write_stall(void)
{
    open_all("/talk");
    read_no_more();
    for each (a) (void)fill(a);
    time_passes(14999);
    told_all("");
    time_passes(1);
    told_all("close 1006 WEFT_ERR_TIMEOUT;");
    read_again();
    heard_at_last("reset;");
}

/* Who takes a little now and then is slow, and no more than that. */
static void slow_but_not_stalled(void)
{
    open_all("/talk");
    read_no_more();
    for each (a) (void)fill(a);
    for (int i = 0; i < 4; i++) {
        time_passes(14000);
        for each (a) (void)a->far->kind->take(a->far);
        run();
    }
    for each (a) assert_false(told(&a->teller.story, "close"));
}

/* ---- whoever wants to know -------------------------------------------------------------------- */

/* Everything is told once, by whose it was, and bytes are the conversation's, whatever carries it. */
static void told_when_over(void)
{
    config.on_access = tell_access;
    play_again();
    ask("/now");
    told_all("asked;request /now 200 0:5;");
    upgrade("/echo");
    told_all("open;upgrade /echo 101 0:0;");
    say("hi");
    told_all("text hi;");
    say_close(1000, "");
    told_all("close 1000 by-peer clean;websocket /echo 1000 16:8;");
}

static void told_of_a_stream(void)
{
    config.on_access = tell_access;
    play_again();
    ask("/stream");
    told_all("asked;begin;");
    write_all("hello");
    end_replies();
    told_all("over;request /stream 200 0:15;");
}

/* ---- an upgrade that is held ------------------------------------------------------------------ */

static void hold_all(void)
{
    upgrade("/hold");
    for each (a) assert_non_null(a->held);
    told_all("");
    heard_all("");
}

static void accept_all(int result)
{
    for each (a) assert_int_equal(weft_upgrade_accept(a->held), result);
    for each (a) a->held = NULL;
    told_all(""); /* from the loop */
    run();
}

static void held_and_accepted(void)
{
    hold_all();
    time_passes(29999);
    accept_all(0);
    told_all("open;");
    heard_all("101;");
    say("hi");
    told_all("text hi;");
}

static void held_with_frames_behind(void)
{
    hold_all();
    say("early");
    say("bird");
    accept_all(0);
    told_all("open;text early;text bird;");
    heard_all("101;");
}

static void held_and_refused(void)
{
    hold_all();
    for each (a) assert_int_equal(weft_upgrade_refuse(a->held, 403, NULL, "not you", 7), 0);
    run();
    told_all("");
    heard_all("403 at last;body not you;end;");
}

static void held_too_long(void)
{
    hold_all();
    time_passes(29999);
    heard_all("");
    time_passes(1);
    heard_all("503 at last;body the server did not decide in time\n;end;");
    accept_all(WEFT_ERR_CLOSED);
    told_all("");
}

static void held_and_reset(void)
{
    hold_all();
    reset();
    accept_all(WEFT_ERR_CLOSED);
    told_all("");
}

static void held_and_ended(void)
{
    hold_all();
    end_saying();
    heard_all("end;");
    accept_all(WEFT_ERR_CLOSED);
    told_all("");
}

static void held_and_lost(void)
{
    hold_all();
    lose();
    accept_all(WEFT_ERR_CLOSED);
    told_all("");
}

#endif
