/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_wait.c - long polls, over loopback
 */
#include "channel/live.h"

static struct live live;

static struct raw *ask(const char *target)
{
    char request[512];
    struct raw *r = raw_connect(&live.w);
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);
    raw_say(r, request);
    settle(&live.w);
    raw_read(r);
    return r;
}

static const char *answer(struct raw *r)
{
    settle(&live.w);
    raw_read(r);
    assert_int_equal(raw_status(r), 200);
    assert_true(has_field(r, "Cache-Control: no-store\r\n"));
    return tidy(&live, "/chat", (char *)raw_body(r));
}

#define POLL(position, messages) \
    "{\"channel\":\"/chat\",\"position\":\"E." position "\",\"messages\":[" messages "]}\n"

static const char *since(int offset)
{
    static char target[64];
    snprintf(target, sizeof target, "/chat?wait=25&since=%s.%d", live_epoch(&live, "/chat"),
             offset);
    return target;
}

static void test_at_once(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    live_publish(&live, "/chat", "a");
    struct raw *r = ask(since(0));
    assert_string_equal(answer(r), POLL("1", MESSAGE("1", "a")));
    raw_free(r);
    r = ask("/chat?wait=25&last=1");
    assert_string_equal(answer(r), POLL("1", MESSAGE("1", "a")));
    raw_free(r);
    r = ask("/chat?wait=0");
    pass(&live.w, 1);
    assert_string_equal(answer(r), POLL("1", ""));
    raw_free(r);
    live_end(&live);
}

/* All that is published in one turn is in it, though nothing is kept. */
static void test_as_soon_as_there_is(void **state)
{
    (void)state;
    const weft_topic_settings none = {.stub_ms = 60000};
    live_begin(&live, &(weft_channels_config){.hub = &(weft_hub_config){.settings = &none}});
    struct raw *r = ask("/chat?wait=25"), *other = ask(since(0));
    assert_int_equal(raw_status(r), 0);
    live_publish(&live, "/chat", "a");
    live_publish(&live, "/chat", "b");
    assert_string_equal(answer(r), POLL("2", MESSAGE("1", "a") "," MESSAGE("2", "b")));
    assert_string_equal(answer(other), POLL("2", MESSAGE("1", "a") "," MESSAGE("2", "b")));
    raw_free(r);
    raw_free(other);
    live_end(&live);
}

/* For a second he is as connected as a WebSocket, though nothing is kept for who comes back. */
static void test_comes_again(void **state)
{
    (void)state;
    const weft_topic_settings none = {.stub_ms = 60000};
    live_begin(&live, &(weft_channels_config){.hub = &(weft_hub_config){.settings = &none}});
    struct raw *r = ask("/chat?wait=0");
    pass(&live.w, 1);
    assert_string_equal(answer(r), POLL("0", ""));
    raw_free(r);
    live_publish(&live, "/chat", "a");
    live_publish(&live, "/chat", "b");
    pass(&live.w, 1000);
    r = ask(since(0));
    assert_string_equal(answer(r), POLL("2", MESSAGE("1", "a") "," MESSAGE("2", "b")));
    raw_free(r);
    live_publish(&live, "/chat", "c");
    pass(&live.w, 2000);
    r = ask(since(2));
    assert_non_null(strstr(answer(r), "\"lost\":1"));
    raw_free(r);
    live_end(&live);
}

static void test_none(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *r = ask("/chat?wait=2");
    assert_int_equal(weft_channels_count(live.channels, WEFT_CHANNELS_POLLS), 1);
    pass(&live.w, 1999);
    raw_read(r);
    assert_int_equal(raw_status(r), 0);
    pass(&live.w, 2);
    assert_string_equal(answer(r), POLL("0", ""));
    assert_int_equal(weft_channels_count(live.channels, WEFT_CHANNELS_POLLS), 0);
    raw_free(r);
    live_end(&live);
}

static void test_gone(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *answer, *r = ask("/chat?wait=25&client=ann");
    assert_int_equal(weft_subscribers(live.hub, "/chat"), 0); /* he passes */
    raw_free(r);
    settle(&live.w);
    pass(&live.w, 10001);
    assert_int_equal(live_ask(&live, "GET", "/chat?presence", "", "", &answer), 200);
    assert_true(raw_heard(answer, "\"members\":[]"));
    r = ask("/chat?wait=25");
    weft_server_free(live.w.server); /* with one that waits */
    live.w.server = NULL;
    raw_free(r);
    live_end(&live);
}

static void test_leave(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *r = ask("/chat?wait=25");
    assert_int_equal(weft_server_shutdown(live.w.server, WEFT_CLOSE_GOING_AWAY, NULL, NULL), 0);
    for (int i = 0; i < 20; i++) pass(&live.w, 100);
    assert_string_equal(answer(r), POLL("0", ""));
    raw_free(r);
    live_end(&live);
}

static void test_no_memory(void **state)
{
    (void)state;
    bool failed = true;
    for (long n = 0; failed; n++) {
        live_begin(&live, NULL);
        struct raw *r = raw_connect(&live.w);
        settle(&live.w);
        world_fail_at(&live.w, n);
        raw_say(r, "GET /chat?wait=25 HTTP/1.1\r\nHost: localhost\r\n\r\n");
        settle(&live.w);
        raw_read(r);
        failed = live.w.asked > n;
        if (!failed) assert_int_equal(raw_status(r), 0);
        world_fail_at(&live.w, -1);
        live_publish(&live, "/chat", "a");
        turn_until(&live.w, raw_status(r) || raw_ended(r));
        raw_free(r);
        live_end(&live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_at_once),     cmocka_unit_test(test_as_soon_as_there_is),
        cmocka_unit_test(test_comes_again), cmocka_unit_test(test_none),
        cmocka_unit_test(test_gone),        cmocka_unit_test(test_leave),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
