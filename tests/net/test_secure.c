/* SPDX-License-Identifier: MIT
 *
 * TLS on a wire: weft's client and weft's server on one loop, and what happens in time and without memory.
 */
#include "cert_files.h"
#include "raw.h"
#include "teller.h"

static struct world world;
static struct teller server, client;

static void serve(void)
{
    static const weft_limits limits = {.ping_interval = WEFT_NEVER};
    weft_server_config cfg = {.limits = limits};
    weft_tls_pair pair = {certificate, key};
    weft_tls tls = {.certificates = &pair, .n_certificates = 1};
    server = client = (struct teller){0};
    world_begin(&world);
    world_serve(&world, &cfg);
    assert_int_equal(weft_server_route(world.server, "/", &telling, &server), 0);
    assert_int_equal(weft_server_set_tls(world.server, &tls, NULL, 0), 0);
    world_listen(&world);
}

static int dial(void)
{
    char url[256];
    weft_client_config cfg = {.ca_file = certificate, .limits.ping_interval = WEFT_NEVER};
    snprintf(url, sizeof url, "wss://localhost%s/", strrchr(world.address, ':'));
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
    expect_story(&client.story, "open;text hello;close 1000 bye clean;");
    world_end(&world);
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
    world_end(&world);
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
    world_end(&world);
}

static void test_a_silent_server(void **state)
{
    (void)state;
    serve();
    int fd = socket(AF_INET, SOCK_STREAM, 0); /* listens, and never accepts */
    struct sockaddr_in at = loopback(0);
    socklen_t len = sizeof at;
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 4), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &len), 0);
    snprintf(world.address, sizeof world.address, "127.0.0.1:%u", ntohs(at.sin_port));
    assert_int_equal(dial(), 0);
    settle(&world);
    pass(&world, 4900);
    assert_int_equal(client.closes, 0);
    pass(&world, 200);
    assert_true(told(&client.story, "WEFT_ERR_TIMEOUT"));
    close(fd);
    world_end(&world);
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
        world_end(&world);
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
        cmocka_unit_test(test_the_handshake_has_a_deadline),
        cmocka_unit_test(test_a_silent_server),
        cmocka_unit_test(test_every_allocation),
        cmocka_unit_test(test_memory_runs_out),
    };
    return cmocka_run_group_tests(tests, make_files, remove_files);
}
