/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_out.c - whatever is given through an out: NULL after each error, whatever was there before
 *
 * Each function is called with a struct of a size that cannot be, or with what else it refuses, and then with every
 * allocation failing.
 */
#include "raw.h"

#include <weft/client.h>
#include <weft/handshake.h>
#include <weft/hub.h>
#include <weft/pipe.h>

enum { WRONG = 1 };

static struct world world;
static void *const before = &world; /* what nobody has freed */

static int begin(void **state)
{
    (void)state;
    world_begin(&world);
    world_serve(&world, NULL);
    world_listen(&world);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

static void looked_at(int error, const void *out)
{
    if (error < 0 && out) fail_msg("%s, and out is not NULL", weft_errname(error));
    if (error >= 0) assert_ptr_not_equal(out, before);
}

/* ---- who gives what -------------------------------------------------------------------------- */

static int message(bool wrong)
{
    weft_message *m = before;
    int error =
        weft_message_new_sized(&m, &world.env, wrong ? WRONG : sizeof world.env, WEFT_TEXT, "x", 1);
    looked_at(error, m);
    weft_message_unref(m);
    return error;
}

static int pool(bool wrong)
{
    weft_session_pool *p = before;
    int error = weft_session_pool_new_sized(&p, &world.env, wrong ? WRONG : sizeof world.env);
    looked_at(error, p);
    weft_session_pool_free(p);
    return error;
}

static int profile(bool wrong)
{
    weft_session_profile *p = before;
    const weft_session_config cfg = {.env = &world.env};
    int error = weft_session_profile_new_sized(&p, &cfg, wrong ? WRONG : sizeof cfg,
                                               sizeof world.env, 0, 0);
    looked_at(error, p);
    weft_session_profile_unref(p);
    return error;
}

static int session(bool wrong)
{
    weft_session_profile *p;
    const weft_session_config cfg = {.env = &world.env};
    weft_session *s = before;
    long fail_at = world.fail_at;
    world.fail_at = wrong ? 1 : -1;
    world.asked = 0;
    int error = weft_session_profile_new(&p, &cfg);
    if (!wrong) world_fail_at(&world, fail_at);
    if (error) return error;
    error = weft_session_new(&s, WEFT_SERVER, p);
    looked_at(error, s);
    weft_session_free(s);
    weft_session_profile_unref(p);
    return error;
}

static int loop(bool wrong)
{
    weft_loop *l = before;
    const weft_loop_config cfg = {.env = &world.env, .batch = WEFT_BATCH_EACH};
    int error = weft_loop_new_sized(&l, &cfg, wrong ? WRONG : sizeof cfg, sizeof world.env);
    looked_at(error, l);
    weft_loop_free(l);
    return error;
}

static int server(bool wrong)
{
    weft_server *s = before;
    const weft_server_config cfg = {0};
    int error = weft_server_new_sized(&s, world.loop, &cfg, wrong ? WRONG : sizeof cfg, 0);
    looked_at(error, s);
    weft_server_free(s);
    return error;
}

static int tls(bool wrong)
{
    char why[200];
    weft_tls *t = before;
    const weft_tls_config cfg = {0};
    int error = weft_tls_new_sized(&t, &world.env, sizeof world.env, &cfg,
                                   wrong ? WRONG : sizeof cfg, why, sizeof why);
    looked_at(error, t);
    weft_tls_unref(t);
    return error;
}

static void on_time(weft_timer *t, void *user)
{
    (void)t, (void)user;
}

static int timer(bool wrong)
{
    weft_timer *t = before;
    if (wrong) world_fail_at(&world, 0);
    int error = weft_timer_new(&t, world.loop, on_time, NULL);
    looked_at(error, t);
    weft_timer_free(t);
    return error;
}

static void on_ready(weft_watch *w, unsigned events, void *user)
{
    (void)w, (void)events, (void)user;
}

static int watch(bool wrong)
{
    int pair[2];
    weft_watch *w = before;
    assert_int_equal(pipe(pair), 0);
    int error = weft_watch_new(&w, world.loop, wrong ? -1 : pair[0], WEFT_READABLE, on_ready, NULL);
    looked_at(error, w);
    weft_watch_free(w);
    close(pair[0]), close(pair[1]);
    return error;
}

static int piece(bool wrong)
{
    weft_piece *p = before;
    int error = weft_piece_new(&p, &world.env, "x", wrong ? 0 : 1);
    looked_at(error, p);
    weft_piece_unref(p);
    return error;
}

static int event(bool wrong)
{
    weft_piece *p = before;
    int error = weft_sse_piece(&p, &world.env, wrong ? "a\nb" : "a", NULL, "x", 1);
    looked_at(error, p);
    weft_piece_unref(p);
    return error;
}

static int hub(bool wrong)
{
    weft_hub *h = before;
    const weft_hub_config cfg = {0};
    int error = weft_hub_new_sized(&h, world.loop, &cfg, wrong ? WRONG : sizeof cfg,
                                   sizeof(weft_topic_settings));
    looked_at(error, h);
    weft_hub_free(h);
    return error;
}

static int websocket(bool wrong)
{
    weft_conn *c = before;
    int error =
        weft_connect(&c, world.loop, wrong ? "http://x/" : "ws://127.0.0.1:1/", NULL, NULL, NULL);
    looked_at(error, c);
    if (!error) weft_abort(c);
    settle(&world);
    return error;
}

static int websocket_config(bool wrong)
{
    weft_conn *c = before;
    const weft_client_config cfg = {.origin = wrong ? "a\nb" : "x"};
    int error = weft_connect(&c, world.loop, "ws://127.0.0.1:1/", &cfg, NULL, NULL);
    looked_at(error, c);
    if (!error) weft_abort(c);
    settle(&world);
    return error;
}

static int byte_pipe(bool wrong)
{
    weft_pipe *p = before;
    int error =
        weft_pipe_connect(&p, world.loop, wrong ? "tcp://" : "tcp://127.0.0.1:1", NULL, NULL, NULL);
    looked_at(error, p);
    if (!error) weft_pipe_abort(p);
    settle(&world);
    return error;
}

/* ---- all of them ----------------------------------------------------------------------------- */

static int (*const makers[])(bool wrong) = {
    message, pool,  profile, session, loop,      server,           tls,      timer,
    watch,   piece, event,   hub,     websocket, websocket_config, byte_pipe};

static void what_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(makers); i++) {
        assert_true(makers[i](true) < 0);
        world_fail_at(&world, -1);
        assert_true(makers[i](false) >= 0);
    }
}

static void without_memory(void **state)
{
    (void)state;
    for (size_t i = 0; i < countof(makers); i++) {
        int error = -ENOMEM;
        for (long n = 0; error < 0 && n < 100; n++) {
            world_fail_at(&world, n);
            error = makers[i](false);
        }
        world_fail_at(&world, -1);
        assert_true(error >= 0);
    }
}

/* ---- replies, which begin in a callback ------------------------------------------------------ */

static void refused_reply(weft_request *r, void *user)
{
    (void)user;
    weft_reply *reply = before;
    assert_true(weft_reply_begin(&reply, r, 200, "a\nb", WEFT_LENGTH_UNKNOWN, NULL, NULL) < 0);
    assert_null(reply);
}

static void refused_events(weft_request *r, void *user)
{
    (void)user;
    weft_reply *reply = before;
    assert_true(weft_sse_begin_sized(&reply, r, (const weft_reply_handler *)8, WRONG, NULL) < 0);
    assert_null(reply);
}

static void replies(void **state)
{
    (void)state;
    assert_int_equal(world_requests(world.server, "/reply", refused_reply, NULL), 0);
    assert_int_equal(world_requests(world.server, "/events", refused_events, NULL), 0);
    struct raw *r = raw_connect(&world);
    assert_int_equal(raw_ask(&world, r, "GET /reply HTTP/1.1\r\nHost: x\r\n\r\n"), 500);
    raw_free(r);
    r = raw_connect(&world);
    assert_int_equal(raw_ask(&world, r, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n"), 500);
    raw_free(r);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(what_is_refused),
        unit(without_memory),
        unit(replies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
