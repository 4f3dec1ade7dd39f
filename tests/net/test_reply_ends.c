/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_reply_ends.c - replies that stream: room in the queue, a server that leaves, and the end, which is
 * told once, whatever it was
 *
 * A loop outlives its servers, so no reply ends with the loop: weft_server_free has ended it before.
 */
#include "streaming.h"
#include "stuck_calls.h"

static char big[64 * 1024];

static int fill(void **state)
{
    (void)state;
    memset(big, 'b', sizeof big);
    return 0;
}

static int write_big(struct stream *s, size_t len)
{
    assert_true(len <= sizeof big);
    return weft_reply_write(s->reply, big, len);
}

/* ---- who ends it: we do ---------------------------------------------------------------------- */

/* Broken, so that it is not taken for whole. */
static void expect_broken(struct raw *r)
{
    turn_until(&world, raw_ended(r));
    assert_int_equal(r->error, ECONNRESET);
}

static void test_abort(void **state)
{
    (void)state;
    static const char *const requests[] = {GET("/"), "GET / HTTP/1.0\r\n\r\n"};
    for (size_t i = 0; i < countof(requests); i++) {
        struct stream s = {.name = "a"};
        struct raw *r = streaming(&s, requests[i], WEFT_LENGTH_UNKNOWN);
        assert_int_equal(put(&s, "abc"), 0);
        turn_until(&world, raw_heard(r, "abc"));
        weft_reply_abort(s.reply);
        assert_int_equal(s.closes, 0); /* nobody is called by what he calls */
        assert_false(weft_reply_is_open(s.reply));
        weft_reply_abort(s.reply);
        expect_close(&s, WEFT_ERR_CLOSED, "dropped by the program");
        expect_broken(r);
        raw_free(r);
    }
}

/* What was written goes out first; then it ends where its body does not. Who could not tell has a reset. */
static void test_cut(void **state)
{
    (void)state;
    struct stream s = {.name = "a"}, t = {.name = "b"};
    struct raw *r = streaming(&s, GET("/"), WEFT_LENGTH_UNKNOWN);
    use_full_sockets(&world.sys, true);
    assert_int_equal(put(&s, "abc"), 0);
    weft_reply_cut(s.reply);
    assert_int_equal(put(&s, "d"), WEFT_ERR_CLOSED);
    weft_reply_cut(s.reply);
    settle(&world);
    expect_story(&story, "");
    make_room();
    expect_close(&s, WEFT_ERR_CLOSED, "cut by the program");
    turn_until(&world, raw_ended(r));
    assert_int_equal(r->error, 0);
    assert_string_equal(r->got, "3\r\nabc\r\n");
    raw_free(r);
    r = streaming(&t, "GET / HTTP/1.0\r\n\r\n", WEFT_LENGTH_UNKNOWN);
    weft_reply_cut(t.reply);
    expect_close(&t, WEFT_ERR_CLOSED, "dropped by the program");
    expect_broken(r);
    raw_free(r);
}

static void test_end_short(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = streaming(&s, GET("/"), 100);
    assert_int_equal(put(&s, "abc"), 0);
    assert_int_equal(weft_reply_end(s.reply), WEFT_ERR_STATE);
    assert_int_equal(weft_reply_end(s.reply), WEFT_ERR_CLOSED);
    expect_close(&s, WEFT_ERR_STATE, "this call is not allowed now");
    expect_broken(r);
    raw_free(r);
}

/* Ended is not yet over: the rest is written first. */
static void test_end_with_much_to_write(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = streaming(&s, GET("/"), WEFT_LENGTH_UNKNOWN);
    use_full_sockets(&world.sys, true);
    assert_int_equal(put(&s, "abc"), 0);
    settle(&world);
    assert_int_equal(weft_reply_end(s.reply), 0);
    assert_int_equal(put(&s, "d"), WEFT_ERR_CLOSED);
    assert_int_equal(weft_reply_end(s.reply), WEFT_ERR_CLOSED);
    settle(&world);
    expect_story(&story, "");
    assert_int_equal(weft_reply_buffered(s.reply), strlen("3\r\nabc\r\n0\r\n\r\n"));
    make_room();
    expect_close(&s, 0, "");
    assert_true(raw_heard(r, "3\r\nabc\r\n0\r\n\r\n"));
    expect_next(r);
    raw_free(r);
}

/* Then it is not whole, and on_close does not say that it is. */
static void test_abort_after_the_end(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = streaming(&s, GET("/"), WEFT_LENGTH_UNKNOWN);
    use_full_sockets(&world.sys, true);
    assert_int_equal(weft_reply_end(s.reply), 0);
    settle(&world);
    weft_reply_abort(s.reply);
    expect_close(&s, WEFT_ERR_CLOSED, "dropped by the program");
    expect_broken(r);
    raw_free(r);
}

/* ---- who ends it: the client does ------------------------------------------------------------ */

static void test_client_resets(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {100, WEFT_LENGTH_UNKNOWN};
    for (size_t i = 0; i < countof(lengths); i++) {
        struct stream s = {.name = "a"};
        struct raw *r = streaming(&s, GET("/"), lengths[i]);
        raw_reset(r);
        expect_close(&s, -ECONNRESET, "Connection reset by peer");
        raw_free(r);
    }
}

/* Also while a request of his waits, so that nothing is read. */
static void test_client_resets_behind_a_request(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = streaming(&s, GET("/"), WEFT_LENGTH_UNKNOWN);
    raw_say(r, GET("/2"));
    settle(&world);
    raw_reset(r);
    expect_close(&s, -ECONNRESET, "Connection reset by peer");
    assert_null(held);
    raw_free(r);
}

/* A stream to who has sent his last byte would go on for ever. */
static void test_client_ends_his_side(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = streaming(&s, GET("/"), WEFT_LENGTH_UNKNOWN);
    shutdown(r->fd, SHUT_WR);
    expect_close(&s, WEFT_ERR_LOST, "the client left");
    raw_free(r);
}

/* One of known length ends by itself; the connection ends with it. */
static void test_client_ends_his_side_of_a_known_length(void **state)
{
    (void)state;
    static const int statuses[] = {200, 204};
    for (size_t i = 0; i < countof(statuses); i++) {
        struct stream s = {.name = "a"};
        struct raw *r = ask(GET("/"));
        assert_int_equal(stream_as(&s, statuses[i], i ? 0 : 6), 0);
        if (!i) assert_int_equal(put(&s, "abc"), 0);
        settle(&world);
        shutdown(r->fd, SHUT_WR);
        pass(&world, 1000);
        assert_int_equal(s.closes, 0);
        if (!i) assert_int_equal(put(&s, "def"), 0);
        assert_int_equal(weft_reply_end(s.reply), 0);
        turn_until(&world, raw_ended(r));
        assert_true(r->eof);
        assert_string_equal(raw_body(r), i ? "" : "abcdef");
        expect_close(&s, 0, "");
        raw_free(r);
    }
}

/* And a stream whose end has been said. */
static void test_client_ends_his_side_of_an_ended_one(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = streaming(&s, GET("/"), WEFT_LENGTH_UNKNOWN);
    use_full_sockets(&world.sys, true);
    assert_int_equal(weft_reply_end(s.reply), 0);
    settle(&world);
    shutdown(r->fd, SHUT_WR);
    settle(&world);
    assert_int_equal(s.closes, 0);
    make_room();
    turn_until(&world, raw_ended(r));
    assert_string_equal(r->got, "0\r\n\r\n");
    expect_close(&s, 0, "");
    raw_free(r);
}

/* ---- who ends it: time does ------------------------------------------------------------------ */

static void test_client_takes_nothing(void **state)
{
    (void)state;
    again_with(&(weft_server_config){.limits = &(weft_limits){.write_stall = 500}});
    for (int ended = 0; ended <= 1; ended++) {
        struct stream s = {.name = "a"};
        struct raw *r = streaming(&s, GET("/"), WEFT_LENGTH_UNKNOWN);
        use_full_sockets(&world.sys, true);
        assert_int_equal(put(&s, "abc"), 0);
        if (ended) assert_int_equal(weft_reply_end(s.reply), 0);
        settle(&world);
        pass(&world, 499);
        assert_int_equal(s.closes, 0);
        pass(&world, 1);
        expect_close(&s, WEFT_ERR_TIMEOUT, "the client takes none of the bytes we send");
        expect_broken(r);
        raw_free(r);
        socket_is_full = false;
    }
}

/* Nor of what was said before: the reply is behind it. */
static void test_client_took_nothing_before(void **state)
{
    (void)state;
    again_with(&(weft_server_config){.limits = &(weft_limits){.write_stall = 500}});
    struct stream s = {.name = "a"};
    struct raw *r = ask(GET("/") GET("/"));
    use_full_sockets(&world.sys, true);
    weft_request *first = take();
    assert_int_equal(weft_respond(first, 200, NULL, "first", 5), 0);
    turn_until(&world, held);
    settle(&world);
    stream(&s, WEFT_LENGTH_UNKNOWN);
    pass(&world, 499);
    assert_int_equal(s.closes, 0);
    pass(&world, 1);
    expect_close(&s, WEFT_ERR_TIMEOUT, "the client takes none of the bytes we send");
    socket_is_full = false;
    raw_free(r);
}

/* What he does take moves the deadline away; a reply with nothing to say has none. */
static void test_client_takes_his_time(void **state)
{
    (void)state;
    again_with(&(weft_server_config){.limits = &(weft_limits){.write_stall = 500}});
    struct stream s = {.name = "a"};
    struct raw *r = streaming(&s, GET("/"), WEFT_LENGTH_UNKNOWN);
    use_full_sockets(&world.sys, true);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(put(&s, "abc"), 0);
        settle(&world);
        pass(&world, 499);
        make_room();
        settle(&world);
        assert_int_equal(weft_reply_buffered(s.reply), 0);
        socket_is_full = true;
    }
    pass(&world, 3600 * 1000);
    assert_int_equal(s.closes, 0);
    socket_is_full = false;
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");
    raw_free(r);
}

/* ---- who ends it: the server does ------------------------------------------------------------ */

/* Three are open and one has ended: all hear of it, before weft_server_free returns. */
static void test_server_freed(void **state)
{
    (void)state;
    struct stream s[4] = {{.name = "a"}, {.name = "b"}, {.name = "c"}, {.name = "d"}};
    struct raw *r[4] = {streaming(&s[0], GET("/"), WEFT_LENGTH_UNKNOWN),
                        streaming(&s[1], GET("/"), 1),
                        streaming(&s[2], "GET / HTTP/1.0\r\n\r\n", WEFT_LENGTH_UNKNOWN),
                        streaming(&s[3], GET("/"), WEFT_LENGTH_UNKNOWN)};
    use_full_sockets(&world.sys, true);
    assert_int_equal(put(&s[1], "x"), 0);
    assert_int_equal(weft_reply_end(s[3].reply), 0);
    settle(&world);
    weft_server_free(world.server);
    world.server = NULL;
    for (int i = 0; i < 4; i++) {
        assert_int_equal(s[i].closes, 1);
        assert_int_equal(s[i].error, WEFT_ERR_CLOSED);
        assert_string_equal(s[i].cause, "the server was freed");
        assert_null(weft_reply_find(world.loop, s[i].id));
        turn_until(&world, raw_ended(r[i]));
        if (i == 2) assert_int_equal(r[i]->error, ECONNRESET); /* an end would pass for its end */
        raw_free(r[i]);
    }
}

static void shutdown_done(weft_server *server, void *user)
{
    (void)server, (void)user;
    tell(&story, "done;");
}

static void leave(void)
{
    assert_int_equal(weft_server_shutdown(world.server, 1001, shutdown_done, NULL), 0);
}

/* What a page does that watches the stream: it comes back later, each at another time. */
static void test_leave(void **state)
{
    (void)state;
    enum { MANY = 8 };
    struct stream s[MANY];
    struct raw *r[MANY];
    again_with(&(weft_server_config){.limits = &(weft_limits){.shutdown_drain = 9000}});
    memset(s, 0, sizeof s);
    for (int i = 0; i < MANY; i++) {
        s[i].name = "a";
        r[i] = streaming(&s[i], GET("/"), WEFT_LENGTH_UNKNOWN);
    }
    leave();
    for (int i = 0; i < 20; i++) pass(&world, 100); /* it is told once */
    expect_story(&story, "leave a;leave a;leave a;leave a;leave a;leave a;leave a;leave a;");
    for (int i = 0; i < MANY; i++) {
        assert_in_range(s[i].return_ms, 1000, 1000 + 9000 / 3);
        for (int k = 0; k < i; k++) assert_int_not_equal(s[i].return_ms, s[k].return_ms);
    }
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(put(&s[i], "bye"), 0);
        assert_int_equal(weft_reply_end(s[i].reply), 0);
        expect_close(&s[i], 0, "");
        turn_until(&world, raw_ended(r[i]));
        assert_true(r[i]->eof);
        assert_string_equal(r[i]->got, "3\r\nbye\r\n0\r\n\r\n");
        raw_free(r[i]);
    }
    turn_until(&world, told(&story, "done;"));
}

/* Who was in the middle of it may come to his end. */
static void test_finishing_after_the_shutdown(void **state)
{
    (void)state;
    static const weft_reply_handler no_leave = {.on_close = on_close};
    struct stream s = {.name = "a"};
    struct raw *r = ask(GET("/"));
    assert_int_equal(weft_reply_begin(&s.reply, take(), 200, NULL, 6, &no_leave, &s), 0);
    assert_int_equal(put(&s, "abc"), 0);
    leave();
    for (int i = 0; i < 20; i++) pass(&world, 100);
    expect_story(&story, "");
    assert_int_equal(put(&s, "def"), 0);
    assert_int_equal(weft_reply_end(s.reply), 0);
    turn_until(&world, raw_ended(r));
    assert_string_equal(raw_body(r), "abcdef");
    raw_hang_up(r);
    turn_until(&world, told(&story, "done;"));
    expect_story(&story, "close a;done;");
    assert_int_equal(s.error, 0);
    raw_free(r);
}

/* One that is begun while the server leaves is asked as well. */
static void test_begun_while_the_server_leaves(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = ask(GET("/"));
    leave();
    for (int i = 0; i < 5; i++) pass(&world, 100);
    stream(&s, WEFT_LENGTH_UNKNOWN);
    for (int i = 0; i < 5; i++) pass(&world, 100);
    expect_story(&story, "leave a;");
    assert_int_equal(weft_reply_end(s.reply), 0);
    turn_until(&world, raw_ended(r));
    assert_true(raw_heard(r, "0\r\n\r\n"));
    expect_close(&s, 0, "");
    raw_free(r);
}

static void test_shutdown_drain_passes(void **state)
{
    (void)state;
    again_with(&(weft_server_config){.limits = &(weft_limits){.shutdown_drain = 1000}});
    struct stream s = {.name = "a"}, t = {.name = "b"};
    struct raw *r = streaming(&s, GET("/"), WEFT_LENGTH_UNKNOWN), *q = streaming(&t, GET("/"), 9);
    leave();
    for (int i = 0; i < 9; i++) pass(&world, 100);
    assert_int_equal(s.closes + t.closes, 0);
    for (int i = 0; i < 3; i++) pass(&world, 100);
    expect_close(&s, WEFT_ERR_TIMEOUT, "the server has shut down");
    expect_close(&t, WEFT_ERR_TIMEOUT, "the server has shut down");
    assert_true(told(&story, "done;"));
    turn_until(&world, raw_ended(r) && raw_ended(q));
    raw_free(r);
    raw_free(q);
}

/* ---- room ------------------------------------------------------------------------------------ */

/* Nothing but what is queued counts, and a write that is taken may go beyond the limit. */
static void test_backlog_in_bytes(void **state)
{
    (void)state;
    again_with(&(weft_server_config){.limits = &(weft_limits){.send_queue_max = 2000}});
    struct stream s = {.name = "a"};
    struct raw *r = streaming(&s, GET("/"), 100000);
    weft_piece *p;
    assert_int_equal(weft_piece_new(&p, &world.env, "xyz", 3), 0);
    use_full_sockets(&world.sys, true);
    assert_int_equal(write_big(&s, 2000), 0);
    assert_int_equal(write_big(&s, 1), 0);
    assert_int_equal(write_big(&s, 1), WEFT_ERR_BACKLOG);
    assert_int_equal(weft_reply_write_piece(s.reply, p), WEFT_ERR_BACKLOG);
    assert_int_equal(weft_reply_buffered(s.reply), 2001);
    settle(&world);
    expect_story(&story, "");
    make_room();
    turn_until(&world, story.len);
    expect_story(&story, "drain a;");
    settle(&world);
    expect_story(&story, "");
    raw_read(r);
    assert_int_equal(r->len, 2001);
    assert_int_equal(weft_reply_write_piece(s.reply, p), 0);
    weft_piece_unref(p);
    weft_reply_abort(s.reply);
    expect_close(&s, WEFT_ERR_CLOSED, "dropped by the program");
    raw_free(r);
}

/* Many small ones cost more than their bytes. */
static void test_backlog_in_items(void **state)
{
    (void)state;
    again_with(&(weft_server_config){.limits = &(weft_limits){.send_queue_items = 4}});
    struct stream s = {.name = "a"};
    struct raw *r = streaming(&s, GET("/"), WEFT_LENGTH_UNKNOWN);
    weft_piece *p;
    assert_int_equal(weft_piece_new(&p, &world.env, "x", 1), 0);
    use_full_sockets(&world.sys, true);
    for (int i = 0; i < 3; i++) {
        assert_false(weft_reply_backlogged(s.reply));
        assert_int_equal(weft_reply_write_piece(s.reply, p), 0);
    }
    assert_true(weft_reply_backlogged(s.reply)); /* more than half of them */
    for (int i = 0; i < 2; i++) assert_int_equal(put(&s, "y"), 0);
    assert_int_equal(weft_reply_write_piece(s.reply, p), WEFT_ERR_BACKLOG);
    assert_int_equal(put(&s, "z"), WEFT_ERR_BACKLOG);
    weft_piece_unref(p);
    make_room();
    turn_until(&world, story.len);
    expect_story(&story, "drain a;");
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");
    assert_true(raw_heard(r, "1\r\nx\r\n1\r\nx\r\n1\r\nx\r\n1\r\ny\r\n1\r\ny\r\n0\r\n\r\n"));
    raw_free(r);
}

/* Below half of send_queue_soft, after it was above, once. */
static void test_drain(void **state)
{
    (void)state;
    again_with(&(weft_server_config){.limits = &(weft_limits){.send_queue_soft = 1000}});
    struct stream s = {.name = "a"};
    struct raw *r = streaming(&s, GET("/"), 100000);
    use_full_sockets(&world.sys, true);
    assert_int_equal(write_big(&s, 1000), 0);
    make_room();
    settle(&world);
    expect_story(&story, "");
    socket_is_full = true;
    assert_int_equal(write_big(&s, 1000), 0);
    assert_false(weft_reply_backlogged(s.reply));
    assert_int_equal(write_big(&s, 1), 0);
    assert_true(weft_reply_backlogged(s.reply));
    settle(&world);
    expect_story(&story, "");
    make_room();
    turn_until(&world, story.len);
    settle(&world);
    expect_story(&story, "drain a;");
    assert_false(weft_reply_backlogged(s.reply));
    weft_reply_abort(s.reply);
    expect_close(&s, WEFT_ERR_CLOSED, "dropped by the program");
    raw_free(r);
}

/* With a real socket that is full, and a client who reads at last. */
static void test_drain_and_backlog_on_a_socket(void **state)
{
    (void)state;
    again_with(&(weft_server_config){
        .limits = &(weft_limits){.send_queue_soft = 64 * 1024, .send_queue_max = 256 * 1024}});
    struct stream s = {.name = "a"};
    struct raw *r = streaming(&s, GET("/"), WEFT_LENGTH_UNKNOWN);
    size_t written = 0;
    int error = 0;
    while (!error && written < 64 * 1024 * 1024) {
        error = write_big(&s, sizeof big);
        if (!error) written += sizeof big;
        turn(&world, 0);
    }
    assert_int_equal(error, WEFT_ERR_BACKLOG);
    assert_in_range(weft_reply_buffered(s.reply), 256 * 1024, 256 * 1024 + 2 * sizeof big);
    story.len = 0, story.text[0] = 0; /* it drained while the socket had room */
    turn_until(&world, (raw_read(r), raw_forget(r), story.len));
    expect_story(&story, "drain a;");
    assert_true(weft_reply_buffered(s.reply) < 32 * 1024);
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");
    raw_free(r);
}

/* ---- what may be called from where ----------------------------------------------------------- */

static void end_it(struct stream *s)
{
    assert_int_equal(weft_reply_end(s->reply), 0);
}

static void abort_it(struct stream *s)
{
    weft_reply_abort(s->reply);
}

static void write_on(struct stream *s)
{
    assert_int_equal(put(s, "more"), 0);
    s->then_drain = end_it;
}

static void write_and_end(struct stream *s)
{
    assert_int_equal(put(s, "bye"), 0);
    assert_int_equal(weft_reply_end(s->reply), 0);
}

/* A stream whose on_drain is due, with this to do there. */
static struct raw *drains(struct stream *s, void (*then)(struct stream *s))
{
    *s = (struct stream){.name = "a", .then_drain = then};
    struct raw *r = streaming(s, GET("/"), WEFT_LENGTH_UNKNOWN);
    assert_int_equal(write_big(s, 200), 0);
    return r;
}

static void test_calls_in_on_drain(void **state)
{
    (void)state;
    again_with(&(weft_server_config){.limits = &(weft_limits){.send_queue_soft = 100}});
    struct stream s;
    struct raw *r = drains(&s, end_it);
    expect_close(&s, 0, "");
    expect_next(r);
    raw_free(r);

    r = drains(&s, abort_it);
    expect_close(&s, WEFT_ERR_CLOSED, "dropped by the program");
    expect_broken(r);
    raw_free(r);

    r = drains(&s, write_on);
    settle(&world);
    raw_read(r);
    assert_memory_equal(r->got + r->len - 9, "4\r\nmore\r\n", 9);
    assert_int_equal(write_big(&s, 200), 0);
    expect_close(&s, 0, "");
    raw_free(r);
}

static void test_calls_in_on_leave(void **state)
{
    static void (*const calls[])(struct stream * s) = {end_it, abort_it, write_and_end};
    static const char *const heard[] = {"0\r\n\r\n", "", "3\r\nbye\r\n0\r\n\r\n"};
    struct stream s[countof(calls)];
    struct raw *r[countof(calls)];
    (void)state;
    for (size_t i = 0; i < countof(calls); i++) {
        s[i] = (struct stream){.name = "a", .then_leave = calls[i]};
        r[i] = streaming(&s[i], GET("/"), WEFT_LENGTH_UNKNOWN);
    }
    leave();
    pass(&world, 50);
    for (size_t i = 0; i < countof(calls); i++) {
        expect_close(&s[i], i == 1 ? WEFT_ERR_CLOSED : 0, i == 1 ? "dropped by the program" : "");
        turn_until(&world, raw_ended(r[i]));
        assert_string_equal(r[i]->got, heard[i]);
        raw_free(r[i]);
    }
    turn_until(&world, told(&story, "done;"));
}

static struct stream *other;

static void abort_other(struct stream *s)
{
    (void)s;
    weft_reply_abort(other->reply);
}

static void end_other(struct stream *s)
{
    (void)s;
    assert_int_equal(put(other, "last"), 0);
    assert_int_equal(weft_reply_end(other->reply), 0);
}

static void answer_held(struct stream *s)
{
    (void)s;
    stream(other, 2);
    assert_int_equal(put(other, "in"), 0);
    assert_int_equal(weft_reply_end(other->reply), 0);
}

static void test_calls_in_on_close_of_another(void **state)
{
    (void)state;
    struct stream s = {.name = "a", .then_close = abort_other}, t = {.name = "b"};
    struct raw *r = streaming(&s, GET("/"), 1), *q = streaming(&t, GET("/"), WEFT_LENGTH_UNKNOWN);
    other = &t;
    weft_reply_abort(s.reply);
    expect_close(&s, WEFT_ERR_CLOSED, "dropped by the program");
    expect_close(&t, WEFT_ERR_CLOSED, "dropped by the program");
    expect_broken(q);
    raw_free(r);
    raw_free(q);

    s = (struct stream){.name = "a", .then_close = end_other}, t = (struct stream){.name = "b"};
    r = streaming(&s, GET("/"), 1), q = streaming(&t, GET("/"), WEFT_LENGTH_UNKNOWN);
    raw_reset(r);
    expect_close(&s, -ECONNRESET, "Connection reset by peer");
    expect_close(&t, 0, "");
    assert_true(raw_heard(q, "4\r\nlast\r\n0\r\n\r\n"));
    raw_free(r);
    raw_free(q);

    s = (struct stream){.name = "a", .then_close = answer_held}, t = (struct stream){.name = "b"};
    r = streaming(&s, GET("/"), 1);
    q = ask(GET("/"));
    weft_reply_abort(s.reply);
    expect_close(&s, WEFT_ERR_CLOSED, "dropped by the program");
    expect_close(&t, 0, "");
    assert_true(raw_heard(q, "\r\n\r\nin"));
    raw_free(r);
    raw_free(q);
}

/* Both of one burial: who was aborted is over for whoever hears of it first. */
static void test_both_abort_the_other(void **state)
{
    (void)state;
    struct stream s = {.name = "a", .then_close = abort_other}, t = {.name = "b"};
    struct raw *r = streaming(&s, GET("/"), 1), *q = streaming(&t, GET("/"), 1);
    other = &t;
    weft_reply_abort(s.reply);
    weft_reply_abort(t.reply);
    expect_close(&s, WEFT_ERR_CLOSED, "dropped by the program");
    expect_close(&t, WEFT_ERR_CLOSED, "dropped by the program");
    expect_story(&story, "close a;close b;");
    raw_free(r);
    raw_free(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_abort),
        unit(test_cut),
        unit(test_end_short),
        unit(test_end_with_much_to_write),
        unit(test_abort_after_the_end),
        unit(test_client_resets),
        unit(test_client_resets_behind_a_request),
        unit(test_client_ends_his_side),
        unit(test_client_ends_his_side_of_a_known_length),
        unit(test_client_ends_his_side_of_an_ended_one),
        unit(test_client_takes_nothing),
        unit(test_client_took_nothing_before),
        unit(test_client_takes_his_time),
        unit(test_server_freed),
        unit(test_leave),
        unit(test_finishing_after_the_shutdown),
        unit(test_begun_while_the_server_leaves),
        unit(test_shutdown_drain_passes),
        unit(test_backlog_in_bytes),
        unit(test_backlog_in_items),
        unit(test_drain),
        unit(test_drain_and_backlog_on_a_socket),
        unit(test_calls_in_on_drain),
        unit(test_calls_in_on_leave),
        unit(test_calls_in_on_close_of_another),
        unit(test_both_abort_the_other),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
