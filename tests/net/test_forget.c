/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_forget.c - a request whose answer takes long forgets what was asked, and is answered all the same
 */
#include "streaming.h"

static void gone(weft_request *r, void *user)
{
    (void)user;
    assert_false(weft_request_is_open(r));
    tell(&story, "gone;");
}

static void leaves(weft_request *r, uint64_t ms, void *user)
{
    (void)r;
    (void)ms;
    (void)user;
    tell(&story, "leave;");
}

static void time_is_over(weft_request *r, void *user)
{
    (void)user;
    assert_true(weft_request_is_open(r));
    tell(&story, "time;");
}

static const weft_request_watcher watcher = {
    .on_gone = gone, .on_leave = leaves, .on_time = time_is_over};

/* Held, watched, and forgetful. */
static struct raw *ask_and_forget(const char *request, uint64_t ms)
{
    struct raw *r = ask(request);
    assert_int_equal(weft_request_watch(held, &watcher, NULL), 0);
    assert_int_equal(weft_request_forget(&held, ms), 0);
    return r;
}

static void respond(void)
{
    assert_int_equal(weft_respond(take(), 200, "text/plain", "late", 4), 0);
}

/* ---- what is left ---------------------------------------------------------------------------- */

static void test_it_is_empty(void **state)
{
    (void)state;
    const weft_field *fields;
    struct raw *r = ask("POST /a?b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    assert_int_equal(weft_reply_field(held, "X-Before", "1"), 0);
    assert_int_equal(weft_request_forget(&held, WEFT_NEVER), 0);
    assert_int_equal(weft_request_forget(&held, WEFT_NEVER), WEFT_ERR_STATE);
    assert_int_equal(weft_request_method(held).len, 0);
    assert_int_equal(weft_request_target(held).len, 0);
    assert_int_equal(weft_request_path(held).len, 0);
    assert_int_equal(weft_request_query(held).len, 0);
    assert_int_equal(weft_request_body(held).len, 0);
    assert_int_equal(weft_request_fields(held, &fields), 0);
    assert_int_equal(weft_request_field(held, "Host").len, 0);
    assert_false(weft_request_is(held, "POST"));
    assert_false(weft_request_allowed(held));
    assert_string_equal(weft_peer_host(weft_request_peer(held)), "127.0.0.1");
    assert_int_equal(weft_reply_field(held, "X-Behind", "2"), 0);
    respond();
    turn_until(&world, raw_heard(r, "\r\n\r\nlate"));
    assert_true(raw_heard(r, "X-Before: 1\r\n") && raw_heard(r, "X-Behind: 2\r\n"));
    expect_next(r);
    raw_free(r);
}

/* What was asked behind it waits until then. */
static void test_the_next_request_waits(void **state)
{
    (void)state;
    struct raw *r = ask_and_forget(GET("/1"), WEFT_NEVER);
    const weft_request *first = held;
    raw_say(r, GET("/2"));
    settle(&world);
    assert_ptr_equal(held, first);
    respond();
    turn_until(&world, held);
    assert_int_equal(weft_request_path(held).len, 2);
    assert_int_equal(weft_respond(take(), 200, NULL, "two", 3), 0);
    turn_until(&world, raw_heard(r, "\r\n\r\ntwo"));
    assert_true(raw_heard(r, "\r\n\r\nlateHTTP/1.1 200"));
    raw_free(r);
}

static void test_head(void **state)
{
    (void)state;
    struct raw *r = ask_and_forget("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n", WEFT_NEVER);
    respond();
    turn_until(&world, raw_status(r));
    assert_true(raw_heard(r, "Content-Length: 4\r\n"));
    assert_string_equal(raw_body(r), "");
    raw_free(r);
}

static void test_the_last_one(void **state)
{
    (void)state;
    struct raw *r = ask_and_forget("GET / HTTP/1.0\r\n\r\n", WEFT_NEVER);
    respond();
    turn_until(&world, raw_ended(r));
    assert_string_equal(raw_body(r), "late");
    raw_free(r);
}

static void test_it_is_answered_with_a_stream(void **state)
{
    (void)state;
    struct stream s = {.name = "a"};
    struct raw *r = ask_and_forget(GET("/"), WEFT_NEVER);
    stream(&s, WEFT_LENGTH_UNKNOWN);
    assert_int_equal(put(&s, "x"), 0);
    assert_int_equal(weft_reply_end(s.reply), 0);
    turn_until(&world, raw_heard(r, "1\r\nx\r\n0\r\n\r\n"));
    expect_close(&s, 0, "");
    expect_next(r);
    raw_free(r);
}

static void test_it_is_aborted(void **state)
{
    (void)state;
    struct raw *r = ask_and_forget(GET("/"), WEFT_NEVER);
    weft_request_abort(take());
    turn_until(&world, raw_ended(r));
    assert_int_equal(r->error, ECONNRESET);
    raw_free(r);
}

/* ---- how it ends ----------------------------------------------------------------------------- */

static void test_time(void **state)
{
    (void)state;
    struct raw *r = ask_and_forget(GET("/"), 1000);
    pass(&world, 999);
    expect_story(&story, "");
    pass(&world, 1);
    expect_story(&story, "time;");
    pass(&world, 100000);
    expect_story(&story, "");
    respond();
    turn_until(&world, raw_heard(r, "late"));
    raw_free(r);
}

static void test_the_client_leaves(void **state)
{
    (void)state;
    struct raw *r = ask_and_forget(GET("/"), 1000);
    raw_hang_up(r);
    turn_until(&world, story.len);
    expect_story(&story, "gone;");
    assert_int_equal(weft_request_forget(&held, 1), WEFT_ERR_CLOSED);
    assert_string_equal(weft_peer_host(weft_request_peer(held)), "127.0.0.1");
    assert_int_equal(weft_respond(take(), 200, NULL, "x", 1), WEFT_ERR_CLOSED);
    raw_free(r);
}

static void test_the_server_leaves(void **state)
{
    (void)state;
    again_with(&(weft_server_config){.limits = &(weft_limits){.shutdown_drain = 2000}});
    struct raw *answered = ask_and_forget(GET("/a"), WEFT_NEVER);
    weft_request *first = take();
    struct raw *r = ask_and_forget(GET("/b"), WEFT_NEVER);
    assert_int_equal(weft_server_shutdown(world.server, 1001, NULL, NULL), 0);
    for (int i = 0; i < 8; i++) pass(&world, 100);
    expect_story(&story, "leave;leave;");
    assert_int_equal(weft_respond(first, 200, NULL, "bye", 3), 0);
    turn_until(&world, raw_ended(answered));
    assert_true(raw_heard(answered, "Connection: close\r\n"));
    assert_string_equal(raw_body(answered), "bye");
    for (int i = 0; i < 40 && !raw_ended(r); i++) pass(&world, 50);
    assert_int_equal(raw_status(r), 503);
    expect_story(&story, "gone;");
    assert_int_equal(weft_respond(take(), 200, NULL, "x", 1), WEFT_ERR_CLOSED);
    raw_free(answered);
    raw_free(r);
}

static void test_the_server_is_freed(void **state)
{
    (void)state;
    struct raw *r = ask_and_forget(GET("/"), WEFT_NEVER);
    weft_server_free(world.server);
    world.server = NULL;
    expect_story(&story, "gone;");
    assert_int_equal(weft_respond(take(), 200, NULL, "x", 1), WEFT_ERR_CLOSED);
    raw_free(r);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static void test_no_memory_to_forget(void **state)
{
    (void)state;
    struct raw *r = ask(GET("/a"));
    world_fail_at(&world, 0);
    assert_int_equal(weft_request_forget(&held, 1), -ENOMEM);
    world_fail_at(&world, -1);
    assert_int_equal(weft_request_path(held).len, 2);
    respond();
    turn_until(&world, raw_heard(r, "late"));
    raw_free(r);
}

static void test_no_memory_to_answer(void **state)
{
    (void)state;
    struct raw *r = ask_and_forget(GET("/a"), 1);
    world_fail_at(&world, 0);
    assert_int_equal(weft_respond(take(), 200, NULL, "x", 1), WEFT_ERR_CLOSED);
    world_fail_at(&world, -1);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 0);
    raw_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_it_is_empty),
        unit(test_the_next_request_waits),
        unit(test_head),
        unit(test_the_last_one),
        unit(test_it_is_answered_with_a_stream),
        unit(test_it_is_aborted),
        unit(test_time),
        unit(test_the_client_leaves),
        unit(test_the_server_leaves),
        unit(test_the_server_is_freed),
        unit(test_no_memory_to_forget),
        unit(test_no_memory_to_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
