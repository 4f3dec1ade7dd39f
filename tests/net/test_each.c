/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_each.c - weft_server_each on one loop; on several: test_threads.c
 */
#include "raw.h"
#include "teller.h"

enum { PEERS = 5 };

static struct world world;
static weft_server *other;
static weft_conn *opened[PEERS];
static struct raw *peers[PEERS];
static struct story story;
static unsigned n_opened, n_closed, done;

static void on_open(weft_conn *c)
{
    if (n_opened < PEERS) opened[n_opened] = c;
    n_opened++;
}

static void on_close(weft_conn *c, const weft_close_info *info)
{
    (void)c, (void)info;
    n_closed++;
}

static const weft_handler handler = {.on_open = on_open, .on_close = on_close};

static void say_hi(weft_request *r, void *user)
{
    (void)user;
    assert_int_equal(weft_respond(r, 200, NULL, "hi", 2), 0);
}

/* Five WebSockets of the world's server, one of another, a connection that has said nothing, and one of HTTP. */
static int begin(void **state)
{
    (void)state;
    n_opened = n_closed = done = 0;
    story.len = 0;
    world_begin(&world);
    world_serve(&world, NULL);
    assert_int_equal(weft_server_route(world.server, "/", &handler, NULL), 0);
    assert_int_equal(world_requests(world.server, "/hi", say_hi, NULL), 0);
    world_listen(&world);
    for (size_t i = 0; i < PEERS; i++) peers[i] = raw_open(&world, "/");
    turn_until(&world, n_opened == PEERS);
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (size_t i = 0; i < PEERS; i++) raw_free(peers[i]);
    world_end(&world);
    return 0;
}

static void count(weft_conn *c, void *arg)
{
    for (size_t i = 0; i < PEERS; i++)
        if (opened[i] == c) tell(arg, "%zu", i);
}

static void over(void *arg)
{
    tell(arg, "done");
    done++;
}

static void test_each_once(void **state)
{
    (void)state;
    struct raw *silent = raw_connect(&world), *plain = raw_connect(&world);
    assert_int_equal(raw_ask(&world, plain, "GET /hi HTTP/1.1\r\nHost: x\r\n\r\n"), 200);
    assert_int_equal(weft_server_new(&other, world.loop, NULL), 0);
    assert_int_equal(weft_server_each(other, count, NULL, &story), 0);
    settle(&world);
    expect_story(&story, "");
    assert_int_equal(weft_server_each(world.server, count, over, &story), 0);
    expect_story(&story, "01234"); /* done comes from the loop */
    turn_until(&world, done);
    expect_story(&story, "done");
    weft_server_free(other);
    raw_free(silent);
    raw_free(plain);
}

static void end_neighbours(weft_conn *c, void *arg)
{
    count(c, arg);
    if (c == opened[0]) weft_abort(opened[1]);
    if (c == opened[2]) weft_abort(c);
    if (c == opened[3] && weft_close(c, 1000, "") < 0) weft_abort(c);
    if (c == opened[3]) weft_abort(opened[0]);
}

/* Whoever is gone by then is not seen, nor is anybody twice; a WebSocket that is closing is still there. */
static void test_they_may_be_ended(void **state)
{
    (void)state;
    assert_int_equal(weft_close(opened[4], 1000, ""), 0);
    assert_int_equal(weft_server_each(world.server, end_neighbours, over, &story), 0);
    expect_story(&story, "0234");
    turn_until(&world, done);
    settle(&world);
    assert_int_equal(n_closed, 3);
}

static void test_no_memory(void **state)
{
    (void)state;
    world_fail_at(&world, 0);
    assert_int_equal(weft_server_each(world.server, count, over, &story), -ENOMEM);
    world_fail_at(&world, -1);
    settle(&world);
    assert_int_equal(done, 0);
    assert_int_equal(story.len, 0);
}

/* The loop is freed before its next turn. */
static void test_done_comes_at_the_latest_in_the_end(void **state)
{
    (void)state;
    assert_int_equal(weft_server_each(world.server, count, over, &story), 0);
    weft_server_free(world.server);
    world.server = NULL;
    assert_int_equal(done, 0);
    weft_loop_free(world.loop);
    world.loop = NULL;
    assert_int_equal(done, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(test_each_once),
        TEST(test_they_may_be_ended),
        TEST(test_no_memory),
        TEST(test_done_comes_at_the_latest_in_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
