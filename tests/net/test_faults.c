/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_faults.c - one scenario, again and again, with one thing that fails in each
 *
 * The scenario: a client opens a WebSocket, is echoed, sends fragments and a ping, and closes; another
 * posts a body over HTTP, reads a reply and a stream. Each run has the Nth allocation fail, or the Nth
 * system call of a kind with each errno that matters.
 *
 * Whatever fails: nothing crashes, leaks or hangs, whoever was opened is closed once, and a third
 * connection on the same loop, which had nothing to do with it, works as before. (What is set up before
 * there are connections fails in test_setup_faults.c.)
 */
#include "faulty_calls.h"
#include "raw.h"
#include "teller.h"

static struct world world;
static struct teller server, client, bystander;

/* ---- the scenario ---------------------------------------------------------------------------- */

static void echo(weft_conn *c, const char *text)
{
    if (weft_send(c, WEFT_TEXT, text, strlen(text)) < 0) weft_abort(c);
}

static void speak(weft_conn *c)
{
    if (weft_send(c, WEFT_TEXT, "hello", 5) < 0 || weft_ping(c, "p", 1) < 0 ||
        weft_send_fragment(c, WEFT_TEXT, "frag", 4, false) < 0 ||
        weft_send_fragment(c, WEFT_TEXT, "ment", 4, true) < 0)
        weft_abort(c);
}

static void close_at_last(weft_conn *c, const char *text)
{
    if (strcmp(text, "fragment") == 0 && weft_close(c, 1000, "bye") < 0) weft_abort(c);
}

static void reply(weft_request *r, void *user)
{
    (void)user;
    (void)weft_reply_field(r, "X-Own", "1");
    weft_bytes body = weft_request_body(r);
    (void)weft_respond(r, 200, "text/plain", body.data, body.len);
}

static void stream(weft_request *r, void *user)
{
    (void)user;
    weft_reply *reply;
    if (weft_reply_begin(&reply, r, 200, "text/plain", WEFT_LENGTH_UNKNOWN, NULL, NULL) < 0) return;
    if (weft_reply_write(reply, "piece", 5) == 0) whatever(weft_reply_end(reply));
}

static const char requests[] = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
                               "GET /stream HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

static const weft_limits limits = {.ping_interval = WEFT_NEVER};

static void serve(void)
{
    weft_server_config cfg = {.limits = &limits};
    world_begin(&world);
    world_serve(&world, &cfg);
    assert_int_equal(weft_server_route(world.server, "/", &telling, &server), 0);
    assert_int_equal(weft_server_route(world.server, "/third", &telling, &bystander), 0);
    assert_int_equal(world_requests(world.server, "/", reply, NULL), 0);
    assert_int_equal(world_requests(world.server, "/stream", stream, NULL), 0);
    world_listen(&world);
    use_faulty_calls(&world.sys);
}

/* Turn until both are done; who waits for more than that has deadlines, so let time pass. */
static void run(bool connected, struct raw *http)
{
    for (int turns = 0; turns < 300; turns++) {
        bool done = (!connected || client.closes) && raw_ended(http);
        if (done && server.closes == (server.id != 0)) return;
        turn(&world, 1);
        if (turns > 60) world.now_us += 3 * 1000 * 1000;
    }
    fail_msg("it hangs: client %u, server %u of %d, http %d", client.closes, server.closes,
             server.id != 0, raw_ended(http));
}

/* Whether that allocation was asked for. */
static bool scenario(long allocation, bool and_all_that_follow)
{
    memset(&server, 0, sizeof server);
    memset(&client, 0, sizeof client);
    memset(&bystander, 0, sizeof bystander);
    server.then_message = bystander.then_message = echo;
    client.then_open = speak;
    client.then_message = close_at_last;
    enum call call = fault.call;
    fault.call = CALL_NONE;
    serve();
    struct raw *third = raw_open(&world, "/third"), *http = raw_connect(&world);

    fault.call = call;
    fault.seen = 0;
    world_fail_at(&world, allocation);
    world.fail_on = and_all_that_follow;
    weft_client_config cfg = {.dial = &(weft_dial){.limits = &limits}};
    bool connected =
        weft_connect(NULL, world.loop, world_url(&world, "/"), &cfg, &telling, &client) == 0;
    raw_say(http, requests);
    run(connected, http);
    fault.call = CALL_NONE;
    bool failed = world.asked > allocation;
    world_fail_at(&world, -1);

    assert_int_equal(client.closes, connected);
    raw_text(third, "still there?");
    turn_until(&world, raw_heard(third, "still there?"));
    assert_int_equal(bystander.closes, 0);
    raw_free(http);
    raw_free(third);
    world_end(&world);
    fault.call = call;
    return failed;
}

/* ---- the runs -------------------------------------------------------------------------------- */

static void test_nothing_fails(void **state)
{
    (void)state;
    fault.call = CALL_NONE;
    scenario(-1, false);
    assert_string_equal(server.story.text,
                        "open;text hello;ping p;text fragment;close 1000 bye by-peer clean;");
    assert_true(told(&client.story, "text hello;pong answers p;text fragment;close 1000 clean;"));
}

static void test_every_allocation(void **state)
{
    (void)state;
    fault.call = CALL_NONE;
    bool failed = true;
    for (long n = 0; failed; n++) {
        assert_true(n < 1000);
        failed = scenario(n, false);
    }
}

static void test_memory_runs_out(void **state)
{
    (void)state;
    fault.call = CALL_NONE;
    bool failed = true;
    for (long n = 0; failed; n++) {
        assert_true(n < 1000);
        failed = scenario(n, true);
    }
}

static void every_call(enum call call, const int *errors)
{
    for (; *errors; errors++) {
        fault.call = call;
        fault.error = *errors;
        for (fault.nth = 0; fault.nth < 20; fault.nth++) {
            scenario(-1, false);
            if (fault.seen <= fault.nth) break;
        }
    }
}

static const int connection_errors[] = {ECONNRESET, EPIPE, ENOMEM, EAGAIN, EINTR, 0};
static const int descriptor_errors[] = {EMFILE, ENFILE, ENOMEM, EINTR, 0};

static void test_socket(void **state)
{
    (void)state;
    every_call(CALL_socket, descriptor_errors);
}

static void test_connect(void **state)
{
    (void)state;
    every_call(CALL_connect, (const int[]){ECONNREFUSED, EAGAIN, EINTR, ENETUNREACH, 0});
}

static void test_accept(void **state)
{
    (void)state;
    every_call(CALL_accept4, descriptor_errors);
    every_call(CALL_accept4, (const int[]){ECONNABORTED, EAGAIN, 0});
}

static void test_recv(void **state)
{
    (void)state;
    /* no EAGAIN: of an empty socket it is the truth, and of another it is never said */
    every_call(CALL_recv, (const int[]){ECONNRESET, ENOMEM, EINTR, 0});
}

static void test_send(void **state)
{
    (void)state;
    every_call(CALL_send, connection_errors);
    every_call(CALL_sendmsg, connection_errors);
}

static void test_options_and_names(void **state)
{
    (void)state;
    static const int errors[] = {ENOMEM, ENOTCONN, 0};
    every_call(CALL_shutdown, errors);
    every_call(CALL_getsockopt, errors);
    every_call(CALL_setsockopt, errors);
    every_call(CALL_getsockname, errors);
    every_call(CALL_getpeername, errors);
}

static void test_epoll(void **state)
{
    (void)state;
    every_call(CALL_epoll_ctl, (const int[]){ENOMEM, ENOSPC, 0});
    every_call(CALL_epoll_wait, (const int[]){EINTR, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_fails),
        cmocka_unit_test(test_every_allocation),
        cmocka_unit_test(test_memory_runs_out),
        cmocka_unit_test(test_socket),
        cmocka_unit_test(test_connect),
        cmocka_unit_test(test_accept),
        cmocka_unit_test(test_recv),
        cmocka_unit_test(test_send),
        cmocka_unit_test(test_options_and_names),
        cmocka_unit_test(test_epoll),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
