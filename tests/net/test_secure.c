/* SPDX-License-Identifier: MIT
 *
 * TLS on a wire: weft's client and weft's server on one loop, and what happens in time and without memory.
 */
#include "cert_files.h"
#include "teller.h"
#include "tls_peer.h"

static struct world world;
static struct teller server, client;
static weft_dial way;          /* the client's, */
static weft_limits way_limits; /* and its limits */

/* Everything goes, and nothing is left. */
static void end_world(void)
{
    weft_tls_unref(way.tls);
    world_end(&world);
}

static void serve(void)
{
    static const weft_limits limits = {.ping_interval = WEFT_NEVER};
    weft_server_config server_cfg = {.limits = &limits};
    server = client = (struct teller){0};
    way_limits = (weft_limits){0};
    way = (weft_dial){.limits = &way_limits};
    world_begin(&world);
    world_serve(&world, &server_cfg);
    assert_int_equal(weft_server_route(world.server, "/", &telling, &server), 0);
    world_listen_tls(&world);
}

static int dial(void)
{
    char url[256];
    if (!way.tls) way.tls = new_client_tls(&world.env);
    way_limits.ping_interval = WEFT_NEVER;
    snprintf(url, sizeof url, "wss://localhost%s/", strrchr(world.address, ':'));
    const weft_client_config cfg = {.dial = &way};
    return weft_connect(&client.conn, world.loop, url, &cfg, &telling, &client);
}

static void echo(weft_conn *c, const char *text)
{
    if (weft_send(c, WEFT_TEXT, text, strlen(text)) < 0) weft_abort(c);
}

static void speak(weft_conn *c)
{
    if (weft_send(c, WEFT_TEXT, "hello", 5) < 0) weft_abort(c);
}

static void leave(weft_conn *c, const char *text)
{
    (void)text;
    if (weft_close(c, 1000, "bye") < 0) weft_abort(c);
}

static void test_a_conversation(void **state)
{
    (void)state;
    serve();
    server.then_message = echo;
    client.then_open = speak;
    client.then_message = leave;
    assert_int_equal(dial(), 0);
    turn_until(&world, client.closes && server.closes);
    expect_story(&server.story, "open;text hello;close 1000 bye by-peer clean;");
    expect_story(&client.story, "open;text hello;close 1000 clean;");
    end_world();
}

static void test_messages_wait_while_paused(void **state)
{
    (void)state;
    serve();
    server.then_open = weft_pause;
    client.then_open = speak;
    assert_int_equal(dial(), 0);
    turn_until(&world, server.conn && client.id);
    settle(&world);
    expect_story(&server.story, "open;");
    assert_int_equal(weft_close(client.conn, 1000, ""), 0);
    settle(&world);
    weft_resume(server.conn);
    turn_until(&world, client.closes && server.closes);
    expect_story(&server.story, "text hello;close 1000 by-peer clean;");
    end_world();
}

/* What is sealed already goes out, the rest of that frame behind it, then the Close. */
static void test_a_close_that_does_not_wait(void **state)
{
    (void)state;
    static char filler[50000];
    size_t sent = 0;
    serve();
    client.then_open = weft_pause;
    assert_int_equal(dial(), 0);
    turn_until(&world, server.conn && client.id);
    for (; !weft_send(server.conn, WEFT_BINARY, filler, sizeof filler); sent++) turn(&world, 0);
    assert_int_equal(weft_close_now(server.conn, 1001, "now"), 0);
    weft_resume(client.conn);
    turn_until(&world, client.closes && server.closes);
    assert_true(told(&client.story, "bin [50000];close 1001 now by-peer clean;"));
    assert_true(client.story.len < sent * strlen("bin [50000];"));
    expect_story(&server.story, "open;close 1001 clean;");
    end_world();
}

/* Told why in the only language that it understands, and counted; not before it is clear what it speaks. */
static void test_plain_http_is_told_so(void **state)
{
    (void)state;
    static const char request[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    serve();
    struct raw *r = raw_connect(&world);
    raw_write(r, request, 4);
    settle(&world);
    assert_false(raw_ended(r) || r->len);
    raw_say(r, request + 4);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 400);
    assert_int_equal(r->error, 0);
    assert_string_equal(raw_body(r), "this port speaks TLS: use https:// or wss:// to get in\n");
    assert_int_equal(weft_server_count_refused(world.server, 400), 1);
    raw_free(r);
    r = raw_connect(&world); /* neither of both */
    raw_say(r, "SSH-2.0-OpenSSH_9.2\r\n");
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 0);
    assert_int_equal(weft_server_count_refused(world.server, 400), 1);
    raw_free(r);
    end_world();
}

/* A peer that says nothing, or bytes that never become a handshake. */
static void test_the_handshake_has_a_deadline(void **state)
{
    (void)state;
    serve();
    struct raw *silent = raw_connect(&world), *slow = raw_connect(&world);
    raw_write(slow, "\x16\x03\x01", 3);
    settle(&world);
    pass(&world, 4900);
    raw_write(slow, "\x02", 1);
    settle(&world);
    assert_false(raw_ended(silent) || raw_ended(slow));
    pass(&world, 200);
    assert_true(raw_ended(silent) && raw_ended(slow));
    raw_free(silent);
    raw_free(slow);
    end_world();
}

/* The test's own socket, which the client will be told to connect to. */
static int listen_instead(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in at = loopback(0);
    socklen_t len = sizeof at;
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    snprintf(world.address, sizeof world.address, "127.0.0.1:%u", ntohs(at.sin_port));
    return fd;
}

static void test_a_silent_server(void **state)
{
    (void)state;
    serve();
    int fd = listen_instead(); /* and never accept */
    assert_int_equal(dial(), 0);
    settle(&world);
    pass(&world, 4900);
    assert_int_equal(client.closes, 0);
    pass(&world, 200);
    assert_true(told(&client.story, "WEFT_ERR_TIMEOUT"));
    close(fd);
    end_world();
}

static SSL_CTX *peer_context(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    assert_true(SSL_CTX_use_certificate_file(ctx, certificate, SSL_FILETYPE_PEM));
    assert_true(SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM));
    return ctx;
}

static struct tls_peer *accept_peer(int listening, SSL_CTX *ctx)
{
    int fd = -1;
    turn_until(&world, (fd = accept(listening, NULL, NULL)) >= 0);
    struct tls_peer *p = tls_peer_on(fd, ctx, true);
    turn_until(&world, tls_peer_settled(p));
    assert_string_equal(p->failed, "");
    return p;
}

static void answer_handshake(struct tls_peer *p)
{
    char accept[WEFT_ACCEPT_LEN + 1], text[256];
    turn_until(&world, tls_peer_heard(p, "\r\n\r\n"));
    const char *at = strstr(p->got, "Sec-WebSocket-Key: ");
    assert_non_null(at);
    weft_handshake_accept((weft_bytes){(const uint8_t *)at + 19, WEFT_KEY_LEN}, accept);
    snprintf(text, sizeof text,
             "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n\r\n",
             accept);
    tls_peer_say(p, text);
    turn_until(&world, client.id);
}

/* The alert waits behind what the server does not read: as long as the client's own limits say. */
static void test_an_alert_to_nobody(void **state)
{
    (void)state;
    static char large[16 * 1024 * 1024];
    static const uint8_t forged[5 + 32] = {23, 3, 3, 0, 32};
    serve();
    int listening = listen_instead();
    assert_int_equal(setsockopt(listening, SOL_SOCKET, SO_RCVBUF, &(int){4096}, sizeof(int)), 0);
    way_limits.write_stall = 1000;
    way_limits.send_queue_max = 2 * sizeof large;
    assert_int_equal(dial(), 0);
    struct tls_peer *p = accept_peer(listening, peer_context());
    answer_handshake(p);
    assert_int_equal(weft_send(client.conn, WEFT_BINARY, large, sizeof large), 0);
    settle(&world); /* the kernel takes no more */
    assert_int_equal(write(p->fd, forged, sizeof forged), sizeof forged);
    turn_until(&world, client.closes);
    expect_story(&client.story, "open;close 1006 by-peer WEFT_ERR_TLS;");
    assert_string_equal(client.cause, "TLS: decryption failed or bad record mac");
    settle(&world);
    long live = world.live;
    pass(&world, 900);
    assert_int_equal(world.live, live);
    pass(&world, 200);
    assert_true(world.live < live);
    tls_peer_free(p);
    close(listening);
    end_world();
}

/* No close_notify, no Close: whoever cut that off is not believed to have said goodbye. */
static void test_a_truncated_stream(void **state)
{
    (void)state;
    serve();
    int listening = listen_instead();
    for (int politely = 0; politely <= 1; politely++) {
        client = (struct teller){0};
        assert_int_equal(dial(), 0);
        struct tls_peer *p = accept_peer(listening, peer_context());
        answer_handshake(p);
        if (politely) SSL_shutdown(p->ssl);
        shutdown(p->fd, SHUT_WR);
        turn_until(&world, client.closes);
        expect_story(&client.story, "open;close 1006 by-peer WEFT_ERR_LOST;");
        tls_peer_free(p);
    }
    close(listening);
    end_world();
}

/* A connection resumes the session of the one before, although that was lost. */
static void test_a_client_resumes(void **state)
{
    (void)state;
    serve();
    SSL_CTX *ctx = peer_context();
    int listening = listen_instead();
    for (int i = 0; i < 4; i++) {
        client = (struct teller){0};
        assert_int_equal(dial(), 0);
        SSL_CTX_up_ref(ctx);
        struct tls_peer *p = accept_peer(listening, ctx);
        assert_int_equal(SSL_session_reused(p->ssl), i > 0);
        answer_handshake(p);
        if (i & 1) weft_abort(client.conn);
        else tls_peer_hang_up(p);
        turn_until(&world, client.closes);
        tls_peer_free(p);
    }
    SSL_CTX_free(ctx);
    close(listening);
    end_world();
}

/* Whichever allocation of ours fails, or all from then on: whoever was told of a connection is told of
 * its end, and nothing is left. */
static void fail_each(bool and_all_that_follow)
{
    bool failed = true;
    for (long n = 0; failed; n++) {
        serve();
        server.then_message = echo;
        client.then_open = speak;
        client.then_message = leave;
        world_fail_at(&world, n);
        world.fail_on = and_all_that_follow;
        bool connected = dial() == 0;
        for (int turns = 0; turns < 400 && !(client.closes || !connected); turns++) {
            turn(&world, 1);
            if (turns > 100) world.now_us += 1000 * 1000;
        }
        failed = world.asked > n;
        world_fail_at(&world, -1);
        world.fail_on = false;
        assert_int_equal(client.closes, connected);
        settle(&world);
        end_world();
        assert_int_equal(server.closes, server.id != 0);
    }
}

static void test_every_allocation(void **state)
{
    (void)state;
    fail_each(false);
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    fail_each(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_conversation),
        cmocka_unit_test(test_messages_wait_while_paused),
        cmocka_unit_test(test_plain_http_is_told_so),
        cmocka_unit_test(test_the_handshake_has_a_deadline),
        cmocka_unit_test(test_a_silent_server),
        cmocka_unit_test(test_an_alert_to_nobody),
        cmocka_unit_test(test_a_truncated_stream),
        cmocka_unit_test(test_a_close_that_does_not_wait),
        cmocka_unit_test(test_a_client_resumes),
        cmocka_unit_test(test_every_allocation),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
