/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_access.c - what is told of each request, upgrade and WebSocket when it is over
 *
 *      request GET /x 200 in 3 out 5 [cause];        websocket GET /ws 101 closed 1000 in 8 out 4;
 */
#include <inttypes.h>

#include "raw.h"
#include "stuck_calls.h"

static struct world world;
static struct story story;
static weft_request *held;
static weft_upgrade *held_upgrade;
static weft_reply *reply;
static weft_conn *conn;
static uint64_t us;        /* of the newest */
static bool closed_before; /* on_close was told before */
static char peer[64];
static char fields[1024];   /* referer, agent, id */
static uint64_t came, went; /* as on_traffic has it */

static const char *const kinds[] = {"request", "upgrade", "websocket"};

static void on_access(const weft_access *a, void *user)
{
    assert_ptr_equal(user, &world);
    tell(&story, "%s %.*s %.*s %d", kinds[a->kind], (int)a->method.len,
         a->method.len ? (const char *)a->method.data : "", (int)a->target.len,
         a->target.len ? (const char *)a->target.data : "", a->status);
    assert_int_equal(a->code != 0, a->kind == WEFT_ACCESS_WEBSOCKET);
    if (a->code) tell(&story, " closed %d", a->code);
    if (a->received) tell(&story, " in %" PRIu64, a->received);
    if (a->sent) tell(&story, " out %" PRIu64, a->sent);
    if (a->cause[0]) tell(&story, " [%s]", a->cause);
    tell(&story, ";");
    us = a->us;
    snprintf(fields, sizeof fields, "%.*s|%.*s|%.*s", (int)a->referer.len,
             (const char *)a->referer.data, (int)a->user_agent.len,
             (const char *)a->user_agent.data, (int)a->request_id.len,
             (const char *)a->request_id.data);
    snprintf(peer, sizeof peer, "%s", weft_peer_host(a->peer));
}

static void on_traffic(const weft_access *a, uint64_t received, uint64_t sent, void *user)
{
    assert_ptr_equal(user, &world);
    assert_true(received || sent);
    assert_non_null(a->cause);
    came += received;
    went += sent;
}

/* ---- the server ------------------------------------------------------------------------------ */

static void answer(weft_request *r, void *user)
{
    weft_bytes path = weft_request_path(r);
    (void)user;
    uint64_t before = went;
    int error = weft_respond(r, 200, NULL, path.data, path.len);
    assert_true(!error || world.fail_at >= 0);
    expect_story(&story, "");       /* from the loop, */
    assert_int_equal(went, before); /* both of them */
}

static void hold(weft_request *r, void *user)
{
    (void)user;
    held = r;
}

static void on_reply_close(weft_reply *r, int error, const char *cause)
{
    (void)error, (void)cause;
    assert_ptr_equal(r, reply);
    reply = NULL;
    closed_before = true;
}

static void stream(weft_request *r, void *user)
{
    static const weft_reply_handler handler = {.on_close = on_reply_close};
    (void)user;
    assert_int_equal(weft_reply_begin(&reply, r, 200, NULL, WEFT_LENGTH_UNKNOWN, &handler, NULL),
                     0);
}

static void opened(weft_conn *c)
{
    conn = c;
}

static void echo(weft_conn *c, weft_opcode op, const void *data, size_t len)
{
    assert_true(weft_send(c, op, data, len) == 0 || world.fail_at >= 0);
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    (void)info;
    assert_ptr_equal(c, conn);
    conn = NULL;
    closed_before = true;
    assert_false(told(&story, "websocket"));
}

static int refuse(weft_upgrade *u)
{
    assert_int_equal(weft_upgrade_body(u, NULL, "go away", 7), 0);
    return 403;
}

static int refuse_by_a_call(weft_upgrade *u)
{
    assert_int_equal(weft_upgrade_refuse(u, 403, NULL, "no", 2), 0);
    return WEFT_HOLD;
}

static int hold_upgrade(weft_upgrade *u)
{
    held_upgrade = u;
    return WEFT_HOLD;
}

static const weft_handler echoing = {.on_open = opened, .on_message = echo, .on_close = on_close};
static const weft_handler refusing = {.on_upgrade = refuse};
static const weft_handler calling = {.on_upgrade = refuse_by_a_call};
static const weft_handler holding = {
    .on_upgrade = hold_upgrade, .on_open = opened, .on_close = on_close};

static void begin_with(weft_server_config cfg)
{
    story.len = 0, story.text[0] = 0;
    held = NULL, held_upgrade = NULL, reply = NULL, conn = NULL;
    closed_before = false;
    came = went = 0;
    cfg.on_traffic = on_traffic;
    cfg.on_access = on_access;
    cfg.access_user = &world;
    world_begin(&world);
    world_serve(&world, &cfg);
    assert_int_equal(world_requests(world.server, "/*", answer, NULL), 0);
    assert_int_equal(world_requests(world.server, "/hold", hold, NULL), 0);
    assert_int_equal(world_requests(world.server, "/stream", stream, NULL), 0);
    assert_int_equal(weft_server_route(world.server, "/ws", &echoing, NULL), 0);
    assert_int_equal(weft_server_route(world.server, "/no", &refusing, NULL), 0);
    assert_int_equal(weft_server_route(world.server, "/call", &calling, NULL), 0);
    assert_int_equal(weft_server_route(world.server, "/wait", &holding, NULL), 0);
    world_listen(&world);
}

static int begin(void **state)
{
    (void)state;
    begin_with((weft_server_config){.limits = &(weft_limits){.ping_interval = WEFT_NEVER}});
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

static struct raw *say(const char *text)
{
    struct raw *r = raw_connect(&world);
    raw_say(r, text);
    settle(&world);
    return r;
}

static void expect(const char *request, const char *want)
{
    struct raw *r = say(request);
    expect_story(&story, want);
    raw_free(r);
    settle(&world);
    expect_story(&story, ""); /* once, and nothing of the connection */
}

#define HEAD(method, path) method " " path " HTTP/1.1\r\nHost: x\r\n"

/* ---- requests -------------------------------------------------------------------------------- */

static void test_answers(void **state)
{
    (void)state;
    expect(HEAD("GET", "/x?y=z") "\r\n", "request GET /x?y=z 200 out 2;");
    expect(HEAD("HEAD", "/x") "\r\n", "request HEAD /x 200;");
    expect(HEAD("POST", "/x") "Content-Length: 5\r\n\r\n12345", "request POST /x 200 in 5 out 2;");
    expect(HEAD("POST", "/x") "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
           "request POST /x 200 in 3 out 2;");
    assert_string_equal(peer, "127.0.0.1");
}

static void test_fields(void **state)
{
    (void)state;
    char longest[400], wanted[400];
    expect(HEAD("GET", "/x") "Referer: r\r\nUser-Agent: me\r\nX-Request-Id: 7\r\n\r\n",
           "request GET /x 200 out 2;");
    assert_string_equal(fields, "r|me|"); /* who says 7 is nobody's proxy */
    memset(longest, 'x', 300);
    snprintf(longest + 300, sizeof longest - 300, "%s", "");
    snprintf(wanted, sizeof wanted, "|%.256s|", longest);
    char request[600];
    snprintf(request, sizeof request, HEAD("GET", "/x") "User-Agent: %s\r\n\r\n", longest);
    expect(request, "request GET /x 200 out 2;");
    assert_string_equal(fields, wanted);
}

static void test_one_after_the_other(void **state)
{
    (void)state;
    expect(HEAD("GET", "/1") "\r\n" HEAD("GET", "/22") "\r\n" HEAD("GET", "/333") "\r\n",
           "request GET /1 200 out 2;request GET /22 200 out 3;request GET /333 200 out 4;");
}

static void test_refusals(void **state)
{
    (void)state;
    expect(HEAD("GET", "/no") "\r\n", "request GET /no 200 out 3;");
    expect("nonsense\r\n\r\n",
           "request   400 out 43 [a character that may not stand in a method];");
    expect(HEAD("POST", "/x") "Content-Length: 99999999\r\n\r\n",
           "request POST /x 413 out 22 [the body is too large];");
    expect(UPGRADE("/nothing", ""),
           "upgrade GET /nothing 404 out 35 [there is no WebSocket at this path];");
    expect(UPGRADE("/ws", "Origin: http://evil.example\r\n"),
           "upgrade GET /ws 403 out 137 [this origin may not open a WebSocket here];");
    expect(UPGRADE("/no", ""), "upgrade GET /no 403 out 7 [refused by on_upgrade];");
}

/* Who it was, also when it comes later; and when it was not the program. */
static void test_who_has_refused(void **state)
{
    (void)state;
    expect(UPGRADE("/call", ""), "upgrade GET /call 403 out 2 [refused by weft_upgrade_refuse];");
    struct raw *r = say(UPGRADE("/wait", ""));
    assert_int_equal(weft_upgrade_refuse(held_upgrade, 401, NULL, "later", 5), 0);
    settle(&world);
    expect_story(&story, "upgrade GET /wait 401 out 5 [refused by weft_upgrade_refuse];");
    raw_free(r);
    r = say(UPGRADE("/wait", ""));
    pass(&world, 30000);
    expect_story(&story, "upgrade GET /wait 503 out 34 [the server did not decide in time];");
    assert_int_equal(weft_upgrade_refuse(held_upgrade, 401, NULL, "late", 4), WEFT_ERR_CLOSED);
    settle(&world);
    expect_story(&story, "");
    raw_free(r);
}

static void test_other_hosts(void **state)
{
    (void)state;
    static const char *const hosts[] = {"localhost", NULL};
    world_end(&world);
    begin_with((weft_server_config){.hosts = hosts});
    struct raw *r = say("GET /x HTTP/1.1\r\nHost: evil.example\r\n\r\n");
    assert_true(told(&story, "request GET /x 421 out "));
    assert_true(told(&story, "[the server does not answer to this host];"));
    raw_free(r);
}

static void test_late_heads(void **state)
{
    (void)state;
    struct raw *r = say("GET /x");
    pass(&world, 10000);
    expect_story(&story, "request   408 out 36 [the request took too long to arrive];");
    raw_free(r);
    r = say("");
    raw_hang_up(r);
    settle(&world);
    expect_story(&story, ""); /* nobody has asked for anything */
    raw_free(r);
}

static void test_answered_later(void **state)
{
    (void)state;
    struct raw *r = say(HEAD("GET", "/hold") "\r\n");
    expect_story(&story, "");
    pass(&world, 250);
    assert_int_equal(weft_respond(held, 202, NULL, "x", 1), 0);
    expect_story(&story, "");
    turn(&world, 0);
    expect_story(&story, "request GET /hold 202 out 1;");
    assert_int_equal(us, 250000);
    raw_free(r);
}

static void test_left_without_an_answer(void **state)
{
    (void)state;
    struct raw *r = say(HEAD("GET", "/hold") "\r\n");
    raw_hang_up(r);
    settle(&world);
    expect_story(&story, "request GET /hold 0 [the client left];");
    assert_string_equal(peer, "127.0.0.1");
    assert_int_equal(weft_respond(held, 200, NULL, "x", 1), WEFT_ERR_CLOSED);
    settle(&world);
    expect_story(&story, "");
    raw_free(r);
    r = say(HEAD("GET", "/hold") "\r\n");
    weft_request_abort(held);
    settle(&world);
    expect_story(&story, "request GET /hold 0 [dropped by the program];");
    raw_free(r);
}

static void test_answers_that_cannot_be_made(void **state)
{
    (void)state;
    struct raw *r = say(HEAD("GET", "/hold") "\r\n");
    assert_int_equal(weft_respond(held, 99, NULL, "x", 1), -EINVAL);
    settle(&world);
    expect_story(&story, "request GET /hold 500 out 28 [the reply could not be made];");
    raw_free(r);
}

static void test_server_freed(void **state)
{
    (void)state;
    struct raw *r = say(HEAD("GET", "/hold") "\r\n"), *s = say(HEAD("GET", "/stream") "\r\n");
    weft_server_free(world.server);
    world.server = NULL;
    expect_story(&story, "request GET /hold 0 [the server was freed];"
                         "request GET /stream 200 [the server was freed];");
    assert_int_equal(weft_respond(held, 200, NULL, "x", 1), WEFT_ERR_CLOSED);
    raw_free(r);
    raw_free(s);
}

/* ---- replies that stream --------------------------------------------------------------------- */

static void test_streams(void **state)
{
    (void)state;
    struct raw *r = say(HEAD("GET", "/1") "\r\n" HEAD("GET", "/stream") "\r\n");
    expect_story(&story, "request GET /1 200 out 2;");
    pass(&world, 3000);
    assert_int_equal(weft_reply_write(reply, "hello", 5), 0);
    settle(&world);
    assert_int_equal(weft_reply_end(reply), 0);
    settle(&world);
    assert_true(closed_before);
    expect_story(&story,
                 "request GET /stream 200 out 15;"); /* 5 CR LF hello CR LF, 0 CR LF CR LF */
    assert_int_equal(us, 3000000);
    raw_say(r, HEAD("GET", "/2") "\r\n");
    settle(&world);
    expect_story(&story, "request GET /2 200 out 2;");
    raw_free(r);
}

/* What the client has not taken was not sent. */
static void test_streams_that_are_lost(void **state)
{
    (void)state;
    use_full_sockets(&world.sys, false);
    struct raw *r = say(HEAD("GET", "/stream") "\r\n");
    assert_int_equal(weft_reply_write(reply, "hello", 5), 0);
    settle(&world);
    socket_is_full = true;
    assert_int_equal(weft_reply_write(reply, "lost", 4), 0);
    settle(&world);
    pass(&world, 15000);
    expect_story(&story,
                 "request GET /stream 200 out 10 [the client takes none of the bytes we send];");
    raw_free(r);
    socket_is_full = false;
    r = say(HEAD("GET", "/stream") "\r\n");
    weft_reply_abort(reply);
    settle(&world);
    assert_true(told(&story, "request GET /stream 200 ["));
    raw_free(r);
}

/* ---- WebSockets ------------------------------------------------------------------------------ */

static void test_websockets(void **state)
{
    (void)state;
    struct raw *r = say(UPGRADE("/ws?room=1", ""));
    expect_story(&story, "upgrade GET /ws?room=1 101;");
    assert_non_null(conn);
    pass(&world, 500);
    raw_text(r, "hello"); /* 2 + 4 + 5 bytes, and 2 + 5 back */
    settle(&world);
    raw_close_frame(r, 1000, ""); /* 2 + 4 + 2, and 2 + 2 back */
    settle(&world);
    assert_true(closed_before);
    expect_story(&story, "websocket GET /ws?room=1 101 closed 1000 in 19 out 11;");
    assert_int_equal(us, 500000);
    assert_string_equal(peer, "127.0.0.1");
    raw_free(r);
}

/* In one read with the request: they come behind it. */
static void test_frames_behind_the_request(void **state)
{
    (void)state;
    struct raw *r = raw_connect(&world);
    uint8_t both[1024];
    const char *request = UPGRADE("/ws", "");
    size_t n = strlen(request);
    memcpy(both, request, n);
    n += put_frame(both + n, 0x81, "hi", 2);
    raw_write(r, both, n);
    settle(&world);
    expect_story(&story, "upgrade GET /ws 101;");
    raw_reset(r);
    settle(&world);
    assert_true(told(&story, "websocket GET /ws 101 closed 1006 in 8 out 4 ["));
    raw_free(r);
}

static void test_held_upgrades(void **state)
{
    (void)state;
    struct raw *r = say(UPGRADE("/wait", ""));
    expect_story(&story, "");
    assert_int_equal(weft_upgrade_accept(held_upgrade), 0);
    turn(&world, 0);
    expect_story(&story, "upgrade GET /wait 101;");
    settle(&world);
    weft_abort(conn);
    settle(&world);
    expect_story(&story, "websocket GET /wait 101 closed 1006 [dropped by the program];");
    raw_free(r);
    r = say(UPGRADE("/wait", ""));
    pass(&world, 30000);
    expect_story(&story, "upgrade GET /wait 503 out 34 [the server did not decide in time];");
    assert_int_equal(weft_upgrade_accept(held_upgrade), WEFT_ERR_CLOSED);
    raw_free(r);
    r = say(UPGRADE("/wait", ""));
    raw_hang_up(r);
    settle(&world);
    expect_story(&story, "upgrade GET /wait 0 [the client left];");
    assert_int_equal(weft_upgrade_refuse(held_upgrade, 403, NULL, NULL, 0), WEFT_ERR_CLOSED);
    raw_free(r);
}

/* ---- bytes as they pass ---------------------------------------------------------------------- */

/* So many were said by r, and all that it has heard was told. */
static void expect_traffic(struct raw *r, size_t said)
{
    settle(&world);
    raw_read(r);
    assert_int_equal(came, said);
    assert_int_equal(went, r->len);
    came = went = 0;
    raw_forget(r);
    story.len = 0, story.text[0] = 0; /* which others read */
}

static void expect_all_told(const char *request)
{
    struct raw *r = say(request);
    expect_traffic(r, strlen(request));
    raw_free(r);
}

static void test_traffic_of_requests(void **state)
{
    (void)state;
    expect_all_told(HEAD("GET", "/x") "\r\n");
    expect_all_told("\r\n" HEAD("GET", "/1") "\r\n" HEAD("GET", "/22") "\r\n");
    expect_all_told(HEAD("POST", "/x") "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    expect_all_told(HEAD("POST", "/x") "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n12");
    expect_all_told(UPGRADE("/no", ""));
    struct raw *r = say("GET /x HTTP/1.1\r\n");
    expect_traffic(r, 0); /* it is nobody's yet */
    raw_say(r, "Host: x\r\n\r\n");
    expect_traffic(r, strlen(HEAD("GET", "/x") "\r\n"));
    raw_free(r);
}

/* Long before it is over. */
static void test_traffic_of_streams(void **state)
{
    (void)state;
    static const char one[] = HEAD("GET", "/1") "\r\n" HEAD("GET", "/stream") "\r\n";
    struct raw *r = say(one);
    expect_traffic(r, strlen(one));
    assert_int_equal(weft_reply_write(reply, "hello", 5), 0);
    expect_traffic(r, 0);
    assert_int_equal(weft_reply_end(reply), 0);
    expect_traffic(r, 0);
    raw_say(r, HEAD("GET", "/2") "\r\n");
    expect_traffic(r, strlen(HEAD("GET", "/2") "\r\n"));
    raw_free(r);
}

static void test_traffic_of_websockets(void **state)
{
    (void)state;
    static const char request[] = UPGRADE("/ws", "") "\x81\x82\x01\x01\x01\x01hi";
    struct raw *r = say(request);
    expect_traffic(r, strlen(request));
    raw_text(r, "hello");
    expect_traffic(r, 11);
    raw_close_frame(r, 1000, "");
    expect_traffic(r, 8);
    raw_free(r);
    r = say(UPGRADE("/wait", ""));
    assert_int_equal(weft_upgrade_accept(held_upgrade), 0);
    expect_traffic(r, strlen(UPGRADE("/wait", "")));
    raw_free(r);
}

/* ---- faults ---------------------------------------------------------------------------------- */

/* Whatever fails, nothing is told twice, and nothing is left. */
static void test_out_of_memory(void **state)
{
    (void)state;
    long nth = 0;
    for (bool failed = true; failed; nth++) {
        assert_true(nth < 200);
        world_fail_at(&world, nth);
        struct raw *r =
            say(HEAD("GET", "/1") "\r\n" UPGRADE("/ws", "") "\x81\x82\x01\x01\x01\x01hi");
        failed = world.asked > nth;
        world_fail_at(&world, -1);
        raw_hang_up(r);
        settle(&world);
        size_t n = 0;
        for (const char *at = story.text; (at = strchr(at, ';')); at++) n++;
        assert_true(n <= 3);
        if (!failed) assert_int_equal(n, 3);
        story.len = 0, story.text[0] = 0;
        raw_free(r);
    }
    assert_true(nth > 5);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_answers),
        unit(test_fields),
        unit(test_one_after_the_other),
        unit(test_refusals),
        unit(test_who_has_refused),
        unit(test_other_hosts),
        unit(test_late_heads),
        unit(test_answered_later),
        unit(test_left_without_an_answer),
        unit(test_answers_that_cannot_be_made),
        unit(test_server_freed),
        unit(test_streams),
        unit(test_streams_that_are_lost),
        unit(test_websockets),
        unit(test_frames_behind_the_request),
        unit(test_held_upgrades),
        unit(test_traffic_of_requests),
        unit(test_traffic_of_streams),
        unit(test_traffic_of_websockets),
        unit(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
