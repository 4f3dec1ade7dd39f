/* SPDX-License-Identifier: MIT
 *
 * tests/channel/test_session.c - weft.v1, over loopback
 */
#include "channel/unit.h"
#include "channel/v1.h"

static struct live live;

static struct raw *dial(const char *target)
{
    return v1_dial(&live, target);
}

static const char *said(struct raw *r)
{
    return v1_said(&live, r);
}

static void skip_hello(struct raw *r)
{
    assert_non_null(strstr(said(r), "{\"hello\":{\"client\":\"c"));
}

#define assert_said(r, want) assert_string_equal(said(r), want)

static void test_hello(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    live_publish(&live, "/chat", "a");
    struct raw *r = dial("/chat?last=1");
    const char *text = said(r);
    assert_non_null(strstr(text,
                           "\",\"max_message\":65536,\"ping\":25000},\"channel\":\"/chat\","
                           "\"position\":\"E.0\",\"policy\":\"queue\"}\n" MESSAGE("1", "a") "\n"));
    raw_free(r);
    r = dial("/chat?subscribe=no");
    text = said(r);
    assert_non_null(
        strstr(text, "\",\"max_message\":65536,\"ping\":25000},\"channel\":\"/chat\"}\n"));
    live_publish(&live, "/chat", "b");
    assert_said(r, "");
    raw_free(r);
    live_end(&live);
}

static void test_hello_says_when_it_is_pinged(void **state)
{
    static const struct {
        uint64_t interval;
        const char *said;
    } cases[] = {{7000, "65536,\"ping\":7000}"}, {WEFT_NEVER, "65536}"}};
    (void)state;
    for (size_t i = 0; i < countof(cases); i++) {
        const weft_limits limits = {.ping_interval = cases[i].interval};
        world_begin(&live.w);
        live_serve_as(&live, &(weft_server_config){.limits = &limits}, NULL);
        struct raw *r = dial("/chat");
        assert_non_null(strstr(said(r), cases[i].said));
        raw_free(r);
        live_end(&live);
    }
}

static void test_subscribe(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    live_publish(&live, "/chat", "a");
    struct raw *r = dial("/other?subscribe=no");
    skip_hello(r);
    raw_text(r, "{\"id\":1,\"subscribe\":\"/chat\",\"last\":5}");
    assert_said(r, "{\"id\":1,\"ok\":{\"channel\":\"/chat\",\"position\":\"E.0\",\"head\":\"E.1\","
                   "\"policy\":\"queue\"}}\n" MESSAGE("1", "a") "\n");
    raw_text(r, "{\"id\":\"x\",\"subscribe\":\"/chat\",\"last\":5}");
    assert_said(r,
                "{\"id\":\"x\",\"ok\":{\"channel\":\"/chat\",\"position\":\"E.1\",\"head\":\"E.1\","
                "\"policy\":\"queue\"}}\n");
    live_publish(&live, "/chat", "b");
    assert_said(r, MESSAGE("2", "b") "\n");
    raw_text(r, "{\"id\":3,\"unsubscribe\":\"/chat\"}");
    live_publish(&live, "/chat", "c");
    assert_said(r, MESSAGE("3", "c") "\n{\"id\":3,\"ok\":{}}\n");
    live_publish(&live, "/chat", "d");
    assert_said(r, "");
    raw_text(r, "{\"subscribe\":\"/chat\",\"since\":\"otherone.3\"}");
    assert_non_null(strstr(said(r), MESSAGE("1", "a")));
    raw_free(r);
    live_end(&live);
}

static void test_publish(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *r = dial("/chat"), *other = dial("/other?subscribe=no");
    skip_hello(r);
    skip_hello(other);
    raw_text(other, "{\"id\":1,\"publish\":\"/chat\",\"data\":\"a\",\"key\":\"k\"}");
    assert_said(other, "{\"id\":1,\"ok\":{\"position\":\"E.1\"}}\n");
    assert_said(
        r,
        "{\"channel\":\"/chat\",\"position\":\"E.1\",\"time\":0,\"key\":\"k\",\"data\":\"a\"}\n");
    raw_text(r, "{\"publish\":\"/chat\",\"base64\":\"AAE=\"}");
    assert_said(r, "{\"channel\":\"/chat\",\"position\":\"E.2\",\"time\":0,\"base64\":\"AAE=\"}\n");
    for (int i = 0; i < 200; i++)
        raw_text(other, "{\"id\":7,\"publish\":\"/chat\",\"data\":\"a\"}");
    settle(&live.w);
    const char *text = said(other);
    for (int i = 3; i <= 202; i++) {
        char want[64];
        int n = snprintf(want, sizeof want, "{\"id\":7,\"ok\":{\"position\":\"E.%d\"}}\n", i);
        assert_memory_equal(text, want, (size_t)n);
        text += n;
    }
    raw_text(other, "{\"id\":8,\"publish\":\"/chat\",\"data\":\"x\"}");
    raw_free(other); /* gone before it is answered */
    settle(&live.w);
    assert_non_null(strstr(said(r), "\"position\":\"E.203\""));
    raw_free(r);
    live_end(&live);
}

static void test_errors(void **state)
{
    (void)state;
    live_begin(&live, &(weft_channels_config){.rights = WEFT_RIGHT_READ});
    struct raw *r = dial("/chat");
    skip_hello(r);
    raw_text(r, "{\"id\":1,\"publish\":\"/chat\",\"data\":\"a\"}");
    assert_said(
        r, "{\"id\":1,\"error\":{\"code\":403,\"message\":\"you may not publish on /chat\"}}\n");
    raw_text(r, "{\"id\":2,\"subscribe\":\"/chat/\"}");
    assert_non_null(strstr(said(r), "{\"id\":2,\"error\":{\"code\":400,"));
    raw_text(r, "{\"ping\":[1]}");
    (void)said(r);
    raw_text(r, "{\"ping\":1}");
    assert_said(r, "{\"pong\":1}\n");
    raw_text(r, "what?");
    assert_non_null(strstr(said(r), "{\"error\":{\"code\":400,"));
    raw_text(r, "{\"ping\":1}");
    assert_said(r, "{\"pong\":1}\n");
    raw_text(r, "what?");
    raw_text(r, "what?");
    assert_non_null(strstr(said(r), "close 1007\n"));
    raw_free(r);
    r = dial("/chat");
    skip_hello(r);
    raw_frame(r, 0x82, "x", 1);
    assert_said(r, "close 1003\n");
    raw_free(r);
    live_end(&live);
}

static void test_leave(void **state)
{
    (void)state;
    live_begin(&live, NULL);
    struct raw *r = dial("/chat");
    skip_hello(r);
    assert_int_equal(weft_server_shutdown(live.w.server, WEFT_CLOSE_GOING_AWAY, NULL, NULL), 0);
    for (int i = 0; i < 30; i++) pass(&live.w, 100);
    const char *text = said(r);
    assert_memory_equal(text, "{\"close\":{\"retry\":", 18);
    assert_non_null(strstr(text, "}}\nclose 1001\n"));
    raw_free(r);
    live_end(&live);
}

/* Of what a conversation takes the nth allocation fails: it goes on, or ends; and nothing is left. */
static void test_no_memory(void **state)
{
    (void)state;
    bool failed = true;
    for (long n = 0; failed; n++) {
        live_begin(&live, NULL);
        struct raw *r = dial("/chat");
        skip_hello(r);
        world_fail_at(&live.w, n);
        raw_text(r, "{\"id\":1,\"subscribe\":\"/other\"}");
        raw_text(r, "{\"id\":2,\"publish\":\"/other\",\"data\":\"\\n\"}");
        raw_text(r, "{\"id\":3,\"unsubscribe\":\"/other\"}");
        settle(&live.w);
        failed = live.w.asked > n;
        world_fail_at(&live.w, -1);
        if (!failed) assert_non_null(strstr(said(r), "{\"id\":3,\"ok\":{}}"));
        raw_free(r);
        live_end(&live);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hello),     cmocka_unit_test(test_hello_says_when_it_is_pinged),
        cmocka_unit_test(test_subscribe), cmocka_unit_test(test_publish),
        cmocka_unit_test(test_errors),    cmocka_unit_test(test_leave),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
