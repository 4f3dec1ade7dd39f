/* SPDX-License-Identifier: MIT
 *
 * tests/net/limits_http.h - the limits of requests and answers, and of who comes through the door
 */
#ifndef NET_LIMITS_HTTP_H
#define NET_LIMITS_HTTP_H

#include "limits_world.h"

/* This request to a server with these limits: accepted with 200, or above the limit refused and counted. */
static void expect_status(weft_limits limits, const char *request, enum side side, int status)
{
    serve(limits);
    struct raw *r = raw_connect(&world);
    assert_int_equal(raw_ask(&world, r, request), side <= AT ? 200 : status);
    assert_int_equal(weft_server_count_refused(world.server, status), side == ABOVE);
    expect_ended(r, side == ABOVE);
    done(r);
}

/* A request with n letters instead of each ~, and what it has around them. */
static const char *stretched(const char *form, size_t n)
{
    static char text[4096];
    const char *gap = strchr(form, '~');
    int head = (int)(gap - form);
    snprintf(text, sizeof text, "%.*s%*s%s", head, form, (int)n, "", gap + 1);
    memset(text + head, 'x', n);
    return text;
}

static void prove_request_line_max(enum side side)
{
    static const char form[] = "GET /~ HTTP/1.1\r\nHost: x\r\n\r\n";
    size_t n = (size_t)(50 + side) - strlen("GET / HTTP/1.1");
    expect_status((weft_limits){.request_line_max = 50}, stretched(form, n), side, 414);
}

static void prove_header_field_max(enum side side)
{
    static const char form[] = "GET / HTTP/1.1\r\nHost: x\r\nX: ~\r\n\r\n";
    size_t n = (size_t)(50 + side) - strlen("X: ");
    expect_status((weft_limits){.header_field_max = 50}, stretched(form, n), side, 431);
}

static void prove_request_head_max(enum side side)
{
    static const char form[] = "GET / HTTP/1.1\r\nHost: x\r\nX: ~\r\n\r\n";
    size_t n = (size_t)(100 + side) - (strlen(form) - 1);
    expect_status((weft_limits){.request_head_max = 100}, stretched(form, n), side, 431);
}

static void prove_max_headers(enum side side)
{
    struct story request = {0};
    tell(&request, "GET / HTTP/1.1\r\nHost: x\r\n");
    for (int i = 1; i < 8 + side; i++) tell(&request, "X-%d: y\r\n", i);
    tell(&request, "\r\n");
    expect_status((weft_limits){.max_headers = 8}, request.text, side, 431);
}

static void prove_http_body_max(enum side side)
{
    char form[] = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 20\r\n\r\n~";
    strchr(form, '0')[0] = (char)('0' + (side == ABOVE));
    if (side == BELOW) memcpy(strstr(form, "20"), "19", 2);
    expect_status((weft_limits){.http_body_max = 20}, stretched(form, (size_t)(20 + side)), side,
                  413);
}

static void prove_http_requests(enum side side)
{
    serve((weft_limits){.http_requests = 3});
    struct raw *r = raw_connect(&world);
    for (int i = 1; i < 3 + side; i++) {
        assert_int_equal(raw_ask(&world, r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
        assert_int_equal(raw_heard(r, "Connection: close\r\n"), i == 3);
    }
    raw_forget(r);
    if (side <= AT) raw_say(r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    settle(&world);
    expect_ended(r, side >= AT);
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_REQUESTS), side == BELOW ? 2 : 3);
    done(r);
}

static void prove_max_subprotocols(enum side side)
{
    struct story request = {0};
    tell(&request, "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Protocol: p");
    for (int i = 1; i < 4 + side; i++) tell(&request, ", p%d", i);
    tell(&request, "\r\n\r\n");
    serve((weft_limits){.max_subprotocols = 4});
    struct raw *r = raw_connect(&world);
    assert_int_equal(raw_ask(&world, r, request.text), side <= AT ? 101 : 400);
    assert_int_equal(weft_server_count_refused(world.server, 400), side == ABOVE);
    done(r);
}

/* ---- the door ---------------------------------------------------------------------------------- */

/* So many connect, one after the other; the one too many is refused. */
static void expect_refused_at_the_door(int n, enum side side, int status)
{
    struct raw *r[16];
    for (int i = 0; i < n; i++) {
        r[i] = raw_connect(&world);
        int want = side == ABOVE && i == n - 1 ? status : 200;
        assert_int_equal(raw_ask(&world, r[i], "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), want);
    }
    assert_int_equal(weft_server_count_refused(world.server, status), side == ABOVE);
    for (int i = 0; i < n; i++) raw_free(r[i]);
    world_end(&world);
}

static void prove_max_connections(enum side side)
{
    serve((weft_limits){.max_connections = 4});
    expect_refused_at_the_door(4 + side, side, 503);
}

static int from_afar(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    int accepted = accept4(fd, addr, len, flags);
    struct sockaddr_in far = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0xc0000201)};
    if (accepted >= 0) memcpy(addr, &far, sizeof far);
    return accepted;
}

static void prove_max_connections_per_ip(enum side side)
{
    serve((weft_limits){.max_connections_per_ip = 4});
    world.sys.accept4 = from_afar;
    expect_refused_at_the_door(4 + side, side, 429);
}

static void prove_accept_batch(enum side side)
{
    struct raw *r[8];
    serve((weft_limits){.accept_batch = 4});
    for (int i = 0; i < 4 + side; i++) r[i] = raw_connect(&world);
    turn(&world, 5);
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_ACCEPTED),
                     side <= AT ? 4 + side : 4);
    turn(&world, 5);
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_ACCEPTED), 4 + side);
    for (int i = 0; i < 4 + side; i++) raw_free(r[i]);
    world_end(&world);
}

static int refusals;

static int out_of_descriptors(int fd, struct sockaddr *addr, socklen_t *len, int flags)
{
    if (!refusals) return accept4(fd, addr, len, flags);
    refusals--;
    errno = EMFILE;
    return -1;
}

/* Descriptors have run out: how long it is until the listener looks again. */
static void prove_accept_backoff(enum side side)
{
    serve((weft_limits){.accept_backoff = 200});
    world.sys.accept4 = out_of_descriptors;
    refusals = 1;
    struct raw *shed = raw_connect(&world);
    turn_until(&world, raw_ended(shed));
    raw_free(shed);
    struct raw *r = raw_connect(&world);
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_ACCEPTED), pass_to(200, side));
    done(r);
}

static weft_upgrade *held;

static int hold(weft_upgrade *u)
{
    held = u;
    return WEFT_HOLD;
}

static void prove_hold_timeout(enum side side)
{
    static const weft_handler holding = {.on_upgrade = hold};
    serve((weft_limits){.hold_timeout = 7000});
    assert_int_equal(weft_server_route(world.server, "/hold", &holding, NULL), 0);
    struct raw *r = raw_connect(&world);
    raw_say(r, UPGRADE("/hold", ""));
    turn_until(&world, held);
    bool late = pass_to(7000, side);
    assert_int_equal(raw_status(r), late ? 503 : 0);
    assert_int_equal(weft_upgrade_refuse(held, 403, NULL, NULL, 0), late ? WEFT_ERR_CLOSED : 0);
    held = NULL;
    done(r);
}

/* ---- a client ---------------------------------------------------------------------------------- */

static size_t kept;

static void keep_refusal(weft_conn *c, const weft_close_info *info)
{
    (void)c;
    assert_int_equal(info->error, WEFT_ERR_REFUSED);
    kept = info->refusal->body.len;
}

static int refuse_wordily(weft_upgrade *u)
{
    const char *why = weft_upgrade_user(u);
    assert_int_equal(weft_upgrade_body(u, NULL, why, strlen(why)), 0);
    return 403;
}

static void prove_refusal_body_max(enum side side)
{
    static const weft_handler refusing = {.on_upgrade = refuse_wordily};
    static const weft_handler handler = {.on_close = keep_refusal};
    const weft_client_config cfg = {
        .dial = &(weft_dial){.limits = &(weft_limits){.refusal_body_max = 8}}};
    serve((weft_limits){0});
    char why[] = "012345678";
    why[8 + side] = 0;
    assert_int_equal(weft_server_route(world.server, "/no", &refusing, why), 0);
    kept = SIZE_MAX;
    assert_int_equal(weft_connect(NULL, world.loop, world_url(&world, "/no"), &cfg, &handler, NULL),
                     0);
    turn_until(&world, kept != SIZE_MAX);
    assert_int_equal(kept, side <= AT ? 8 + side : 8);
    world_end(&world);
}

/* ---- an answer to a client ---------------------------------------------------------------------- */

#define ANSWER                                                                          \
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Accept: %s\r\n"

/* A 101 with these fields besides its own, to a client with these limits: open, or malformed. */
static void expect_answer(weft_limits limits, const char *fields, enum side side)
{
    static struct teller client;
    const weft_client_config cfg = {.dial = &(weft_dial){.limits = &limits}};
    char text[2048], proof[WEFT_ACCEPT_LEN + 1];
    struct sockaddr_in at = loopback(0);
    socklen_t len = sizeof at;
    int fd = -1, listening = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    memset(&client, 0, sizeof client);
    serve((weft_limits){0});
    assert_int_equal(bind(listening, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&at, &len), 0);
    snprintf(text, sizeof text, "ws://127.0.0.1:%d/", ntohs(at.sin_port));
    assert_int_equal(weft_connect(NULL, world.loop, text, &cfg, &telling, &client), 0);
    turn_until(&world, (fd = accept(listening, NULL, NULL)) >= 0);
    struct raw *r = raw_on(fd);
    turn_until(&world, raw_heard(r, "\r\n\r\n"));
    const char *nonce = strstr(r->got, "Sec-WebSocket-Key: ") + 19;
    weft_handshake_accept((weft_bytes){(const uint8_t *)nonce, WEFT_KEY_LEN}, proof);
    snprintf(text, sizeof text, ANSWER "%s\r\n", proof, fields);
    raw_say(r, text);
    turn_until(&world, client.story.len);
    expect_story(&client.story, side == ABOVE ? "close 1006 WEFT_ERR_HTTP;" : "open;");
    close(listening);
    done(r);
}

static void prove_response_head_max(enum side side)
{
    static const char form[] = "X: ~\r\n";
    size_t rest = strlen(ANSWER) - 2 + WEFT_ACCEPT_LEN + strlen(form) - 1 + 2;
    expect_answer((weft_limits){.response_head_max = 300},
                  stretched(form, (size_t)(300 + side) - rest), side);
}

static void prove_max_response_headers(enum side side)
{
    struct story fields = {0};
    for (int i = 3; i < 8 + side; i++) tell(&fields, "X-%d: y\r\n", i);
    expect_answer((weft_limits){.max_response_headers = 8}, fields.text, side);
}

/* ---- by the second --------------------------------------------------------------------------- */

/* A tenth of a second's worth at once, and one more; then as they are due. */
static void prove_accept_rate(enum side side)
{
    struct raw *r[8];
    serve((weft_limits){.accept_rate = 40});
    for (int i = 0; i < 5 + side; i++) r[i] = raw_connect(&world);
    settle(&world);
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_ACCEPTED),
                     side <= AT ? 5 + side : 5);
    pass(&world, 25);
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_ACCEPTED), 5 + side);
    for (int i = 0; i < 5 + side; i++) raw_free(r[i]);
    world_end(&world);
}

static void prove_connect_rate(enum side side)
{
    serve((weft_limits){.connect_rate = 1});
    world.sys.accept4 = from_afar;
    expect_refused_at_the_door(10 + side, side, 429);
}

static void prove_max_age(enum side side)
{
    struct raw *r = serve_one((weft_limits){.max_age = 10000});
    bool met = pass_to(10000, side);
    assert_string_equal(raw_frames(r), met ? "close 1012;" : "");
    done(r);
}

#endif
