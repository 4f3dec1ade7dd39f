/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_letter.c - calls and messages to what an id names, from this thread and from others
 *
 * A call comes exactly once, also when what it is for has gone, or never was.
 */
#include <pthread.h>

#include "streaming.h"
#include "stuck_calls.h"
#include "teller.h"

static struct teller server;

static int begin_telling(void **state)
{
    (void)state;
    memset(&server, 0, sizeof server);
    memset(&story, 0, sizeof story);
    held = NULL;
    tellers_begin(&world, &server, &(weft_limits){.send_queue_items = 2});
    assert_int_equal(weft_server_on_request(world.server, "/*",
                                            &(weft_request_handler){.on_request = hold}, NULL),
                     0);
    return 0;
}

static int end_telling(void **state)
{
    (void)state;
    world_end(&world);
    return 0;
}

/* ---- connections ------------------------------------------------------------------------------ */

struct call {
    unsigned n;
    const void *with;
};

static void called(weft_conn *c, void *arg)
{
    struct call *call = arg;
    assert_true(weft_loop_is_mine(world.loop));
    call->n++;
    call->with = c;
}

static void expect_call(struct call *call, const void *with)
{
    assert_int_equal(call->n, 0); /* from the loop, and from nowhere else */
    settle(&world);
    assert_int_equal(call->n, 1);
    assert_ptr_equal(call->with, with);
}

static void test_a_connection(void **state)
{
    (void)state;
    struct call one = {0}, gone = {0}, never = {0};
    struct raw *r = raw_open(&world, "/");
    weft_id id = server.id;
    assert_int_equal(weft_conn_call(world.loop, id, called, &one), 0);
    expect_call(&one, server.conn);
    weft_abort(server.conn);
    assert_int_equal(weft_conn_call(world.loop, id, called, &gone), 0);
    expect_call(&gone, NULL);
    assert_int_equal(weft_conn_call(world.loop, 0, called, &never), 0);
    expect_call(&never, NULL);
    raw_free(r);
}

/* Between the call and its time it goes. */
static void test_one_that_goes(void **state)
{
    (void)state;
    struct call one = {0};
    struct raw *r = raw_open(&world, "/");
    assert_int_equal(weft_conn_call(world.loop, server.id, called, &one), 0);
    weft_abort(server.conn);
    expect_call(&one, NULL);
    raw_free(r);
}

/* A client has its id from weft_connect on. */
static void test_a_client(void **state)
{
    (void)state;
    struct call one = {0};
    static struct teller client;
    weft_conn *c;
    assert_int_equal(weft_connect(&c, world.loop, world_url(&world, "/"), NULL, &telling, &client),
                     0);
    assert_int_equal(weft_conn_call(world.loop, weft_conn_id(c), called, &one), 0);
    expect_call(&one, c);
}

static void test_in_order(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    weft_message *m;
    struct call one = {0};
    assert_int_equal(weft_message_new(&m, &world.env, WEFT_TEXT, "first", 5), 0);
    assert_int_equal(weft_post(world.loop, server.id, m), 0);
    assert_int_equal(weft_conn_call(world.loop, server.id, called, &one), 0);
    expect_call(&one, server.conn);
    turn_until(&world, raw_heard(r, "first"));
    weft_message_unref(m);
    raw_free(r);
}

static void test_without_memory(void **state)
{
    (void)state;
    struct call one = {0};
    weft_message *m;
    assert_int_equal(weft_message_new(&m, &world.env, WEFT_TEXT, "x", 1), 0);
    world_fail_at(&world, 0);
    assert_int_equal(weft_conn_call(world.loop, 1, called, &one), -ENOMEM);
    world_fail_at(&world, 0);
    assert_int_equal(weft_post(world.loop, 1, m), -ENOMEM);
    world_fail_at(&world, -1);
    settle(&world);
    assert_int_equal(one.n, 0);
    weft_message_unref(m);
}

/* On a loop that carries nothing, and never has. */
static void test_a_bare_loop(void **state)
{
    (void)state;
    struct call one = {0};
    weft_loop *l;
    assert_int_equal(weft_loop_new(&l, NULL), 0);
    assert_int_equal(weft_conn_call(l, 77, called, &one), 0);
    weft_loop_free(l); /* what was posted is run */
    assert_int_equal(one.n, 1);
    assert_null(one.with);
}

static void *call_from_there(void *arg)
{
    return weft_conn_call(world.loop, server.id, called, arg) < 0 ? NULL : arg;
}

static void test_from_another_thread(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    struct call one = {0};
    pthread_t thread;
    void *result;
    assert_int_equal(pthread_create(&thread, NULL, call_from_there, &one), 0);
    pthread_join(thread, &result);
    assert_ptr_equal(result, &one);
    expect_call(&one, server.conn);
    raw_free(r);
}

/* ---- replies ---------------------------------------------------------------------------------- */

static void reply_called(weft_reply *r, void *arg)
{
    struct call *call = arg;
    call->n++;
    call->with = r;
}

static void test_a_reply(void **state)
{
    (void)state;
    struct call one = {0}, over = {0}, other = {0};
    struct raw *r = ask(GET("/stream")), *ws;
    struct stream s = {.name = "a"};
    stream(&s, WEFT_LENGTH_UNKNOWN);
    weft_id id = weft_reply_id(s.reply);
    assert_int_equal(weft_reply_call(world.loop, id, reply_called, &one), 0);
    expect_call(&one, s.reply);
    ws = raw_open(&world, "/");
    assert_int_equal(weft_reply_call(world.loop, server.id, reply_called, &other), 0);
    expect_call(&other, NULL); /* a WebSocket is no reply */
    weft_reply_abort(s.reply);
    assert_int_equal(weft_reply_call(world.loop, id, reply_called, &over), 0);
    expect_call(&over, NULL);
    world_fail_at(&world, 0);
    assert_int_equal(weft_reply_call(world.loop, id, reply_called, &over), -ENOMEM);
    world_fail_at(&world, -1);
    raw_free(r);
    raw_free(ws);
}

/* ---- what cannot be delivered ----------------------------------------------------------------- */

static void test_what_is_not_delivered_is_counted(void **state)
{
    (void)state;
    struct raw *r = raw_open(&world, "/");
    weft_message *m;
    assert_int_equal(weft_message_new(&m, &world.env, WEFT_TEXT, "x", 1), 0);
    use_full_sockets(&world.sys, true);
    for (int i = 0; i < 3; i++) assert_int_equal(weft_post(world.loop, server.id, m), 0);
    settle(&world);
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_UNDELIVERED), 0);
    for (int i = 0; i < 2; i++) assert_int_equal(weft_post(world.loop, server.id, m), 0);
    settle(&world); /* the first of these closes it, the second comes too late */
    assert_int_equal(weft_server_count(world.server, WEFT_COUNT_UNDELIVERED), 1);
    assert_false(weft_conn_is_open(server.conn));
    weft_message_unref(m);
    raw_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_connection, begin_telling, end_telling),
        cmocka_unit_test_setup_teardown(test_one_that_goes, begin_telling, end_telling),
        cmocka_unit_test_setup_teardown(test_a_client, begin_telling, end_telling),
        cmocka_unit_test_setup_teardown(test_in_order, begin_telling, end_telling),
        cmocka_unit_test_setup_teardown(test_without_memory, begin_telling, end_telling),
        cmocka_unit_test_setup_teardown(test_a_bare_loop, begin_telling, end_telling),
        cmocka_unit_test_setup_teardown(test_from_another_thread, begin_telling, end_telling),
        cmocka_unit_test_setup_teardown(test_a_reply, begin_telling, end_telling),
        cmocka_unit_test_setup_teardown(test_what_is_not_delivered_is_counted, begin_telling,
                                        end_telling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
