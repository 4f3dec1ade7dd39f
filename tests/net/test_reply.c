/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_reply.c - replies that stream: how a body arrives, pieces, what follows on the connection,
 * and what is known of a reply
 *
 * How one ends, and what it is told before: test_reply_ends.c. When memory runs out: test_reply_faults.c.
 */
#include "streaming.h"

/* ---- how the body is told from what follows -------------------------------------------------- */

static void test_of_known_length(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = ask(GET("/"));
    stream(&s, 6);
    assert_int_equal(put(&s, "abc"), 0);
    turn_until(&world, raw_heard(r, "\r\n\r\nabc"));
    assert_int_equal(put(&s, "defg"),
                     WEFT_ERR_STATE); /* more than there may be: none of it is queued */
    assert_int_equal(put(&s, "def"), 0);
    assert_int_equal(put(&s, "g"), WEFT_ERR_STATE);
    assert_int_equal(put(&s, ""), 0);
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");
    assert_true(raw_heard(r, "Content-Length: 6\r\n"));
    assert_true(raw_heard(r, "Content-Type: text/plain\r\n"));
    assert_string_equal(raw_body(r), "abcdef");
    expect_next(r);
    raw_free(r);
}

static void test_in_chunks(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = ask(GET("/"));
    assert_int_equal(weft_reply_field(held, "X-Own", "1"), 0);
    stream(&s, WEFT_LENGTH_UNKNOWN);
    assert_int_equal(put(&s, "abc"), 0);
    assert_int_equal(put(&s, ""), 0); /* not the last chunk */
    turn_until(&world, raw_heard(r, "3\r\nabc\r\n"));
    assert_int_equal(put(&s, "d"), 0);
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");
    assert_true(raw_heard(r, "Transfer-Encoding: chunked\r\n"));
    assert_true(raw_heard(r, "X-Own: 1\r\n"));
    assert_string_equal(raw_body(r), "3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n");
    expect_next(r);
    raw_free(r);
}

/* HTTP/1.0 knows no chunks: the end of the connection is the end of the body. */
static void test_to_http_1_0(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    stream(&s, WEFT_LENGTH_UNKNOWN);
    assert_int_equal(put(&s, "abc"), 0);
    assert_int_equal(weft_reply_end(s.reply), 0);
    turn_until(&world, raw_ended(r));
    assert_true(r->eof);
    assert_false(raw_heard(r, "chunked"));
    assert_string_equal(raw_body(r), "abc");
    expect_close(&s, 0, "");
    raw_free(r);
}

/* The head as for GET; the body is counted, and not sent. */
static void test_to_head(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {3, WEFT_LENGTH_UNKNOWN};
    static const char *const fields[] = {"Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n"};
    for (size_t i = 0; i < countof(lengths); i++) {
        struct stream s = {.name = "a"};
        weft_piece *piece;
        struct raw *r = ask("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
        stream(&s, lengths[i]);
        assert_int_equal(weft_piece_new(&piece, &world.env, "bc", 2), 0);
        assert_int_equal(put(&s, "a"), 0);
        assert_int_equal(weft_reply_write_piece(s.reply, piece), 0);
        weft_piece_unref(piece);
        assert_int_equal(put(&s, "d"), i ? 0 : WEFT_ERR_STATE);
        assert_int_equal(weft_reply_end(s.reply), 0);
        expect_close(&s, 0, "");
        assert_true(raw_heard(r, fields[i]));
        assert_string_equal(raw_body(r), "");
        expect_next(r);
        raw_free(r);
    }
}

/* Whoever streams for ever need not know of HEAD: the answer is over when its head is out. */
static void test_head_ends_by_itself(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {3, WEFT_LENGTH_UNKNOWN};
    for (size_t i = 0; i < countof(lengths); i++) {
        struct stream s = {.name = "a"};
        struct raw *r = ask("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
        stream(&s, lengths[i]);
        assert_true(weft_reply_is_open(s.reply));
        assert_int_equal(put(&s, "abc"), 0);
        assert_int_equal(weft_reply_buffered(s.reply) > 0, 1); /* the head */
        expect_close(&s, 0, "");
        assert_string_equal(raw_body(r), "");
        expect_next(r);
        raw_free(r);
    }
}

/* It takes all that GET would, and tells nothing of room. */
static void test_head_takes_what_does_not_fit(void **state)
{
    (void)state;
    static const weft_limits limits = {.send_queue_max = 10, .send_queue_soft = 5};
    again_with(&(weft_server_config){.limits = &limits});
    struct stream s = {.name = "a"};
    struct raw *r = ask("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
    stream(&s, WEFT_LENGTH_UNKNOWN);
    for (int i = 0; i < 100; i++) assert_int_equal(put(&s, "abc"), 0);
    assert_false(weft_reply_backlogged(s.reply));
    expect_close(&s, 0, "");
    expect_story(&story, "close a;");
    expect_next(r);
    raw_free(r);
}

static void test_head_to_http_1_0(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = ask("HEAD / HTTP/1.0\r\n\r\n");
    stream(&s, WEFT_LENGTH_UNKNOWN);
    expect_close(&s, 0, "");
    turn_until(&world, raw_ended(r));
    assert_true(r->eof);
    assert_string_equal(raw_body(r), "");
    raw_free(r);
}

/* Who ends his side behind his request hears the answer. */
static void test_head_from_who_says_no_more(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = ask("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
    stream(&s, WEFT_LENGTH_UNKNOWN);
    shutdown(r->fd, SHUT_WR);
    expect_close(&s, 0, "");
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 200);
    raw_free(r);
}

static void test_a_304_says_a_length(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = ask(GET("/"));
    assert_int_equal(stream_as(&s, 304, 1234), 0);
    assert_int_equal(put(&s, "x"), WEFT_ERR_STATE);
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");
    assert_true(raw_heard(r, "HTTP/1.1 304 Not Modified\r\n"));
    assert_true(raw_heard(r, "Content-Length: 1234\r\n"));
    assert_string_equal(raw_body(r), "");
    expect_next(r);
    raw_free(r);
}

static void test_statuses_without_a_body(void **state)
{
    (void)state;
    static const int statuses[] = {204, 304};
    for (size_t i = 0; i < countof(statuses); i++) {
        struct stream s = {.name = "a"};
        weft_piece *piece;
        struct raw *r = ask(GET("/"));
        assert_int_equal(stream_as(&s, statuses[i], i ? WEFT_LENGTH_UNKNOWN : 0), 0);
        assert_int_equal(weft_piece_new(&piece, &world.env, "x", 1), 0);
        assert_int_equal(put(&s, "x"), WEFT_ERR_STATE);
        assert_int_equal(weft_reply_write_piece(s.reply, piece), WEFT_ERR_STATE);
        weft_piece_unref(piece);
        assert_int_equal(weft_reply_end(s.reply), 0);
        expect_close(&s, 0, "");
        assert_int_equal(raw_status(r), statuses[i]);
        assert_string_equal(raw_body(r), "");
        expect_next(r);
        raw_free(r);
    }
}

/* A handler is not needed: who only ends it may forget it. */
static void test_without_a_handler(void **state)
{
    (void)state;
    weft_reply *reply;
    struct raw *r = ask(GET("/"));
    assert_int_equal(weft_reply_begin(&reply, take(), 200, NULL, 1, NULL, NULL), 0);
    assert_int_equal(weft_reply_write(reply, "x", 1), 0);
    assert_int_equal(weft_reply_end(reply), 0);
    turn_until(&world, raw_heard(r, "\r\n\r\nx"));
    assert_false(raw_heard(r, "Content-Type"));
    expect_next(r);
    raw_free(r);
}

/* The handler is copied. */
static void test_handler_is_copied(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    weft_reply_handler handler = telling_handler;
    struct raw *r = ask(GET("/"));
    assert_int_equal(weft_reply_begin(&s.reply, take(), 200, NULL, 0, &handler, &s), 0);
    memset(&handler, 0x5a, sizeof handler);
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");
    raw_free(r);
}

/* ---- pieces ---------------------------------------------------------------------------------- */

static weft_piece *piece_of(const char *text)
{
    weft_piece *p;
    assert_int_equal(weft_piece_new(&p, &world.env, text, strlen(text)), 0);
    return p;
}

/* One block is a chunk to one client, and bare bytes to the next two. */
static void test_one_piece_to_many(void **state)
{
    (void)state;
    struct stream s[3] = {{.name = "a"}, {.name = "b"}, {.name = "c"}};
    struct raw *r[3] = {streaming(&s[0], GET("/"), WEFT_LENGTH_UNKNOWN),
                        streaming(&s[1], GET("/"), 5),
                        streaming(&s[2], "GET / HTTP/1.0\r\n\r\n", WEFT_LENGTH_UNKNOWN)};
    static const char *const arrives[] = {"5\r\nhello\r\n", "hello", "hello"};
    weft_piece *p = piece_of("hello");
    assert_int_equal(weft_piece_bytes(p).len, 5);
    for (int i = 0; i < 3; i++) assert_int_equal(weft_reply_write_piece(s[i].reply, p), 0);
    weft_piece_unref(p); /* the queues have their own references */
    for (int i = 0; i < 3; i++) {
        turn_until(&world, raw_heard(r[i], arrives[i]));
        assert_string_equal(r[i]->got, arrives[i]);
        assert_int_equal(weft_reply_buffered(s[i].reply), 0);
        assert_int_equal(weft_reply_end(s[i].reply), 0);
        expect_close(&s[i], 0, "");
        raw_free(r[i]);
    }
}

/* The place for it is in the reply, as often as the queue is empty. The second needs a slice. */
static void test_first_in_the_queue_needs_no_memory(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = streaming(&s, GET("/"), WEFT_LENGTH_UNKNOWN);
    weft_piece *p = piece_of("x");
    for (int i = 0; i < 3; i++) {
        world_fail_at(&world, 0);
        assert_int_equal(weft_reply_write_piece(s.reply, p), 0);
        assert_int_equal(world.asked, 0);
        world_fail_at(&world, -1);
        assert_int_equal(weft_reply_write_piece(s.reply, p), 0);
        assert_int_equal(world.asked, 1);
        settle(&world);
    }
    weft_piece_unref(p);
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");
    assert_true(
        raw_heard(r, "1\r\nx\r\n1\r\nx\r\n1\r\nx\r\n1\r\nx\r\n1\r\nx\r\n1\r\nx\r\n0\r\n\r\n"));
    raw_free(r);
}

static void test_pieces_and_copies_keep_their_order(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = streaming(&s, GET("/"), 12);
    weft_piece *p = piece_of("PP");
    assert_int_equal(weft_reply_write_piece(s.reply, p), 0);
    assert_int_equal(put(&s, "aa"), 0);
    assert_int_equal(weft_reply_write_piece(s.reply, p), 0);
    assert_int_equal(put(&s, "bb"), 0);
    assert_int_equal(weft_reply_write_piece(s.reply, p), 0);
    assert_int_equal(weft_reply_buffered(s.reply), 10);
    turn_until(&world, raw_heard(r, "PPaaPPbbPP"));
    weft_piece *long_one = piece_of("three");
    assert_int_equal(weft_reply_write_piece(s.reply, long_one), WEFT_ERR_STATE);
    assert_int_equal(weft_reply_write_piece(s.reply, p), 0);
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");
    assert_string_equal((raw_read(r), r->got), "PPaaPPbbPPPP");
    weft_piece_unref(p);
    weft_piece_unref(long_one);
    raw_free(r);
}

/* ---- what cannot be begun -------------------------------------------------------------------- */

/* The client gets a 500, the request is consumed, and there is no reply whose on_close could be told. */
static void expect_none(struct stream *s, struct raw *r, int error)
{
    assert_int_equal(error, -EINVAL);
    assert_null(s->reply);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 500);
    settle(&world);
    expect_story(&story, "");
    raw_free(r);
}

static void test_replies_that_are_none(void **state)
{
    (void)state;
    static const struct {
        int status;
        const char *type;
        uint64_t length;
    } bad[] = {
        {0, NULL, 1},  {101, NULL, 1},      {199, NULL, 1}, {600, NULL, 1},
        {-1, NULL, 1}, {200, "a\nb: c", 1}, {204, NULL, 1},
    };
    for (size_t i = 0; i < countof(bad); i++) {
        struct stream s = {.name = "a"};
        struct raw *r = ask(GET("/"));
        expect_none(&s, r,
                    weft_reply_begin(&s.reply, take(), bad[i].status, bad[i].type, bad[i].length,
                                     &telling_handler, &s));
    }
}

/* A field that is refused is only left out. */
static void test_field_that_is_refused(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = ask(GET("/"));
    assert_int_equal(weft_reply_field(held, "X-A", "1\r\nX-B: 2"), -EINVAL);
    assert_int_equal(weft_reply_field(held, "Transfer-Encoding", "gzip"), -EINVAL);
    stream(&s, 0);
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");
    assert_int_equal(raw_status(r), 200);
    assert_false(raw_heard(r, "X-"));
    raw_free(r);
}

static void note_gone(weft_request *r, void *user)
{
    (void)r, (void)user;
    tell(&story, "gone;");
}

static void begin_late(weft_request *r, void *user)
{
    struct stream *s = user;
    held = r;
    tell(&story, "gone;");
    assert_int_equal(stream_as(s, 200, 1), WEFT_ERR_CLOSED);
}

static void test_client_is_gone_already(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = ask(GET("/"));
    world_watch(held, note_gone, NULL);
    raw_reset(r);
    turn_until(&world, told(&story, "gone;"));
    assert_int_equal(stream_as(&s, 200, 1), WEFT_ERR_CLOSED);
    assert_null(s.reply);
    raw_free(r);

    r = ask(GET("/"));
    world_watch(held, begin_late, &s);
    raw_hang_up(r);
    turn_until(&world, told(&story, "gone;gone;"));
    assert_null(s.reply);
    expect_story(&story, "gone;gone;");
    raw_free(r);
}

/* ---- what follows on the connection ---------------------------------------------------------- */

/* What was asked behind it waits, and costs nothing meanwhile but its bytes. */
static void test_next_request_waits(void **state)
{
    (void)state;
    struct stream s = {.name = "a"}, t = {.name = "b"};
    struct raw *r = ask(GET("/1") GET("/2") GET("/3"));
    stream(&s, WEFT_LENGTH_UNKNOWN);
    assert_int_equal(put(&s, "one"), 0);
    pass(&world, 3600 * 1000);
    assert_null(held);
    assert_int_equal(weft_reply_end(s.reply), 0);
    assert_false(weft_reply_is_open(s.reply));
    turn_until(&world, held);
    expect_close(&s, 0, "");
    weft_bytes path = weft_request_path(held);
    assert_memory_equal(path.data, "/2", path.len);
    stream(&t, 3);
    assert_int_equal(put(&t, "two"), 0);
    settle(&world);
    assert_null(held);
    assert_int_equal(weft_reply_end(t.reply), 0);
    turn_until(&world, held);
    assert_int_equal(weft_respond(take(), 200, NULL, "three", 5), 0);
    turn_until(&world, raw_heard(r, "\r\n\r\nthree"));
    assert_true(raw_heard(r, "3\r\none\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"));
    assert_true(raw_heard(r, "\r\n\r\ntwoHTTP/1.1 200 OK\r\n"));
    expect_close(&t, 0, "");
    raw_free(r);
}

/* One that came while the reply was open, not with its request. */
static void test_request_in_the_middle(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = streaming(&s, GET("/"), WEFT_LENGTH_UNKNOWN);
    raw_say(r, "GET /sl");
    settle(&world);
    raw_say(r, "ow HTTP/1.1\r\nHost: x\r\n\r\n");
    settle(&world);
    assert_null(held);
    assert_int_equal(weft_reply_end(s.reply), 0);
    turn_until(&world, held);
    weft_bytes path = weft_request_path(held);
    assert_memory_equal(path.data, "/slow", path.len);
    assert_int_equal(weft_respond(take(), 200, NULL, "x", 1), 0);
    turn_until(&world, raw_heard(r, "\r\n\r\nx"));
    raw_free(r);
}

static void at_once(weft_request *r, void *user)
{
    weft_reply *reply;
    weft_bytes path = weft_request_path(r);
    (void)user;
    char text[16] = {0};
    memcpy(text, path.data, path.len);
    assert_int_equal(weft_reply_begin(&reply, r, 200, NULL, strlen(text), NULL, NULL), 0);
    assert_int_equal(weft_reply_write(reply, text, strlen(text)), 0);
    assert_int_equal(weft_reply_end(reply), 0);
}

/* Begun, written and ended in the callback, one after the other. */
static void test_many_at_once(void **state)
{
    (void)state;
    enum { MANY = 50 };
    assert_int_equal(world_requests(world.server, "/*", at_once, NULL), 0);
    struct raw *r = raw_connect(&world);
    for (int i = 0; i < MANY; i++) {
        char text[64];
        snprintf(text, sizeof text, GET("/%02d"), i);
        raw_say(r, text);
    }
    turn_until(&world, raw_heard(r, "\r\n\r\n/49"));
    const char *at = r->got;
    for (int i = 0; i < MANY; i++) {
        char body[32];
        snprintf(body, sizeof body, "\r\n\r\n/%02d", i);
        assert_non_null(at = strstr(at, body));
    }
    raw_free(r);
}

/* http_requests counts on behind it. */
static void test_last_request_of_a_connection(void **state)
{
    (void)state;
    again_with(&(weft_server_config){.limits = &(weft_limits){.http_requests = 2}});
    struct stream s = {.name = "a"}, t = {.name = "b"};
    struct raw *r = streaming(&s, GET("/"), 0);
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");
    held = NULL;
    raw_say(r, GET("/2") GET("/3"));
    turn_until(&world, held);
    stream(&t, 0);
    assert_int_equal(weft_reply_end(t.reply), 0);
    turn_until(&world, raw_ended(r));
    assert_true(raw_heard(r, "Connection: close\r\n"));
    expect_close(&t, 0, "");
    assert_null(held);
    raw_free(r);
}

/* ---- what is known of it --------------------------------------------------------------------- */

static void test_questions(void **state)
{
    (void)state;
    struct stream s = {.name = "a"}, other = {.name = "b"};
    struct raw *r = streaming(&s, GET("/"), WEFT_LENGTH_UNKNOWN);
    assert_ptr_equal(weft_reply_loop(s.reply), world.loop);
    assert_ptr_equal(weft_reply_user(s.reply), &s);
    weft_reply_set_user(s.reply, &other);
    assert_ptr_equal(weft_reply_user(s.reply), &other);
    weft_reply_set_user(s.reply, &s);
    assert_true(weft_reply_is_open(s.reply));
    assert_string_equal(weft_peer_host(weft_reply_peer(s.reply)), "127.0.0.1");
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");
    raw_free(r);
}

/* As after the end: there is nothing left to do, and nothing happens. */
static void ask_the_closed(struct stream *s)
{
    weft_piece *p = piece_of("x");
    assert_ptr_equal(weft_reply_loop(s->reply), world.loop);
    assert_int_equal(weft_reply_id(s->reply), s->id);
    assert_null(weft_reply_find(world.loop, s->id));
    assert_int_equal(weft_reply_buffered(s->reply), 0);
    assert_string_equal(weft_peer_host(weft_reply_peer(s->reply)), "127.0.0.1");
    assert_false(weft_reply_is_open(s->reply));
    assert_int_equal(put(s, "x"), WEFT_ERR_CLOSED);
    assert_int_equal(weft_reply_write_piece(s->reply, p), WEFT_ERR_CLOSED);
    assert_int_equal(weft_reply_end(s->reply), WEFT_ERR_CLOSED);
    weft_reply_abort(s->reply);
    weft_piece_unref(p);
}

static void test_asked_in_on_close(void **state)
{
    (void)state;
    struct stream ended = {.name = "a", .then_close = ask_the_closed},
                  lost = {.name = "b", .then_close = ask_the_closed};
    struct raw *r = streaming(&ended, GET("/"), 1), *q = streaming(&lost, GET("/"), 1);
    assert_int_equal(put(&ended, "x"), 0);
    assert_int_equal(weft_reply_end(ended.reply), 0);
    expect_close(&ended, 0, "");
    raw_reset(q);
    expect_close(&lost, -ECONNRESET, "Connection reset by peer");
    raw_free(r);
    raw_free(q);
}

/* A name is that of one exchange, not of the connection. */
static void test_id(void **state)
{
    (void)state;
    struct stream s = {.name = "a"}, t = {.name = "b"};
    weft_loop *elsewhere;
    struct raw *r = streaming(&s, GET("/"), 1);
    assert_int_not_equal(s.id, 0);
    assert_ptr_equal(weft_reply_find(world.loop, s.id), s.reply);
    assert_null(weft_reply_find(world.loop, 0));
    assert_null(weft_reply_find(world.loop, s.id + 1));
    assert_int_equal(weft_loop_new(&elsewhere, NULL), 0);
    assert_null(weft_reply_find(elsewhere, s.id));
    weft_loop_free(elsewhere);
    assert_int_equal(put(&s, "x"), 0);
    assert_int_equal(weft_reply_end(s.reply), 0);
    assert_ptr_equal(weft_reply_find(world.loop, s.id), s.reply); /* until it is over */
    expect_close(&s, 0, "");
    assert_null(weft_reply_find(world.loop, s.id));

    held = NULL;
    raw_say(r, GET("/"));
    turn_until(&world, held);
    assert_null(weft_reply_find(world.loop, s.id)); /* a request that waits is no reply */
    stream(&t, 0);
    assert_int_not_equal(t.id, s.id);
    assert_null(weft_reply_find(world.loop, s.id));
    assert_ptr_equal(weft_reply_find(world.loop, t.id), t.reply);
    raw_reset(r);
    expect_close(&t, -ECONNRESET, "Connection reset by peer");
    assert_null(weft_reply_find(world.loop, t.id));
    raw_free(r);
}

/* ---- links ----------------------------------------------------------------------------------- */

static const char ours[] = "ours", theirs[] = "theirs";

static void link_gone(weft_link *link)
{
    tell(&story, "link %s;", (const char *)link->owner);
}

static const weft_link_type link_type = {.on_gone = link_gone};

static void test_links(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    weft_link one = {.owner = ours, .type = &link_type},
              two = {.owner = theirs, .type = &link_type};
    struct raw *r = streaming(&s, GET("/"), 0);
    assert_null(weft_reply_find_link(s.reply, ours));
    weft_reply_link(s.reply, &one);
    weft_reply_link(s.reply, &two);
    assert_ptr_equal(weft_reply_find_link(s.reply, ours), &one);
    assert_ptr_equal(weft_reply_links(s.reply), &two);
    assert_ptr_equal(weft_reply_links(s.reply)->next, &one);
    assert_null(weft_reply_links(s.reply)->next->next);
    assert_ptr_equal(weft_reply_find_link(s.reply, theirs), &two);
    weft_reply_unlink(s.reply, &two);
    assert_null(weft_reply_find_link(s.reply, theirs));
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");
    expect_story(&story, "close a;link ours;");
    raw_free(r);
}

/* ---- whom it is for -------------------------------------------------------------------------- */

/* What a proxy said of its client is kept, though the request is gone; and it is only that request's. */
static void test_client_of_a_proxy(void **state)
{
    (void)state;
    static const char *const proxies[] = {"127.0.0.1", NULL};
    again_with(&(weft_server_config){.trust_proxy = proxies});
    struct stream s = {.name = "a"}, t = {.name = "b"};
    struct raw *r = streaming(&s,
                              "GET / HTTP/1.1\r\nHost: x\r\n"
                              "X-Forwarded-For: 203.0.113.9, 192.0.2.7\r\n\r\n",
                              1);
    settle(&world);
    assert_string_equal(weft_peer_address(weft_reply_peer(s.reply)), "192.0.2.7");
    assert_int_equal(put(&s, "x"), 0);
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");

    held = NULL;
    raw_say(r, GET("/"));
    turn_until(&world, held);
    stream(&t, 0);
    assert_string_equal(weft_peer_host(weft_reply_peer(t.reply)), "127.0.0.1");
    assert_int_equal(weft_reply_end(t.reply), 0);
    expect_close(&t, 0, "");
    raw_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_of_known_length),
        unit(test_in_chunks),
        unit(test_to_http_1_0),
        unit(test_to_head),
        unit(test_head_ends_by_itself),
        unit(test_head_takes_what_does_not_fit),
        unit(test_head_to_http_1_0),
        unit(test_head_from_who_says_no_more),
        unit(test_a_304_says_a_length),
        unit(test_statuses_without_a_body),
        unit(test_without_a_handler),
        unit(test_handler_is_copied),
        unit(test_one_piece_to_many),
        unit(test_first_in_the_queue_needs_no_memory),
        unit(test_pieces_and_copies_keep_their_order),
        unit(test_replies_that_are_none),
        unit(test_field_that_is_refused),
        unit(test_client_is_gone_already),
        unit(test_next_request_waits),
        unit(test_request_in_the_middle),
        unit(test_many_at_once),
        unit(test_last_request_of_a_connection),
        unit(test_questions),
        unit(test_asked_in_on_close),
        unit(test_id),
        unit(test_links),
        unit(test_client_of_a_proxy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
