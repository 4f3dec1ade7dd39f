/* SPDX-License-Identifier: MIT
 *
 * tests/net/limits_time.h - the limits that are deadlines, by a clock that the test moves
 */
#ifndef NET_LIMITS_TIME_H
#define NET_LIMITS_TIME_H

#include "limits_world.h"

/* The WebSocket is gone with 1006 and a timeout, or nothing has happened. */
static void expect_dropped(bool dropped)
{
    expect_story(&server.story, dropped ? "close 1006 WEFT_ERR_TIMEOUT;" : "");
    assert_int_equal(weft_server_count_closed(world.server, 1006), dropped);
}

static void prove_message_timeout(enum side side)
{
    struct raw *r = serve_one((weft_limits){.message_timeout = 5000});
    raw_frame(r, 0x01, "begun", 5);
    settle(&world);
    if (pass_to(5000, side)) expect_closed(r, 1008, "WEFT_ERR_POLICY");
    else expect_story(&server.story, "");
    done(r);
}

/* It differs by up to 10 % between connections: the sides are of that range. */
static void prove_ping_interval(enum side side)
{
    enum { EARLIEST = 900, LATEST = 1100 };
    struct raw *r = serve_one((weft_limits){.ping_interval = 1000});
    pass(&world, side == BELOW ? EARLIEST - 1 : LATEST);
    assert_string_equal(raw_frames(r), side == BELOW ? "" : "ping;");
    done(r);
}

static void prove_pong_timeout(enum side side)
{
    struct raw *r = serve_one((weft_limits){.ping_interval = 1000, .pong_timeout = 300});
    for (int ms = 0; ms < 1100 && !raw_heard(r, "\x89"); ms++) {
        world.now_us += 1000;
        turn(&world, 0);
        turn(&world, 0);
    }
    assert_string_equal(raw_frames(r), "ping;");
    expect_dropped(pass_to(300, side));
    done(r);
}

static void prove_write_stall(enum side side)
{
    struct raw *r = serve_one((weft_limits){.write_stall = 700});
    socket_is_full = true;
    assert_int_equal(weft_send(server.conn, WEFT_TEXT, "x", 1), 0);
    settle(&world);
    expect_dropped(pass_to(700, side));
    done(r);
}

static void prove_close_timeout(enum side side)
{
    struct raw *r = serve_one((weft_limits){.close_timeout = 400});
    assert_int_equal(weft_close(server.conn, 1000, NULL), 0);
    settle(&world);
    bool late = pass_to(400, side);
    expect_story(&server.story, late ? "close 1006 sent 1000 WEFT_ERR_TIMEOUT;" : "");
    expect_ended(r, late);
    done(r);
}

static void prove_tls_handshake_timeout(enum side side)
{
    serve((weft_limits){.tls_handshake_timeout = 600});
    world_listen_tls(&world);
    struct raw *r = raw_connect(&world);
    turn_until(&world, weft_server_count(world.server, WEFT_COUNT_CONNECTIONS));
    expect_ended(r, pass_to(600, side));
    done(r);
}

static void prove_handshake_timeout(enum side side)
{
    serve((weft_limits){.handshake_timeout = 600});
    struct raw *r = raw_connect(&world);
    turn_until(&world, weft_server_count(world.server, WEFT_COUNT_CONNECTIONS));
    raw_say(r, "GET / HTTP/1.1\r\n");
    bool late = pass_to(600, side);
    expect_ended(r, late);
    assert_int_equal(raw_status(r), late ? 408 : 0);
    assert_int_equal(weft_server_count_refused(world.server, 408), late);
    done(r);
}

static struct raw *send_a_body(weft_limits limits, const char *some)
{
    serve(limits);
    struct raw *r = raw_connect(&world);
    raw_say(r, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n");
    raw_say(r, some);
    settle(&world);
    return r;
}

static void prove_http_body_timeout(enum side side)
{
    struct raw *r = send_a_body((weft_limits){.http_body_timeout = 600}, "");
    bool late = pass_to(600, side);
    expect_ended(r, late);
    assert_int_equal(raw_status(r), late ? 408 : 0);
    done(r);
}

/* Ten bytes are worth a second. */
static void prove_http_body_rate(enum side side)
{
    struct raw *r =
        send_a_body((weft_limits){.http_body_timeout = 600, .http_body_rate = 10}, "0123456789");
    bool late = pass_to(1600, side);
    expect_ended(r, late);
    assert_int_equal(raw_status(r), late ? 408 : 0);
    done(r);
}

static void prove_http_keepalive(enum side side)
{
    serve((weft_limits){.http_keepalive = 800});
    struct raw *r = raw_connect(&world);
    assert_int_equal(raw_ask(&world, r, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    expect_ended(r, pass_to(800, side));
    done(r);
}

static bool drained;

static void on_drained(weft_server *s, void *user)
{
    (void)s, (void)user;
    drained = true;
}

/* The deadline is looked at every TICK ms: the sides are the ticks before and after it. */
static void prove_shutdown_drain(enum side side)
{
    enum { DRAIN = 1000, TICK = 100 };
    struct raw *r = serve_one((weft_limits){.shutdown_drain = DRAIN, .close_timeout = 9000});
    drained = false;
    assert_int_equal(weft_server_shutdown(world.server, 1001, on_drained, NULL), 0);
    settle(&world);
    for (int ms = 0; ms < DRAIN + side * TICK; ms += TICK / 4) pass(&world, TICK / 4);
    if (side != AT) assert_int_equal(drained, side == ABOVE);
    if (side != AT)
        assert_int_equal(weft_server_count_close_sent(world.server, 1001), side == ABOVE);
    done(r);
}

/* ---- a client ---------------------------------------------------------------------------------- */

static void prove_connect_timeout(enum side side)
{
    static struct teller client;
    const weft_client_config cfg = {
        .dial = &(weft_dial){.limits = &(weft_limits){.connect_timeout = 500}}};
    memset(&client, 0, sizeof client);
    serve((weft_limits){0});
    use_unanswered_connects(&world.sys);
    assert_int_equal(
        weft_connect(NULL, world.loop, world_url(&world, "/"), &cfg, &telling, &client), 0);
    settle(&world);
    bool late = pass_to(500, side);
    expect_story(&client.story, late ? "close 1006 WEFT_ERR_TIMEOUT;" : "");
    world_end(&world);
}

/* The server accepts and says nothing; the handshake itself has all the time there is. */
static void prove_open_timeout(enum side side)
{
    static struct teller client;
    const weft_client_config cfg = {
        .dial = &(weft_dial){
            .limits = &(weft_limits){.open_timeout = 1500, .handshake_timeout = WEFT_NEVER}}};
    memset(&client, 0, sizeof client);
    serve((weft_limits){0});
    char url[64];
    struct sockaddr_in at = loopback(0);
    socklen_t len = sizeof at;
    int silent = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(silent, (struct sockaddr *)&at, len), 0);
    assert_int_equal(listen(silent, 1), 0);
    assert_int_equal(getsockname(silent, (struct sockaddr *)&at, &len), 0);
    snprintf(url, sizeof url, "ws://127.0.0.1:%d/", ntohs(at.sin_port));
    assert_int_equal(weft_connect(NULL, world.loop, url, &cfg, &telling, &client), 0);
    settle(&world);
    bool late = pass_to(1500, side);
    expect_story(&client.story, late ? "close 1006 WEFT_ERR_TIMEOUT;" : "");
    if (late)
        assert_string_equal(client.cause, "the server did not answer the opening handshake within "
                                          "1500 ms (open_timeout)");
    close(silent);
    world_end(&world);
}

#endif
