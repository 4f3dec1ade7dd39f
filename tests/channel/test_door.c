/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_door.c - who may do what, decided at once or later
 */
#include "channel/live.h"

static struct live live;
static weft_channel_ask *held;

static void hold(weft_channel_ask *a, void *user)
{
    assert_ptr_equal(user, &held);
    held = a;
}

static void start(void)
{
    held = NULL;
    live_begin(&live, &(weft_channels_config){.on_ask = hold, .user = &held});
}

static struct raw *ask(const char *request)
{
    struct raw *r = raw_connect(&live.w);
    raw_say(r, request);
    turn_until(&live.w, held);
    settle(&live.w);
    raw_read(r);
    assert_int_equal(raw_status(r), 0);
    return r;
}

static int status(struct raw *r)
{
    held = NULL;
    settle(&live.w);
    raw_read(r);
    return raw_status(r);
}

#define REQUEST(method, target) method " " target " HTTP/1.1\r\nHost: localhost\r\nX: y\r\n\r\n"

static void test_granted_later(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        unsigned needs;
        int done;
    } asks[] = {
        {REQUEST("GET", "/chat"), WEFT_RIGHT_READ, 200},
        {REQUEST("HEAD", "/chat"), WEFT_RIGHT_READ, 200},
        {REQUEST("GET", "/chat?wait=0"), WEFT_RIGHT_READ, 200},
        {REQUEST("GET", "/chat?stream"), WEFT_RIGHT_READ, 200},
        {REQUEST("POST", "/chat"), WEFT_RIGHT_WRITE, 200},
        {REQUEST("DELETE", "/chat"), WEFT_RIGHT_DROP, 200},
        {UPGRADE("/chat", ""), WEFT_RIGHT_READ, 101},
        {UPGRADE("/chat", "Sec-WebSocket-Protocol: weft.v1\r\n"), WEFT_RIGHT_READ, 101},
        {UPGRADE("/chat?subscribe=no", ""), 0, 101},
    };
    start();
    for (size_t i = 0; i < countof(asks); i++) {
        struct raw *r = ask(asks[i].request);
        weft_bytes name = weft_channel_ask_name(held);
        assert_int_equal(name.len, 5);
        assert_memory_equal(name.data, "/chat", 5);
        assert_int_equal(weft_channel_ask_rights(held), asks[i].needs);
        assert_non_null(weft_channel_ask_request(held));
        weft_channel_ask_grant(held, asks[i].needs);
        pass(&live.w, 1);
        assert_int_equal(status(r), asks[i].done);
        raw_free(r);
        if (!asks[i].needs) continue;
        r = ask(asks[i].request);
        weft_channel_ask_grant(held, 0);
        assert_int_equal(status(r), 403);
        raw_free(r);
    }
    live_end(&live);
}

static void test_refused(void **state)
{
    (void)state;
    start();
    struct raw *r = ask(REQUEST("GET", "/chat"));
    weft_channel_ask_field(held, "WWW-Authenticate", "Bearer");
    weft_channel_ask_refuse(held, 401, "say \"who\" you are");
    assert_int_equal(status(r), 401);
    assert_true(has_field(r, "WWW-Authenticate: Bearer\r\n"));
    assert_string_equal(raw_body(r),
                        "{\"error\":{\"code\":401,\"message\":\"say \\\"who\\\" you are\"}}\n");
    raw_free(r);
    r = ask(UPGRADE("/chat", ""));
    weft_channel_ask_refuse(held, 200, "");
    assert_int_equal(status(r), 500);
    raw_free(r);
    /* An EventSource would take a 503 for the end. */
    r = ask(REQUEST("GET", "/chat?stream=sse"));
    weft_channel_ask_refuse(held, 503, "later");
    assert_int_equal(status(r), 200);
    assert_memory_equal(raw_body(r), "retry: ", 7);
    raw_free(r);
    live_end(&live);
}

static void test_gone_meanwhile(void **state)
{
    (void)state;
    static const char *const requests[] = {REQUEST("GET", "/chat"), REQUEST("GET", "/chat?wait=9"),
                                           REQUEST("GET", "/chat?stream"), REQUEST("POST", "/chat"),
                                           UPGRADE("/chat", "")};
    start();
    for (size_t i = 0; i < 2 * countof(requests); i++) {
        struct raw *r = ask(requests[i / 2]);
        raw_free(r);
        settle(&live.w);
        if (i % 2) weft_channel_ask_grant(held, WEFT_RIGHT_READ | WEFT_RIGHT_WRITE);
        else weft_channel_ask_refuse(held, 403, "no");
        held = NULL;
        settle(&live.w);
    }
    turn_until(&live.w, weft_subscribers(live.hub, "/chat") == 0);
    live_end(&live);
}

/* ---- pages of other origins ------------------------------------------------------------------- */

#define FROM(method, target, fields) \
    method " " target " HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n" fields "\r\n"
#define EVIL "Origin: http://evil\r\n"
#define SITE "Sec-Fetch-Site: cross-site\r\n"

/* Whatever else may be wrong, and whatever it is that they ask for. */
static void test_pages_of_others(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        int status;
    } asks[] = {
        {FROM("GET", "/chat", EVIL), 403},
        {FROM("GET", "/chat?last=0", EVIL), 403},
        {FROM("GET", "/chat/", EVIL), 403},
        {FROM("PUT", "/chat", EVIL), 403},
        {FROM("DELETE", "/chat?wait=1", SITE), 403},
        {FROM("GET", "/chat?presence", SITE), 403},
        {FROM("GET", "/chat?last=0", ""), 400},
        {FROM("PUT", "/chat", "Sec-Fetch-Site: same-origin\r\n"), 405},
        {UPGRADE("/chat", SITE), 403},
        {UPGRADE("/chat", "Sec-Fetch-Site: same-site\r\nSec-WebSocket-Protocol: weft.v1\r\n"), 403},
        {UPGRADE("/chat", EVIL), 403},
        {UPGRADE("/chat", SITE "Origin: http://localhost:1\r\n"), 101},
        {UPGRADE("/chat", "Sec-Fetch-Site: none\r\n"), 101},
    };
    live_begin(&live, NULL);
    for (size_t i = 0; i < countof(asks); i++) {
        struct raw *r = raw_connect(&live.w);
        assert_int_equal(raw_ask(&live.w, r, asks[i].request), asks[i].status);
        raw_free(r);
    }
    live_end(&live);
}

static char logged[1024]; /* all lines */

static void keep_line(void *ctx, int level, const char *line)
{
    (void)ctx;
    size_t n = strlen(logged);
    assert_int_equal(level, WEFT_LOG_INFO);
    snprintf(logged + n, sizeof logged - n, "%s\n", line);
}

/* Who runs the server is told of them, and of the flag that would let them in; of other refusals not. */
static void test_pages_are_named(void **state)
{
    (void)state;
    logged[0] = '\0';
    world_begin(&live.w);
    weft_env *env = (weft_env *)(uintptr_t)weft_loop_env(live.w.loop);
    env->log = keep_line;
    live_serve(&live, NULL);
    assert_int_equal(live_ask(&live, "GET", "/chat", EVIL, "", NULL), 403);
    assert_non_null(strstr(logged,
                           ": refused with 403: pages of http://evil may not use this server "
                           "(--origin http://evil would let them)\n"));
    logged[0] = '\0';
    assert_int_equal(live_ask(&live, "GET", "/chat?last=0", "", "", NULL), 400);
    assert_string_equal(logged, "");
    assert_int_equal(live_ask(&live, "POST", "/chat", "Origin: null\r\n", "", NULL), 403);
    assert_non_null(strstr(logged, "(--origin null would let all of these)\n"));
    live_end(&live);
}

/* ---- commands of weft.v1 --------------------------------------------------------------------- */

static struct raw *open_session(void)
{
    struct raw *r = ask(UPGRADE("/chat?subscribe=no", "Sec-WebSocket-Protocol: weft.v1\r\n"));
    weft_channel_ask_grant(held, WEFT_RIGHT_WRITE);
    assert_int_equal(status(r), 101);
    assert_true(raw_heard(r, "{\"hello\""));
    raw_forget(r);
    return r;
}

static void command(struct raw *r, const char *text)
{
    raw_text(r, text);
    settle(&live.w);
}

/* Its own channel is known from the upgrade; others are asked about once, and nothing overtakes. */
static void test_commands(void **state)
{
    (void)state;
    start();
    struct raw *r = open_session();
    command(r, "{\"id\":1,\"publish\":\"/chat\",\"data\":\"a\"}");
    assert_null(held);
    assert_true(raw_heard(r, "{\"id\":1,\"ok\":{\"position\":"));
    command(r, "{\"id\":2,\"publish\":\"/other\",\"data\":\"a\"}");
    command(r, "{\"id\":3,\"publish\":\"/chat\",\"data\":\"a\"}");
    assert_non_null(weft_channel_ask_conn(held));
    assert_null(weft_channel_ask_request(held));
    assert_int_equal(weft_channel_ask_name(held).len, 6);
    assert_int_equal(weft_channel_ask_rights(held), WEFT_RIGHT_WRITE);
    assert_false(raw_heard(r, "{\"id\":3"));
    weft_channel_ask_grant(held, WEFT_RIGHT_WRITE);
    held = NULL;
    settle(&live.w);
    assert_true(raw_heard(r, "{\"id\":2,\"ok\":") && raw_heard(r, "{\"id\":3,\"ok\":"));
    command(r, "{\"id\":4,\"publish\":\"/other\",\"data\":\"b\"}");
    assert_null(held);
    assert_true(raw_heard(r, "{\"id\":4,\"ok\":"));
    command(r, "{\"id\":5,\"subscribe\":\"/other\"}");
    weft_channel_ask_refuse(held, 403, "no");
    held = NULL;
    settle(&live.w);
    assert_true(raw_heard(r, "{\"id\":5,\"error\":{\"code\":403,\"message\":\"no\"}}"));
    raw_free(r);
    live_end(&live);
}

static void test_gone_while_deciding(void **state)
{
    (void)state;
    start();
    for (int granted = 0; granted < 2; granted++) {
        struct raw *r = open_session();
        command(r, "{\"id\":2,\"publish\":\"/other\",\"data\":\"a\"}");
        raw_reset(r);
        settle(&live.w);
        if (granted) weft_channel_ask_grant(held, WEFT_RIGHT_WRITE);
        else weft_channel_ask_refuse(held, 403, "no");
        held = NULL;
        raw_free(r);
    }
    settle(&live.w);
    live_end(&live);
}

/* ---- new channels ---------------------------------------------------------------------------- */

static void test_new_channels(void **state)
{
    (void)state;
    struct raw *r;
    char target[32];
    live_begin(&live, &(weft_channels_config){.new_channels = 2});
    for (int i = 0; i < 20; i++) {
        snprintf(target, sizeof target, "/new%d", i);
        assert_int_equal(live_ask(&live, "GET", target, "", "", NULL), 200);
    }
    assert_int_equal(live_ask(&live, "GET", "/one", "", "", &r), 429);
    assert_true(has_field(r, "Retry-After: 1\r\n"));
    assert_int_equal(live_ask(&live, "GET", "/new7", "", "", NULL), 200);
    assert_int_equal(live_ask(&live, "GET", "/one?stream=sse", "", "", &r), 200);
    assert_non_null(strstr(raw_body(r), "retry: "));
    pass(&live.w, 500);
    assert_int_equal(live_ask(&live, "GET", "/one", "", "", NULL), 200);
    assert_int_equal(live_ask(&live, "GET", "/two", "", "", NULL), 429);
    live_end(&live);
}

/* ---- what the server refuses before the door ------------------------------------------------- */

static void begin_guarded(const weft_channels_config *cfg)
{
    static const char *const hosts[] = {"localhost", NULL}, *const proxies[] = {"localhost", NULL};
    static const weft_limits limits = {.max_connections_per_ip = 1};
    world_begin(&live.w);
    world_serve(&live.w,
                &(weft_server_config){.hosts = hosts, .trust_proxy = proxies, .limits = &limits});
    assert_int_equal(weft_channels_new(&live.channels, live.w.loop, cfg), 0);
    live.hub = weft_channels_hub(live.channels);
    assert_int_equal(weft_channels_route(live.channels, live.w.server, "/*"), 0);
    world_listen(&live.w);
}

static void test_refused_before(void **state)
{
    (void)state;
    static const struct {
        const char *request;
        int status;
        const char *body;
    } cases[] = {
        {"POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 21\r\n\r\n", 413,
         "{\"error\":{\"code\":413,\"message\":\"the body is too large\"}}\n"},
        {"POST /chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n15\r\n", 413,
         "{\"error\":{\"code\":413,\"message\":\"the body is too large\"}}\n"},
        {"POST /chat HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nx", 400,
         "{\"error\":{\"code\":400,\"message\":\"a chunk size without digits\"}}\n"},
        {"PATCH /chat?since=x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 21\r\n\r\n", 413,
         "{\"error\":{\"code\":413,\"message\":\"the body is too large\"}}\n"},
        {UPGRADE("/chat", "Origin: http://other.example\r\n"), 403, NULL},
        {"GET /chat HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 1\r\n\r\n",
         426, NULL},
        {"GET /chat HTTP/1.1\r\nHost: evil.example\r\nAccept: text/html\r\n\r\n", 421, NULL},
    };
    begin_guarded(&(weft_channels_config){
        .max_message = 10, .max_batch = 20, .page = {(const uint8_t *)"<html>", 6}});
    for (size_t i = 0; i < countof(cases); i++) {
        char begin[64];
        struct raw *r = raw_connect(&live.w);
        assert_int_equal(raw_ask(&live.w, r, cases[i].request), cases[i].status);
        if (cases[i].body) assert_string_equal(raw_body(r), cases[i].body);
        snprintf(begin, sizeof begin, "{\"error\":{\"code\":%d,\"message\":\"", cases[i].status);
        assert_memory_equal(raw_body(r), begin, strlen(begin));
        assert_true(has_field(r, "Content-Type: application/json\r\n"));
        assert_true(has_field(r, "Cache-Control: no-store\r\n"));
        assert_true(has_field(r, "X-Content-Type-Options: nosniff\r\n"));
        raw_free(r);
        settle(&live.w);
    }
    live_end(&live);
}

#define FOR_ANN "Host: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"

/* An EventSource comes back. */
static void test_too_many_of_an_address(void **state)
{
    (void)state;
    begin_guarded(NULL);
    struct raw *first = raw_connect(&live.w), *r = raw_connect(&live.w);
    raw_say(first, "GET /chat?stream HTTP/1.1\r\n" FOR_ANN);
    turn_until(&live.w, raw_status(first) == 200);
    assert_int_equal(raw_ask(&live.w, r, "GET /chat HTTP/1.1\r\n" FOR_ANN), 429);
    assert_true(raw_heard(r, "\"retry\":") && has_field(r, "Retry-After: "));
    raw_free(r);
    r = raw_connect(&live.w);
    assert_int_equal(raw_ask(&live.w, r, "GET /chat?stream=sse HTTP/1.1\r\n" FOR_ANN), 200);
    assert_memory_equal(raw_body(r), "retry: ", 7);
    raw_free(r);
    raw_free(first);
    live_end(&live);
}

static void test_refused_without_memory(void **state)
{
    (void)state;
    long used = 1;
    for (long n = 0; n < used; n++) {
        live_begin(&live, &(weft_channels_config){.max_message = 10, .max_batch = 20});
        struct raw *r = raw_connect(&live.w);
        settle(&live.w);
        world_fail_at(&live.w, n);
        raw_say(r, "POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 21\r\n\r\n");
        turn_until(&live.w, raw_ended(r));
        used = live.w.asked;
        assert_true(!raw_status(r) || raw_status(r) == 413 || raw_status(r) == 503);
        world_fail_at(&live.w, -1);
        raw_free(r);
        live_end(&live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_granted_later),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_gone_meanwhile),
        cmocka_unit_test(test_commands),
        cmocka_unit_test(test_new_channels),
        cmocka_unit_test(test_gone_while_deciding),
        cmocka_unit_test(test_refused_before),
        cmocka_unit_test(test_too_many_of_an_address),
        cmocka_unit_test(test_refused_without_memory),
        cmocka_unit_test(test_pages_of_others),
        cmocka_unit_test(test_pages_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
