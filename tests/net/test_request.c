/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_request.c - plain requests: bodies, replies at once and later, and who leaves
 */
#include "raw.h"

static struct world world;
static weft_request *held; /* the newest request; NULL when it was answered */
static struct story story;

static void hold(weft_request *r, void *user)
{
    (void)user;
    weft_bytes method = weft_request_method(r), target = weft_request_target(r),
               body = weft_request_body(r);
    held = r;
    tell(&story, "%.*s %.*s", (int)method.len, method.data, (int)target.len, target.data);
    if (body.len > 64) tell(&story, " [%zu]", body.len);
    else if (body.len) tell(&story, " %.*s", (int)body.len, body.data);
    tell(&story, ";");
}

static void begin_with(const weft_server_config *cfg)
{
    held = NULL;
    story.len = 0, story.text[0] = 0;
    world_begin(&world);
    world_serve(&world, cfg);
    assert_int_equal(world_requests(world.server, "/*", hold, NULL), 0);
    world_listen(&world);
}

static int begin(void **state)
{
    (void)state;
    begin_with(NULL);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

static void again_with(const weft_server_config *cfg)
{
    world_end(&world);
    begin_with(cfg);
}

/* A client who has asked this; the request is held. */
static struct raw *ask(const char *request)
{
    struct raw *r = raw_connect(&world);
    held = NULL;
    raw_say(r, request);
    turn_until(&world, held);
    return r;
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

static weft_request *take(void)
{
    weft_request *r = held;
    assert_non_null(r);
    held = NULL;
    return r;
}

static int reply(const char *text)
{
    return weft_respond(take(), 200, "text/plain", text, strlen(text));
}

/* ---- what was asked -------------------------------------------------------------------------- */

static void test_questions(void **state)
{
    (void)state;
    struct raw *r = ask("GET /a%20b?c=d HTTP/1.1\r\nHost: x\r\nX-One: 1\r\nx-one: 2\r\n\r\n");
    const weft_field *fields;
    weft_bytes path = weft_request_path(held), query = weft_request_query(held),
               one = weft_request_field(held, "X-ONE");
    assert_memory_equal(path.data, "/a%20b", path.len);
    assert_int_equal(path.len, 6);
    assert_int_equal(query.len, 3);
    assert_memory_equal(query.data, "c=d", 3);
    assert_int_equal(weft_request_fields(held, &fields), 3);
    assert_int_equal(one.len, 1);
    assert_int_equal(one.data[0], '1');
    assert_int_equal(weft_request_field(held, "none").len, 0);
    assert_true(weft_request_is(held, "GET"));
    assert_false(weft_request_is(held, "get"));
    assert_ptr_equal(weft_request_loop(held), world.loop);
    assert_string_equal(weft_peer_host(weft_request_peer(held)), "127.0.0.1");
    assert_int_equal(reply(""), 0);
    raw_free(r);
}

static void test_body_by_length(void **state)
{
    (void)state;
    struct raw *r = raw_connect(&world);
    raw_say(r, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345");
    settle(&world);
    expect_story(&story, "");
    raw_say(r, "67890");
    turn_until(&world, held);
    expect_story(&story, "POST / 1234567890;");
    assert_int_equal(reply("x"), 0);
    raw_free(r);
}

static void test_body_in_chunks(void **state)
{
    (void)state;
    struct raw *r = ask("POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n");
    expect_story(&story, "POST / abcde;");
    assert_int_equal(reply("x"), 0);
    raw_free(r);
}

static void test_body_too_large(void **state)
{
    (void)state;
    again_with(&(weft_server_config){.limits = &(weft_limits){.http_body_max = 10}});
    struct raw *r = raw_connect(&world);
    assert_int_equal(raw_ask(&world, r, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n"),
                     413);
    turn_until(&world, raw_ended(r));
    raw_free(r);
    r = raw_connect(&world);
    assert_int_equal(raw_ask(&world, r,
                             "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                             "6\r\nabcdef\r\n6\r\nabcdef\r\n0\r\n\r\n"),
                     413);
    turn_until(&world, raw_ended(r));
    raw_free(r);
    expect_story(&story, "");
    r = ask("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n1234567890");
    expect_story(&story, "POST / 1234567890;");
    assert_int_equal(reply("x"), 0);
    raw_free(r);
}

static void test_expect_continue(void **state)
{
    (void)state;
    struct raw *r = raw_connect(&world);
    raw_say(r, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    turn_until(&world, raw_heard(r, "HTTP/1.1 100 Continue\r\n\r\n"));
    raw_forget(r);
    raw_say(r, "hi");
    turn_until(&world, held);
    expect_story(&story, "POST / hi;");
    assert_int_equal(reply("x"), 0);
    turn_until(&world, raw_status(r) == 200);
    raw_free(r);
}

/* ---- replies --------------------------------------------------------------------------------- */

static void test_reply(void **state)
{
    (void)state;
    struct raw *r = ask(GET("/"));
    assert_int_equal(weft_reply_field(held, "X-Own", "value"), 0);
    assert_int_equal(reply("hello"), 0);
    turn_until(&world, raw_status(r));
    assert_true(raw_heard(r, "HTTP/1.1 200 OK\r\n"));
    assert_true(raw_heard(r, "Content-Length: 5\r\n"));
    assert_true(raw_heard(r, "Content-Type: text/plain\r\n"));
    assert_true(raw_heard(r, "X-Own: value\r\n"));
    assert_true(raw_heard(r, "Date: "));
    assert_string_equal(raw_body(r), "hello");
    assert_false(raw_ended(r));
    raw_free(r);
}

static void test_head(void **state)
{
    (void)state;
    struct raw *r = ask("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(reply("hello"), 0);
    turn_until(&world, raw_status(r));
    assert_true(raw_heard(r, "Content-Length: 5\r\n"));
    settle(&world);
    raw_read(r);
    assert_string_equal(raw_body(r), "");
    raw_free(r);
}

static void test_pipelining(void **state)
{
    (void)state;
    struct raw *r = ask(GET("/1") GET("/2") GET("/3"));
    settle(&world);
    expect_story(&story, "GET /1;");
    assert_int_equal(reply("one"), 0);
    turn_until(&world, held);
    expect_story(&story, "GET /2;");
    assert_int_equal(reply("two"), 0);
    turn_until(&world, held);
    assert_int_equal(reply("three"), 0);
    turn_until(&world, raw_heard(r, "three"));
    const char *one = strstr(r->got, "\r\n\r\none"), *two = strstr(r->got, "\r\n\r\ntwo");
    assert_true(one && two && one < two);
    raw_free(r);
}

/* ---- what may not be replied ----------------------------------------------------------------- */

static void test_fields_that_are_refused(void **state)
{
    (void)state;
    static const char *const bad[][2] = {{"X-A", "1\r\nX-B: 2"},
                                         {"X-A", "1\n"},
                                         {"X-A", "\x7f"},
                                         {"X A", "1"},
                                         {"", "1"},
                                         {"X-A:", "1"},
                                         {"Content-Length", "9"},
                                         {"transfer-encoding", "chunked"},
                                         {"Connection", "close"}};
    struct raw *r = ask(GET("/"));
    for (size_t i = 0; i < countof(bad); i++)
        assert_int_equal(weft_reply_field(held, bad[i][0], bad[i][1]), -EINVAL);
    assert_int_equal(reply("fine"), 0);
    turn_until(&world, raw_heard(r, "fine"));
    assert_false(raw_heard(r, "X-"));
    raw_free(r);
}

/* As they came from elsewhere, with their lengths: all of them, or none. */
static void test_fields_as_parsed(void **state)
{
    (void)state;
    static const char text[] = "X-Onevalue\xfcX-TwoX-Bad\nTransfer-Encoding";
    const uint8_t *at = (const uint8_t *)text;
    const weft_field fields[] = {{{at, 5}, {at + 5, 6}}, {{at + 11, 5}, {at, 0}}};
    const weft_field bad[] = {{{at, 5}, {at + 16, 7}}, {{at + 23, 17}, {at, 1}}};
    struct raw *r = ask(GET("/"));
    assert_int_equal(weft_reply_fields(held, NULL, 0), 0);
    assert_int_equal(weft_reply_field(held, "Content-Type", "text/own"), 0);
    assert_int_equal(weft_reply_fields(held, fields, 2), 0);
    for (size_t i = 0; i < countof(bad); i++) {
        const weft_field some[] = {
            {{at, 3}, {at, 1}}, {{(const uint8_t *)"content-type", 12}, {at, 1}}, bad[i]};
        assert_int_equal(weft_reply_fields(held, some, 3), -EINVAL);
    }
    assert_int_equal(weft_respond(take(), 200, NULL, "fine", 4), 0);
    turn_until(&world, raw_heard(r, "fine"));
    assert_true(raw_heard(r, "Content-Type: text/own\r\nX-One: value\xfc\r\nX-Two: \r\n\r\n"));
    raw_free(r);
}

/* Of a reply that somebody else has made: when he did. */
static void test_a_date_of_one_s_own(void **state)
{
    (void)state;
    struct raw *r = ask(GET("/"));
    assert_int_equal(weft_reply_field(held, "Date", "Sun, 06 Nov 1994 08:49:37 GMT"), 0);
    assert_int_equal(weft_reply_field(held, "date", "Sun, 06 Nov 1994 08:49:38 GMT"), 0);
    assert_int_equal(reply("fine"), 0);
    turn_until(&world, raw_heard(r, "fine"));
    const char *at = strcasestr(r->got, "\r\ndate: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
    assert_non_null(at);
    assert_null(strcasestr(at + 2, "\r\ndate:"));
    *strcasestr(r->got, "\r\ndate:") = 0;
    assert_null(strcasestr(r->got, "date:"));
    raw_free(r);
}

/* Nothing that could be sent: the client gets a 500. */
static void test_replies_that_are_none(void **state)
{
    (void)state;
    static const int bad[] = {0, 101, 199, 600, -1};
    for (size_t i = 0; i < countof(bad); i++) {
        struct raw *r = ask(GET("/"));
        assert_int_equal(weft_respond(take(), bad[i], NULL, "x", 1), -EINVAL);
        turn_until(&world, raw_ended(r));
        assert_int_equal(raw_status(r), 500);
        raw_free(r);
    }
    static const int bodyless[] = {204, 304};
    for (size_t i = 0; i < 2; i++) {
        struct raw *r = ask(GET("/"));
        assert_int_equal(weft_respond(take(), bodyless[i], NULL, "x", 1), -EINVAL);
        turn_until(&world, raw_ended(r));
        assert_int_equal(raw_status(r), 500);
        raw_free(r);
    }
    struct raw *r = ask(GET("/"));
    assert_int_equal(weft_respond(take(), 200, "a\nb", "x", 1), -EINVAL);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 500);
    raw_free(r);
}

static void test_error_replies(void **state)
{
    (void)state;
    struct raw *r = ask(GET("/"));
    assert_int_equal(weft_respond(take(), 404, "text/plain", "nope", 4), 0);
    turn_until(&world, raw_heard(r, "nope"));
    assert_int_equal(raw_status(r), 404);
    assert_false(raw_ended(r)); /* an answer like any other */
    raw_free(r);
}

static void test_statuses_without_a_body(void **state)
{
    (void)state;
    struct raw *r = ask(GET("/"));
    assert_int_equal(weft_respond(take(), 204, NULL, NULL, 0), 0);
    turn_until(&world, raw_status(r));
    assert_false(raw_heard(r, "Content-Length"));
    held = NULL;
    raw_forget(r);
    raw_say(r, GET("/"));
    turn_until(&world, held);
    assert_int_equal(weft_respond(take(), 304, NULL, NULL, 0), 0);
    turn_until(&world, raw_status(r));
    assert_string_equal(raw_body(r), "");
    raw_free(r);
}

static void test_abort_before_anything(void **state)
{
    (void)state;
    struct raw *r = ask(GET("/"));
    weft_request_abort(take());
    turn_until(&world, raw_ended(r));
    assert_string_equal(r->got, "");
    raw_free(r);
}

/* ---- from the callback ----------------------------------------------------------------------- */

static void reply_at_once(weft_request *r, void *user)
{
    (void)user;
    weft_bytes path = weft_request_path(r);
    assert_int_equal(weft_respond(r, 200, NULL, path.data, path.len), 0);
}

/* ---- one Content-Type ------------------------------------------------------------------------ */

static size_t types_in(const struct raw *r)
{
    size_t n = 0;
    for (const char *at = r->got; (at = strcasestr(at, "\r\ncontent-type:")); at++) n++;
    return n;
}

/* Whichever way it was said, and however often. */
static void test_one_type(void **state)
{
    (void)state;
    weft_reply *stream;
    struct raw *r = ask(GET("/a"));
    assert_int_equal(weft_reply_field(held, "Content-Type", "text/one"), 0);
    assert_int_equal(weft_reply_field(held, "X-Other", "x"), 0);
    assert_int_equal(weft_reply_field(held, "content-type", "text/two"), 0);
    assert_int_equal(weft_respond(take(), 200, NULL, "x", 1), 0);
    turn_until(&world, raw_heard(r, "content-type: text/two\r\n"));
    assert_int_equal(types_in(r), 1);
    assert_true(raw_heard(r, "X-Other: x\r\n"));
    raw_free(r);
    for (int i = 0; i < 2; i++) {
        r = ask(GET("/b"));
        assert_int_equal(weft_reply_field(held, "content-TYPE", "text/one"), 0);
        if (i == 0) assert_int_equal(weft_respond(take(), 200, "text/two", "x", 1), 0);
        else assert_int_equal(weft_reply_begin(&stream, take(), 200, "text/two", 0, NULL, NULL), 0);
        turn_until(&world, raw_heard(r, "Content-Type: text/two\r\n"));
        assert_int_equal(types_in(r), 1);
        raw_free(r);
    }
    r = ask(GET("/c"));
    assert_int_equal(weft_reply_field(held, "Content-Type", "text/one"), 0);
    assert_int_equal(weft_reply_field(held, "Content-Type", "a\nb"), -EINVAL);
    assert_int_equal(reply("x"), 0);
    turn_until(&world, raw_heard(r, "Content-Type: text/plain\r\n"));
    raw_free(r);
}

/* Others may come twice. */
static void test_fields_that_come_twice(void **state)
{
    (void)state;
    struct raw *r = ask(GET("/"));
    assert_int_equal(weft_reply_field(held, "Set-Cookie", "a=1"), 0);
    assert_int_equal(weft_reply_field(held, "Set-Cookie", "b=2"), 0);
    assert_int_equal(reply("x"), 0);
    turn_until(&world, raw_heard(r, "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"));
    raw_free(r);
}

/* ---- whose page asks ------------------------------------------------------------------------- */

static void expect_allowed(const char *fields, bool allowed)
{
    char request[512];
    snprintf(request, sizeof request, "POST / HTTP/1.1\r\nHost: here.example\r\n%s\r\n", fields);
    struct raw *r = ask(request);
    assert_int_equal(weft_request_allowed(held), allowed);
    assert_int_equal(reply("x"), 0);
    raw_free(r);
}

/* The rule for upgrades: the same origin, this machine while all listen on loopback, or those in the list. */
static void test_allowed(void **state)
{
    (void)state;
    expect_allowed("", true);
    expect_allowed("Origin: http://here.example\r\n", true);
    expect_allowed("Origin: https://here.example\r\n", false);
    expect_allowed("Origin: http://evil.example\r\n", false);
    expect_allowed("Origin: null\r\n", false);
    expect_allowed("Origin: http://localhost:5\r\n", true);
    expect_allowed("Origin: http://here.example\r\nOrigin: http://here.example\r\n", false);
    const char *const origins[] = {"https://good.example", NULL};
    again_with(&(weft_server_config){.origins = origins});
    expect_allowed("Origin: https://good.example\r\n", true);
    expect_allowed("Origin: http://here.example\r\n", false);
    expect_allowed("", true);
}

static void test_not_allowed_when_the_client_has_left(void **state)
{
    (void)state;
    struct raw *r = ask(GET("/"));
    assert_true(weft_request_allowed(held));
    raw_hang_up(r);
    settle(&world);
    assert_false(weft_request_allowed(held));
    assert_int_equal(reply("x"), WEFT_ERR_CLOSED);
    raw_free(r);
}

static void abort_at_2(weft_request *r, void *user)
{
    weft_bytes path = weft_request_path(r);
    tell(&story, "%.*s;", (int)path.len, path.data);
    if (path.data[1] == '2') weft_request_abort(r);
    else reply_at_once(r, user);
}

static void test_many_replied_at_once(void **state)
{
    (void)state;
    enum { MANY = 50 };
    assert_int_equal(world_requests(world.server, "/*", reply_at_once, NULL), 0);
    struct raw *r = raw_connect(&world);
    char all[MANY * 64];
    size_t n = 0;
    for (int i = 0; i < MANY; i++) n += (size_t)snprintf(all + n, sizeof all - n, GET("/%02d"), i);
    raw_write(r, all, n);
    turn_until(&world, raw_heard(r, "\r\n\r\n/49"));
    const char *at = r->got;
    for (int i = 0; i < MANY; i++) {
        char body[32];
        snprintf(body, sizeof body, "\r\n\r\n/%02d", i);
        at = strstr(at, body);
        assert_non_null(at);
    }
    raw_free(r);
}

/* The requests behind the one that was aborted are not dispatched. */
static void test_abort_in_the_callback(void **state)
{
    (void)state;
    assert_int_equal(world_requests(world.server, "/*", abort_at_2, NULL), 0);
    struct raw *r = raw_connect(&world);
    raw_say(r, GET("/1") GET("/2") GET("/3"));
    turn_until(&world, raw_ended(r));
    expect_story(&story, "/1;/2;");
    raw_free(r);
}

/* Who stops sending in the middle of a request may still read. */
static void test_cut_off_by_the_end(void **state)
{
    static const char *const parts[] = {"G", "GET / HTTP/1.1\r\nHost: a\r\n",
                                        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nx"};
    (void)state;
    assert_int_equal(world_requests(world.server, "/*", hold, NULL), 0);
    for (size_t i = 0; i < 3; i++) {
        struct raw *r = raw_connect(&world);
        raw_say(r, parts[i]);
        shutdown(r->fd, SHUT_WR);
        turn_until(&world, raw_ended(r));
        assert_memory_equal(r->got, "HTTP/1.1 400 ", 13);
        assert_non_null(strstr(r->got, "\r\n\r\nthe stream ended inside a request\n"));
        raw_free(r);
    }
    expect_story(&story, "");
}

/* Who answers may drop his own route, and shut the server down. */
static void leave_and_reply(weft_request *r, void *user)
{
    assert_int_equal(world_requests(world.server, "/*", hold, NULL), 0);
    for (int i = 0; i < 20; i++) {
        char path[32];
        snprintf(path, sizeof path, "/new%d", i);
        assert_int_equal(world_requests(world.server, path, hold, NULL), 0);
    }
    assert_int_equal(weft_server_shutdown(world.server, 1001, NULL, NULL), 0);
    reply_at_once(r, user);
}

static void test_leave_in_the_callback(void **state)
{
    (void)state;
    assert_int_equal(world_requests(world.server, "/*", leave_and_reply, NULL), 0);
    struct raw *r = raw_connect(&world);
    assert_int_equal(raw_ask(&world, r, GET("/bye")), 200);
    for (int i = 0; i < 100 && !raw_ended(r); i++) pass(&world, 50);
    assert_true(raw_ended(r));
    raw_free(r);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void told_gone(weft_request *r, void *user)
{
    (void)r;
    (void)user;
    tell(&story, "gone;");
}

static void test_client_leaves(void **state)
{
    (void)state;
    struct raw *r = ask(GET("/"));
    expect_story(&story, "GET /;");
    world_watch(held, told_gone, NULL);
    raw_hang_up(r);
    turn_until(&world, story.len);
    expect_story(&story, "gone;");
    assert_int_equal(weft_request_path(held).len, 1);
    assert_string_equal(weft_peer_host(weft_request_peer(held)), "127.0.0.1");
    assert_int_equal(reply("too late"), WEFT_ERR_CLOSED);
    raw_free(r);
}

/* A reply that is due has no deadline: a long poll may wait as long as its answerer likes. */
static void test_long_poll(void **state)
{
    (void)state;
    struct raw *r = ask(GET("/"));
    pass(&world, 3600 * 1000);
    assert_false(raw_ended(r));
    assert_int_equal(reply("at last"), 0);
    turn_until(&world, raw_heard(r, "at last"));
    raw_free(r);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_questions),
        unit(test_body_by_length),
        unit(test_body_in_chunks),
        unit(test_body_too_large),
        unit(test_expect_continue),
        unit(test_reply),
        unit(test_head),
        unit(test_pipelining),
        unit(test_fields_that_are_refused),
        unit(test_fields_as_parsed),
        unit(test_a_date_of_one_s_own),
        unit(test_replies_that_are_none),
        unit(test_error_replies),
        unit(test_statuses_without_a_body),
        unit(test_abort_before_anything),
        unit(test_many_replied_at_once),
        unit(test_one_type),
        unit(test_fields_that_come_twice),
        unit(test_allowed),
        unit(test_not_allowed_when_the_client_has_left),
        unit(test_abort_in_the_callback),
        unit(test_cut_off_by_the_end),
        unit(test_leave_in_the_callback),
        unit(test_client_leaves),
        unit(test_long_poll),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
