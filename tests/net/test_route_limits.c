/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_route_limits.c - limits that a route of plain requests has in place of the server's
 *
 * /narrow has some of its own, everything else is the server's. What a route says holds from its head on, and until the
 * next head; and for a reply that streams as long as that, whatever becomes of the route.
 */
#include "raw.h"
#include "stuck_calls.h"

enum { WIDE = 1000, NARROW = 10, SERVER_KEEPALIVE = 5000, ROUTE_KEEPALIVE = 9000, STALL = 700 };

static struct world world;
static weft_request *held;
static weft_reply *reply;
static int reply_error;
static bool drained;

static void hold(weft_request *r, void *user)
{
    (void)user;
    held = r;
}

static void say_length(weft_request *r, void *user)
{
    (void)user;
    char text[32];
    int len = snprintf(text, sizeof text, "%zu", weft_request_body(r).len);
    assert_int_equal(weft_respond(r, 200, NULL, text, (size_t)len), 0);
}

static int add(const char *path, void (*on_request)(weft_request *r, void *user),
               const weft_limits *limits)
{
    const weft_request_handler h = {.on_request = on_request, .limits = limits};
    return weft_server_on_request(world.server, path, &h, NULL);
}

static int begin(void **state)
{
    (void)state;
    held = NULL;
    reply = NULL;
    drained = false;
    world_begin(&world);
    world_serve(&world,
                &(weft_server_config){.limits = &(weft_limits){.http_body_max = WIDE,
                                                               .http_keepalive = SERVER_KEEPALIVE,
                                                               .ping_interval = WEFT_NEVER,
                                                               .write_stall = 4000}});
    assert_int_equal(add("/*", say_length, NULL), 0);
    assert_int_equal(
        add("/narrow", say_length,
            &(weft_limits){.http_body_max = NARROW, .http_keepalive = ROUTE_KEEPALIVE}),
        0);
    world_listen(&world);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static int post(struct raw *r, const char *path, size_t len, bool chunked)
{
    static char request[4 * WIDE];
    int n = chunked ? snprintf(request, sizeof request,
                               "POST %s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "%zx\r\n%0*d\r\n0\r\n\r\n",
                               path, len, (int)len, 0)
                    : snprintf(request, sizeof request,
                               "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%0*d",
                               path, len, (int)len, 0);
    assert_true(n > 0 && (size_t)n < sizeof request);
    return raw_ask(&world, r, request);
}

static int post_once(const char *path, size_t len, bool chunked)
{
    struct raw *r = raw_connect(&world);
    int status = post(r, path, len, chunked);
    raw_free(r);
    return status;
}

static void test_bodies(void **state)
{
    (void)state;
    for (int chunked = 0; chunked < 2; chunked++) {
        assert_int_equal(post_once("/narrow", NARROW, chunked), 200);
        assert_int_equal(post_once("/narrow", NARROW + 1, chunked), 413);
        assert_int_equal(post_once("/wide", WIDE, chunked), 200);
        assert_int_equal(post_once("/wide", WIDE + 1, chunked), 413);
    }
}

/* One after the other on one connection, each has its own. */
static void test_bodies_in_turn(void **state)
{
    (void)state;
    struct raw *r = raw_connect(&world);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(post(r, "/narrow", NARROW, i & 1), 200);
        assert_int_equal(post(r, "/wide", WIDE, i & 1), 200);
    }
    assert_int_equal(post(r, "/narrow", NARROW + 1, false), 413);
    raw_free(r);
}

/* Who declares too much hears of it before he has sent a byte of it, even if he asks first. */
static void test_refused_by_the_head(void **state)
{
    (void)state;
    static const char *const heads[] = {
        "POST /narrow HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n",
        "POST /narrow HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\nExpect: 100-continue\r\n\r\n"};
    for (size_t i = 0; i < countof(heads); i++) {
        struct raw *r = raw_connect(&world);
        assert_int_equal(raw_ask(&world, r, heads[i]), 413);
        turn_until(&world, raw_ended(r));
        assert_false(raw_heard(r, " 100 "));
        raw_free(r);
    }
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_REQUESTS), 0);
}

/* A route may take more than the server does elsewhere. */
static void test_more_than_the_server(void **state)
{
    (void)state;
    assert_int_equal(add("/more", say_length, &(weft_limits){.http_body_max = 3 * WIDE}), 0);
    assert_int_equal(post_once("/more", 3 * WIDE, false), 200);
    assert_int_equal(post_once("/more", 3 * WIDE, true), 200);
    assert_int_equal(post_once("/more", 3 * WIDE + 1, false), 413);
}

/* The head's are the server's: it is not known yet whose it is. */
static void test_heads_are_the_servers(void **state)
{
    (void)state;
    assert_int_equal(
        add("/head", say_length,
            &(weft_limits){.request_head_max = 10, .max_headers = 1, .http_requests = 1}),
        0);
    struct raw *r = raw_connect(&world);
    for (int i = 0; i < 3; i++)
        assert_int_equal(raw_ask(&world, r, "GET /head HTTP/1.1\r\nHost: x\r\nX: y\r\n\r\n"), 200);
    raw_free(r);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void expect_idle_for(struct raw *r, uint64_t ms)
{
    pass(&world, ms - 1);
    assert_false(raw_ended(r));
    pass(&world, 1);
    assert_true(raw_ended(r));
    raw_free(r);
}

static void test_keepalive(void **state)
{
    (void)state;
    struct raw *r = raw_connect(&world);
    assert_int_equal(post(r, "/narrow", 1, false), 200);
    expect_idle_for(r, ROUTE_KEEPALIVE);
    r = raw_connect(&world);
    assert_int_equal(post(r, "/narrow", 1, false), 200);
    assert_int_equal(post(r, "/wide", 1, false), 200);
    expect_idle_for(r, SERVER_KEEPALIVE);
}

static void on_drain(weft_reply *r)
{
    (void)r;
    drained = true;
}

static void on_close(weft_reply *r, int error, const char *cause)
{
    (void)cause;
    assert_ptr_equal(r, reply);
    reply = NULL;
    reply_error = error;
}

static const weft_reply_handler telling = {.on_drain = on_drain, .on_close = on_close};

/* A stream under limits of its route's own; then the route is another's. */
static struct raw *stream_on(const weft_limits *limits)
{
    assert_int_equal(add("/stream", hold, limits), 0);
    struct raw *r = raw_connect(&world);
    raw_say(r, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n");
    turn_until(&world, held);
    assert_int_equal(weft_reply_begin(&reply, held, 200, NULL, WEFT_LENGTH_UNKNOWN, &telling, NULL),
                     0);
    assert_int_equal(add("/stream", say_length, NULL), 0);
    settle(&world);
    return r;
}

static void test_write_stall(void **state)
{
    (void)state;
    use_full_sockets(&world.sys, false);
    struct raw *r = stream_on(&(weft_limits){.write_stall = STALL});
    socket_is_full = true;
    assert_int_equal(weft_reply_write(reply, "x", 1), 0);
    settle(&world);
    pass(&world, STALL - 1);
    assert_non_null(reply);
    pass(&world, 1);
    assert_null(reply);
    assert_int_equal(reply_error, WEFT_ERR_TIMEOUT);
    raw_free(r);
}

static void test_keepalive_behind_a_stream(void **state)
{
    (void)state;
    struct raw *r = stream_on(&(weft_limits){.http_keepalive = ROUTE_KEEPALIVE});
    assert_int_equal(weft_reply_end(reply), 0);
    turn_until(&world, !reply);
    settle(&world);
    expect_idle_for(r, ROUTE_KEEPALIVE);
}

/* ---- queues ---------------------------------------------------------------------------------- */

static void test_queues(void **state)
{
    (void)state;
    static const char much[200];
    use_full_sockets(&world.sys, false);
    struct raw *r = stream_on(&(weft_limits){.send_queue_max = 100, .send_queue_soft = 50});
    socket_is_full = true;
    assert_int_equal(weft_reply_write(reply, much, sizeof much), 0);
    assert_int_equal(weft_reply_write(reply, "x", 1), WEFT_ERR_BACKLOG);
    settle(&world);
    make_room();
    turn_until(&world, drained);
    assert_int_equal(weft_reply_write(reply, "x", 1), 0);
    weft_reply_abort(reply);
    settle(&world);
    raw_free(r);
}

static void test_items(void **state)
{
    (void)state;
    use_full_sockets(&world.sys, false);
    struct raw *r = stream_on(&(weft_limits){.send_queue_items = 1});
    socket_is_full = true;
    int error = 0;
    for (int i = 0; i < 100 && !error; i++) error = weft_reply_write(reply, "x", 1);
    assert_int_equal(error, WEFT_ERR_BACKLOG);
    weft_reply_abort(reply);
    settle(&world);
    raw_free(r);
}

/* ---- who says what --------------------------------------------------------------------------- */

/* Limits are the caller's again when the call has returned. */
static void test_limits_are_copied(void **state)
{
    (void)state;
    weft_limits *limits = calloc(1, sizeof *limits);
    limits->http_body_max = 3;
    assert_int_equal(add("/lent", say_length, limits), 0);
    memset(limits, 0x55, sizeof *limits);
    free(limits);
    assert_int_equal(post_once("/lent", 3, false), 200);
    assert_int_equal(post_once("/lent", 4, false), 413);
}

/* Those that are the same are there once, however often a route is set. */
static void test_set_again_and_again(void **state)
{
    (void)state;
    const weft_limits limits = {.http_body_max = 5};
    assert_int_equal(add("/again", say_length, &limits), 0);
    long live = world.live;
    for (int i = 0; i < 100; i++) assert_int_equal(add("/again", say_length, &limits), 0);
    assert_int_equal(world.live, live);
}

static void test_no_handler(void **state)
{
    (void)state;
    assert_int_equal(add("/x", NULL, NULL), -EINVAL);
    assert_int_equal(weft_server_on_request(world.server, "/x", NULL, NULL), -EINVAL);
}

static void test_out_of_memory(void **state)
{
    (void)state;
    for (long nth = 0; nth < 20; nth++) {
        world_fail_at(&world, nth);
        int error = add("/memory", say_length, &(weft_limits){.http_body_max = 7});
        world_fail_at(&world, -1);
        if (!error) return;
        assert_int_equal(error, -ENOMEM);
        assert_int_equal(post_once("/memory", 8, false), 200);
    }
    fail_msg("more than 20 allocations for a route");
}

#define unit(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_bodies),
        unit(test_bodies_in_turn),
        unit(test_refused_by_the_head),
        unit(test_more_than_the_server),
        unit(test_heads_are_the_servers),
        unit(test_keepalive),
        unit(test_write_stall),
        unit(test_keepalive_behind_a_stream),
        unit(test_queues),
        unit(test_items),
        unit(test_limits_are_copied),
        unit(test_set_again_and_again),
        unit(test_no_handler),
        unit(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
