/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_request_body.c - bodies that take their time, and bodies that are handed out as they come
 */
#include "streaming.h"

static void (*then_request)(weft_request *r); /* NULL: nothing */
static void (*then_body)(weft_request *r, bool complete);

static void take_head(weft_request *r, void *user)
{
    assert_ptr_equal(user, &world);
    assert_ptr_equal(weft_request_user(r), &world);
    assert_int_equal(weft_request_body(r).len, 0);
    held = r;
    tell(&story, "head;");
    if (then_request) then_request(r);
}

static void take_body(weft_request *r, const void *data, size_t len, void *user)
{
    assert_ptr_equal(user, weft_request_user(r));
    if (len > 64) tell(&story, "[%zu];", len);
    else if (len) tell(&story, "%.*s;", (int)len, (const char *)data);
    else tell(&story, "complete;");
    assert_int_equal(len == 0, data == NULL);
    if (then_body) then_body(r, len == 0);
}

static void begin_with_limits(const weft_limits *own,
                              void (*on_access)(const weft_access *, void *))
{
    const weft_request_handler h = {.on_request = take_head, .on_body = take_body, .limits = own};
    then_request = NULL;
    then_body = NULL;
    again_with(&(weft_server_config){.on_access = on_access});
    assert_int_equal(weft_server_on_request(world.server, "/s", &h, &world), 0);
}

static int begin_streaming(void **state)
{
    (void)state;
    begin_with(NULL);
    begin_with_limits(NULL, NULL);
    return 0;
}

#define POST(path, fields) "POST " path " HTTP/1.1\r\nHost: x\r\n" fields "\r\n"

static struct raw *say(const char *text)
{
    struct raw *r = raw_connect(&world);
    raw_say(r, text);
    settle(&world);
    return r;
}

static void more(struct raw *r, const char *text)
{
    raw_say(r, text);
    settle(&world);
}

static void respond(const char *text)
{
    assert_int_equal(weft_respond(take(), 200, NULL, text, strlen(text)), 0);
}

/* ---- time ------------------------------------------------------------------------------------ */

/* A body as a slow line brings it, all defaults: 64 KiB take more than the 10 s of a head. */
static void test_slow_but_steady(void **state)
{
    (void)state;
    static char second[1001];
    memset(second, 'x', 1000);
    struct raw *r = say(POST("/", "Content-Length: 60000\r\n"));
    for (int i = 0; i < 60; i++) {
        assert_null(held);
        more(r, second);
        pass(&world, 1000);
    }
    assert_non_null(held);
    assert_int_equal(weft_request_body(held).len, 60000);
    respond("x");
    turn_until(&world, raw_status(r) == 200);
    raw_free(r);
}

/* One byte a second is none. */
static void test_a_trickle(void **state)
{
    (void)state;
    struct raw *r = say(POST("/", "Content-Length: 60000\r\n"));
    int seconds = 0;
    for (; !raw_ended(r) && seconds < 100; seconds++) {
        more(r, "x");
        pass(&world, 1000);
    }
    assert_in_range(seconds, 10, 11);
    assert_int_equal(raw_status(r), 408);
    assert_string_equal(raw_body(r), "the request took too long to arrive\n");
    raw_free(r);
}

/* What chunks are wrapped in does not count. */
static void test_a_trickle_of_wrapping(void **state)
{
    (void)state;
    static char chunk[64];
    snprintf(chunk, sizeof chunk, "1;%040d\r\nx\r\n", 0);
    struct raw *r = say(POST("/", "Transfer-Encoding: chunked\r\n"));
    int seconds = 0;
    for (; !raw_ended(r) && seconds < 100; seconds++) {
        more(r, chunk);
        pass(&world, 1000);
    }
    assert_in_range(seconds, 10, 11);
    assert_int_equal(raw_status(r), 408);
    raw_free(r);
}

/* The time of the head is over when it is there, and that of the body begins. */
static void test_each_has_its_own_time(void **state)
{
    (void)state;
    struct raw *r = say("POST / HTTP/1.1\r\n");
    pass(&world, 9000);
    more(r, "Host: x\r\nContent-Length: 2\r\n\r\n");
    pass(&world, 9000);
    assert_false(raw_ended(r));
    more(r, "hi");
    turn_until(&world, held);
    respond("x");
    turn_until(&world, raw_status(r) == 200);
    raw_free(r);
}

static void test_limits_of_the_route(void **state)
{
    (void)state;
    begin_with_limits(&(weft_limits){.http_body_timeout = 2000, .http_body_rate = 10}, NULL);
    struct raw *r = say(POST("/s", "Content-Length: 100\r\n"));
    expect_story(&story, "head;");
    pass(&world, 1999);
    more(r, "0123456789"); /* a second more */
    pass(&world, 1000);
    assert_false(raw_ended(r));
    world_watch(held, NULL, NULL);
    pass(&world, 1);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 408);
    assert_int_equal(weft_respond(take(), 200, NULL, "x", 1), WEFT_ERR_CLOSED);
    raw_free(r);
    begin_with_limits(&(weft_limits){.http_body_timeout = WEFT_NEVER}, NULL);
    r = say(POST("/s", "Content-Length: 2\r\n") "x");
    pass(&world, 3600 * 1000);
    more(r, "y");
    expect_story(&story, "head;x;y;complete;");
    respond("x");
    raw_free(r);
    begin_with_limits(&(weft_limits){.http_body_timeout = WEFT_NEVER - 1, .http_body_rate = 1},
                      NULL);
    r = say(POST("/s", "Content-Length: 2\r\n") "x");
    pass(&world, 3600 * 1000);
    more(r, "y");
    expect_story(&story, "head;x;y;complete;");
    respond("x");
    raw_free(r);
}

/* ---- as it comes ----------------------------------------------------------------------------- */

static void test_in_pieces(void **state)
{
    (void)state;
    struct raw *r = say(POST("/s", "Content-Length: 6\r\n"));
    expect_story(&story, "head;");
    more(r, "ab");
    more(r, "cd");
    expect_story(&story, "ab;cd;");
    more(r, "ef");
    expect_story(&story, "ef;complete;");
    respond("x");
    turn_until(&world, raw_heard(r, "\r\n\r\nx"));
    assert_false(raw_heard(r, "Connection: close"));
    expect_next(r);
    raw_free(r);
}

static void test_in_chunks(void **state)
{
    (void)state;
    struct raw *r = say(POST("/s", "Transfer-Encoding: chunked\r\n") "3;x=y\r\nabc\r\n1");
    expect_story(&story, "head;abc;");
    more(r, "\r\nd\r\n0\r\nTrailer: x\r\n\r\n" GET("/next"));
    expect_story(&story, "d;complete;");
    weft_request *first = take();
    settle(&world);
    assert_null(held); /* the next one waits */
    assert_int_equal(weft_respond(first, 200, NULL, "x", 1), 0);
    turn_until(&world, held);
    respond("next");
    turn_until(&world, raw_heard(r, "\r\n\r\nnext"));
    raw_free(r);
}

/* All requests of the route are told in the same way. */
static void test_without_a_body(void **state)
{
    (void)state;
    struct raw *r = say(GET("/s"));
    expect_story(&story, "head;complete;");
    respond("x");
    turn_until(&world, raw_heard(r, "\r\n\r\nx"));
    expect_next(r);
    raw_free(r);
}

static size_t streamed;

static void count(weft_request *r, const void *data, size_t len, void *user)
{
    (void)r, (void)data, (void)user;
    streamed += len;
    if (!len) tell(&story, "complete;");
}

/* More than any buffer of ours: nothing of it is kept. */
static void test_a_long_one(void **state)
{
    (void)state;
    static char part[64 * 1024];
    static const weft_limits own = {.http_body_max = 64 * 1024 * 1024};
    const weft_request_handler h = {.on_request = take_head, .on_body = count, .limits = &own};
    again_with(NULL);
    assert_int_equal(weft_server_on_request(world.server, "/s", &h, &world), 0);
    struct raw *r = say(POST("/s", "Content-Length: 8388608\r\n"));
    long before = world.live;
    streamed = 0;
    for (int i = 0; i < 128; i++) {
        size_t sent = 0;
        while (sent < sizeof part) {
            ssize_t n = send(r->fd, part + sent, sizeof part - sent, MSG_NOSIGNAL);
            if (n > 0) sent += (size_t)n;
            turn(&world, 1);
        }
        assert_in_range(world.live, before - 2, before + 2);
    }
    turn_until(&world, told(&story, "complete;"));
    assert_int_equal(streamed, 8388608);
    respond("x");
    turn_until(&world, raw_heard(r, "\r\n\r\nx"));
    expect_next(r);
    raw_free(r);
}

static void test_expect_continue(void **state)
{
    (void)state;
    struct raw *r = say(POST("/s", "Content-Length: 2\r\nExpect: 100-continue\r\n"));
    expect_story(&story, "head;");
    turn_until(&world, raw_heard(r, "HTTP/1.1 100 Continue\r\n\r\n"));
    more(r, "hi");
    expect_story(&story, "hi;complete;");
    respond("x");
    raw_free(r);
}

/* ---- answered before it is complete ----------------------------------------------------------- */

static void answer_now(weft_request *r)
{
    held = NULL;
    assert_int_equal(weft_respond(r, 403, NULL, "no", 2), 0);
}

static void answer_at_a_piece(weft_request *r, bool complete)
{
    if (!complete) answer_now(r);
}

static void abort_at_a_piece(weft_request *r, bool complete)
{
    (void)complete;
    held = NULL;
    weft_request_abort(r);
}

static void expect_early(struct raw *r)
{
    turn_until(&world, raw_ended(r));
    assert_true(r->eof);
    assert_int_equal(raw_status(r), 403);
    assert_true(raw_heard(r, "Connection: close\r\n"));
    assert_false(raw_heard(r, "100 Continue"));
    assert_string_equal(raw_body(r), "no");
    raw_free(r);
}

static void test_answered_early(void **state)
{
    (void)state;
    then_request = answer_now;
    expect_early(say(POST("/s", "Content-Length: 6\r\nExpect: 100-continue\r\n")));
    expect_story(&story, "head;");
    expect_early(say(POST("/s", "Content-Length: 6\r\n") "abc"));
    expect_story(&story, "head;");
    then_request = NULL;
    then_body = answer_at_a_piece;
    struct raw *r = say(POST("/s", "Content-Length: 6\r\n") "abc");
    expect_story(&story, "head;abc;");
    expect_early(r);
    then_body = abort_at_a_piece;
    r = say(POST("/s", "Content-Length: 6\r\n") "abc");
    turn_until(&world, raw_ended(r));
    assert_int_equal(r->len, 0);
    expect_story(&story, "head;abc;");
    raw_free(r);
}

/* With one that streams: the rest of the body is nobody's. */
static void test_a_reply_that_begins_early(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = say(POST("/s", "Content-Length: 60000\r\n") "abc");
    stream(&s, WEFT_LENGTH_UNKNOWN);
    more(r, "def");
    assert_int_equal(put(&s, "xyz"), 0);
    assert_int_equal(weft_reply_end(s.reply), 0);
    expect_close(&s, 0, "");
    turn_until(&world, raw_ended(r));
    assert_true(raw_heard(r, "Connection: close\r\n"));
    assert_true(raw_heard(r, "3\r\nxyz\r\n0\r\n\r\n"));
    expect_story(&story, "head;abc;close a;");
    raw_free(r);
}

/* ---- pauses ---------------------------------------------------------------------------------- */

static void test_paused(void **state)
{
    (void)state;
    struct raw *r = say(POST("/s", "Content-Length: 6\r\n") "ab");
    expect_story(&story, "head;ab;");
    weft_request_pause(held);
    weft_request_pause(held);
    more(r, "cd");
    pass(&world, 3600 * 1000); /* that is our time, and not the client's */
    expect_story(&story, "");
    assert_false(raw_ended(r));
    weft_request_resume(held);
    settle(&world);
    expect_story(&story, "cd;");
    pass(&world, 9999);
    assert_false(raw_ended(r));
    more(r, "ef");
    expect_story(&story, "ef;complete;");
    respond("x");
    turn_until(&world, raw_heard(r, "\r\n\r\nx"));
    expect_next(r);
    raw_free(r);
}

/* The time runs again, though nothing comes. */
static void test_paused_and_late(void **state)
{
    (void)state;
    struct raw *r = say(POST("/s", "Content-Length: 6\r\n") "ab");
    weft_request_pause(held);
    pass(&world, 60000);
    weft_request_resume(held);
    settle(&world);
    pass(&world, 9999);
    assert_false(raw_ended(r));
    pass(&world, 1);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 408);
    assert_int_equal(weft_respond(take(), 200, NULL, "x", 1), WEFT_ERR_CLOSED);
    raw_free(r);
}

static void pause_at_once(weft_request *r)
{
    weft_request_pause(r);
}

static void pause_at_a_piece(weft_request *r, bool complete)
{
    if (!complete) weft_request_pause(r);
}

/* In the callback: the rest of what has come waits, too. */
static void test_paused_in_the_callbacks(void **state)
{
    (void)state;
    then_request = pause_at_once;
    then_body = pause_at_a_piece;
    struct raw *r =
        say(POST("/s", "Transfer-Encoding: chunked\r\n") "1\r\na\r\n1\r\nb\r\n0\r\n\r\n");
    static const char *const parts[] = {"head;", "a;", "b;", "complete;"};
    for (size_t i = 0; i < countof(parts); i++) {
        expect_story(&story, parts[i]);
        weft_request_resume(held);
        settle(&world);
    }
    respond("x");
    turn_until(&world, raw_heard(r, "\r\n\r\nx"));
    raw_free(r);
}

static void test_answered_while_paused(void **state)
{
    (void)state;
    for (int streams = 0; streams < 2; streams++) {
        struct stream s = {.name = "a"};
        struct raw *r = say(POST("/s", "Content-Length: 6\r\n") "ab");
        weft_request_pause(held);
        more(r, "cd");
        if (streams) stream(&s, 1);
        else respond("x");
        if (streams) assert_int_equal(put(&s, "x"), 0);
        if (streams) assert_int_equal(weft_reply_end(s.reply), 0);
        turn_until(&world, raw_ended(r));
        assert_string_equal(raw_body(r), "x");
        raw_free(r);
    }
}

static void test_a_pause_of_nothing(void **state)
{
    (void)state;
    struct raw *r = ask(GET("/")); /* not of such a route */
    weft_request_pause(held);
    weft_request_resume(held);
    respond("x");
    turn_until(&world, raw_heard(r, "\r\n\r\nx"));
    expect_next(r);
    raw_free(r);
}

/* ---- what goes wrong ------------------------------------------------------------------------- */

static void gone(weft_request *r, void *user)
{
    (void)r, (void)user;
    tell(&story, "gone;");
}

static void expect_wrong(const char *request, const char *rest, int status)
{
    struct raw *r = say(request);
    world_watch(held, gone, NULL);
    more(r, rest);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), status);
    assert_true(told(&story, "gone;"));
    assert_false(told(&story, "complete;"));
    assert_int_equal(weft_respond(take(), 200, NULL, "x", 1), WEFT_ERR_CLOSED);
    story.len = 0, story.text[0] = 0;
    raw_free(r);
}

static void test_wrong_bodies(void **state)
{
    (void)state;
    begin_with_limits(&(weft_limits){.http_body_max = 5}, NULL);
    expect_wrong(POST("/s", "Transfer-Encoding: chunked\r\n"), "x\r\n", 400);
    expect_wrong(POST("/s", "Transfer-Encoding: chunked\r\n"), "3\r\nabc\r\n3\r\n", 413);
    struct raw *r = say(POST("/s", "Content-Length: 6\r\n"));
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 413);
    assert_null(held); /* nobody was asked */
    raw_free(r);
}

static void test_the_client_leaves(void **state)
{
    (void)state;
    static void (*const ends[])(struct raw * r) = {raw_hang_up, raw_reset};
    for (size_t i = 0; i < countof(ends); i++) {
        struct raw *r = say(POST("/s", "Content-Length: 6\r\n") "ab");
        world_watch(held, gone, NULL);
        ends[i](r);
        settle(&world);
        expect_story(&story, "head;ab;gone;");
        assert_int_equal(weft_respond(take(), 200, NULL, "x", 1), WEFT_ERR_CLOSED);
        raw_free(r);
    }
}

static void test_the_server_leaves(void **state)
{
    (void)state;
    struct raw *r = say(POST("/s", "Content-Length: 6\r\n") "ab");
    weft_request_pause(held);
    assert_int_equal(weft_server_shutdown(world.server, 1001, NULL, NULL), 0);
    for (int i = 0; i < 300 && !raw_ended(r); i++) pass(&world, 100);
    assert_int_equal(raw_status(r), 503);
    assert_int_equal(weft_respond(take(), 200, NULL, "x", 1), WEFT_ERR_CLOSED);
    raw_free(r);
}

/* ---- who wants to know ----------------------------------------------------------------------- */

static void on_access(const weft_access *a, void *user)
{
    (void)user;
    tell(&story, "%d in %d out %d;", a->status, (int)a->received, (int)a->sent);
}

static void test_access(void **state)
{
    (void)state;
    begin_with_limits(NULL, on_access);
    struct raw *r = say(POST("/s", "Content-Length: 4\r\n") "ab");
    more(r, "cd");
    respond("x");
    settle(&world);
    expect_story(&story, "head;ab;cd;complete;200 in 4 out 1;");
    raw_free(r);
}

/* Whichever allocation fails. */
static void test_no_memory(void **state)
{
    (void)state;
    long n = 0;
    for (bool failed = true; failed; n++) {
        struct raw *r = raw_connect(&world);
        settle(&world);
        held = NULL;
        story.len = 0, story.text[0] = 0;
        world_fail_at(&world, n);
        raw_say(r, POST("/s", "Transfer-Encoding: chunked\r\n") "1\r\na\r\n0\r\n\r\n");
        turn_until(&world, told(&story, "complete;") || raw_status(r) || raw_ended(r));
        if (held) whatever(weft_respond(take(), 200, NULL, "x", 1));
        turn_until(&world, raw_status(r) || raw_ended(r));
        failed = world.asked > n;
        world_fail_at(&world, -1);
        int status = raw_status(r);
        assert_true(status == 200 || (failed && (status == 0 || status == 500 || status == 503)));
        raw_free(r);
        settle(&world);
    }
    assert_true(n > 5);
}

#define streams(test) cmocka_unit_test_setup_teardown(test, begin_streaming, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_slow_but_steady),
        unit(test_a_trickle),
        unit(test_a_trickle_of_wrapping),
        unit(test_each_has_its_own_time),
        streams(test_limits_of_the_route),
        streams(test_in_pieces),
        streams(test_in_chunks),
        streams(test_without_a_body),
        streams(test_a_long_one),
        streams(test_expect_continue),
        streams(test_answered_early),
        streams(test_a_reply_that_begins_early),
        streams(test_paused),
        streams(test_paused_and_late),
        streams(test_paused_in_the_callbacks),
        streams(test_answered_while_paused),
        streams(test_a_pause_of_nothing),
        streams(test_wrong_bodies),
        streams(test_the_client_leaves),
        streams(test_the_server_leaves),
        streams(test_access),
        streams(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
