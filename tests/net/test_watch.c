/* SPDX-License-Identifier: MIT
 *
 * tests/net/test_watch.c - who works on an answer is told when nobody waits for it any more, and when the server leaves
 */
#include "streaming.h"

static uint64_t return_ms; /* of the last one told */
static weft_upgrade *upgrade;

static void gone(weft_request *r, void *user)
{
    assert_false(weft_request_is_open(r));
    tell(&story, "gone %s;", (const char *)user);
}

static void leaves(weft_request *r, uint64_t ms, void *user)
{
    assert_true(weft_request_is_open(r));
    return_ms = ms;
    tell(&story, "leave %s;", (const char *)user);
}

static const weft_request_watcher watcher = {.on_gone = gone, .on_leave = leaves};

static void watch(weft_request *r, const char *name)
{
    assert_int_equal(weft_request_watch(r, &watcher, (void *)(uintptr_t)name), 0);
}

static int keep(weft_upgrade *u)
{
    upgrade = u;
    return WEFT_HOLD;
}

static struct raw *ask_for_an_upgrade(void)
{
    static const weft_handler keeping = {.on_upgrade = keep};
    upgrade = NULL;
    assert_int_equal(weft_server_route(world.server, "/", &keeping, NULL), 0);
    struct raw *r = raw_connect(&world);
    raw_say(r, UPGRADE("/", ""));
    turn_until(&world, upgrade);
    return r;
}

static void too_late(weft_request *r)
{
    assert_int_equal(weft_respond(r, 200, NULL, "x", 1), WEFT_ERR_CLOSED);
}

/* ---- the client leaves ----------------------------------------------------------------------- */

static void test_the_client_leaves(void **state)
{
    (void)state;
    struct raw *r = ask(GET("/"));
    assert_true(weft_request_is_open(held));
    watch(held, "a");
    watch(held, "b"); /* in place of a */
    settle(&world);
    expect_story(&story, "");
    raw_hang_up(r);
    turn_until(&world, story.len);
    settle(&world);
    expect_story(&story, "gone b;");
    too_late(take());
    raw_free(r);
}

static void test_nobody_watches_any_more(void **state)
{
    (void)state;
    struct raw *r = ask(GET("/"));
    watch(held, "a");
    assert_int_equal(weft_request_watch(held, NULL, NULL), 0);
    raw_hang_up(r);
    settle(&world);
    assert_false(weft_request_is_open(held));
    expect_story(&story, "");
    too_late(take());
    raw_free(r);
}

/* Not from within the call. */
static void test_watched_too_late(void **state)
{
    (void)state;
    struct raw *r = ask(GET("/"));
    raw_hang_up(r);
    settle(&world);
    watch(held, "a");
    expect_story(&story, "");
    pass(&world, 1);
    expect_story(&story, "gone a;");
    watch(held, "b");
    assert_int_equal(weft_request_watch(held, NULL, NULL), 0);
    pass(&world, 1);
    expect_story(&story, "");
    watch(held, "c");
    too_late(take()); /* it is over before that is told */
    pass(&world, 1);
    expect_story(&story, "");
    raw_free(r);
}

static void answer_when_gone(weft_request *r, void *user)
{
    (void)user;
    tell(&story, "gone;");
    too_late(r);
}

static void test_watched_too_late_and_answered_when_told(void **state)
{
    (void)state;
    struct raw *r = ask(GET("/"));
    raw_hang_up(r);
    settle(&world);
    world_watch(take(), answer_when_gone, NULL);
    pass(&world, 1);
    expect_story(&story, "gone;");
    raw_free(r);
}

static void test_of_an_upgrade(void **state)
{
    (void)state;
    for (int late = 0; late < 2; late++) {
        struct raw *r = ask_for_an_upgrade();
        weft_request *q = weft_upgrade_request(upgrade);
        assert_true(weft_request_is_open(q));
        if (!late) watch(q, "a");
        raw_hang_up(r);
        settle(&world);
        if (late) watch(q, "a");
        pass(&world, 1);
        expect_story(&story, "gone a;");
        assert_int_equal(weft_upgrade_accept(upgrade), WEFT_ERR_CLOSED);
        raw_free(r);
    }
}

/* ---- the server leaves ----------------------------------------------------------------------- */

enum { DRAIN = 9000 };

static void leave(void)
{
    assert_int_equal(weft_server_shutdown(world.server, 1001, NULL, NULL), 0);
}

static void begin_to_leave(void)
{
    again_with(&(weft_server_config){.limits = &(weft_limits){.shutdown_drain = DRAIN}});
}

/* Once, and there is time for an answer. */
static void test_the_server_leaves(void **state)
{
    (void)state;
    begin_to_leave();
    struct raw *r = ask(GET("/"));
    watch(held, "a");
    leave();
    expect_story(&story, "");
    for (int i = 0; i < 20; i++) pass(&world, 100);
    expect_story(&story, "leave a;");
    assert_in_range(return_ms, 1000, 1000 + DRAIN / 3);
    assert_int_equal(weft_respond(take(), 200, NULL, "x", 1), 0);
    turn_until(&world, raw_ended(r));
    assert_true(raw_heard(r, "Connection: close\r\n"));
    assert_string_equal(raw_body(r), "x");
    raw_free(r);
}

/* Who watches only then is told, too. */
static void test_watched_while_the_server_leaves(void **state)
{
    (void)state;
    begin_to_leave();
    struct raw *r = ask(GET("/"));
    leave();
    pass(&world, 1000);
    watch(held, "a");
    expect_story(&story, "");
    pass(&world, 100);
    expect_story(&story, "leave a;");
    assert_int_equal(weft_respond(take(), 200, NULL, "x", 1), 0);
    turn_until(&world, raw_ended(r));
    raw_free(r);
}

static void expect_503(struct raw *r)
{
    unsigned seconds = 0;
    turn_until(&world, raw_ended(r));
    assert_true(r->eof);
    assert_int_equal(raw_status(r), 503);
    assert_true(raw_heard(r, "Connection: close\r\n"));
    const char *at = strstr(r->got, "Retry-After: ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "Retry-After: %u\r\n", &seconds), 1);
    assert_in_range(seconds, 1, 1 + DRAIN / 3000);
    assert_string_equal(raw_body(r), "the server is shutting down\n");
}

/* It is not the one who waits that pays for it: he hears what is so, and when to come back. */
static void test_nobody_has_answered(void **state)
{
    (void)state;
    begin_to_leave();
    struct raw *q = ask_for_an_upgrade();
    watch(weft_upgrade_request(upgrade), "u");
    struct raw *r = ask(GET("/"));
    watch(held, "r");
    leave();
    for (int i = 0; i < DRAIN / 100 - 2; i++) pass(&world, 100);
    expect_story(&story, "leave u;leave r;");
    assert_false(raw_ended(r) || raw_ended(q));
    for (int i = 0; i < 4; i++) pass(&world, 50);
    expect_503(r);
    expect_503(q);
    expect_story(&story, "gone u;gone r;");
    assert_int_equal(weft_server_count_refused(world.server, 503), 2);
    too_late(take());
    assert_int_equal(weft_upgrade_accept(upgrade), WEFT_ERR_CLOSED);
    raw_free(r);
    raw_free(q);
}

/* With HEAD there is no body; and who takes nothing of it holds nobody up. */
static void test_nobody_has_answered_a_head(void **state)
{
    (void)state;
    begin_to_leave();
    struct raw *r = ask("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n");
    leave();
    for (int i = 0; i < DRAIN / 100 + 1; i++) pass(&world, 100);
    turn_until(&world, raw_ended(r));
    assert_int_equal(raw_status(r), 503);
    assert_true(raw_heard(r, "Content-Length: 28\r\n"));
    assert_string_equal(raw_body(r), "");
    too_late(take());
    raw_free(r);
}

/* ---- the server is freed --------------------------------------------------------------------- */

static void test_the_server_is_freed(void **state)
{
    (void)state;
    struct raw *q = ask_for_an_upgrade(), *r = ask(GET("/a?b"));
    watch(weft_upgrade_request(upgrade), "u");
    watch(held, "r");
    weft_server_free(world.server);
    world.server = NULL;
    expect_story(&story, "gone u;gone r;");
    assert_int_equal(weft_request_query(held).len, 1);
    assert_string_equal(weft_peer_host(weft_request_peer(held)), "127.0.0.1");
    assert_string_equal(weft_upgrade_subprotocol(upgrade), "");
    too_late(take());
    assert_int_equal(weft_upgrade_refuse(upgrade, 403, NULL, NULL, 0), WEFT_ERR_CLOSED);
    turn_until(&world, raw_ended(r) && raw_ended(q));
    assert_int_equal(r->len + q->len, 0);
    raw_free(r);
    raw_free(q);
}

/* And so from within the callback. */
static void test_the_server_is_freed_and_they_answer(void **state)
{
    (void)state;
    struct raw *r = ask(GET("/"));
    world_watch(take(), answer_when_gone, NULL);
    weft_server_free(world.server);
    world.server = NULL;
    expect_story(&story, "gone;");
    raw_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(test_the_client_leaves),
        unit(test_nobody_watches_any_more),
        unit(test_watched_too_late),
        unit(test_watched_too_late_and_answered_when_told),
        unit(test_of_an_upgrade),
        unit(test_the_server_leaves),
        unit(test_watched_while_the_server_leaves),
        unit(test_nobody_has_answered),
        unit(test_nobody_has_answered_a_head),
        unit(test_the_server_is_freed),
        unit(test_the_server_is_freed_and_they_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
