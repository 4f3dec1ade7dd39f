/* SPDX-License-Identifier: MIT
 *
 * tests/net/carriers_end.h - scenarios of a server that leaves or is freed, and of neighbours, on any carrier
 */
#ifndef NET_CARRIERS_END_H
#define NET_CARRIERS_END_H

#include "carriers_reply.h"

/* ---- leaving --------------------------------------------------------------------------------- */

static void leave_websockets(void)
{
    open_all("/talk");
    shut_down();
    heard_all("close 1001;");
    told_all("");
    assert_false(has_left);
    say_close(1001, "");
    told_all("close 1001 clean;");
    heard_all("end;");
    hang_up();
    assert_true(has_left);
}

static void leave_replies(void)
{
    begin_all();
    shut_down();
    told_all("leave;over;");
    heard_all("chunk bye;last;end;");
}

static void leave_the_idle(void)
{
    ask("/now");
    told_all("asked;");
    shut_down();
    heard_all("200;body hello;end;");
    assert_true(has_left);
}

static void leave_those_who_wait(void)
{
    ask("/later");
    shut_down();
    told_all("asked;");
    heard_all("");
    time_passes(10000);
    assert_false(has_left);
    answer();
    time_passes(100);
    heard_all("200 at last;body at last;end;");
    assert_true(has_left);
}

static void leave_the_held(void)
{
    hold_all();
    shut_down();
    heard_all("");
    accept_all(0);
    time_passes(100);
    told_all("open;");
    heard_all("101;close 1001;");
    say_close(1001, "");
    told_all("close 1001 clean;");
    heard_all("end;");
}

static void leave_by_the_deadline(void)
{
    ask("/later");
    shut_down();
    time_passes(29000);
    told_all("asked;");
    heard_all("");
    time_passes(1100);
    told_all("gone;");
    heard_all("end;");
    assert_true(has_left);
    respond_too_late();
}

/* ---- everything in flight --------------------------------------------------------------------- */

enum role { WEBSOCKET, REPLY, HELD, REQUEST, HEAD, IDLE, ROLES };

static void start(struct actor *a, enum role role)
{
    switch (role) {
    case WEBSOCKET: one_upgrades(a, "/talk"); break;
    case REPLY:
        one_asks(a, "GET", "/stream", "\r\n");
        one_asks(a, "GET", "/now", "\r\n");
        break;
    case HELD: one_upgrades(a, "/hold"); break;
    case REQUEST: one_asks(a, "GET", "/later", "\r\n"); break;
    case HEAD: far_say(a->far, "GET / HT"); break;
    default: break;
    }
}

/* Much is queued, and half a message has come. */
static void go_on(struct actor *a, enum role role)
{
    a->far->reads = false;
    if (role == WEBSOCKET) {
        (void)fill(a);
        far_frame(a->far, 0x01, long_text(), 30000);
    }
    if (role == REPLY) (void)fill_reply(a);
}

static enum role role_of(const struct actor *a, int turn_of)
{
    return (enum role)((a - cast + turn_of) % ROLES);
}

static void in_flight(int turn_of)
{
    static const char *const stories[] = {"open;", "asked;begin;", "", "asked;", "", ""};
    for each (a) start(a, role_of(a, turn_of));
    run();
    for each (a) one_was_told(a, stories[role_of(a, turn_of)]);
    for each (a) go_on(a, role_of(a, turn_of));
    run();
}

/* What the user has to finish. */
static void finish_all(int turn_of)
{
    for each (a) {
        enum role role = role_of(a, turn_of);
        if (role == HELD) assert_int_equal(weft_upgrade_accept(a->held), WEFT_ERR_CLOSED);
        if (role == REQUEST)
            assert_int_equal(weft_respond(a->request, 200, NULL, "x", 1), WEFT_ERR_CLOSED);
    }
}

static void expect_gone(int turn_of)
{
    static const char *const stories[] = {
        "close 1006 WEFT_ERR_CLOSED;", "over WEFT_ERR_CLOSED;", "", "gone;", "", ""};
    for each (a) one_was_told(a, stories[role_of(a, turn_of)]);
}

/* The scenario with each of the roles, of which each of the cast plays another. */
static void with_all_roles(void (*scenario)(void))
{
    for (int turn_of = 0; turn_of < ROLES; turn_of++) {
        in_flight(turn_of);
        scenario();
        expect_gone(turn_of);
        finish_all(turn_of);
        run();
        told_all("");
        play_again();
    }
}

/* Who is asked to come to an end, does. */
static void come_to_an_end(struct actor *a, enum role role)
{
    if (role == WEBSOCKET) far_close_frame(a->far, 1001, "");
    if (role == HELD) assert_int_equal(weft_upgrade_refuse(a->held, 503, NULL, "too late", 8), 0);
    if (role == REQUEST)
        assert_int_equal(weft_respond(a->request, 200, "text/plain", "at last", 7), 0);
}

static void leave_everything(void)
{
    static const char *const told[] = {
        "open;close 1001 clean;", "asked;begin;leave;over;", "", "asked;", "", ""};
    static const char *const heard[] = {
        "101;close 1001;end;",
        "200;chunk bye;last;end;",
        "503 at last;body too late;end;",
        "200 at last;body at last;end;",
        "503 at last;body the server is shutting down\n;end;",
        "end;",
    };
    for (int turn_of = 0; turn_of < ROLES; turn_of++) {
        for each (a) start(a, role_of(a, turn_of));
        run();
        shut_down();
        for each (a) come_to_an_end(a, role_of(a, turn_of));
        time_passes(100);
        for each (a) one_was_told(a, told[role_of(a, turn_of)]);
        for each (a) one_heard(a, heard[role_of(a, turn_of)]);
        hang_up();
        assert_true(has_left);
        play_again();
    }
}

static void server_freed(void)
{
    with_all_roles(free_server);
}

static int posted_turn_of;

static void free_and_finish(void *arg)
{
    (void)arg;
    free_server();
    finish_all(posted_turn_of);
}

/* The last turn runs what was posted. */
static void free_loop(void)
{
    assert_int_equal(weft_loop_post(world.loop, free_and_finish, NULL), 0);
    weft_loop_free(world.loop);
    world.loop = NULL;
}

static void loop_freed(void)
{
    for (posted_turn_of = 0; posted_turn_of < ROLES; posted_turn_of++) {
        in_flight(posted_turn_of);
        free_loop();
        expect_gone(posted_turn_of);
        play_again();
    }
}

static void freed_while_leaving(void)
{
    open_all("/talk");
    shut_down();
    free_server();
    told_all("close 1006 sent 1001 WEFT_ERR_CLOSED;");
    assert_false(has_left);
}

/* ---- neighbours ------------------------------------------------------------------------------- */

/* The first does not read; the others do not notice. */
static void one_does_not_read(void)
{
    open_all("/echo");
    cast->far->reads = false;
    size_t n = fill(cast);
    for each (a)
        if (a != cast) {
            assert_int_equal(weft_send(a->teller.conn, WEFT_BINARY, long_text(), 200000), 0);
            one_says(a, "hi");
        }
    run();
    for each (a)
        if (a != cast) {
            one_was_told(a, "text hi;drain;");
            one_heard(a, "bin [200000];text hi;");
        }
    one_heard(cast, "");
    read_again();
    one_was_told(cast, "drain;");
    expect_repeated(far_heard(cast->far), "bin [65000];", n);
}

/* The first is not read. */
static void one_is_paused(void)
{
    open_all("/talk");
    weft_pause(cast->teller.conn);
    for each (a)
        for (int i = 0; i < 3; i++) far_frame(a->far, 0x82, long_text(), 50000);
    run();
    for each (a) one_was_told(a, a == cast ? "" : "bin [50000];bin [50000];bin [50000];");
    weft_resume(cast->teller.conn);
    run();
    one_was_told(cast, "bin [50000];bin [50000];bin [50000];");
}

static void one_stalls_for_good(void)
{
    open_all("/echo");
    cast->far->reads = false;
    (void)fill(cast);
    time_passes(15000);
    say("hi");
    for each (a) one_was_told(a, a == cast ? "close 1006 WEFT_ERR_TIMEOUT;" : "text hi;");
    for each (a)
        if (a != cast) one_heard(a, "text hi;");
}

static void one_is_reset(void)
{
    open_all("/echo");
    cast->far->reads = false;
    (void)fill(cast);
    weft_pause(cast->teller.conn);
    far_frame(cast->far, 0x82, long_text(), 60000);
    run();
    one_resets(cast);
    run();
    one_was_told(cast, "close 1006 by-peer ECONNRESET;");
    for each (a)
        if (a != cast) far_frame(a->far, 0x82, "of use", 6), one_says(a, "hi");
    run();
    for each (a)
        if (a != cast) one_was_told(a, "bin of use;text hi;");
    for each (a)
        if (a != cast) one_heard(a, "text of use;text hi;");
}

/* Who is told of one's end ends the next. */
static void abort_next(weft_conn *c)
{
    for each (a)
        if (a->teller.conn && a->teller.conn != c) weft_abort(a->teller.conn);
}

static void each_ends_the_others(void)
{
    open_all("/talk");
    for each (a) a->teller.then_close = abort_next;
    one_resets(cast);
    run();
    for each (a)
        one_was_told(a,
                     a == cast ? "close 1006 by-peer ECONNRESET;" : "close 1006 WEFT_ERR_CLOSED;");
    for each (a)
        if (a != cast) one_heard(a, "reset;");
}

#endif
