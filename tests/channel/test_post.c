/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_post.c - to publish by requests, over loopback
 */
#include "channel/live.h"

static struct live live;

#define POSITION(at) "{\"position\":\"E." at "\"}\n"
#define NDJSON       "Content-Type: application/x-ndjson\r\n"

static void kept_is(const char *position, const char *messages)
{
    char want[4096];
    snprintf(want, sizeof want, "{\"channel\":\"/chat\",\"position\":\"E.%s\",\"messages\":[%s]}\n",
             position, messages);
    assert_answer(&live, "GET", "/chat", "", "", 200, want);
}

static void test_one(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    assert_answer(&live, "POST", "/chat", "", "hi", 200, POSITION("1"));
    assert_answer(&live, "POST", "/chat", "Content-Type: application/x-www-form-urlencoded\r\n",
                  "\xc3\xa9", 200, POSITION("2"));
    assert_answer(&live, "POST", "/chat", "Content-Type: application/octet-stream\r\n", "b", 200,
                  POSITION("3"));
    assert_answer(&live, "POST", "/chat", "", "", 200, POSITION("4"));
    assert_answer(&live, "POST", "/chat", "Weft-Key: k\r\n", "v", 200, POSITION("5"));
#define BEHIND(at) ",{\"channel\":\"/chat\",\"position\":\"E." at "\",\"time\":0,"
    kept_is("5", MESSAGE("1", "hi") "," MESSAGE("2", "\xc3\xa9")
                     BEHIND("3") "\"base64\":\"Yg==\"}," MESSAGE("4", "")
                         BEHIND("5") "\"key\":\"k\",\"data\":\"v\"}");
#undef BEHIND
    live_end(&live);
}

static void test_many(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    assert_answer(&live, "POST", "/chat", NDJSON,
                  "{\"data\":\"a\"}\r\n\n{\"channel\":\"/chat\",\"base64\":\"Yg==\",\"key\":\"k\"}",
                  200, POSITION("2"));
    assert_int_equal(
        live_ask(&live, "POST", "/chat", NDJSON, "{\"data\":\"a\"}\n{\"data\":1}\n", NULL), 400);
    assert_int_equal(live_ask(&live, "POST", "/chat", NDJSON, "", NULL), 400);
    assert_int_equal(
        live_ask(&live, "POST", "/chat", NDJSON, "{\"data\":\"a\",\"once\":\"k\"}", NULL), 400);
    kept_is(
        "2",
        MESSAGE("1", "a") ",{\"channel\":\"/chat\",\"position\":\"E.2\",\"time\":0,\"key\":\"k\","
                          "\"base64\":\"Yg==\"}");
    live_end(&live);
}

/* All or none, also where the keys of some are too many. */
static void test_keys(void **state)
{
    (void)state;
    const weft_topic_settings keyed = {
        .policy = WEFT_POLICY_LATEST_KEY, .max_keys = 2, .history_items = 10};
    live_begin(&live, &(weft_channels_config){.hub = &(weft_hub_config){.settings = &keyed}});
    assert_answer(&live, "POST", "/chat", "Weft-Key: a\r\n", "1", 200, POSITION("1"));
    assert_int_equal(live_ask(&live, "POST", "/chat", NDJSON,
                              "{\"data\":\"2\",\"key\":\"b\"}\n{\"data\":\"3\",\"key\":\"c\"}\n",
                              NULL),
                     409);
    assert_answer(&live, "POST", "/chat", NDJSON,
                  "{\"data\":\"2\",\"key\":\"b\"}\n{\"data\":\"3\",\"key\":\"a\"}\n", 200,
                  POSITION("3"));
    assert_int_equal(live_ask(&live, "POST", "/chat", "Weft-Key: c\r\n", "1", NULL), 409);
    assert_answer(
        &live, "GET", "/chat", "", "", 200,
        "{\"channel\":\"/chat\",\"position\":\"E.3\",\"messages\":[{\"channel\":\"/chat\","
        "\"position\":\"E.2\",\"time\":0,\"key\":\"b\",\"skipped\":1,\"data\":\"2\"},{\"channel\":\"/chat\","
        "\"position\":\"E.3\",\"time\":0,\"key\":\"a\",\"data\":\"3\"}]}\n");
    live_end(&live);
}

static void test_limits(void **state)
{
    (void)state;
    static char body[70000];
    live_begin(&live, &(weft_channels_config){.max_message = 1000, .max_batch = 2000});
    memset(body, 'x', 1000);
    assert_answer(&live, "POST", "/chat", "", body, 200, POSITION("1"));
    memset(body, 'x', 1001);
    assert_int_equal(live_ask(&live, "POST", "/chat", "", body, NULL), 413);
    memset(body, 'x', 2001);
    assert_int_equal(live_ask(&live, "POST", "/chat", "", body, NULL), 413);
    assert_int_equal(
        live_ask(&live, "POST", "/chat", "Content-Type: multipart/form-data\r\n", "x", NULL), 415);
    char key[100] = "Weft-Key: ";
    memset(key + 10, 'k', 65);
    strcpy(key + 75, "\r\n");
    assert_int_equal(live_ask(&live, "POST", "/chat", key, "x", NULL), 400);
    live_end(&live);
}

/* Somebody does not read: who publishes waits, at most for so long. */
static void test_pace(void **state)
{
    (void)state;
    struct raw *answer, *r;
    const weft_topic_settings small = {
        .window_bytes = 1 << 20, .pace = 1, .history_items = 0, .stub_ms = 60000};
    live_begin(&live, &(weft_channels_config){.hub = &(weft_hub_config){.settings = &small}});
    static char text[60001];
    memset(text, 'x', sizeof text - 1);
    r = raw_connect(&live.w);
    raw_say(r, "GET /chat?stream=raw HTTP/1.0\r\nHost: localhost\r\n\r\n");
    settle(&live.w);
    while (weft_publish(live.hub, "/chat", WEFT_TEXT, text, sizeof text - 1) == 0) turn(&live.w, 0);
    answer = raw_connect(&live.w);
    raw_say(answer, "POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx");
    settle(&live.w);
    assert_int_equal(raw_status(answer), 0);
    pass(&live.w, 4999);
    assert_int_equal(raw_status(answer), 0);
    pass(&live.w, 2);
    assert_int_equal(raw_status(answer), 503);
    assert_true(has_field(answer, "Retry-After: 1\r\n"));
    raw_forget(answer);
    raw_say(answer, "POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx");
    settle(&live.w);
    assert_int_equal(raw_status(answer), 0);
    turn_until(&live.w, (raw_read(r), raw_status(answer)));
    assert_int_equal(raw_status(answer), 200);
    raw_free(r);
    raw_free(answer);
    live_end(&live);
}

static void test_no_memory(void **state)
{
    (void)state;
    static const char *const fields[] = {"", NDJSON};
    for (size_t i = 0; i < countof(fields); i++) {
        bool failed = true;
        for (long n = 0; failed; n++) {
            live_begin(&live, NULL);
            struct raw *r = raw_connect(&live.w);
            settle(&live.w);
            world_fail_at(&live.w, n);
            raw_say(r, "POST /chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: 26\r\n");
            raw_say(r, fields[i]);
            raw_say(r, "\r\n{\"data\":\"a\"}\n{\"data\":\"\\n\"}");
            turn_until(&live.w, raw_status(r) || raw_ended(r));
            failed = live.w.asked > n;
            assert_true(!raw_status(r) || raw_status(r) == 200 || raw_status(r) >= 500);
            if (!failed) assert_int_equal(raw_status(r), 200);
            world_fail_at(&live.w, -1);
            raw_free(r);
            live_end(&live);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one),  cmocka_unit_test(test_many),
        cmocka_unit_test(test_keys), cmocka_unit_test(test_limits),
        cmocka_unit_test(test_pace), cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
