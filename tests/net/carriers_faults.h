/* SPDX-License-Identifier: MIT
 *
 * tests/net/carriers_faults.h - one scenario on the second carrier, again and again, with memory that fails somewhere
 *
 * On three streams: a WebSocket that is echoed and closed; a body, a reply that streams, and another request; an
 * upgrade that is held, and goes on as a WebSocket. In the end the server leaves, in half of the runs.
 *
 * Whatever fails: nothing crashes, leaks or hangs, who was opened is closed once, the windows are whole again
 * (memory_carrier.h asserts that), and a bystander on another connection of the kind goes on as before.
 */
#ifndef NET_CARRIERS_FAULTS_H
#define NET_CARRIERS_FAULTS_H

#include <limits.h>

#include "carriers_end.h"

static struct how streams = {&far_memory, CAST_MAX};
static struct far bystanders;

static void bystander_comes(void)
{
    struct actor *a = &cast[BYSTANDER];
    *a = (struct actor){.far = &bystanders};
    far_init(a->far, &far_memory);
    far_memory.connect(a->far, 1);
    one_upgrades(a, "/echo");
    (void)far_move(a->far);
    turn_until(&world, a->teller.conn);
}

static void bystander_is_echoed(void)
{
    struct actor *a = &cast[BYSTANDER];
    one_says(a, "still there?");
    for (int i = 0; i < QUIET; i++, turn(&world, 0)) (void)far_move(a->far);
    one_was_told(a, "open;text still there?;");
    one_heard(a, "101;text still there?;");
}

static void bystander_goes(void)
{
    struct far *f = cast[BYSTANDER].far;
    f->kind->hang_up(f, 1);
    for (int i = 0; i < QUIET; i++) turn(&world, 0);
    assert_int_equal(cast[BYSTANDER].teller.closes, 1);
    far_deinit(f);
}

/* ---- the scenario ---------------------------------------------------------------------------- */

static void first_words(void)
{
    one_upgrades(&cast[0], "/echo");
    one_says(&cast[0], "hi");
    far_frame(cast[0].far, 0x82, long_text(), 60000);
    far_close_frame(cast[0].far, 1000, "bye");
    one_posts(&cast[1], 3000);
    one_asks(&cast[1], "GET", "/stream", "\r\n");
    one_asks(&cast[1], "GET", "/now", "\r\n");
    one_upgrades(&cast[2], "/hold");
    one_says(&cast[2], "early");
}

/* Who has it is told of what fails; whatever does, it is over in the end. */
static void go_on_with_reply(weft_reply *r)
{
    weft_piece *p;
    if (!r || weft_piece_new(&p, &world.env, long_text(), 30000) < 0) return;
    if (weft_reply_write_piece(r, p) == 0 && weft_reply_write(r, "more", 4) == 0)
        whatever(weft_reply_end(r));
    weft_piece_unref(p);
}

static void accept_held(struct actor *a)
{
    if (a->held) (void)weft_upgrade_accept(a->held);
    a->held = NULL;
    one_says(a, "late");
}

static bool leaves(bool asked)
{
    bool does = asked && weft_server_shutdown(world.server, 1001, on_done, NULL) == 0;
    time_passes(100);
    return does;
}

/* Whether that allocation was asked for. */
static bool with_failing(long nth, bool and_all_that_follow, bool leaving)
{
    config = (weft_server_config){.limits = &limits};
    serve();
    n_cast = 0;
    bystander_comes();
    world.fail_on = and_all_that_follow;
    world_fail_at(&world, nth);
    join(&streams);
    first_words();
    run();
    go_on_with_reply(cast[1].reply);
    accept_held(&cast[2]);
    run();
    bool has = leaves(leaving), failed = world.asked > nth;
    world_fail_at(&world, -1);

    if (!has) bystander_is_echoed();
    time_passes(20000); /* who cannot go on has a deadline */
    hang_up();
    bystander_goes();
    assert_int_equal(has_left, has);
    assert_true(cast[0].teller.closes <= 1 && cast[2].teller.closes <= 1);
    (void)end(NULL);
    return failed;
}

static void with_each_failing(bool and_all_that_follow)
{
    for (int leaving = 0; leaving < 2; leaving++) {
        bool failed = true;
        for (long n = 0; failed; n++) {
            assert_true(n < 1000);
            failed = with_failing(n, and_all_that_follow, leaving);
        }
    }
}

static void test_nothing_fails(void **state)
{
    (void)state;
    assert_false(with_failing(LONG_MAX, false, false));
    one_was_told(&cast[0], "open;text hi;bin [60000];close 1000 bye by-peer clean;");
    one_was_told(&cast[1], "asked;asked;begin;over;asked;");
}

static void test_every_allocation(void **state)
{
    (void)state;
    with_each_failing(false);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    with_each_failing(true);
}

#endif
