/* SPDX-License-Identifier: MIT
 *
 * tests/net/carriers_random.h - a play without a script, on the second carrier
 *
 * Peers and users do anything at any time, memory fails now and then, and nobody asks whether it makes sense. Nothing
 * crashes, leaks or hangs, each end is told once (carriers_world.h), and the windows are whole in the end. A seed is a
 * play: the same every time.
 */
#ifndef NET_CARRIERS_RANDOM_H
#define NET_CARRIERS_RANDOM_H

#include "carriers_faults.h"

enum { PLAYS = 400, ACTS = 60 };

static uint64_t chance;

static size_t random_below(size_t n)
{
    chance = chance * 6364136223846793005U + 1442695040888963407U;
    return (size_t)(chance >> 33) % n;
}

/* ---- what a peer does ------------------------------------------------------------------------ */

static const char *somewhere(void)
{
    static const char *const places[] = {"/now",  "/later", "/stream", "/known", "/echo",
                                         "/talk", "/hold",  "/chunks", "/none"};
    return places[random_below(countof(places))];
}

static void peer_asks(struct actor *a)
{
    switch (random_below(4)) {
    case 0: one_upgrades(a, somewhere()); break;
    case 1: one_posts(a, 1 + random_below(60000)); break;
    default: one_asks(a, "GET", somewhere(), "\r\n");
    }
}

static void peer_has_websocket(struct far *f)
{
    switch (random_below(12)) {
    case 0: far_frame(f, 0x82, long_text(), 65 + random_below(60000)); break;
    case 1: far_frame(f, 0x01, "frag", 4); break;
    case 2: far_frame(f, 0x80, "ment", 4); break;
    case 3: far_frame(f, 0x89, "ping", 4); break;
    case 4: far_close_frame(f, 1000, "bye"); break;
    default: far_frame(f, 0x81, "hi", 2);
    }
}

static void peer_acts(struct actor *a)
{
    bool talks = random_below(50) ? a->teller.conn != NULL : random_below(2);
    switch (random_below(50)) {
    case 0: a->far->ends = true; break;
    case 1:
        if (!a->far->gone) one_resets(a);
        break;
    case 2: lose(); break;
    case 3: a->far->reads = false; break;
    case 4: a->far->reads = true; break;
    default:
        if (talks) peer_has_websocket(a->far);
        else peer_asks(a);
    }
}

/* ---- what a user does ------------------------------------------------------------------------ */

static void user_has_websocket(weft_conn *c)
{
    switch (random_below(8)) {
    case 0: whatever(weft_send(c, WEFT_BINARY, long_text(), random_below(200000))); break;
    case 1: whatever(weft_send_fragment(c, WEFT_TEXT, "part", 4, random_below(2))); break;
    case 2: weft_pause(c); break;
    case 3: weft_resume(c); break;
    case 4: weft_resume(c); break;
    case 5: (void)weft_ping(c, "?", 1); break;
    case 6: (void)weft_close(c, 1000, "enough"); break;
    default:
        if (random_below(4) == 0) weft_abort(c);
    }
}

static void user_has_reply(weft_reply *r)
{
    weft_piece *p;
    switch (random_below(6)) {
    case 0: whatever(weft_reply_write(r, long_text(), random_below(100000))); break;
    case 1: whatever(weft_reply_write(r, "12345", 5)); break;
    case 2:
        if (weft_piece_new(&p, &world.env, "piece", 5) < 0) break;
        whatever(weft_reply_write_piece(r, p));
        weft_piece_unref(p);
        break;
    case 3: whatever(weft_reply_end(r)); break;
    case 4:
        if (random_below(4) == 0) weft_reply_abort(r);
        break;
    default: break;
    }
}

static void finish_held(struct actor *a)
{
    weft_upgrade *u = a->held;
    a->held = NULL;
    if (random_below(2)) (void)weft_upgrade_accept(u);
    else (void)weft_upgrade_refuse(u, 403, NULL, "no", 2);
}

static void finish_request(struct actor *a)
{
    weft_request *r = a->request;
    a->request = NULL;
    switch (random_below(3)) {
    case 0: (void)weft_respond(r, 200, NULL, long_text(), random_below(90000)); break;
    case 1: begin_reply(a, r, WEFT_LENGTH_UNKNOWN); break;
    default: weft_request_abort(r);
    }
}

static void user_acts(struct actor *a)
{
    if (a->held) finish_held(a);
    else if (a->request) finish_request(a);
    else if (a->teller.conn) user_has_websocket(a->teller.conn);
    else if (a->reply) user_has_reply(a->reply);
}

/* ---- the play -------------------------------------------------------------------------------- */

static void forget(struct actor *a)
{
    a->teller.story.len = 0;
    a->chunked = 0;
    buf_consume(&a->far->heard, a->far->heard.len);
}

static void finish_all_held(void)
{
    for each (a)
        if (a->held) finish_held(a);
    for each (a)
        if (a->request) finish_request(a);
}

static bool all_are_gone(void)
{
    for each (a)
        if (a->far->stream && !a->far->stream->ended && !a->far->stream->was_reset) return false;
    return true;
}

/* Others come. */
static void come_again(void)
{
    hang_up();
    finish_all_held();
    for each (a) far_deinit(a->far);
    join(&streams);
}

static void act(void)
{
    struct actor *a = &cast[random_below(n_cast)];
    if (all_are_gone()) come_again();
    if (random_below(3)) peer_acts(a);
    else user_acts(a);
    if (random_below(30) == 0) world_fail_at(&world, (long)random_below(10));
    if (random_below(200) == 0) (void)weft_server_shutdown(world.server, 1001, on_done, NULL);
    if (random_below(10) == 0) world.now_us += random_below(random_below(5) ? 2 : 20) * 1000 * 1000;
    for each (b) (void)far_move(b->far);
    turn(&world, 0);
    for each (b) forget(b);
}

static void play(uint64_t seed)
{
    chance = seed;
    config = (weft_server_config){.limits = &limits};
    serve();
    world_fail_at(&world, random_below(4) ? -1 : (long)random_below(20));
    join(&streams);
    for (int i = 0; i < ACTS; i++) act();
    world_fail_at(&world, -1);
    if (random_below(2)) hang_up();
    for each (a) forget(a);
    finish_all_held();
    if (random_below(2)) run();
    free_server();
    finish_all_held();
    for each (a) assert_true(!a->teller.conn && !a->reply);
    (void)end(NULL);
}

static void test_anything(void **state)
{
    (void)state;
    scripted = false;
    for (uint64_t seed = 0; seed < PLAYS; seed++) play(seed);
}

#endif
