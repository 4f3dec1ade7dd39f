/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_client.c - a client and the servers that it may meet
 *
 * The server is a script: a listening socket of the test's, which answers byte for byte what the case
 * says. {accept} in an answer stands for the key's proper Sec-WebSocket-Accept.
 */
#include "raw.h"
#include "stuck_calls.h"
#include "teller.h"
#include "two_addresses.h"

static struct world world;
static struct teller client;
static int listening;
static char url[256], field[64];

static int begin(void **state)
{
    (void)state;
    struct sockaddr_in a = loopback(0);
    socklen_t len = sizeof a;
    memset(&client, 0, sizeof client);
    world_begin(&world);
    listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(listening, 16), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&a, &len), 0);
    snprintf(world.address, sizeof world.address, "127.0.0.1:%d", ntohs(a.sin_port));
    snprintf(url, sizeof url, "ws://%s/path?query", world.address);
    return 0;
}

static int end(void **state)
{
    (void)state;
    close(listening);
    world_end(&world);
    return 0;
}

/* ---- the script ------------------------------------------------------------------------------ */

static struct raw *accept_one(void)
{
    int fd = -1;
    turn_until(&world, (fd = accept(listening, NULL, NULL)) >= 0);
    return raw_on(fd);
}

/* Wait for a whole request head. */
static struct raw *take_request(void)
{
    struct raw *r = accept_one();
    turn_until(&world, raw_heard(r, "\r\n\r\n"));
    return r;
}

/* The value of a field of the request; "" if it is missing. */
static const char *asked(const struct raw *r, const char *name)
{
    char line[64];
    snprintf(line, sizeof line, "\r\n%s: ", name);
    const char *at = strstr(r->got, line);
    field[0] = 0;
    if (at) sscanf(at + strlen(line), "%63[^\r]", field);
    return field;
}

static void answer(struct raw *r, const char *text)
{
    char accept[WEFT_ACCEPT_LEN + 1], all[2048];
    const char *key = asked(r, "Sec-WebSocket-Key"), *at = strstr(text, "{accept}");
    weft_handshake_accept((weft_bytes){(const uint8_t *)key, strlen(key)}, accept);
    if (at) snprintf(all, sizeof all, "%.*s%s%s", (int)(at - text), text, accept, at + 8);
    else snprintf(all, sizeof all, "%s", text);
    raw_forget(r);
    raw_say(r, all);
}

#define SWITCHING                                                                       \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Accept: {accept}\r\n"

static int dial_url(const char *to, const weft_client_config *cfg)
{
    memset(&client, 0, sizeof client);
    return weft_connect(&client.conn, world.loop, to, cfg, &telling, &client);
}

static void dial(const weft_client_config *cfg)
{
    assert_int_equal(dial_url(url, cfg), 0);
}

static void expect_end(const char *want)
{
    turn_until(&world, client.closes);
    settle(&world);
    assert_int_equal(client.closes, 1);
    expect_story(&client.story, want);
}

/* The server answers this, and it ends like that. */
static void answered(const char *text, const char *want)
{
    dial(NULL);
    struct raw *r = take_request();
    answer(r, text);
    expect_end(want);
    turn_until(&world, raw_ended(r));
    raw_free(r);
}

/* ---- it works -------------------------------------------------------------------------------- */

static void test_request(void **state)
{
    (void)state;
    static const char *const fields[] = {"X-One: 1", "Cookie: a=b", NULL};
    dial(&(weft_client_config){
        .origin = "https://o.example", .fields = fields, .credentials = "user:pass"});
    struct raw *r = take_request();
    assert_memory_equal(r->got, "GET /path?query HTTP/1.1\r\n", 26);
    assert_string_equal(asked(r, "Host"), world.address);
    assert_string_equal(asked(r, "Upgrade"), "websocket");
    assert_string_equal(asked(r, "Connection"), "Upgrade");
    assert_string_equal(asked(r, "Sec-WebSocket-Version"), "13");
    assert_int_equal(strlen(asked(r, "Sec-WebSocket-Key")), WEFT_KEY_LEN);
    assert_string_equal(asked(r, "Origin"), "https://o.example");
    assert_string_equal(asked(r, "X-One"), "1");
    assert_string_equal(asked(r, "Cookie"), "a=b");
    assert_string_equal(asked(r, "Authorization"), "Basic dXNlcjpwYXNz");
    assert_string_equal(asked(r, "Sec-WebSocket-Protocol"), "");
    answer(r, SWITCHING "\r\n");
    turn_until(&world, client.story.len);
    expect_story(&client.story, "open;");
    raw_free(r);
}

static void test_credentials_in_the_url(void **state)
{
    (void)state;
    char with[256];
    snprintf(with, sizeof with, "ws://us%%65r:pass@%s/", world.address);
    assert_int_equal(dial_url(with, NULL), 0);
    struct raw *r = take_request();
    assert_string_equal(asked(r, "Authorization"), "Basic dXNlcjpwYXNz");
    assert_string_equal(asked(r, "Host"), world.address);
    raw_free(r);
}

static void test_frames_in_the_same_segment(void **state)
{
    (void)state;
    dial(NULL);
    struct raw *r = take_request();
    answer(r, SWITCHING "\r\n\x81\x02hi\x81\x05there");
    turn_until(&world, told(&client.story, "there"));
    expect_story(&client.story, "open;text hi;text there;");
    weft_close(client.conn, 1000, NULL);
    settle(&world);
    raw_write(r, "\x88\x02\x03\xe8", 4);
    settle(&world);
    assert_int_equal(client.closes, 0); /* the server closes TCP */
    raw_hang_up(r);
    expect_end("close 1000 clean;");
    raw_free(r);
}

static void test_subprotocol(void **state)
{
    (void)state;
    static const char *const two[] = {"b", "a", NULL};
    static const weft_handler h = {
        .on_open = teller_opens, .on_close = teller_closes, .subprotocols = two};
    assert_int_equal(weft_connect(&client.conn, world.loop, url, NULL, &h, &client), 0);
    struct raw *r = take_request();
    assert_string_equal(asked(r, "Sec-WebSocket-Protocol"), "b, a");
    answer(r, SWITCHING "Sec-WebSocket-Protocol: a\r\n\r\n");
    turn_until(&world, client.story.len);
    assert_string_equal(weft_conn_subprotocol(client.conn), "a");
    raw_free(r);
}

static void test_byte_by_byte(void **state)
{
    (void)state;
    dial(NULL);
    struct raw *r = take_request();
    char accept[WEFT_ACCEPT_LEN + 1], all[512];
    const char *key = asked(r, "Sec-WebSocket-Key");
    weft_handshake_accept((weft_bytes){(const uint8_t *)key, strlen(key)}, accept);
    int n = snprintf(all, sizeof all,
                     "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Accept: %s\r\n\r\n\x81\x02hi",
                     accept);
    for (int i = 0; i < n; i++) {
        raw_write(r, all + i, 1);
        turn(&world, 1);
    }
    turn_until(&world, told(&client.story, "hi"));
    expect_story(&client.story, "open;text hi;");
    raw_free(r);
}

/* ---- wrong 101s ------------------------------------------------------------------------------ */

static void test_wrong_101(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n",
        "HTTP/1.1 101 x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: {accept}\r\n\r\n",
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n",
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: close\r\n"
        "Sec-WebSocket-Accept: {accept}\r\n\r\n",
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
        SWITCHING "Sec-WebSocket-Accept: {accept}\r\n\r\n",
        SWITCHING "Sec-WebSocket-Protocol: never-offered\r\n\r\n",
        SWITCHING "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
    };
    for (size_t i = 0; i < countof(wrong); i++) {
        answered(wrong[i], "close 1006 WEFT_ERR_HANDSHAKE;");
        assert_true(strlen(client.cause) > 10);
    }
}

static void test_not_http(void **state)
{
    (void)state;
    answered("SSH-2.0-x\r\n\r\n", "close 1006 WEFT_ERR_HTTP;");
    answered("HTTP/1.1 101 x\r\nUpgrade : websocket\r\n\r\n", "close 1006 WEFT_ERR_HTTP;");
}

static void test_server_leaves_in_the_handshake(void **state)
{
    (void)state;
    dial(NULL);
    struct raw *r = take_request();
    raw_say(r, "HTTP/1.1 101 x\r\nUpgr");
    settle(&world);
    raw_hang_up(r);
    expect_end("close 1006 by-peer WEFT_ERR_LOST;");
    raw_free(r);
    dial(NULL);
    r = take_request();
    raw_reset(r);
    expect_end("close 1006 by-peer ECONNRESET;");
    raw_free(r);
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void told_refusal(weft_conn *c, const weft_close_info *info)
{
    struct teller *t = weft_conn_user(c);
    const weft_refusal *f = info->refusal;
    assert_non_null(f);
    const weft_field *why = weft_field_find(f->fields, f->n_fields, "x-why");
    tell(&t->story, "%d %.*s %.*s;", f->status, (int)why->value.len, why->value.data,
         (int)f->body.len, f->body.data);
    teller_closes(c, info);
}

static void test_refusal(void **state)
{
    (void)state;
    static const weft_handler h = {.on_close = told_refusal};
    const weft_client_config cfg = {
        .dial = &(weft_dial){.limits = &(weft_limits){.refusal_body_max = 10}}};
    assert_int_equal(weft_connect(&client.conn, world.loop, url, &cfg, &h, &client), 0);
    struct raw *r = take_request();
    answer(
        r,
        "HTTP/1.1 403 Forbidden\r\nX-Why: because\r\nContent-Length: 16\r\n\r\n0123456789abcdef");
    expect_end("403 because 0123456789;close 1006 WEFT_ERR_REFUSED;");
    raw_free(r);
}

static void test_refusals_of_all_forms(void **state)
{
    (void)state;
    static const char *const refusals[] = {
        "HTTP/1.1 500 x\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: /else\r\nContent-Length: 0\r\n\r\n", /* none allowed */
        "HTTP/1.1 204 x\r\n\r\n",
    };
    static const int status[] = {500, 200, 302, 204};
    static const char *const cause[] = {"the server answered 500 x", "the server answered 200 OK",
                                        "the server answered 302 Found",
                                        "the server answered 204 x"};
    for (size_t i = 0; i < countof(refusals); i++) {
        answered(refusals[i], "close 1006 WEFT_ERR_REFUSED;");
        assert_int_equal(client.refused, status[i]);
        assert_string_equal(client.cause, cause[i]);
    }
}

static void test_refusal_that_ends_with_the_stream(void **state)
{
    (void)state;
    dial(NULL);
    struct raw *r = take_request();
    answer(r, "HTTP/1.0 404 x\r\n\r\nwords");
    settle(&world);
    raw_hang_up(r);
    expect_end("close 1006 WEFT_ERR_REFUSED;");
    assert_int_equal(client.refused, 404);
    raw_free(r);
}

static size_t n_fields;

static void count_fields(weft_conn *c)
{
    const weft_field *fields;
    n_fields = weft_conn_response(c, &fields);
}

static void redirect(struct raw *r, const char *to)
{
    char text[256];
    snprintf(text, sizeof text, "HTTP/1.1 307 x\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n", to);
    answer(r, text);
}

static void through_proxy(const char *user)
{
    static char proxy[256];
    snprintf(proxy, sizeof proxy, "http://%s%s", user, world.address);
    assert_int_equal(dial_url("ws://far.example/there",
                              &(weft_client_config){.dial = &(weft_dial){.proxy = proxy}}),
                     0);
}

/* ---- refusals whose fields are out of the ordinary --------------------------------------------- */

static void expect_refused(const char *text, int status, size_t fields)
{
    dial(NULL);
    struct raw *r = take_request();
    client.then_close = count_fields;
    raw_forget(r);
    raw_say(r, text);
    expect_end("close 1006 WEFT_ERR_REFUSED;");
    assert_int_equal(client.refused, status);
    assert_int_equal(n_fields, fields);
    raw_free(r);
}

static void test_refusals_with_large_heads(void **state)
{
    (void)state;
    static char text[16384];
    int n = snprintf(text, sizeof text, "HTTP/1.1 403 x\r\nX: %09000d\r\n", 0);
    assert_true(n > 9000);
    strcat(text, "Content-Length: 0\r\n\r\n");
    expect_refused(text, 403, 2);
    n = snprintf(text, sizeof text, "HTTP/1.1 503 x\r\nContent-Length: 0\r\n");
    for (int i = 1; i < 120; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "X-%d: y\r\n", i);
    strcat(text, "\r\n");
    expect_refused(text, 503, 120);
}

static void test_refusals_with_malformed_heads(void **state)
{
    (void)state;
    expect_refused("HTTP/1.1 403 x\r\nA: b\r\nX Y: z\r\n\r\n", 403, 0);
    expect_refused("HTTP/1.1 401 x\r\nA : b\r\n\r\n", 401, 0);
    expect_refused("HTTP/1.1 502 x\r\n<html>\r\n", 502, 0);
    expect_refused("HTTP/1.1 500 x\r\n folded: what\r\n\r\n", 500, 0);
    expect_refused("HTTP/1.1 302 x\r\nA: b\x01\r\nLocation: /\r\n\r\n", 302, 0);
    answered("HTTP/1.1 101 x\r\nA : b\r\n\r\n", "close 1006 WEFT_ERR_HTTP;");
    answered("HTTP/1.1 103 x\r\nA : b\r\n\r\n", "close 1006 WEFT_ERR_HTTP;");
    answered("HTTP/1.1 4x3 x\r\n\r\n", "close 1006 WEFT_ERR_HTTP;");
}

static void test_folded_fields(void **state)
{
    (void)state;
    static const weft_handler h = {.on_close = told_refusal};
    assert_int_equal(weft_connect(&client.conn, world.loop, url, NULL, &h, &client), 0);
    struct raw *r = take_request();
    answer(r, "HTTP/1.1 403 x\r\nX-Why:\r\n one\r\n\ttwo\r\nContent-Length: 0\r\n\r\n");
    expect_end("403 one  \ttwo ;close 1006 WEFT_ERR_REFUSED;");
    raw_free(r);
    dial(NULL);
    r = take_request();
    answer(r, "HTTP/1.1 101 x\r\nUpgrade:\r\n websocket\r\nConnection: keep-alive,\r\n Upgrade\r\n"
              "Sec-WebSocket-Accept: {accept}\r\n \r\n\r\n");
    turn_until(&world, client.story.len);
    expect_story(&client.story, "open;");
    raw_free(r);
}

/* ---- refusals that are not all there ---------------------------------------------------------- */

/* So much of the answer comes, and then nothing; it is told when nobody waits any longer. */
static void stalls(const char *text, const char *want, int status)
{
    dial(NULL);
    struct raw *r = take_request();
    raw_forget(r);
    raw_say(r, text);
    settle(&world);
    pass(&world, 9999);
    assert_int_equal(client.closes, 0);
    pass(&world, 1);
    expect_end(want);
    assert_int_equal(client.refused, status);
    raw_free(r);
}

static void test_refusals_that_stall(void **state)
{
    (void)state;
    static const char refused[] = "close 1006 WEFT_ERR_REFUSED;";
    stalls("HTTP/1.1 401 x\r\nContent-Length: 10\r\n\r\n", refused, 401);
    stalls("HTTP/1.1 403 x\r\nContent-Length: 10\r\n\r\nabc", refused, 403);
    stalls("HTTP/1.1 503 x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\na", refused, 503);
    stalls("HTTP/1.1 404 x\r\n\r\nuntil the end", refused, 404);
    stalls("HTTP/1.1 302 x\r\nContent-Length: 10\r\nLocation: /\r\n\r\n", refused, 302);
    stalls("HTTP/1.1 503 x\r\nRetry-Af", refused, 503);
    stalls("HTTP/1.1 503 x\r\n", refused, 503);
    stalls("HTTP/1.1 503 x\r", "close 1006 WEFT_ERR_TIMEOUT;", 0);
    stalls("HTTP/1.1 101 x\r\n", "close 1006 WEFT_ERR_TIMEOUT;", 0);
    stalls("HTTP/1.1 103 x\r\n", "close 1006 WEFT_ERR_TIMEOUT;", 0);
}

static void test_refusals_that_break_off(void **state)
{
    (void)state;
    for (int reset = 0; reset < 2; reset++) {
        dial(NULL);
        struct raw *r = take_request();
        raw_forget(r);
        raw_say(r, "HTTP/1.1 403 x\r\nContent-Length: 10\r\n\r\nabc");
        settle(&world);
        if (reset) raw_reset(r);
        else raw_hang_up(r);
        expect_end("close 1006 WEFT_ERR_REFUSED;");
        assert_int_equal(client.refused, 403);
        raw_free(r);
    }
}

static void test_a_proxy_that_stalls(void **state)
{
    (void)state;
    through_proxy("");
    struct raw *r = take_request();
    raw_say(r, "HTTP/1.1 407 x\r\nContent-Length: 10\r\n\r\nabc");
    settle(&world);
    pass(&world, 9999);
    assert_int_equal(client.closes, 0);
    pass(&world, 1);
    expect_end("close 1006 WEFT_ERR_PROXY;");
    assert_int_equal(client.refused, 407);
    raw_free(r);
}

/* ---- redirects ------------------------------------------------------------------------------- */

/* Whatever there still would be to read. */
static void test_redirect_at_once(void **state)
{
    (void)state;
    static const char *const bodies[] = {"Content-Length: 1000\r\n\r\nsome", "\r\n",
                                         "Transfer-Encoding: chunked\r\n\r\n"};
    for (size_t i = 0; i < countof(bodies); i++) {
        char text[256];
        dial(&(weft_client_config){.redirects = 1});
        struct raw *r = take_request(), *next;
        raw_forget(r);
        snprintf(text, sizeof text, "HTTP/1.1 302 x\r\nLocation: /next\r\n%s", bodies[i]);
        raw_say(r, text);
        next = take_request(); /* the clock stands */
        assert_memory_equal(next->got, "GET /next HTTP/1.1\r\n", 20);
        assert_true(raw_ended(r));
        weft_abort(client.conn);
        settle(&world);
        raw_free(r);
        raw_free(next);
    }
}

static void test_redirects_as_servers_write_them(void **state)
{
    (void)state;
    char here[32], away[64];
    snprintf(here, sizeof here, "//127.0.0.1:%d/a b", port_of(world.address));
    snprintf(away, sizeof away, "http://127.0.0.1:%d/?\xc3\xa4", port_of(world.address));
    const char *const to[][2] = {{"/b c", "GET /b%20c "},
                                 {"/\xc3\xa4?\xe4", "GET /%C3%A4?%E4 "},
                                 {here, "GET /a%20b "},
                                 {away, "GET /?%C3%A4 "}};
    for (size_t i = 0; i < countof(to); i++) {
        dial(&(weft_client_config){.redirects = 1});
        struct raw *r = take_request(), *next;
        redirect(r, to[i][0]);
        next = take_request();
        assert_memory_equal(next->got, to[i][1], strlen(to[i][1]));
        weft_abort(client.conn);
        settle(&world);
        raw_free(r);
        raw_free(next);
    }
}

static void test_redirect(void **state)
{
    (void)state;
    static const char *const fields[] = {"Cookie: a=b", NULL};
    dial(&(weft_client_config){.redirects = 1, .fields = fields, .credentials = "u:p"});
    struct raw *r = take_request(), *next;
    redirect(r, "/else?where");
    next = take_request();
    assert_memory_equal(next->got, "GET /else?where HTTP/1.1\r\n", 26);
    assert_string_equal(asked(next, "Cookie"), "a=b"); /* the same origin */
    assert_string_equal(asked(next, "Authorization"), "Basic dTpw");
    answer(next, SWITCHING "\r\n");
    turn_until(&world, client.story.len);
    expect_story(&client.story, "open;");
    raw_free(r);
    raw_free(next);
}

static void test_redirect_to_another_origin(void **state)
{
    (void)state;
    static const char *const fields[] = {"Cookie: a=b", "authorization: x", "X-Kept: 1", NULL};
    char to[128];
    dial(&(weft_client_config){.redirects = 1, .fields = fields, .credentials = "u:p"});
    struct raw *r = take_request(), *next;
    snprintf(to, sizeof to, "ws://localhost:%d/", port_of(world.address));
    redirect(r, to);
    next = take_request();
    assert_string_equal(asked(next, "Cookie"), "");
    assert_string_equal(asked(next, "Authorization"), "");
    assert_string_equal(asked(next, "authorization"), "");
    assert_string_equal(asked(next, "X-Kept"), "1");
    raw_free(r);
    raw_free(next);
}

static void test_redirects_in_a_circle(void **state)
{
    (void)state;
    dial(&(weft_client_config){.redirects = 3});
    for (int i = 0; i < 4; i++) {
        struct raw *r = take_request();
        redirect(r, "/path?query");
        turn_until(&world, raw_ended(r));
        raw_free(r);
    }
    expect_end("close 1006 WEFT_ERR_REFUSED;");
    assert_int_equal(client.refused, 307);
}

static void test_bad_redirects(void **state)
{
    (void)state;
    static const char *const to[] = {"ftp://x/", "http://[", "http://u:secret@a b/?token"};
    static const char *const cause[] = {
        "the server redirects to \"ftp://x/\": its scheme or host is none that we may be led to",
        ("the server redirects to \"http://[\": the brackets of an IPv6 address are not closed, or "
         "no port follows them"),
        "the server redirects to \"http://a b/\": a space or control character: percent-encode it"};
    for (size_t i = 0; i < countof(to); i++) {
        dial(&(weft_client_config){.redirects = 1});
        struct raw *r = take_request();
        redirect(r, to[i]);
        expect_end("close 1006 WEFT_ERR_URL;");
        assert_string_equal(client.cause, cause[i]);
        raw_free(r);
    }
}

/* ---- proxy ----------------------------------------------------------------------------------- */

static void test_proxy(void **state)
{
    (void)state;
    through_proxy("me:secret@");
    struct raw *r = take_request();
    assert_memory_equal(r->got, "CONNECT far.example:80 HTTP/1.1\r\n", 33);
    assert_string_equal(asked(r, "Host"), "far.example:80");
    assert_string_equal(asked(r, "Proxy-Authorization"), "Basic bWU6c2VjcmV0");
    answer(r, "HTTP/1.1 200 Connected\r\n\r\n");
    turn_until(&world, raw_heard(r, "\r\n\r\n"));
    assert_memory_equal(r->got, "GET /there HTTP/1.1\r\n", 21);
    assert_string_equal(asked(r, "Host"), "far.example");
    assert_string_equal(asked(r, "Proxy-Authorization"), "");
    answer(r, SWITCHING "\r\n");
    turn_until(&world, client.story.len);
    expect_story(&client.story, "open;");
    raw_free(r);
}

static void test_proxy_refuses(void **state)
{
    (void)state;
    through_proxy("");
    struct raw *r = take_request();
    assert_string_equal(asked(r, "Proxy-Authorization"), "");
    answer(r, "HTTP/1.1 407 x\r\nContent-Length: 0\r\n\r\n");
    expect_end("close 1006 WEFT_ERR_PROXY;");
    assert_int_equal(client.refused, 407);
    assert_string_equal(client.cause, "the proxy answered 407 x");
    raw_free(r);
}

/* ---- names and addresses --------------------------------------------------------------------- */

static const char *named_url(void)
{
    static char text[128];
    snprintf(text, sizeof text, "ws://two.example:%d/", port_of(world.address));
    return text;
}

static void test_second_address(void **state)
{
    (void)state;
    use_two_addresses(&world.sys, 0);
    assert_int_equal(dial_url(named_url(), NULL), 0);
    struct raw *r = take_request();
    answer(r, SWITCHING "\r\n");
    turn_until(&world, client.story.len);
    expect_story(&client.story, "open;");
    raw_free(r);
}

static void test_name_is_unknown(void **state)
{
    (void)state;
    use_two_addresses(&world.sys, EAI_NONAME);
    assert_int_equal(dial_url(named_url(), NULL), 0);
    turn_until(&world, client.closes);
    assert_true(told(&client.story, "close 1006"));
    assert_true(told(&client.story, "WEFT_ERR_RESOLVE;"));
}

static void test_connection_refused(void **state)
{
    (void)state;
    close(listening);
    dial(NULL);
    turn_until(&world, client.closes);
    assert_true(told(&client.story, "ECONNREFUSED;"));
    listening = socket(AF_INET, SOCK_STREAM, 0);
}

static int no_socket(int domain, int type, int protocol)
{
    (void)domain, (void)type, (void)protocol;
    errno = EMFILE;
    return -1;
}

static void test_no_descriptor(void **state)
{
    (void)state;
    world.sys.socket = no_socket;
    dial(NULL);
    turn_until(&world, client.closes);
    assert_true(told(&client.story, "EMFILE;"));
}

/* ---- time ------------------------------------------------------------------------------------ */

static void test_connect_timeout(void **state)
{
    (void)state;
    use_unanswered_connects(&world.sys);
    dial(&(weft_client_config){
        .dial = &(weft_dial){.limits = &(weft_limits){.connect_timeout = 1000}}});
    settle(&world);
    pass(&world, 999);
    assert_int_equal(client.closes, 0);
    pass(&world, 1);
    assert_int_equal(client.closes, 1);
    assert_true(told(&client.story, "WEFT_ERR_TIMEOUT;"));
}

static void test_handshake_timeout(void **state)
{
    (void)state;
    dial(&(weft_client_config){.dial =
                                   &(weft_dial){.limits = &(weft_limits){.handshake_timeout = 1000,
                                                                         .connect_timeout = 200}}});
    struct raw *r = take_request();
    raw_say(r, "HTTP/1.1 101");
    pass(&world, 999);
    assert_int_equal(client.closes, 0);
    raw_say(r, " trickles");
    pass(&world, 1);
    expect_end("close 1006 WEFT_ERR_TIMEOUT;");
    raw_free(r);
}

/* Each stage has time enough for itself; redirects are of the same attempt. */
static void test_open_timeout(void **state)
{
    (void)state;
    dial(&(weft_client_config){
        .redirects = 9, .dial = &(weft_dial){.limits = &(weft_limits){.open_timeout = 25000}}});
    for (int i = 0; i < 3; i++) {
        struct raw *r = take_request();
        pass(&world, i < 2 ? 9000 : 6999);
        if (i < 2) redirect(r, "/again");
        else assert_int_equal(client.closes, 0);
        if (i == 2) pass(&world, 1);
        raw_free(r);
    }
    expect_end("close 1006 WEFT_ERR_TIMEOUT;");
    assert_string_equal(client.cause, "the server did not answer the opening handshake within "
                                      "25 s (open_timeout)");
}

static void test_open_timeout_has_a_default(void **state)
{
    (void)state;
    const weft_limits limits = {.handshake_timeout = WEFT_NEVER};
    dial(&(weft_client_config){.dial = &(weft_dial){.limits = &limits}});
    struct raw *r = take_request();
    pass(&world, 59999);
    assert_int_equal(client.closes, 0);
    pass(&world, 1);
    expect_end("close 1006 WEFT_ERR_TIMEOUT;");
    raw_free(r);
}

/* Who has been busy for longer than the limit, in this very turn, has all of it still. */
static void dial_after_work(weft_timer *t, void *user)
{
    (void)t, (void)user;
    world.now_us += 11 * 1000 * 1000;
    dial(NULL);
}

static void test_time_counts_from_the_call(void **state)
{
    (void)state;
    weft_timer *t;
    use_unanswered_connects(&world.sys);
    assert_int_equal(weft_timer_new(&t, world.loop, dial_after_work, NULL), 0);
    weft_timer_start(t, 1);
    pass(&world, 1);
    assert_non_null(client.conn);
    pass(&world, 9999);
    assert_int_equal(client.closes, 0);
    pass(&world, 1);
    expect_end("close 1006 WEFT_ERR_TIMEOUT;");
    assert_string_equal(client.cause,
                        "the server did not accept the connection within 10 s (connect_timeout)");
    weft_timer_free(t);
}

static void test_open_has_no_handshake_deadline(void **state)
{
    (void)state;
    dial(&(weft_client_config){
        .dial = &(weft_dial){
            .limits = &(weft_limits){.handshake_timeout = 1000, .ping_interval = WEFT_NEVER}}});
    struct raw *r = take_request();
    answer(r, SWITCHING "\r\n");
    turn_until(&world, client.story.len);
    pass(&world, 10000);
    expect_story(&client.story, "open;");
    raw_free(r);
}

/* ---- giving up ------------------------------------------------------------------------------- */

static void test_abort_at_once(void **state)
{
    (void)state;
    dial(NULL);
    weft_abort(client.conn);
    expect_end("close 1006 WEFT_ERR_CLOSED;");
}

static void test_close_before_open(void **state)
{
    (void)state;
    dial(NULL);
    assert_false(weft_conn_is_open(client.conn));
    assert_int_equal(weft_send(client.conn, WEFT_TEXT, "x", 1), WEFT_ERR_STATE);
    assert_int_equal(weft_close(client.conn, 1000, "never mind"), 0);
    assert_int_equal(weft_close(client.conn, 1000, "twice"), 0);
    weft_abort(client.conn);
    expect_end("close 1006 WEFT_ERR_CLOSED;");
}

static void test_abort_while_resolving(void **state)
{
    (void)state;
    use_two_addresses(&world.sys, 0);
    assert_int_equal(dial_url(named_url(), NULL), 0);
    turn(&world, 0);
    weft_abort(client.conn);
    expect_end("close 1006 WEFT_ERR_CLOSED;");
}

static void test_abort_while_connecting(void **state)
{
    (void)state;
    use_unanswered_connects(&world.sys);
    dial(NULL);
    settle(&world);
    weft_abort(client.conn);
    expect_end("close 1006 WEFT_ERR_CLOSED;");
}

static void test_abort_in_the_handshake(void **state)
{
    (void)state;
    dial(NULL);
    struct raw *r = take_request();
    weft_pause(client.conn); /* nothing to pause yet */
    weft_resume(client.conn);
    weft_abort(client.conn);
    expect_end("close 1006 WEFT_ERR_CLOSED;");
    assert_true(raw_ended(r));
    raw_free(r);
}

static void test_abort_behind_the_proxy(void **state)
{
    (void)state;
    through_proxy("");
    struct raw *r = take_request();
    weft_abort(client.conn);
    expect_end("close 1006 WEFT_ERR_CLOSED;");
    raw_free(r);
}

static void test_loop_freed_while_dialing(void **state)
{
    (void)state;
    dial(NULL);
    weft_loop_free(world.loop);
    world.loop = NULL;
    assert_int_equal(client.closes, 1);
}

/* ---- what is refused at once ----------------------------------------------------------------- */

static void test_bad_urls(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           "x",
                                      "ws:",        "ws://",
                                      "http://x/",  "ws://x:99999/",
                                      "ws://a b/",  "ws://x/\r\nX: y",
                                      "ws://[::1/", "ftp://x/"};
    for (size_t i = 0; i < countof(bad); i++)
        assert_int_equal(dial_url(bad[i], NULL), WEFT_ERR_URL);
    assert_int_equal(client.closes, 0);
}

static char logged[300];

static void keep_line(void *ctx, int level, const char *line)
{
    (void)ctx;
    assert_int_equal(level, WEFT_LOG_ERROR);
    snprintf(logged, sizeof logged, "%s", line);
}

/* What is wrong with it, and no secrets. */
static void test_bad_urls_are_told_to_the_log(void **state)
{
    (void)state;
    weft_loop *l;
    weft_env env = {.log = keep_line};
    assert_int_equal(weft_loop_new(&l, &(weft_loop_config){.env = &env}), 0);
    assert_int_equal(weft_connect(NULL, l, "ws://u:secret@x:99999/p?token", NULL, NULL, NULL),
                     WEFT_ERR_URL);
    assert_string_equal(logged,
                        "the URL \"ws://x:99999/p\": the port is not a number from 1 to 65535");
    static const struct {
        const char *url, *shown;
    } secret[] = {
        {"ws://me:pa/ss@host/x", "\"ws://host/x\""}, /* what should have been encoded */
        {"ws://me:pa?ss@host/x", "\"ws://host/x\""},
        {"me:pw@host//x", "\"host//x\""},
        {"http://host:80/a@b?c@d", "\"http://host:80/a@b\""}, /* nobody's */
    };
    for (size_t i = 0; i < countof(secret); i++) {
        assert_int_equal(weft_connect(NULL, l, secret[i].url, NULL, NULL, NULL), WEFT_ERR_URL);
        if (!strstr(logged, secret[i].shown)) fail_msg("%s: %s", secret[i].url, logged);
    }
    assert_int_equal(weft_connect(NULL, l, "http://x/", NULL, NULL, NULL), WEFT_ERR_URL);
    assert_string_equal(logged, "the URL \"http://x/\": the scheme is not ws, wss or ws+unix");
    assert_int_equal(weft_pipe_connect(NULL, l, "tcp://x", NULL, NULL, NULL), WEFT_ERR_URL);
    assert_string_equal(logged, "the URL \"tcp://x\": no port behind the host");
    weft_loop_free(l);
}

static void test_bad_configs(void **state)
{
    (void)state;
    static const char *const fields[] = {
        "X-A: 1\r\nX-B: 2", "no colon",         "X A: 1",        ": 1",
        "Host: evil",       "Upgrade: x",       "connection: x", "Sec-WebSocket-Key: x",
        "X-A: \n",          "Content-Length: 4"};
    for (size_t i = 0; i < countof(fields); i++) {
        const char *const list[] = {"X-Fine: 1", fields[i], NULL};
        assert_int_equal(dial_url(url, &(weft_client_config){.fields = list}), -EINVAL);
    }
    const weft_client_config bad[] = {{.origin = "a\r\nb"},
                                      {.host = "a b"},
                                      {.dial = &(weft_dial){.proxy = "nonsense"}},
                                      {.dial = &(weft_dial){.proxy = "ws://x/"}},
                                      {.dial = &(weft_dial){.proxy = "http://"}}};
    for (size_t i = 0; i < countof(bad); i++) assert_int_equal(dial_url(url, &bad[i]), -EINVAL);
    assert_int_equal(client.closes, 0);
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_request),
        unit(test_credentials_in_the_url),
        unit(test_frames_in_the_same_segment),
        unit(test_subprotocol),
        unit(test_byte_by_byte),
        unit(test_wrong_101),
        unit(test_not_http),
        unit(test_server_leaves_in_the_handshake),
        unit(test_refusal),
        unit(test_refusals_of_all_forms),
        unit(test_refusal_that_ends_with_the_stream),
        unit(test_refusals_with_large_heads),
        unit(test_refusals_with_malformed_heads),
        unit(test_folded_fields),
        unit(test_refusals_that_stall),
        unit(test_refusals_that_break_off),
        unit(test_a_proxy_that_stalls),
        unit(test_redirect_at_once),
        unit(test_redirects_as_servers_write_them),
        unit(test_redirect),
        unit(test_redirect_to_another_origin),
        unit(test_redirects_in_a_circle),
        unit(test_bad_redirects),
        unit(test_proxy),
        unit(test_proxy_refuses),
        unit(test_second_address),
        unit(test_name_is_unknown),
        unit(test_connection_refused),
        unit(test_no_descriptor),
        unit(test_connect_timeout),
        unit(test_handshake_timeout),
        unit(test_open_timeout),
        unit(test_open_timeout_has_a_default),
        unit(test_time_counts_from_the_call),
        unit(test_open_has_no_handshake_deadline),
        unit(test_abort_at_once),
        unit(test_close_before_open),
        unit(test_abort_while_resolving),
        unit(test_abort_while_connecting),
        unit(test_abort_in_the_handshake),
        unit(test_abort_behind_the_proxy),
        unit(test_loop_freed_while_dialing),
        unit(test_bad_urls),
        unit(test_bad_urls_are_told_to_the_log),
        unit(test_bad_configs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
