/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_rates.c - what may be published in a second: from an address, on a connection, by a user
 */
#include "channel/v1.h"

static struct live live;

static const char *const proxies[] = {"localhost", NULL};
static const weft_server_config behind_proxy = {.trust_proxy = proxies};

static void begin(const weft_channels_config *cfg)
{
    world_begin(&live.w);
    live_serve_as(&live, &behind_proxy, cfg);
}

static int post_from(const char *host, const char *body)
{
    char fields[100];
    snprintf(fields, sizeof fields, "X-Forwarded-For: %s\r\n", host);
    return live_ask(&live, "POST", "/chat", fields, body, NULL);
}

static int posted(const char *host, int times)
{
    int status = 0;
    while (times-- && (status = post_from(host, "x")) == 200) continue;
    return status;
}

static void test_address(void **state)
{
    (void)state;
    struct raw *r;
    begin(&(weft_channels_config){.address_rate = {.messages = 2}});
    assert_int_equal(posted("192.0.2.1", 20), 200);
    assert_int_equal(live_ask(&live, "POST", "/chat", "X-Forwarded-For: 192.0.2.1\r\n", "x", &r),
                     429);
    assert_true(has_field(r, "Retry-After: 1\r\n"));
    assert_non_null(strstr(raw_body(r), "\"retry\":500}"));
    assert_int_equal(posted("192.0.2.2", 20), 200);
    pass(&live.w, 500);
    assert_int_equal(post_from("192.0.2.1", "x"), 200);
    assert_int_equal(post_from("192.0.2.1", "x"), 429);
    live_end(&live);
}

/* One customer of IPv6 is one address; and who is on this machine is none. */
static void test_which_addresses(void **state)
{
    (void)state;
    begin(&(weft_channels_config){.address_rate = {.messages = 1}});
    assert_int_equal(posted("2001:db8::1", 5), 200);
    assert_int_equal(posted("2001:db8::2:1", 5), 200);
    assert_int_equal(post_from("2001:db8::3", "x"), 429);
    assert_int_equal(post_from("2001:db8:0:1::1", "x"), 200);
    assert_int_equal(posted("127.0.0.1", 11), 200);
    assert_int_equal(posted("::1", 11), 200);
    live_end(&live);
}

static void test_bytes(void **state)
{
    (void)state;
    static char text[10001];
    begin(&(weft_channels_config){.address_rate = {.bytes = 1000}});
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(post_from("192.0.2.1", text), 200);
    assert_int_equal(post_from("192.0.2.1", "x"), 429);
    pass(&live.w, 10000);
    assert_int_equal(post_from("192.0.2.1", "123456789"), 200);
    assert_int_equal(post_from("192.0.2.1", text), 429);
    live_end(&live);
}

/* A batch is as many messages as it has, or nothing. */
static void test_batch(void **state)
{
    (void)state;
    static const char from[] =
        "Content-Type: application/x-ndjson\r\nX-Forwarded-For: 192.0.2.1\r\n";
    static const char three[] = "{\"data\":\"a\"}\n{\"data\":\"b\"}\n{\"data\":\"c\"}\n";
    begin(&(weft_channels_config){.address_rate = {.messages = 1}});
    for (int i = 0; i < 3; i++)
        assert_int_equal(live_ask(&live, "POST", "/chat", from, three, NULL), 200);
    assert_int_equal(live_ask(&live, "POST", "/chat", from, three, NULL), 429);
    assert_int_equal(post_from("192.0.2.1", "x"), 200);
    live_end(&live);
}

static void test_v1(void **state)
{
    (void)state;
    live_begin(&live, &(weft_channels_config){.conn_rate = {.messages = 1}});
    struct raw *a = v1_dial(&live, "/chat?subscribe=no"), *b = v1_dial(&live, "/chat?subscribe=no");
    for (int i = 0; i < 10; i++) raw_text(a, "{\"publish\":\"/chat\",\"data\":\"x\"}");
    (void)v1_said(&live, a);
    raw_text(a, "{\"publish\":\"/chat\",\"data\":\"x\",\"id\":1}");
    assert_string_equal(v1_said(&live, a),
                        "{\"id\":1,\"error\":{\"code\":429,\"message\":\"that is published faster "
                        "than you may: try again in 1000 ms\",\"retry\":1000}}\n");
    raw_text(b, "{\"publish\":\"/chat\",\"data\":\"x\",\"id\":2}");
    assert_non_null(strstr(v1_said(&live, b), "\"ok\""));
    pass(&live.w, 1000);
    raw_text(a, "{\"publish\":\"/chat\",\"data\":\"x\",\"id\":3}");
    assert_non_null(strstr(v1_said(&live, a), "{\"id\":3,\"ok\":"));
    raw_free(a);
    raw_free(b);
    live_end(&live);
}

/* ---- users ----------------------------------------------------------------------------------- */

static void on_ask(weft_channel_ask *ask, void *user)
{
    (void)user;
    const weft_bytes name = weft_request_field(weft_channel_ask_request(ask), "X-User");
    char text[16];
    snprintf(text, sizeof text, "%.*s", (int)name.len, (const char *)name.data);
    const weft_channel_grant grant = {.rights = 31, .user = name.len ? text : NULL};
    assert_int_equal(weft_channel_ask_grant_as(ask, &grant), 0);
}

/* On all of his connections, and by requests; who is nobody is not counted. */
static void test_user(void **state)
{
    (void)state;
    live_begin(&live, &(weft_channels_config){.user_rate = {.messages = 1, .bytes = 100},
                                              .on_ask = on_ask});
    for (int i = 0; i < 10; i++)
        assert_int_equal(live_ask(&live, "POST", "/chat", "X-User: ann\r\n", "x", NULL), 200);
    assert_int_equal(live_ask(&live, "POST", "/chat", "X-User: ann\r\n", "x", NULL), 429);
    assert_int_equal(live_ask(&live, "POST", "/chat", "X-User: bob\r\n", "x", NULL), 200);
    for (int i = 0; i < 11; i++)
        assert_int_equal(live_ask(&live, "POST", "/chat", "", "x", NULL), 200);
    live_end(&live);
}

/* ---- raw ------------------------------------------------------------------------------------- */

static struct raw *open_raw(void)
{
    return live_open(&live, "/chat?subscribe=no");
}

static uint64_t head(void)
{
    weft_topic *t;
    assert_int_equal(weft_topic_get(&t, live.hub, (weft_bytes){(const uint8_t *)"/chat", 5}), 0);
    uint64_t at = weft_topic_head(t).offset;
    weft_topic_unref(t);
    return at;
}

/* It is not read from until it may. */
static void test_raw_waits(void **state)
{
    (void)state;
    live_begin(&live, &(weft_channels_config){.conn_rate = {.messages = 1}});
    struct raw *r = open_raw();
    for (int i = 0; i < 12; i++) raw_text(r, "x");
    settle(&live.w);
    assert_int_equal(head(), 10);
    pass(&live.w, 999);
    assert_int_equal(head(), 10);
    pass(&live.w, 1);
    assert_int_equal(head(), 11);
    pass(&live.w, 1000);
    assert_int_equal(head(), 12);
    assert_string_equal(raw_frames(r), "");
    raw_free(r);
    live_end(&live);
}

static void test_raw_goes_meanwhile(void **state)
{
    (void)state;
    live_begin(&live, &(weft_channels_config){.conn_rate = {.messages = 1}});
    struct raw *r = open_raw();
    for (int i = 0; i < 11; i++) raw_text(r, "x");
    settle(&live.w);
    raw_reset(r);
    settle(&live.w);
    pass(&live.w, 2000);
    assert_int_equal(head(), 10);
    assert_int_equal(weft_server_count(live.w.server, WEFT_COUNT_WEBSOCKETS), 0);
    raw_free(r);
    r = open_raw();
    for (int i = 0; i < 11; i++) raw_text(r, "x");
    settle(&live.w);
    raw_free(r);
    live_end(&live);
}

/* More than a moment is too long. */
static void test_raw_is_closed(void **state)
{
    (void)state;
    static char text[1201];
    live_begin(&live, &(weft_channels_config){.conn_rate = {.bytes = 100}});
    struct raw *r = open_raw();
    memset(text, 'x', sizeof text - 1);
    raw_text(r, text);
    settle(&live.w);
    assert_int_equal(head(), 1);
    raw_text(r, "x");
    settle(&live.w);
    assert_int_equal(head(), 1);
    assert_string_equal(raw_frames(r), "");
    pass(&live.w, 2100);
    assert_int_equal(head(), 2);
    text[600] = '\0';
    raw_text(r, text);
    settle(&live.w);
    assert_string_equal(raw_frames(r), "close 1013 too fast: come again in 5910 ms;");
    raw_free(r);
    live_end(&live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_address),
        cmocka_unit_test(test_which_addresses),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_batch),
        cmocka_unit_test(test_v1),
        cmocka_unit_test(test_user),
        cmocka_unit_test(test_raw_waits),
        cmocka_unit_test(test_raw_goes_meanwhile),
        cmocka_unit_test(test_raw_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
